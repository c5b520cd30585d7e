/** A code that is drawn anew while somebody looks at it. */

import { pictureNow } from "../rewards-state.js";
import { serverTime } from "../state.js";
import { h, show, text } from "./dom.js";

/** `named`: what it is called to who does not see it; `said`: what to do with it; `waits`: what is said until the next one is there. */
export function livingCode({ named, said, waits }) {
  const picture = h("img", { class: "qr", alt: named, hidden: true });
  const hint = h("p", { class: "calm" }, waits);
  const element = h("div", { class: "living" }, picture, hint);

  function draw(state, now) {
    const shown = pictureNow(state, serverTime(state, now));
    if (shown && picture.getAttribute("src") !== shown) picture.src = shown;
    if (!shown) picture.removeAttribute("src"); // a code is not left standing
    show(picture, shown !== null);
    text(hint, shown ? said : waits);
  }

  return { element, draw };
}
