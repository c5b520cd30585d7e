/**
 * Messages on their way. Those of a room are sent one after the other, in the order in which they were written, each once: what was not
 * answered is sent again with the same `client_id`. Files are uploaded side by side, and sent in that order too.
 *
 * What finds no connection waits for it, and is sent by itself. What the server refuses stays where it is, and the others go.
 */

import { kindOf } from "./chat-words.js";
import { Unsent } from "./unsent.js";

const READY_MS = 500;
const READY_TURNS = 240;
const AGAIN_MS = 2_000;
const TRIES = 5; // of an upload, while a server that is there does not take it
const AT_ONCE = 3;
const WAITED_MS = 5_000;
const STEPS = 20; // in which it is told how much of a file was sent
// What the server looks into; of anything else it keeps the bytes.
const KNOWN = /^(image\/(jpeg|png|webp)|video\/(mp4|quicktime|webm)|audio\/(mp4|webm|ogg))$/;

/**
 * Whose turn it is; null: nobody's. A file waits for the files before it, until they are there (`isThere`) or refused; words wait for
 * them only while they are patient (`isPatient`), as a video may take minutes.
 */
export function nextToGo(outgoing, isThere, isPatient) {
  let [files, held] = [false, false];
  for (const one of outgoing) {
    if (one.failed) continue;
    if (one.file) {
      if (!files && isThere(one)) return one;
      files = true;
    } else {
      if (!held && !(files && isPatient(one))) return one;
      held = true;
    }
  }
  return null;
}

export class Sending {
  #session;
  #api;
  #store;
  #unsent;
  #files = new Map(); // uploads by `client_id`: `{stop, media, going, there, tries}`
  #patience = new Map(); // until when words wait for files before them
  #busy = new Set(); // rooms in which one is just being sent
  #restored = false;

