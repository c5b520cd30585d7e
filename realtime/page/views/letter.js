/** What has become of a link in a mail, and the form where it leads to a new password. */

import { resetting, verifying } from "../account-words.js";
import { words } from "../texts.js";
import { clearErrors, errorAbove, goTo, h, section, show, submitting, text, valid } from "./dom.js";

/** Where it could not be asked what the link is good for, it still may be. */
const FINAL = new Set(["unauthenticated", "expired", "conflict"]);

export function letterView({ links, store }) {
  const t = words.letter;
  const told = h("p", { role: "status" });
  const field = h("input", { type: "password", name: "password", autocomplete: "new-password", required: true });
  const hint = h("p", { class: "hint" }, words.sign_up.at_least);
  const form = h("form", { noValidate: true }, errorAbove(), h("label", {}, t.new_password, field), hint, h("div", { class: "row" }, h("button", { class: "primary" }, t.set)));
  const again = h("button", { type: "button", class: "primary" }, t.again);
  const next = h("button", { type: "button", class: "primary" });
  const card = h("div", { class: "card letter" }, told, form, h("div", { class: "row" }, again, next));
  const place = section("letter", "", card);
  const title = place.querySelector("h1");
  again.addEventListener("click", () => links.verify());
  next.addEventListener("click", () => goTo(onward(store.state)[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => links.reset(field.value));
  });
  let drawn = null;

  return (state) => {
    const { letter, place: at, account } = state;
    const seen = at.name === "letter" && letter !== null && account !== "unknown";
    show(place, seen);
    if (!seen) return void (drawn = null);
    const [heading, said] = letter.kind === "verify" ? verifying(letter, state) : resetting(letter, state);
    text(title, heading);
    text(told, said);
    const asks = letter.kind === "reset" && letter.state === "open";
    show(form, asks);
    show(again, letter.state === "failed" && !FINAL.has(letter.code));
    show(next, ["done", "failed"].includes(letter.state));
    text(next, onward(state)[1]);
    if (drawn !== letter.state) arrive(asks);
    drawn = letter.state;
  };

  function arrive(asks) {
    clearErrors(form);
    field.value = "";
    (asks ? field : title).focus();
  }
}

/** Where one goes on from there, and how that is called. */
function onward({ letter, account }) {
  const lost = letter.state === "failed";
  if (account === "in") return lost ? ["own", words.letter.own] : ["meet", words.letter.on];
  return lost && letter.kind === "reset" ? ["forgot", words.letter.another] : ["sign-in", words.letter.sign_in];
}
