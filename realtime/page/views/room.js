/** A room: its messages, those on their way, and the field to write in. */

import { faceOf, happened, nameIn, roomAbout, roomName, unknownIn, writing } from "../chat-words.js";
import { typists } from "../rooms-state.js";
import { counted, filled, words } from "../texts.js";
import { composer } from "./composer.js";
import { arrange, avatar, byId, h, show, text } from "./dom.js";
import { icon } from "./icons.js";
import { spoken, told } from "./message.js";
import { muting } from "./muting.js";
import { outgoing, waits } from "./outgoing.js";
import { reading } from "./reading.js";
import { searching } from "./searching.js";

export function roomView({ store, chat, groups, ways }) {
  const here = () => store.state.place.id;
  const open = () => store.state.rooms[here()];
  byId("room-more").addEventListener("click", () => {
    const room = open();
    if (room.kind === "group") location.hash = `group/${room.group_id}`;
    else store.dispatch("page:person", { peer: room.peer, room_id: room.id });
  });
  byId("room").addEventListener("keydown", (event) => {
    if (event.key === "Escape") location.hash = "chats";
  });
  document.addEventListener("visibilitychange", () => read(store.state));

  function report({ id, content, sender_id }) {
    const room = open();
    const peer = room.peer ?? room.people[sender_id] ?? { user_id: sender_id, display_name: nameIn(room, sender_id) };
    store.dispatch("page:report", { subject: { type: "message", id }, peer, quote: content });
  }

  function read(state) {
    const talking = state.encounter.phase === "call";
    if (state.place.name === "room" && !document.hidden && !talking) chat.read(state.place.id);
  }

  const place = reading({ chat, here, room: open });
  const saying = composer({ store, chat, room: open, onSent: place.toLatest });
  const changeable = ({ created_at }) => Date.now() + store.state.skew < Date.parse(created_at) + ways.edit_window_s * 1000;
  const acts = { report, reply: saying.reply, edit: saying.edit, remove: saying.remove, changeable, receipts: (message) => chat.receipts(message), toOriginal: place.to };
  const finding = seeking({ store, chat, groups, here });
  const quiet = muting({ store, chat, room: open });
  const bubbles = new Map();
  let drawn = {};

  /** To the message that the address names. The address is of the room then, so that it can be named again. */
  function lead() {
    const { name, id, seq } = store.state.place;
    if (name !== "room" || !seq || !open()) return;
    history.replaceState(null, "", `#room/${id}`);
    place.to(seq);
  }

  return (state, now) => {
    const room = state.account === "in" && state.place.name === "room" ? state.rooms[state.place.id] : null;
    show(byId("room-open"), Boolean(room));
    show(byId("room-none"), !room && Object.keys(state.rooms).length > 0);
    if (!room) {
      drawn = {};
      saying.leave({ out: state.account !== "in" });
      finding.close();
      quiet.close();
      return;
    }
    const other = drawn.id !== room.id;
    head(room, state.me);
    quiet.draw(room, now, state.settings);
    if (other) {
      bubbles.clear();
      finding.close();
      quiet.close();
      place.opened(room);
      queueMicrotask(() => Promise.all([chat.open(room.id), groups.who(room.id)]).then(lead)); // a view never changes the state while it is drawn
    } else if (drawn.place !== state.place) {
      queueMicrotask(lead);
    }
    const what = { id: room.id, messages: room.messages, settings: state.settings, outgoing: room.outgoing, seen: room.peer_read_seq, got: room.peer_delivered_seq, active: room.active, people: room.people, keep_days: room.keep_days, has_more: room.has_more };
    if (Object.entries(what).some(([key, value]) => drawn[key] !== value)) {
      place.keeping(room, () => messages(bubbles, room, state, now, { chat, acts, mark: place.mark }));
      const unknown = unknownIn(room, room.messages);
      if (unknown.length && Object.keys(room.people).length) queueMicrotask(() => groups.know(room.id, unknown));
    }
    typing(room, now, place);
    place.draw(room);
    saying.draw(room);
    if (other && room.active && matchMedia("(min-width: 48rem)").matches) byId("message").focus();
    drawn = { ...what, place: state.place };
    queueMicrotask(() => read(store.state)); // a view never changes the state while it is drawn
  };
}

