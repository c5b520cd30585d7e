/**
 * Chat with people whom the user is connected with, and in groups. A message is drawn at once, and sent with a `client_id` of ours
 * (`sending.js`).
 */

import { randomId } from "./device.js";
import { contiguousUpTo } from "./rooms-state.js";
import { Sending } from "./sending.js";

const PAGE = 50;
const MOST = 100;
const FILLED = 200; // where more is unread, one begins with the latest
const JUMPED = 2_000;
const NEAR = 500; // what is further away is shown without all that lies between
const AROUND = 25;
const TYPING_EVERY_MS = 2_000;
const DELIVERED_MS = 500;

export class Chat {
  #session;
  #api;
  #store;
  #typedAt = 0;
  #sending;
  #reporting = new Set(); // rooms of which it is told in a moment that something has come
  #since = null; // what has changed since the list was read is asked for by this

  constructor({ session, api, store }) {
    this.#session = session;
    this.#api = api;
    this.#store = store;
    this.#sending = new Sending({ session, api, store });
    store.listen(({ account }) => account !== "in" && (this.#since = null));
    session.ready && this.#returned();
  }

  /** An event of the server, after the state was changed by it. */
  heard(name, data) {
    if (name === "session:ready") this.#returned();
    else if (name === "chat:message") this.#heardMessage(data.message);
    else if (name === "room:changed") this.#looked(data.room.id);
    else if (name === "connection:ended") this.#lookAt(data.connection.room_id);
    else if (name === "friend:removed") this.#lookAt(data.room_id);
  }

  async open(roomId) {
    await this.#show(roomId);
    this.#lookHowFar(roomId);
  }

  async #show(roomId) {
    const room = this.#room(roomId);
    if (!room) return;
    if (room.behind) return this.latest(roomId);
    if (room.has_more !== null) return this.#fill(roomId);
    const { unread, read_seq } = room;
    if (!unread || unread > FILLED) return this.#load(roomId);
    // From some messages before what is new, so that one sees where one was.
    await this.#load(roomId, { before_seq: read_seq + 1 });
    await this.#fill(roomId, read_seq);
  }

  /** Load the page of history before the messages that we have. */
  older(roomId) {
    return this.#load(roomId, { before_seq: this.#room(roomId).messages[0].seq });
  }

  /** Load history back to this `seq`, unless that is very far. Gives whether it is there. */
  async backTo(roomId, seq) {
    const first = () => this.#room(roomId)?.messages[0]?.seq ?? 0;
    for (let left = JUMPED; first() > seq && left > 0; left -= MOST) {
      if (!(await this.#load(roomId, { before_seq: first(), limit: MOST }))) break;
    }
    return first() <= seq;
  }

  /** Show the message with this `seq`, and what is around it. Gives whether it is there. */
  async around(roomId, seq) {
    const { messages = [] } = this.#room(roomId) ?? {};
    if (messages.some((one) => one.seq === seq)) return true;
    if (messages.length && messages[0].seq > seq && messages[0].seq - seq <= NEAR) return this.backTo(roomId, seq);
    await this.#window(roomId, { before_seq: seq + AROUND, limit: 2 * AROUND });
    return Boolean(this.#room(roomId)?.messages.some((one) => one.seq === seq));
  }

  /** Show what was said last, instead of what is far from it. */
  async latest(roomId) {
    await this.#window(roomId, { limit: PAGE });
    if (this.#room(roomId)?.behind) await this.later(roomId); // somebody has said something meanwhile
  }

  /** Load what comes after what is shown, where that ends before the latest. */
  async later(roomId) {
    const after_seq = this.#room(roomId)?.messages.at(-1)?.seq ?? 0;
    const page = await this.#history(roomId, { after_seq, limit: MOST });
    if (page && this.#room(roomId)?.messages.at(-1)?.seq === after_seq) this.#store.dispatch("page:later", { room_id: roomId, ...page });
  }

  /** What was said with these words: in this room, or (null) in all of them. `{items, next_cursor}`; throws what the server says. */
  search(roomId, q, cursor = null) {
    const query = new URLSearchParams({ q, limit: "20", ...(cursor && { cursor }) });
    return this.#api.request("GET", `${roomId === null ? "/v1/messages" : `/v1/rooms/${roomId}/search`}?${query}`);
  }

  /** Say something: `reply` is the message that it answers, `file` what is shown, with a `preview` of it. */
  send(roomId, content, { reply = null, file = null, type = "text", preview = null } = {}) {
    this.#sending.send(roomId, { client_id: randomId(), content, type, file, preview, reply });
    this.#typedAt = 0;
    if (this.#room(roomId)?.behind) this.latest(roomId);
  }

  /** Send what was refused once more. */
  again(roomId, one) {
    this.#sending.again(roomId, one);
  }

  /** It was not sent, or is being sent, and is not to be. */
  forget(roomId, one) {
    this.#sending.forget(roomId, one);
  }

  // Each of these throws what the server says.

  async edit({ id }, content) {
    this.#store.dispatch("chat:changed", await this.#session.command("chat:edit", { message_id: id, ...(content && { content }) }));
  }

  async remove({ id }) {
    this.#store.dispatch("chat:changed", await this.#session.command("chat:delete", { message_id: id }));
  }

  /** Who has got and read it: `[{user_id, delivered_at?, read_at?}]`. */
  receipts({ id }) {
    return this.#api.all(`/v1/messages/${id}/receipts`);
  }

  /** Push nothing of what is said there, for so many seconds; null: until it is undone. Throws what the server says. */
  async mute(roomId, forS) {
    const item = await this.#api.request("PUT", `/v1/rooms/${roomId}/mute`, forS === null ? {} : { for_s: forS });
    this.#store.dispatch("room:muted", { room_id: roomId, muted_until: item.muted_until });
  }

  async unmute(roomId) {
    await this.#api.request("DELETE", `/v1/rooms/${roomId}/mute`);
    this.#store.dispatch("room:muted", { room_id: roomId });
  }

  /** The user is typing. Sent at most every two seconds; it expires after three. */
  typing(roomId, now) {
    if (now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    this.#session.mention("chat:typing", { room_id: roomId, typing: true });
  }

  /** The messages on the screen have been read. */
  read(roomId) {
    const room = this.#room(roomId);
    if (!room?.unread || room.behind || !this.#session.ready) return;
    this.#store.dispatch("page:read", { room_id: roomId });
    this.#session.command("chat:read", { room_id: roomId, seq: room.last_seq }).catch(ignore);
  }

  endConnection(roomId) {
    return this.#session.command("connection:end", { connection_id: this.#room(roomId).connection_id });
  }

  /** Something that two people had has ended: whether they have something else, and can go on writing. */
  #lookAt(roomId) {
    return this.#api.request("GET", `/v1/rooms/${roomId}`).then((item) => this.#store.dispatch("page:room", { item }), ignore);
  }

  #room(roomId) {
    return this.#store.state.rooms[roomId];
  }

  /** This device has what others have said. What is read at once needs no report, and of several the last one serves. */
  #report({ room_id, sender_id }) {
    if (sender_id === this.#store.state.me.id || this.#reporting.has(room_id)) return;
    this.#reporting.add(room_id);
    setTimeout(() => {
      this.#reporting.delete(room_id);
      const room = this.#room(room_id);
      if (room?.unread) this.#session.mention("chat:delivered", { room_id, seq: room.last_seq });
    }, DELIVERED_MS);
  }

  /** Online again: load the list of rooms, or what has changed in it, and what was written meanwhile where we have messages. */
  async #returned() {
    this.#sending.returned();
    try {
      await this.#list();
    } catch {
      return; // the next `session:ready` tries again
    }
    this.#sending.restore();
    const { place, rooms } = this.#store.state;
    const known = Object.values(rooms).filter((room) => room.has_more !== null && !room.behind);
    await Promise.all(known.map((room) => this.#fill(room.id)));
    if (this.#room(place.id)?.has_more === null) await this.open(place.id);
    else this.#lookHowFar(place.id);
  }

  /** Whether the other has got and read what the user said last: what was told while this page was not there is not told again. */
  async #lookHowFar(room_id) {
    const { me } = this.#store.state;
    const { kind, messages = [], peer_read_seq } = this.#room(room_id) ?? {};
    const own = messages.findLast((one) => one.sender_id === me?.id && !one.deleted_at);
    if (kind !== "direct" || !own || own.seq <= peer_read_seq) return;
    const receipts = await this.receipts(own).catch(() => []);
    for (const { user_id, read_at } of this.#store.state.me?.id === me.id ? receipts : []) {
      this.#store.dispatch("chat:receipt", { room_id, user_id, read_seq: read_at ? own.seq : 0, delivered_seq: own.seq });
    }
  }

  /** A node of the version before knows no `changed_since`. */
  async #list() {
    const changed = this.#since && (await this.#pages({ changed_since: this.#since }).catch((error) => this.#passing(error)));
    const { items, since } = changed || (await this.#pages({}));
    this.#since = since;
    this.#store.dispatch(changed ? "page:changed-rooms" : "page:rooms", { items });
  }

  async #pages(query) {
    const items = [];
    for (let cursor = null; ; ) {
      const page = await this.#api.request("GET", `/v1/rooms?${new URLSearchParams({ limit: MOST, ...query, ...(cursor && { cursor }) })}`);
      items.push(...page.items);
      cursor = page.next_cursor;
      if (!cursor) return { items, since: page.changes_cursor ?? null };
    }
  }

  #passing(error) {
    if (error.code !== "invalid_request") throw error;
    return null;
  }

  #heardMessage(message) {
    this.#report(message);
    const room = this.#room(message.room_id);
    if (!room) this.#lookAt(message.room_id);
    else if (room.has_more !== null && !room.behind && contiguousUpTo(room) < room.last_seq) this.#fill(room.id);
  }

  /** A room is there that may be the one that is open. */
  #looked(roomId) {
    if (this.#store.state.place.id === roomId && this.#room(roomId)?.has_more === null) this.open(roomId);
  }

  /** Load all messages after the last one before a gap, or after this one. */
  async #fill(roomId, after = null) {
    const upTo = after ?? contiguousUpTo(this.#room(roomId));
    const page = await this.#load(roomId, { after_seq: upTo, limit: MOST });
    const room = this.#room(roomId);
    if (page?.has_more && room && contiguousUpTo(room) > upTo) await this.#fill(roomId);
  }

  async #load(roomId, where = {}) {
    const page = await this.#history(roomId, where);
    if (page) this.#store.dispatch("page:history", { room_id: roomId, ...page, older: "before_seq" in where });
    return page;
  }

  async #window(roomId, where) {
    const page = await this.#history(roomId, where);
    if (page?.messages.length) this.#store.dispatch("page:window", { room_id: roomId, ...page });
  }

  /** A page of what was said; null: opening the room, or coming back on line, tries again. */
  #history(roomId, where) {
    return this.#session.command("chat:history", { room_id: roomId, limit: PAGE, ...where }).catch(() => null);
  }
}

/** Failures are ignored: the next time the room is read, or the connection is back, it is asked or sent again. */
function ignore() {}
