/** Places: looking for them by words, by what they are, and around oneself. One of them is `location.js`. */

import { about } from "../location-words.js";
import { here } from "../locations.js";
import { counted, words } from "../texts.js";
import { byId, card, errorAbove, h, section, show, submitting, text } from "./dom.js";
import { mapView } from "./map.js";

export function locationsView({ store, locations, ways }) {
  const t = words.places;
  const place = section("places", t.title);
  const field = h("input", { name: "q", type: "search", autocomplete: "off", maxLength: 100, enterKeyHint: "search" });
  const types = Object.entries(t.types).map(([value, said]) => h("option", { value }, said));
  const type = h("select", { name: "type" }, h("option", { value: "" }, t.any), ...types);
  const open = h("input", { name: "open_now", type: "checkbox" });
  const near = h("button", { type: "button" }, t.near);
  const said = h("p", { class: "calm", role: "status" });
  const list = h("ul", { class: "friends", "aria-label": t.list });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, t.more);
  const form = h(
    "form", { noValidate: true, role: "search" }, errorAbove(),
    h("div", { class: "pair" }, h("label", {}, t.what, field), h("label", {}, t.type, type)),
    h("label", { class: "check" }, open, t.open_only),
  );
  const map = mapView({ ways, search: (where) => submitting(form, () => search({ ...fields(), ...where }, { moved: false })), failed: () => text(said, t.no_map) });
  const found = card(t.find, form, map.element, list, more);
  form.append(h("div", { class: "row" }, h("button", { class: "primary" }, t.go), near, map.toggle), h("p", { class: "hint" }, t.near_hint), said);
  place.append(found);
  const way = h("div", { class: "card signout" }, h("p", {}, t.way), h("a", { class: "button", href: "#places" }, t.title));
  byId("own-status").closest(".card").before(way);
  let [asked, cursor, shown, wanted, oneself] = [null, null, [], 0, null];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => search({ ...asked, ...fields() }));
  });
  near.addEventListener("click", () => submitting(form, lookAround));
  more.addEventListener("click", () => submitting(form, () => search(asked, { after: cursor })));

  function fields() {
    return { q: field.value.trim(), type: type.value, open: open.checked };
  }

  async function lookAround() {
    text(said, t.locating);
    const position = await here();
    if (!position) return text(said, t.nowhere);
    oneself = position;
    await search({ ...fields(), position });
  }

  /** What was found before stays until there is an answer; of two searches the later one counts. */
  async function search(what, { after = null, moved = true } = {}) {
    const own = (wanted += 1);
    const page = await locations.search(what, after);
    if (own !== wanted) return;
    [asked, cursor] = [what, page.next_cursor];
    shown = after ? [...shown, ...page.items] : page.items;
    const rows = page.items.map(row);
    if (after) list.append(...rows);
    else list.replaceChildren(...rows);
    text(said, shown.length ? counted(t.found, shown.length) : t.none);
    show(more, cursor !== null);
    map.draw(shown, oneself, { moved });
    if (after) rows[0]?.querySelector("a").focus();
  }

  return (state) => {
    const seen = state.account === "in" && state.place.name === "places";
    show(place, seen);
    show(found, !state.place.id);
    if (seen && !state.place.id && asked === null) {
      asked = {}; // once; what was found stays, for who comes back from a place
      queueMicrotask(() => submitting(form, () => search(fields())));
    }
    if (state.account !== "in" && asked !== null) clear();
  };

  /** What was looked for is shown to nobody else. */
  function clear() {
    [asked, cursor, shown, wanted, oneself] = [null, null, [], wanted + 1, null];
    [field.value, open.checked, type.value] = ["", false, ""];
    list.replaceChildren();
    map.draw([], null);
    text(said, "");
    show(more, false);
  }
}

function row(found) {
  const who = h("span", { class: "who" }, h("b", {}, found.name), h("span", { class: "last" }, about(found)));
  return h("li", {}, h("a", { class: "button someone", href: `#places/${found.id}` }, who));
}
