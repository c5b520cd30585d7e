/** Looking for what was said, by its words: in one room, or in all of one's rooms. What is found leads to where it was said. */

import { faceOf, roomName, said, speaker, unknownIn } from "../chat-words.js";
import { counted, filled, words } from "../texts.js";
import { when } from "../words.js";
import { avatar, clearErrors, errorAbove, h, show, submitting, text, valid } from "./dom.js";
import { icon } from "./icons.js";

/**
 * `room()`: the id of the one that is looked through; null: all. `told(shown)`: whether what was found stands there; `followed`: they go to one
 * of it.
 */
export function searching({ store, chat, groups, room, label, told = () => {}, followed = () => {} }) {
  const t = words.messages;
  const field = h("input", { name: "q", type: "search", autocomplete: "off", required: true, maxLength: 100, enterKeyHint: "search", placeholder: label });
  field.setAttribute("aria-label", label);
  const go = h("button", { class: "primary round", "aria-label": t.search.go }, icon("find"));
  const status = h("p", { class: "hint", role: "status" });
  const list = h("ul", { class: "results", "aria-label": t.search.list, hidden: true });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, t.search.more);
  const over = h("button", { type: "button", class: "quiet", hidden: true }, t.search.over);
  const above = errorAbove();
  const form = h("form", { noValidate: true, role: "search", "aria-label": label, class: "searching" }, above, h("label", {}, field), go);
  const element = h("div", { class: "search" }, form, status, list, h("div", { class: "row" }, more, over));
  let [asked, cursor, found] = ["", null, []];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    field.value = field.value.trim();
    if (valid(form)) submitting(form, () => look(field.value));
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || (list.hidden && !field.value)) return;
    event.stopPropagation(); // the search is left, and not the room
    event.preventDefault();
    leave();
  });
  more.addEventListener("click", () => submitting(form, () => look(asked, cursor)));
  over.addEventListener("click", () => {
    leave();
    field.focus();
  });

  /** What was found before stays until there is an answer. */
  async function look(q, after = null) {
    const where = room();
    const page = await chat.search(where, q, after);
    if (where !== room() || (after !== null && after !== cursor)) return; // they are elsewhere, tapped twice, or look for something else
    const before = after ? found : [];
    [asked, cursor, found] = [q, page.next_cursor, [...before, ...page.items]];
    draw();
    text(status, found.length ? counted(cursor ? t.search.at_least : t.search.found, found.length) : t.search.nothing);
    told(true);
    if (after) list.children[before.length]?.querySelector("a").focus();
    await know(page.items);
  }

  /** The names of those who have said it, in groups that nobody has opened yet: they stand there a moment later. */
  async function know(items) {
    const unknown = Object.values(store.state.rooms).map((each) => [each, unknownIn(each, items.filter(({ room_id }) => room_id === each.id))]);
    const asking = unknown.filter(([, ids]) => ids.length).map(([{ id, people }, ids]) => (Object.keys(people).length ? groups.know(id, ids) : groups.who(id)));
    await Promise.all(asking);
    if (!asking.length) return;
    for (const [at, element] of [...list.children].entries()) text(element.querySelector(".last"), line(found[at]));
  }

  /** What it says, with its author's name where that stands nowhere else. */
  function line(message) {
    const place = store.state.rooms[message.room_id];
    const who = place ? speaker(place, message.sender_id, store.state.me) : words.groups.somebody;
    return filled(words.groups.theirs, { name: who, message: said(message) });
  }

  function draw() {
    list.replaceChildren(...found.map(row));
    show(list, found.length > 0);
    show(more, cursor !== null);
    show(over, asked !== "");
  }

  function row(message) {
    const { rooms, settings } = store.state;
    const place = rooms[message.room_id];
    const face = h("span", { class: "avatar", "aria-hidden": "true" });
    if (place) avatar(face, faceOf(place));
    const name = place ? roomName(place) : words.groups.somebody;
    const who = h("span", { class: "who" }, ...(room() === null ? [h("b", {}, name)] : []), h("span", { class: "last" }, line(message)));
    const at = h("span", { class: "edge" }, h("time", {}, when(message.created_at, Date.now(), settings)));
    const link = h("a", { href: `#room/${message.room_id}/${message.seq}` }, ...(room() === null ? [face] : []), who, at);
    link.addEventListener("click", followed);
    return h("li", {}, link);
  }

  /** Nothing is looked for any more. */
  function leave() {
    [asked, cursor, found, field.value] = ["", null, [], ""];
    clearErrors(form);
    text(status, "");
    draw();
    told(false);
  }

  return { element, field, leave };
}
