/** The rooms of the user, two or many in each, and the last message of each. With hundreds of them, only what has changed is drawn. */

import { faceOf, lastWords, roomName } from "../chat-words.js";
import { byRecency, quietUntil, typists } from "../rooms-state.js";
import { words } from "../texts.js";
import { when } from "../words.js";
import { arrange, avatar, byId, h, show, text } from "./dom.js";
import { icon } from "./icons.js";
import { searching } from "./searching.js";

const MINUTE_MS = 60_000; // what was sent today is written otherwise tomorrow

export function chatsView({ store, chat, groups }) {
  const rows = new Map();
  const make = h("a", { class: "button", href: "#new-group" }, words.groups.fresh);
  byId("rooms-empty").before(make);
  const search = searching({ store, chat, groups, room: () => null, label: words.messages.search.everywhere, told: (found) => show(byId("rooms-list"), !found) });
  make.after(search.element);
  let [known, sorted, drawn, of] = [null, [], "", null];

  return (state, now) => {
    const seen = state.account === "in" && ["chats", "room"].includes(state.place.name);
    show(byId("chats"), seen);
    if (of !== (state.me?.id ?? null)) {
      of = state.me?.id ?? null;
      search.leave(); // nobody else sees what somebody has looked for
    }
    if (!seen) return;
    byId("chats").dataset.open = state.place.name;
    if (known !== state.rooms) {
      sorted = byRecency(state.rooms);
      for (const id of rows.keys()) if (!(id in state.rooms)) rows.delete(id);
    }
    const writing = sorted.filter((room) => typists(room, now).length).map(({ id }) => id);
    const as = [state.place.id, Math.floor(now / MINUTE_MS), ...writing].join();
    if (known === state.rooms && drawn === as) return;
    [known, drawn] = [state.rooms, as];
    show(byId("rooms-empty"), sorted.length === 0);
    show(search.element, sorted.length > 0);
    arrange(byId("rooms-list"), sorted.map((room) => row(rows, room, state, now)));
  };
}

function row(rows, room, state, now) {
  if (!rows.has(room.id)) rows.set(room.id, { element: blankRow(room), as: [] });
  const { element, as } = rows.get(room.id);
  const writing = typists(room, now);
  const shown = [room, state.settings, state.place.id === room.id, Math.floor(now / MINUTE_MS), writing.join()];
  if (shown.every((part, at) => part === as[at])) return element;
  rows.get(room.id).as = shown;
  const link = element.firstChild;
  avatar(link.querySelector(".avatar"), faceOf(room));
  text(link.querySelector("b"), roomName(room));
  text(link.querySelector(".last"), lastWords(room, state.me, writing));
  text(link.querySelector("time"), room.last_message ? when(room.last_message.created_at, now, state.settings) : "");
  show(link.querySelector(".quiet-room"), quietUntil(room, now) > 0);
  const badge = link.querySelector(".badge");
  show(badge, room.unread > 0);
  text(badge, room.unread > 999 ? "999+" : `${room.unread}`);
  if (state.place.id === room.id) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  return element;
}

function blankRow(room) {
  const who = h("span", { class: "who" }, h("b"), h("span", { class: "last" }));
  const edge = h("span", { class: "edge" }, h("time"), h("span", { class: "state" }, h("span", { class: "quiet-room", role: "img", "aria-label": words.muting.title_so, hidden: true }, icon("bell_off")), h("span", { class: "badge", "aria-label": words.messages.unread, hidden: true })));
  const link = h("a", { href: `#room/${room.id}` }, h("span", { class: "avatar", "aria-hidden": "true" }), who, edge);
  return h("li", {}, link);
}
