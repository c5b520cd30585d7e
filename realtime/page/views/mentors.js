/** Mentors: looking for them by what they know, how they meet, and around oneself. One of them is `mentor.js`. */

import { here } from "../locations.js";
import { about } from "../mentor-words.js";
import { counted, words } from "../texts.js";
import { avatar, byId, card, errorAbove, h, section, show, submitting, text } from "./dom.js";

export function mentorsView({ mentors }) {
  const t = words.mentors;
  const place = section("mentors", t.title);
  const field = h("input", { name: "specialization", autocomplete: "off", maxLength: 50, enterKeyHint: "search" });
  const types = Object.entries(t.types).map(([value, said]) => h("option", { value }, said));
  const type = h("select", { name: "type" }, h("option", { value: "" }, words.places.any), ...types);
  const near = h("button", { type: "button" }, words.places.near);
  const said = h("p", { class: "calm", role: "status" });
  const list = h("ul", { class: "friends", "aria-label": t.list });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, words.places.more);
  const form = h(
    "form", { noValidate: true, role: "search" }, errorAbove(),
    h("div", { class: "pair" }, h("label", {}, t.knows, field), h("label", {}, t.type, type)),
    h("div", { class: "row" }, h("button", { class: "primary" }, words.places.go), near),
    h("p", { class: "hint" }, words.places.near_hint), said,
  );
  const found = card(t.find, form, list, more);
  place.append(found);
  const way = h("div", { class: "card signout" }, h("p", {}, t.way), h("a", { class: "button", href: "#mentors" }, t.title));
  byId("own-status").closest(".card").before(way);
  let [asked, cursor, count, wanted] = [null, null, 0, 0];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => search({ ...asked, ...fields() }));
  });
  near.addEventListener("click", () => submitting(form, lookAround));
  more.addEventListener("click", () => submitting(form, () => search(asked, cursor)));

  function fields() {
    return { specialization: field.value.trim(), type: type.value };
  }

  async function lookAround() {
    text(said, words.places.locating);
    const position = await here();
    if (!position) return text(said, t.nowhere);
    await search({ ...fields(), position });
  }

  /** What was found before stays until there is an answer; of two searches the later one counts. */
  async function search(what, after = null) {
    const own = (wanted += 1);
    const page = await mentors.search(what, after);
    if (own !== wanted) return;
    [asked, cursor, count] = [what, page.next_cursor, page.items.length + (after ? count : 0)];
    const rows = page.items.map(row);
    if (after) list.append(...rows);
    else list.replaceChildren(...rows);
    text(said, count ? counted(t.found, count) : t.none);
    show(more, cursor !== null);
    if (after) rows[0]?.querySelector("a").focus();
  }

  return (state) => {
    const seen = state.account === "in" && state.place.name === "mentors";
    show(place, seen);
    show(found, !state.place.id);
    if (seen && !state.place.id && asked === null) {
      asked = {}; // once; who was found stays, for who comes back from one of them
      queueMicrotask(() => submitting(form, () => search(fields())));
    }
    if (state.account !== "in" && asked !== null) clear();
  };

  /** What was looked for is shown to nobody else. */
  function clear() {
    [asked, cursor, count, wanted] = [null, null, 0, wanted + 1];
    [field.value, type.value] = ["", ""];
    list.replaceChildren();
    text(said, "");
    show(more, false);
  }
}

function row(mentor) {
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  avatar(face, mentor.user);
  const who = h("span", { class: "who" }, h("b", {}, mentor.user.display_name), h("span", { class: "last" }, about(mentor)));
  return h("li", {}, h("a", { class: "button someone", href: `#mentors/${mentor.id}` }, face, who));
}
