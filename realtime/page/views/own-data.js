/** One's own data: a copy to take along, deleting the account, and what is there for who comes back while it awaits erasure. */

import { hasPassword } from "../account-state.js";
import { copyWords, erasing, sizeWords } from "../data-words.js";
import { filled, words } from "../texts.js";
import { card, clearErrors, download, errorAbove, h, section, show, submitting, text, valid } from "./dom.js";

export function ownDataView(parts) {
  const place = section("data", words.data.title);
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
  const link = h("a", { class: "button", href: "#data" }, words.data.title);
  const way = h("div", { class: "card signout" }, h("p", {}, words.data.way), link);
  document.querySelector('.signout > a[href="#safety"]').parentElement.before(way);
}

function copyCard({ ownData }) {
  const t = words.data;
  const said = h("p", { role: "status" });
  const bar = h("progress", { max: 1, "aria-label": t.making });
  const make = h("button", { class: "primary" }, t.make);
  const load = h("button", { type: "button" });
  const form = h("form", { noValidate: true }, errorAbove(), said, bar, h("div", { class: "row" }, make, load));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => ownData.makeCopy());
  });
  load.addEventListener("click", () => submitting(form, async () => download(await ownData.address())));

  function draw({ copy, settings }) {
    text(said, copyWords(copy, settings));
    show(bar, copy?.state === "running");
    if (copy) bar.value = copy.progress;
    show(make, ["none", "failed"].includes(copy?.state));
    show(load, copy?.state === "ready");
    if (copy?.size) text(load, filled(t.download, { size: sizeWords(copy.size) }));
  }
  return { element: card(t.copy_title, form), draw };
}

function leavingCard({ ownData, account }) {
  const t = words.data;
  const ask = h("button", { type: "button" }, t.deleting);
  const field = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true, maxLength: 128 });
  const label = h("label", {}, t.password, field);
  const question = h("h3", { tabIndex: -1 }, t.sure);
  const cancel = h("button", { type: "button" }, t.keep);
  const row = h("div", { class: "row" }, h("button", { class: "primary danger" }, t.delete), cancel);
  const means = h("ul", {}, ...Object.values(t.means).map((line) => h("li", {}, line)));
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
  return { element: card(t.delete_title, h("div", { class: "row" }, ask), form), draw, close };
}

function comingBack({ ownData, signOut }) {
  const t = words.data;
  const said = h("p");
  const out = h("button", { type: "button" }, t.let_go);
  const form = h("form", { noValidate: true }, errorAbove(), said, h("div", { class: "row" }, h("button", { class: "primary" }, t.keep), out));
  const after = h("div", { hidden: true });
  const element = section("erasing", t.deleted, h("div", { class: "card" }, form), after);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => ownData.stay().catch(late));
  });
  out.addEventListener("click", signOut);

  function draw({ erasesAt, settings }) {
    text(said, erasing(erasesAt, settings));
  }
  return { element, draw, after, title: element.querySelector("h1") };
}

function late(error) {
  throw error.code === "gone" ? Object.assign(error, { code: "unauthenticated", own: true, message: words.data.too_late }) : error;
}
