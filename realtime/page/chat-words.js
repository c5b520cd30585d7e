/** What the page says of rooms and of what has happened in a group. Pure. */

import { counted, filled, words } from "./texts.js";
import { about, listed, short } from "./words.js";

const NAMED = 8;
const KINDS = { image: "image", video: "video", audio: "voice" };

/** What a room is called: a group by its name, another by whom it is with. */
export function roomName({ kind, name, peer }) {
  return (kind === "group" ? name : peer?.display_name) ?? words.groups.somebody;
}

/** Whom or what a room shows with its picture, as `avatar` takes it. */
export function faceOf(room) {
  if (room.kind !== "group" && room.peer) return room.peer;
  return { id: room.group_id ?? room.id, display_name: roomName(room), photo_url: room.photo_url };
}

/** One line below its name: who is in a group, or what the other says of themselves. */
export function roomAbout(room, me) {
  if (room.kind !== "group") return room.peer ? about(room.peer) : "";
  const others = Object.entries(room.people).filter(([id, card]) => card?.member && id !== me.id);
  const names = others.slice(0, NAMED).map(([, card]) => short(card.display_name));
  return [counted(words.groups.members_count, room.member_count), names.length && listed(names)].filter(Boolean).join(" · ");
}

/** What somebody in a room is called. */
export function nameIn(room, id) {
  const card = room.kind === "group" ? room.people[id] : room.peer?.user_id === id ? room.peer : null;
  return card?.display_name ?? words.groups.somebody;
}

/** Who has said something, as it is told to the user. */
export function speaker(room, id, me) {
  return id === me.id ? words.messages.yourself : nameIn(room, id);
}

/** Those whose names are needed and not known. */
export function unknownIn(room, messages) {
  if (room.kind !== "group") return [];
  const ids = messages.flatMap(({ sender_id, system }) => [sender_id, system?.user_id, system?.by]);
  return [...new Set(ids)].filter((id) => id && !(id in room.people));
}

/** What has happened in a group; nothing where this page does not know what. */
export function happened({ system }, room, me) {
  const said = system && words.groups.happened[system.kind];
  if (!said) return "";
  const by = system.by ?? system.user_id;
  const whom = system.user_id ?? by;
  const form = by === me.id ? (by !== whom && said.did) || said.you : (whom === me.id && said.me) || (by === whom && said.alone) || said.other;
  return filled(form, { name: short(nameIn(room, whom)), by: short(nameIn(room, by)) });
}

/** The last line of a room in a list. */
export function lastWords(room, me, typing) {
  const t = words.messages;
  if (typing.length) return room.kind === "group" ? writing(room, typing) : t.writing;
  const last = room.last_message;
  if (!last) return room.active ? t.hello : t.ended;
  if (last.type === "system") return happened(last, room, me);
  const message = said(last);
  if (last.sender_id === me.id) return filled(t.yours, { message });
  return room.kind === "group" && room.people[last.sender_id] ? filled(words.groups.theirs, { name: short(nameIn(room, last.sender_id)), message }) : message;
}

/** As what a media is shown. */
export function kindOf({ type }) {
  return KINDS[type] ?? "file";
}

/** What a file is called; a picture that was sent as one is a picture, and has no name. */
export function fileName(media) {
  return media.name ?? words.messages.kinds[kindOf(media)];
}

/** What a message says in one line: its words, else what it shows. */
export function said({ content, deleted_at, type }) {
  return deleted_at ? words.messages.deleted : content || (words.messages.kinds[type] ?? words.messages.deleted);
}

/** Who is typing. */
export function writing(room, typing) {
  const names = typing.slice(0, 2).map((id) => nameIn(room, id));
  if (typing.length > 2) return filled(words.groups.many_writing, { names: names.map(short).join(", "), count: typing.length - 2 });
  if (typing.length === 2) return filled(words.groups.two_writing, { names: listed(names.map(short)) });
  return filled(words.messages.is_writing, { name: names[0] });
}