  constructor({ session, api, store, unsent = new Unsent() }) {
    [this.#session, this.#api, this.#store, this.#unsent] = [session, api, store, unsent];
    store.listen(({ account }) => account !== "in" && this.#left());
  }

  send(roomId, one) {
    this.#store.dispatch("page:sending", { room_id: roomId, ...one });
    this.#keep(roomId, one);
    this.#go(roomId);
  }

  /** It was refused, and is tried once more. */
  again(roomId, one) {
    this.#store.dispatch("page:send-again", { room_id: roomId, client_id: one.client_id });
    this.#files.delete(one.client_id);
    this.#keep(roomId, { ...one, why: null });
    this.#go(roomId);
  }

  /** It was not sent, or is being sent, and is not to be. */
  forget(roomId, one) {
    this.#gone(roomId, one);
    this.#go(roomId);
  }

  /** Online again. */
  returned() {
    this.#patience.clear();
    for (const { id, outgoing } of Object.values(this.#store.state.rooms)) if (outgoing.length) this.#go(id);
  }

  /** The rooms are known: what was written before this page was loaded is in them again, once. */
  async restore() {
    if (this.#restored) return;
    this.#restored = true;
    const { me } = this.#store.state;
    const kept = await this.#unsent.of(me.id);
    if (this.#store.state.me?.id !== me.id) return; // signed out meanwhile
    for (const { room_id, client_id, content, type, file, reply, why } of kept) {
      const room = this.#store.state.rooms[room_id];
      if (!room) this.#unsent.drop(client_id);
      if (!room || room.outgoing.some((one) => one.client_id === client_id)) continue;
      const preview = file?.type.startsWith("image/") ? URL.createObjectURL(file) : null;
      this.#store.dispatch("page:sending", { room_id, client_id, content, type, file, preview, reply, waits: true });
      if (why) this.#store.dispatch("page:send-failed", { room_id, client_id, why });
    }
    this.returned();
  }

  #outgoing(roomId) {
    return this.#store.state.rooms[roomId]?.outgoing ?? [];
  }

  #awaits(roomId, { client_id }) {
    return this.#outgoing(roomId).some((one) => one.client_id === client_id);
  }

  #keep(roomId, one) {
    this.#unsent.keep(this.#store.state.me.id, roomId, one);
  }

  #left() {
    for (const { stop } of this.#files.values()) stop.abort();
    for (const known of [this.#files, this.#patience]) known.clear();
    this.#unsent.left();
    this.#restored = false;
  }

  #gone(room_id, one) {
    this.#store.dispatch("page:unsent", { room_id, client_id: one.client_id });
    this.#over(one);
  }

  /** Nothing more is to be done for it. */
  #over({ client_id, preview }) {
    this.#files.get(client_id)?.stop.abort();
    for (const known of [this.#files, this.#patience]) known.delete(client_id);
    if (preview) URL.revokeObjectURL(preview);
    this.#unsent.drop(client_id);
  }

  /** Upload what is next, and send whose turn it is. */
  #go(roomId) {
    const all = Object.values(this.#store.state.rooms).flatMap(({ id, outgoing }) => outgoing.map((one) => [id, one]));
    for (const [id, one] of this.#session.ready ? all : []) {
      const { going = false, there = false } = this.#files.get(one.client_id) ?? {};
      if ([...this.#files.values()].filter((file) => file.going).length >= AT_ONCE) break;
      if (one.file && !one.failed && !going && !there) this.#bring(id, one);
    }
    this.#turn(roomId);
  }

  async #turn(roomId) {
    if (this.#busy.has(roomId)) return;
    this.#busy.add(roomId);
    while (this.#session.ready) {
      const one = this.#next(roomId);
      if (!one) break;
      await this.#deliver(roomId, one);
    }
    this.#busy.delete(roomId);
  }

  #next(roomId) {
    const now = performance.now();
    const isThere = ({ client_id }) => this.#files.get(client_id)?.there;
    const isPatient = ({ client_id }) => {
      if (!this.#patience.has(client_id)) {
        this.#patience.set(client_id, now + WAITED_MS);
        setTimeout(() => this.#turn(roomId), WAITED_MS + 1);
      }
      return this.#patience.get(client_id) > now;
    };
    return nextToGo(this.#outgoing(roomId), isThere, isPatient);
  }

  async #deliver(room_id, one) {
    const { client_id, content, type, reply } = one;
    if (one.waits && !(await this.#unsent.has(client_id))) return this.#gone(room_id, one);
    const { media } = this.#files.get(client_id) ?? {};
    const shown = media && { media_id: media.id, type: type === "text" ? kindOf(media) : type };
    const message = { room_id, client_id, ...(content && { content }), ...shown, ...(reply && { reply_to: reply.id }) };
    try {
      this.#store.dispatch("page:sent", await this.#session.command("chat:send", message, { patient: false }));
    } catch (error) {
      if (await this.#missed(room_id, one, error)) return;
    }
    this.#over(one);
  }

  /** Why it was not sent or uploaded. Gives whether it is still to be, or was refused; it may have arrived or been left meanwhile. */
  async #missed(room_id, one, { code, message, details, retryAfterMs }) {
    const { client_id } = one;
    if (!this.#awaits(room_id, one)) return false;
    const passes = code === "offline" || (code === "rate_limited" && details?.reason !== "cool_down");
    if (code === "offline") this.#store.dispatch("page:send-waits", { room_id, client_id });
    if (passes && this.#session.ready) await pause(retryAfterMs ?? AGAIN_MS);
    if (passes) return true;
    const why = { code, message, details, retryAfterMs };
    this.#store.dispatch("page:send-failed", { room_id, client_id, why });
    this.#keep(room_id, { ...one, why });
    return true;
  }

  /** Upload its file. It is sent when the server has looked at it. */
  async #bring(roomId, one) {
    const file = this.#files.get(one.client_id) ?? { stop: new AbortController(), media: null, there: false, tries: 0 };
    this.#files.set(one.client_id, file);
    file.going = true;
    try {
      await this.#uploaded(roomId, one, file);
      file.there = true;
    } catch (error) {
      file.tries += error.code === "unavailable" ? 1 : 0;
      const passing = error.code === "unavailable" && file.tries < TRIES;
      if (!file.stop.signal.aborted) await this.#missed(roomId, one, passing ? { ...error, code: "rate_limited" } : error);
    }
    file.going = false;
    this.#go(roomId);
  }

  /** The same upload again gives the same media; what the server has already is not sent twice. */
  async #uploaded(room_id, { file, client_id }, upload) {
    const kept = KNOWN.test(file.type) ? file : file.slice(0, file.size, "application/octet-stream");
    const { signal } = upload.stop;
    let before = 0;
    const told = (sent) => {
      const step = Math.floor(sent * STEPS);
      if (step > before) this.#store.dispatch("page:send-progress", { room_id, client_id, sent: step / STEPS });
      before = step;
    };
    upload.media ??= await this.#api.upload(kept, { purpose: "chat", key: client_id, name: file.name, signal, told });
    for (let left = READY_TURNS; upload.media.state === "processing" && left > 0 && !signal.aborted; left -= 1) {
      await pause(READY_MS);
      upload.media = await this.#api.request("GET", `/v1/media/${upload.media.id}`);
    }
    if (upload.media.state === "refused") throw Object.assign(new Error(), { code: "media_refused" });
  }
}

function pause(ms) {
  return new Promise((resume) => setTimeout(resume, ms));
}
