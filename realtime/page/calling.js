/**
 * Calls that the user makes: to somebody whom they are connected with, or have a session with, and to the server, to hear and see
 * themselves. What both have to want: video within a connection, each other's addresses, more time.
 */

import { failure } from "./state.js";

const CHECKED = "realtime-connect.heard-oneself";

export class Calling {
  #session;
  #api;
  #store;
  #meeting;

  constructor({ session, api, store, meeting }) {
    this.#session = session;
    this.#api = api;
    this.#store = store;
    this.#meeting = meeting;
  }

  /** An event, after the state was changed by it. */
  heard(name, data) {
    if (name === "session:ready") this.look();
    const through = name === "call:state" && data.state === "live" && this.#store.state.encounter.origin === "echo";
    if (through) localStorage.setItem(CHECKED, "yes");
  }

  /** Whether they have heard and seen themselves in this browser before. */
  get checked() {
    return localStorage.getItem(CHECKED) !== null;
  }

  /** A room is on the screen: whether video is allowed there, or was asked for. Without an answer the next look asks again. */
  async look() {
    const { account, place, rooms } = this.#store.state;
    const id = account === "in" && place.name === "room" ? rooms[place.id]?.connection_id : null;
    if (!id) return;
    const [connection, items] = await Promise.all([
      this.#api.request("GET", `/v1/connections/${id}`),
      this.#api.all("/v1/video-requests"),
    ]).catch(() => [null, []]);
    if (!connection) return;
    this.#store.dispatch("page:connection", connection);
    this.#store.dispatch("page:video-requests", { items });
  }

  /** Call somebody; `mode` is `voice` or `video`. */
  call({ connection_id, peer }, mode) {
    return this.#ring({ connection_id }, peer, mode);
  }

  /** Call the other of a session with a mentor, while it lasts. */
  meet({ id }, peer, mode) {
    return this.#ring({ mentor_session_id: id }, peer, mode);
  }

  /** Hear and see oneself. What follows is an offer, which is accepted by itself. */
  echo() {
    const { mode } = this.#store.state.media;
    return this.#begin(mode, () => this.#session.command("call:echo", { mode }));
  }

  /** Agree that each sees the other's address, or no longer. */
  goDirect(agree) {
    const { call_id, epoch } = this.#store.state.encounter;
    return this.#attempt(() => this.#session.command("call:direct", { call_id, epoch, agree }));
  }

  extend() {
    const { call_id } = this.#store.state.encounter;
    return this.#attempt(() => this.#session.command("call:extend", { call_id }));
  }

  askForVideo(connectionId) {
    return this.#attempt(() => this.#session.command("video:request", { connection_id: connectionId }));
  }

  answerVideo({ id }, approve) {
    return this.#attempt(() => this.#session.command("video:respond", { request_id: id, approve }));
  }

  // --- How it is done ---

  #ring(within, peer, mode) {
    return this.#begin(mode, async () => {
      const asked = await this.#session.command("call:invite", { ...within, mode });
      this.#store.dispatch("page:calling", { ...asked, mode, peer });
    });
  }

  /** With camera and microphone open, for whoever is called may answer at once. */
  async #begin(mode, ask) {
    if (!(await this.#meeting.open(mode))) {
      if (this.#store.state.place.name !== "meet") this.#store.dispatch("page:notice", { text: "no_device" });
      return;
    }
    await this.#attempt(ask);
    if (this.#store.state.place.name !== "meet") this.#meeting.rest(); // it may have come to nothing
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
    }
  }
}
