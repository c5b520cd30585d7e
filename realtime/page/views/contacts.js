/** Among friends: who of one's address book is here. Numbers are chosen in the browser's own list, where it has one, or typed. */

import { numbersIn, numbersOf } from "../contacts.js";
import { counted, words } from "../texts.js";
import { about } from "../words.js";
import { byId, card, clearErrors, errorAbove, h, submitting, text, valid } from "./dom.js";
import { someone } from "./friends.js";

export function contactsView({ store, contacts }) {
  const t = words.contacts;
  const field = h("textarea", { name: "numbers", rows: 3, autocomplete: "off", required: true });
  const [said, left] = [h("p", { role: "status" }), h("p", { class: "hint warn", role: "status" })];
  const list = h("ul", { class: "friends", "aria-label": t.list });
  const pick = h("button", { type: "button", hidden: !canPick() }, t.pick);
  const forget = h("button", { type: "button", class: "quiet" }, t.forget);
  const form = h(
    "form", { noValidate: true }, errorAbove(), h("p", { class: "calm" }, t.about), pick, h("label", {}, t.field, field), h("p", { class: "hint" }, t.hint),
    h("div", { class: "row" }, h("button", { class: "primary" }, t.go), forget), left, said,
  );
  byId("friends").append(card(t.title, form, list));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, typed);
  });
  pick.addEventListener("click", () => submitting(form, picked));
  forget.addEventListener("click", () => confirm(t.forgetting) && submitting(form, forgetAll));
  let dirty = false;

  async function typed() {
    const { contacts: found, rest } = numbersIn(field.value);
    field.value = rest.join("\n");
    text(left, rest.length ? (found.length ? counted(t.rest, rest.length) : t.none) : "");
    if (found.length) await send(found);
  }

  async function picked() {
    const chosen = await navigator.contacts.select(["name", "tel"], { multiple: true }).catch(() => null);
    text(left, chosen ? "" : t.closed);
    const found = numbersOf(chosen ?? []);
    if (found.length) await send(found);
    else if (chosen?.length) text(left, t.none);
  }

  /** What the server did not take stands in the field again. */
  async function send(numbers) {
    dirty = true;
    const { matches, left: unsent, error } = await contacts.send(numbers);
    list.replaceChildren(...matches.map(row));
    text(said, matches.length ? counted(t.here, matches.length) : error ? "" : t.nobody);
    if (!error) return;
    field.value = [field.value, ...unsent.map(({ phone, name }) => [name, phone].filter(Boolean).join(" "))].filter(Boolean).join("\n");
    text(left, counted(t.unsent, unsent.length));
    throw error;
  }

  async function forgetAll() {
    await contacts.forget();
    list.replaceChildren();
    text(left, "");
    text(said, t.forgotten);
  }

  function row({ user, name }) {
    const element = someone({ user }, () => store.dispatch("page:person", { peer: user, introduced: true }), []);
    text(element.querySelector(".last"), [name, about(user)].filter(Boolean).join(" · "));
    return element;
  }

  return ({ account, place }) => {
    if (account !== "in") field.value = ""; // what was typed is shown to nobody else
    if ((account === "in" && place.name === "friends") || !(dirty || said.textContent || left.textContent)) return;
    dirty = false;
    list.replaceChildren();
    clearErrors(form);
    for (const each of [said, left]) text(each, "");
  };
}

function canPick() {
  return "contacts" in navigator && "select" in navigator.contacts;
}
