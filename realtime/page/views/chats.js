/** The people whom the user is connected with, and the last message of each. */

import { byRecency } from "../rooms-state.js";
import { filled, words } from "../texts.js";
import { when } from "../words.js";
import { arrange, avatar, byId, h, show, text } from "./dom.js";

export function chatsView() {
  const rows = new Map();

  return (state, now) => {
    const seen = state.account === "in" && ["chats", "room"].includes(state.place.name);
    show(byId("chats"), seen);
    if (!seen) return;
    byId("chats").dataset.open = state.place.name;
    const rooms = byRecency(state.rooms);
    show(byId("rooms-empty"), rooms.length === 0);
    arrange(byId("rooms-list"), rooms.map((room) => row(rows, room, state, now)));
  };
}

function row(rows, room, state, now) {
  let element = rows.get(room.id);
  if (!element) rows.set(room.id, (element = blankRow(room)));
  const link = element.firstChild;
  avatar(link.querySelector(".avatar"), room.peer);
  text(link.querySelector("b"), room.peer.display_name);
  text(link.querySelector(".last"), lastWords(room, state, now));
  text(link.querySelector("time"), room.last_message ? when(room.last_message.created_at, now, state.settings) : "");
  const badge = link.querySelector(".badge");
  show(badge, room.unread > 0);
  text(badge, `${room.unread}`);
  if (state.place.id === room.id) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  return element;
}

function blankRow(room) {
  const who = h("span", { class: "who" }, h("b"), h("span", { class: "last" }));
  const edge = h("span", { class: "edge" }, h("time"), h("span", { class: "badge", "aria-label": words.chats.unread, hidden: true }));
  const link = h("a", { href: `#room/${room.id}` }, h("span", { class: "avatar", "aria-hidden": "true" }), who, edge);
  return h("li", {}, link);
}

function lastWords(room, state, now) {
  if (room.typing_until > now) return words.chats.writing;
  if (!room.last_message) return room.active ? words.chats.hello : words.chats.ended;
  const mine = room.last_message.sender_id === state.me.id;
  const message = room.last_message.content ?? words.chats.deleted;
  return mine ? filled(words.chats.yours, { message }) : message;
}