/** Looking for something in the room: behind a button at its head. */
function seeking({ store, chat, groups, here }) {
  const t = words.messages;
  const search = searching({ store, chat, groups, room: here, label: t.search.here, followed: () => matchMedia("(max-width: 47.99rem)").matches && close() }); // where there is no room for both
  const button = h("button", { type: "button", class: "round", "aria-label": t.search.here, "aria-expanded": "false" }, icon("find"));
  byId("room-more").before(button);
  byId("room-more").closest("header").after(search.element);
  show(search.element, false);
  const set = (open) => {
    show(search.element, open);
    button.setAttribute("aria-expanded", String(open));
  };
  const close = () => {
    if (search.element.hidden) return;
    search.leave();
    set(false);
  };
  button.addEventListener("click", () => {
    if (!search.element.hidden) return close();
    set(true);
    search.field.focus();
  });
  search.element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // the search is left, and not the room
    close();
    button.focus();
  });
  return { close };
}

function head(room, me) {
  const name = roomName(room);
  avatar(byId("room-avatar"), faceOf(room));
  text(byId("room-name"), name);
  text(byId("room-about"), roomAbout(room, me));
  byId("room-more").setAttribute("aria-label", filled(room.kind === "group" ? words.groups.about : words.chats.more, { name }));
  show(byId("room-more"), room.kind !== "group" || room.active);
  show(byId("composer"), room.active);
  show(byId("room-closed"), !room.active);
}

function messages(bubbles, room, state, now, { chat, acts, mark }) {
  const upTo = (seq) => room.messages.findLast((m) => m.sender_id === state.me.id && m.seq <= seq);
  const [seen, got] = [upTo(room.peer_read_seq), upTo(room.peer_delivered_seq)];
  const keep = (key, about, make) => {
    const as = JSON.stringify(about);
    if (bubbles.get(key)?.as !== as) bubbles.set(key, { as, element: make() });
    return bubbles.get(key).element;
  };
  const said = room.messages.flatMap((m, at) => {
    const mine = m.sender_id === state.me.id;
    const first = room.kind === "group" && !mine && room.messages[at - 1]?.sender_id !== m.sender_id;
    const way = m === seen ? words.messages.seen : m === got ? words.messages.delivered : null;
    const how = { mine, by: first && m.sender_id ? nameIn(room, m.sender_id) : null };
    const what = m.type === "system" ? happened(m, room, state.me) : null;
    if (what === "") return []; // of a newer server
    const bubble = keep(m.id, [m, how, what, state.settings, room.active], () => (what ? noted(what) : spoken(m, { ...how, state: way, room, me: state.me, now, settings: state.settings, acts })));
    bubble.dataset.seq = m.seq;
    // A voice that is heard goes on, and what is open stays so, while others read.
    if (!what) text(bubble.querySelector("small"), told(m, { state: way, now, settings: state.settings }));
    const fresh = mark.unread > 0 && m.seq > mark.after;
    const begins = at > 0 ? room.messages[at - 1].seq <= mark.after : m.seq === mark.after + 1 || !room.has_more;
    return fresh && begins ? [keep("mark", "", marked), bubble] : [bubble];
  });
  const kept = room.keep_days && room.has_more === false ? [keep("kept", room.keep_days, () => noted(counted(words.groups.kept, room.keep_days)))] : [];
  const going = room.outgoing.map((one) => {
    const bubble = keep(one.client_id, [one.why, one.waits], () => outgoing(one, room, chat));
    text(bubble.querySelector("small"), waits(one));
    return bubble;
  });
  const list = byId("room-messages");
  const within = list.contains(document.activeElement);
  arrange(list, [...kept, ...said, ...going]);
  if (within && document.activeElement === document.body) byId("room-scroll").focus({ preventScroll: true });
}

/** What is new begins here. */
function marked() {
  return h("li", { class: "mark", id: "room-mark" }, h("span", {}, words.groups.new_messages));
}

function noted(what) {
  return h("li", { class: "system" }, h("p", {}, what));
}

function typing(room, now, place) {
  const who = typists(room, now);
  const [element, said] = [byId("room-typing"), who.length ? writing(room, who) : ""];
  if (element.textContent === said) return;
  place.keeping(room, () => {
    show(element, said !== "");
    text(element, said);
  });
}
