/** Among friends: looking for somebody by name, of those who let themselves be found by it. */

import { relation } from "../friends-state.js";
import { counted, filled, words } from "../texts.js";
import { about } from "../words.js";
import { byId, card, errorAbove, h, show, submitting, text, valid } from "./dom.js";
import { pressed, someone } from "./friends.js";

const SHORTEST = 2;

export function findingView({ store, friends }) {
  const t = words.search;
  const field = h("input", { name: "q", type: "search", autocomplete: "off", autocapitalize: "none", spellcheck: false, required: true, minLength: SHORTEST, maxLength: 100, enterKeyHint: "search" });
  const said = h("p", { class: "calm", role: "status" });
  const list = h("ul", { class: "friends", "aria-label": t.list });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, t.more);
  const form = h(
    "form", { noValidate: true, role: "search" }, errorAbove(), h("label", {}, t.field, field),
    h("div", { class: "row" }, h("button", { class: "primary" }, t.go)), h("p", { class: "hint" }, t.hint), said,
  );
  byId("friends").append(card(t.title, form, list, more));
  let [asked, cursor, people] = ["", null, []];
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (valid(form)) submitting(form, () => search(field.value.trim()));
  });
  more.addEventListener("click", () => submitting(form, () => search(asked, cursor)));

  /** What was found before stays until there is an answer. */
  async function search(q, after = null) {
    const page = await friends.search(q, after);
    if (after !== null && after !== cursor) return; // tapped twice, or something else was searched meanwhile
    [asked, cursor] = [q, page.next_cursor];
    const before = after ? people : [];
    people = [...before, ...page.items.map(row)];
    list.replaceChildren(...people.map(({ element }) => element));
    text(said, people.length ? counted(t.found, people.length) : t.nobody);
    show(more, cursor !== null);
    draw(store.state);
    if (after) people[before.length]?.element.querySelector("button").focus();
  }

  function row(user) {
    const add = () => pressed(t.add, filled(t.adding, { name: user.display_name }), "", () => submitting(form, () => friends.ask(user)));
    const element = someone({ user }, () => store.dispatch("page:person", { peer: user, introduced: true }), [add]);
    return { user, element };
  }

  /** What the two are by now stands below the name. */
  function draw(state) {
    const lines = { friend: t.friend, out: t.asked, in: t.asks };
    for (const { user, element } of people) {
      const { is } = relation(state, user.user_id);
      text(element.querySelector(".last"), lines[is] ?? about(user));
      show(element.querySelector(".row"), is === "nobody");
    }
  }

  return (state) => {
    if (state.account === "in" && state.place.name === "friends") return draw(state);
    if (people.length || said.textContent || (state.account !== "in" && field.value)) clear(); // what was typed and found is shown to nobody else
  };

  function clear() {
    [asked, cursor, people, field.value] = ["", null, [], ""];
    list.replaceChildren();
    text(said, "");
    show(more, false);
  }
}
