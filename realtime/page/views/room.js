/** A room: its messages, those on their way, and the field to write in. */

import { filled, words } from "../texts.js";
import { about, notice, when } from "../words.js";
import { arrange, avatar, byId, flag, h, show, text } from "./dom.js";

const NEAR_END_PX = 80;
const HELD_MS = 600;

export function roomView({ store, chat }) {
  const message = byId("message");
  const here = () => store.state.place.id;
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  message.addEventListener("input", () => {
    grow(message);
    if (message.value.trim()) chat.typing(here(), Date.now());
  });
  byId("room-older").addEventListener("click", () => older(chat, here()));
  byId("room-more").addEventListener("click", () => store.dispatch("page:person", { peer: store.state.rooms[here()].peer, room_id: here() }));
  byId("room").addEventListener("keydown", (event) => {
    if (event.key === "Escape") location.hash = "chats";
  });
  document.addEventListener("visibilitychange", () => read(store.state));

  function send() {
    const content = message.value.trim();
    if (!content) return;
    chat.send(here(), content);
    message.value = "";
    grow(message);
  }

  function report({ id, content }) {
    const { peer } = store.state.rooms[here()];
    store.dispatch("page:report", { subject: { type: "message", id }, peer, quote: content });
  }

  function read(state) {
    const talking = state.encounter.phase === "call";
    if (state.place.name === "room" && !document.hidden && !talking) chat.read(state.place.id);
  }

  const bubbles = new Map();
  let drawn = {};
  return (state, now) => {
    const room = state.account === "in" && state.place.name === "room" ? state.rooms[state.place.id] : null;
    show(byId("room-open"), Boolean(room));
    show(byId("room-none"), !room && Object.keys(state.rooms).length > 0);
    if (!room) {
      drawn = {};
      return;
    }
    const other = drawn.id !== room.id;
    head(room);
    if (other) bubbles.clear();
    if (other || drawn.messages !== room.messages || drawn.settings !== state.settings || drawn.outgoing !== room.outgoing || drawn.seen !== room.peer_read_seq) {
      messages(bubbles, room, state, now, { chat, report, jump: other });
    }
    typing(room, now);
    if (other && room.active && matchMedia("(min-width: 48rem)").matches) message.focus();
    drawn = { id: room.id, messages: room.messages, settings: state.settings, outgoing: room.outgoing, seen: room.peer_read_seq };
    queueMicrotask(() => read(store.state)); // a view never changes the state while it is drawn
  };
}

function head(room) {
  avatar(byId("room-avatar"), room.peer);
  text(byId("room-name"), room.peer.display_name);
  text(byId("room-about"), about(room.peer));
  byId("room-more").setAttribute("aria-label", filled(words.chats.more, { name: room.peer.display_name }));
  show(byId("composer"), room.active);
  show(byId("room-closed"), !room.active);
  show(byId("room-older"), room.has_more === true);
}

function messages(bubbles, room, state, now, { chat, report, jump }) {
  const scroll = byId("room-scroll");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
  const seen = room.messages.findLast((m) => m.sender_id === state.me.id && m.seq <= room.peer_read_seq);
  const keep = (key, about, make) => {
    const as = JSON.stringify(about);
    if (bubbles.get(key)?.as !== as) bubbles.set(key, { as, element: make() });
    return bubbles.get(key).element;
  };
  const said = room.messages.map((m) => {
    const how = { mine: m.sender_id === state.me.id, seen: m === seen };
    return keep(m.id, [m, how, state.settings], () => bubble(m, { ...how, now, settings: state.settings, report }));
  });
  const going = room.outgoing.map((one) => keep(one.client_id, one, () => outgoing(one, room, chat)));
  arrange(byId("room-messages"), [...said, ...going]);
  if (jump || atEnd || going.length) scroll.scrollTop = scroll.scrollHeight;
}

function bubble(message, { mine, seen, now, settings, report }) {
  const t = words.chats;
  const state = [when(message.created_at, now, settings), message.edited_at && t.edited, seen && t.seen].filter(Boolean).join(" · ");
  const said = message.deleted_at ? h("i", {}, t.deleted) : (message.content ?? "");
  const kind = message.type === "system" ? "system" : mine ? "mine" : "theirs";
  const item = h("li", { class: kind }, h("p", {}, said), h("small", {}, state));
  if (kind === "theirs" && !message.deleted_at) reportable(item, () => report(message));
  return item;
}

/** A message of the other can be reported: by its button, or where it is held by a finger for a moment. */
function reportable(item, report) {
  const button = h("button", { type: "button", class: "quiet", "aria-label": words.chats.report }, flag());
  button.addEventListener("click", report);
  item.append(button);
  let held;
  item.addEventListener("pointerdown", ({ pointerType, target }) => {
    if (pointerType === "touch" && !button.contains(target)) held = setTimeout(report, HELD_MS);
  });
  for (const over of ["pointerup", "pointercancel", "pointerleave"]) item.addEventListener(over, () => clearTimeout(held));
}

function outgoing(one, room, chat) {
  const state = h("small", {}, one.failed ? filled(words.chats.not_sent, { why: notice(one.failed, one.wait_ms) }) : words.chats.sending);
  const item = h("li", { class: `mine ${one.failed ? "failed" : "sending"}` }, h("p", {}, one.content), state);
  if (one.failed) {
    const again = h("button", { type: "button", class: "link" }, words.chats.again);
    again.addEventListener("click", () => chat.again(room.id, one));
    item.append(again);
  }
  return item;
}

function typing(room, now) {
  const writes = room.typing_until > now;
  const scroll = byId("room-scroll");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
  show(byId("room-typing"), writes);
  text(byId("room-typing"), writes ? filled(words.chats.is_writing, { name: room.peer.display_name }) : "");
  if (writes && atEnd) scroll.scrollTop = scroll.scrollHeight;
}

/** Earlier messages are added above; what the user was reading stays where it is. */
async function older(chat, roomId) {
  const scroll = byId("room-scroll");
  const fromEnd = scroll.scrollHeight - scroll.scrollTop;
  await chat.older(roomId);
  requestAnimationFrame(() => (scroll.scrollTop = scroll.scrollHeight - fromEnd));
}

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
