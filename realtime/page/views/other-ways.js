/** Buttons for the other ways in that this server has: a phone, Google, Apple. */

import { providerName } from "../account-words.js";
import { filled, words } from "../texts.js";
import { h } from "./dom.js";

/** Puts them above the way to the other form, if there are any. */
export function offerOtherWays(form, { ways, provider }) {
  const others = Object.keys(ways.providers).map((name) => {
    const button = h("button", { type: "button" }, filled(words.sign_in.with, { provider: providerName(name) }));
    button.addEventListener("click", () => provider.leaveFor(name));
    return button;
  });
  if (ways.sms) others.unshift(h("a", { class: "button", href: "#phone" }, words.sign_in.with_phone));
  if (others.length) [...form.querySelectorAll(".switch")].at(-1).before(h("div", { class: "ways" }, ...others));
}
