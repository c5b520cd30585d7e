/**
 * Chat with people whom the user is connected with. A message is drawn at once, sent with a `client_id` of ours, and
 * sent again with the same one if that fails, so that it is never stored twice.
 */

import { randomId } from "./device.js";
import { contiguousUpTo } from "./rooms-state.js";

const PAGE = 50;
const TYPING_EVERY_MS = 2_000;

export class Chat {
  #session;
  #api;
  #store;
  #typedAt = 0;

  constructor({ session, api, store }) {
    this.#session = session;
    this.#api = api;
    this.#store = store;
  }

  /** An event of the server, after the state was changed by it. */
  heard(name, data) {
    if (name === "session:ready") this.#returned();
    else if (name === "chat:message") this.#heardMessage(data.message);
    else if (name === "connection:ended") this.#lookAt(data.connection.room_id);
    else if (name === "friend:removed") this.#lookAt(data.room_id);
  }

  async open(roomId) {
    const room = this.#room(roomId);
    if (!room) return;
    if (room.has_more === null) await this.#load(roomId);
    else await this.#fill(roomId);
  }

  /** Load the page of history before the messages that we have. */
  older(roomId) {
    return this.#load(roomId, { before_seq: this.#room(roomId).messages[0].seq });
  }

  send(roomId, content) {
    const message = { room_id: roomId, client_id: randomId(), content };
    this.#store.dispatch("page:sending", message);
    this.#typedAt = 0;
    return this.#deliver(message);
  }

  /** Send it again, with the same `client_id`. */
  again(roomId, { client_id, content }) {
    this.#store.dispatch("page:send-again", { room_id: roomId, client_id });
    return this.#deliver({ room_id: roomId, client_id, content });
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
    if (!room?.unread || !this.#session.ready) return;
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

  async #deliver(message) {
    try {
      this.#store.dispatch("page:sent", await this.#session.command("chat:send", message));
    } catch (error) {
      const { room_id, client_id } = message;
      this.#store.dispatch("page:send-failed", { room_id, client_id, code: error.code, wait_ms: error.retryAfterMs });
    }
  }

  /** Online again: load the list of rooms, and what was written meanwhile in the rooms whose messages we have. */
  async #returned() {
    try {
      this.#store.dispatch("page:rooms", { items: await this.#api.all("/v1/rooms") });
    } catch {
      return; // the next `session:ready` tries again
    }
    const { place, rooms } = this.#store.state;
    const known = Object.values(rooms).filter((room) => room.has_more !== null);
    await Promise.all(known.map((room) => this.#fill(room.id)));
    for (const { id, outgoing } of known) for (const one of outgoing) if (one.failed === "offline") this.again(id, one);
    if (this.#room(place.id)?.has_more === null) await this.open(place.id);
  }

  #heardMessage(message) {
    const room = this.#room(message.room_id);
    if (!room) this.#returned();
    else if (room.has_more !== null && contiguousUpTo(room) < room.last_seq) this.#fill(room.id);
  }

  /** Load all messages after the last one before a gap. */
  async #fill(roomId) {
    const upTo = contiguousUpTo(this.#room(roomId));
    const page = await this.#load(roomId, { after_seq: upTo });
    if (page?.has_more && contiguousUpTo(this.#room(roomId)) > upTo) await this.#fill(roomId);
  }

  async #load(roomId, where = {}) {
    try {
      const page = await this.#session.command("chat:history", { room_id: roomId, limit: PAGE, ...where });
      this.#store.dispatch("page:history", { room_id: roomId, ...page, older: "before_seq" in where });
      return page;
    } catch {
      return null; // opening the room, or coming back on line, tries again
    }
  }
}

/** Failures are ignored: the next time the room is read, or the connection is back, it is asked or sent again. */
function ignore() {}
