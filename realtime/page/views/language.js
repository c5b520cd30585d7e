/** For who is not signed in: the page in its other language, as that one calls itself. Whoever is finds it among their settings. */

import { SPOKEN, keepLanguage } from "../language.js";
import { h, show } from "./dom.js";

export function languageView() {
  const here = document.documentElement.lang;
  const others = Object.entries(SPOKEN).filter(([tag]) => tag !== here);
  const buttons = others.map(([tag, name]) => {
    const button = h("button", { type: "button", class: "link", lang: tag }, name);
    button.addEventListener("click", () => {
      keepLanguage(tag);
      location.reload();
    });
    return button;
  });
  document.querySelector("main > .small-print").append(...buttons);
  return ({ account, place }) => {
    for (const button of buttons) show(button, account === "out" && place.name !== "letter");
  };
}
