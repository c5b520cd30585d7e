/** What the user has agreed to, and when. What is not needed for an account can be taken back, and given again. */

import { consentName, consented } from "../safety-words.js";
import { arrange, byId, card, h, text } from "./dom.js";

/** Where the text is that somebody cannot do without who is here. */
const NEEDED = { terms: "/rules", privacy: "/privacy" };

export function consentsView({ safety }) {
  const none = h("p", { class: "calm" });
  const list = h("ul", { class: "consents" });
  byId("safety").append(card("What you agreed to", none, list));
  let drawn = "";

  return ({ account, place, consents, settings }) => {
    const now = JSON.stringify([consents, settings]);
    if (account !== "in" || place.name !== "safety" || drawn === now) return;
    const at = document.activeElement?.dataset.kind;
    text(none, consents?.length === 0 ? "Nothing is on record." : "");
    arrange(list, (consents ?? []).map((consent) => item(consent, settings, safety)));
    if (at) list.querySelector(`[data-kind="${at}"]`)?.focus(); // drawn anew: the keyboard stays where it was
    drawn = now;
  };
}

function item(consent, settings, safety) {
  const { kind, given } = consent;
  const name = consentName(kind);
  const said = h("span", { class: "who" }, h("b", {}, name), h("span", { class: "last" }, consented(consent, settings)));
  return h("li", {}, said, NEEDED[kind] ? h("a", { href: NEEDED[kind], target: "_blank", "aria-label": `Read: ${name}` }, "Read") : choice(name, consent, safety));
}

function choice(name, { kind, version, given }, safety) {
  const words = given ? "Take back" : "Agree again";
  const button = h("button", { type: "button", "aria-label": `${words}: ${name}`, "data-kind": kind }, words);
  button.addEventListener("click", () => safety.consent({ kind, version, given: !given }));
  return button;
}
