/** What the user has agreed to, and when. What is not needed for an account can be taken back, and given again. */

import { consentName, consented } from "../safety-words.js";
import { filled, words } from "../texts.js";
import { arrange, byId, card, h, reading, text } from "./dom.js";

/** Where the text is that somebody cannot do without who is here. */
const NEEDED = { terms: "/rules", privacy: "/privacy" };

export function consentsView({ safety }) {
  const none = h("p", { class: "calm" });
  const list = h("ul", { class: "consents" });
  byId("safety").append(card(words.consents.title, none, list));
  let drawn = "";

  return ({ account, place, consents, settings }) => {
    const now = JSON.stringify([consents, settings]);
    if (account !== "in" || place.name !== "safety" || drawn === now) return;
    const at = document.activeElement?.dataset.kind;
    text(none, consents?.length === 0 ? words.consents.none : "");
    arrange(list, (consents ?? []).map((consent) => item(consent, settings, safety)));
    if (at) list.querySelector(`[data-kind="${at}"]`)?.focus(); // drawn anew: the keyboard stays where it was
    drawn = now;
  };
}

function item(consent, settings, safety) {
  const { kind, given } = consent;
  const name = consentName(kind);
  const said = h("span", { class: "who" }, h("b", {}, name), h("span", { class: "last" }, consented(consent, settings)));
  return h("li", {}, said, NEEDED[kind] ? h("a", { href: reading(NEEDED[kind]), target: "_blank", "aria-label": which(words.consents.read, name) }, words.consents.read) : choice(name, consent, safety));
}

function choice(name, { kind, version, given }, safety) {
  const label = given ? words.consents.take_back : words.consents.agree;
  const button = h("button", { type: "button", "aria-label": which(label, name), "data-kind": kind }, label);
  button.addEventListener("click", () => safety.consent({ kind, version, given: !given }));
  return button;
}

function which(does, what) {
  return filled(words.consents.which, { does, what });
}
