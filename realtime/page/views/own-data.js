/** One's own data: a copy to take along, deleting the account, and what is there for who comes back while it awaits erasure. */

import { hasPassword } from "../account-state.js";
import { TOO_LATE, WHAT_IT_MEANS, copyWords, erasing, sizeWords } from "../data-words.js";
import { card, clearErrors, errorAbove, h, section, show, submitting, text, valid } from "./dom.js";

export function ownDataView(parts) {
  const place = section("data", "Your data");
  const [copy, leaving] = [copyCard(parts), leavingCard(parts)];
  place.append(copy.element, leaving.element);
  const coming = comingBack(parts);
  wayHere();
  let shown = null;

  return (state) => {
    const inside = state.account === "in" && state.place.name === "data";
    const back = state.account === "erasing" && state.place.name !== "letter";
    const now = inside ? "data" : back ? "erasing" : null;
    show(place, inside);
    show(coming.element, back);
    if (now !== shown) {
      shown = now;
      leaving.close();
      if (now) {
        (inside ? leaving.element : coming.after).before(copy.element);
        parts.ownData.look();
      }
      if (back) coming.title.focus();
    }
    if (now) copy.draw(state);
    if (inside) leaving.draw(state);
    if (back) coming.draw(state);
  };
}

/** From one's profile, beside the way to all that is about safety. */
function wayHere() {
  const link = h("a", { class: "button", href: "#data" }, "Your data");
  const way = h("div", { class: "card signout" }, h("p", {}, "A copy of all that is kept about you, deleting your account"), link);
  document.querySelector('.signout > a[href="#safety"]').parentElement.before(way);
}

function copyCard({ ownData }) {
  const words = h("p", { role: "status" });
  const bar = h("progress", { max: 1, "aria-label": "Making your copy" });
  const make = h("button", { class: "primary" }, "Make a copy");
  const load = h("button", { type: "button" });
  const form = h("form", { noValidate: true }, errorAbove(), words, bar, h("div", { class: "row" }, make, load));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => ownData.makeCopy());
  });
  load.addEventListener("click", () => submitting(form, async () => download(await ownData.address())));

  function draw({ copy, settings }) {
    text(words, copyWords(copy, settings));
    show(bar, copy?.state === "running");
    if (copy) bar.value = copy.progress;
    show(make, ["none", "failed"].includes(copy?.state));
    show(load, copy?.state === "ready");
    if (copy?.size) text(load, `Download (${sizeWords(copy.size)})`);
  }
  return { element: card("A copy to keep", form), draw };
}

/** The browser saves it, and the page stays. */
function download(address) {
  const link = h("a", { href: address, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

function leavingCard({ ownData, account }) {
  const ask = h("button", { type: "button" }, "Delete my account…");
  const field = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true, maxLength: 128 });
  const label = h("label", {}, "Your password", field);
  const question = h("h3", { tabIndex: -1 }, "Do you want to delete your account?");
  const cancel = h("button", { type: "button" }, "Keep my account");
  const row = h("div", { class: "row" }, h("button", { class: "primary danger" }, "Delete my account"), cancel);
  const means = h("ul", {}, ...WHAT_IT_MEANS.map((line) => h("li", {}, line)));
  const form = h("form", { noValidate: true, hidden: true }, errorAbove(), question, means, label, row);
  ask.addEventListener("click", open);
  cancel.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => ownData.leave(field.disabled ? {} : { password: field.value }));
  });

  async function open() {
    show(ask, false);
    show(form, true);
    question.focus();
    await account.loadLogins().catch(() => {}); // whether there is a password, the server says too
  }

  function close() {
    const focused = form.contains(document.activeElement);
    field.value = "";
    clearErrors(form);
    show(form, false);
    show(ask, true);
    if (focused && ask.checkVisibility()) ask.focus();
  }

  function draw(state) {
    field.disabled = hasPassword(state) === false;
    show(label, !field.disabled);
  }
  return { element: card("Delete your account", h("div", { class: "row" }, ask), form), draw, close };
}

function comingBack({ ownData, signOut }) {
  const words = h("p");
  const out = h("button", { type: "button" }, "Sign out, and let it be deleted");
  const form = h("form", { noValidate: true }, errorAbove(), words, h("div", { class: "row" }, h("button", { class: "primary" }, "Keep my account"), out));
  const after = h("div", { hidden: true });
  const element = section("erasing", "Your account is deleted", h("div", { class: "card" }, form), after);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => ownData.stay().catch(late));
  });
  out.addEventListener("click", signOut);

  function draw({ erasesAt, settings }) {
    text(words, erasing(erasesAt, settings));
  }
  return { element, draw, after, title: element.querySelector("h1") };
}

function late(error) {
  throw error.code === "gone" ? Object.assign(error, { code: "unauthenticated", message: TOO_LATE }) : error;
}
