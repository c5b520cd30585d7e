/**
 * From "Meet someone" to the decision: what a person wants becomes commands, what the server says becomes steps.
 *
 * The server owns every timer and every rule. Here is only what needs this machine: camera, microphone, and the
 * promise to accept by itself that `auto_accept` asks for.
 */

import { allowed } from "./media.js";

const LOOK_AT_CARD_MS = 2_500;

export class Meeting {
  #session;
  #media;
  #call;
  #store;
  #acceptTimer = null;

  constructor({ session, media, call, store }) {
    this.#session = session;
    this.#media = media;
    this.#call = call;
    this.#store = store;
  }

  // --- One's own camera and microphone ---

  /** Open camera and microphone for a mode; gives whether that worked. */
  async open(mode = this.#store.state.media.mode) {
    this.#changeMedia({ mode, status: this.#media.mode === mode && this.#media.live ? "ready" : "asking" });
    try {
      await this.#media.open(mode);
    } catch (error) {
      if (this.#store.state.media.mode === mode && this.#media.mode === null) this.#changeMedia({ status: error.problem });
      return false;
    }
    this.#media.enable(this.#store.state.media);
    this.#changeMedia({ status: "ready" });
    return true;
  }

  /** Somebody looks into the mirror: open it where the browser has nothing to ask. */
  async look() {
    const { media, encounter, place, account } = this.#store.state;
    const looks = account === "in" && this.#session.ready && place.name === "meet" && encounter.phase === "lobby" && media.status === "off";
    if (looks && (await allowed(media.mode)) && this.#store.state.media.status === "off") await this.open();
  }

  close() {
    this.#media.close();
    this.#changeMedia({ status: "off", audio: true, video: true });
  }

  /** Voice or video; an open camera follows. */
  choose(mode) {
    if (this.#store.state.media.status === "off") this.#changeMedia({ mode });
    else this.open(mode);
  }

  /** Mute, or switch the camera off, or back on: `kind` is `audio` or `video`. */
  toggle(kind) {
    this.#changeMedia({ [kind]: !this.#store.state.media[kind] });
    this.#media.enable(this.#store.state.media);
    this.#tellMedia();
  }

  /** A device is gone while it was in use. */
  lost(kind) {
    this.#store.dispatch("page:notice", { text: kind === "video" ? "camera_lost" : "microphone_lost" });
    this.#changeMedia({ [kind]: false });
    this.#tellMedia();
  }

  // --- What a person can do ---

  async join() {
    const { mode } = this.#store.state.media;
    if (!(await this.open(mode))) return;
    await this.#attempt(async () => this.#store.dispatch("page:queued", await this.#queue(mode)));
  }

  leave() {
    return this.#attempt(() => this.#session.command("queue:leave"));
  }

  async accept() {
    clearTimeout(this.#acceptTimer);
    const { call_id, mode } = this.#store.state.encounter;
    if (!(await this.open(mode))) return;
    this.#store.dispatch("page:accepted", { call_id });
    await this.#attempt(() => this.#session.command("call:accept", { call_id }));
  }

  decline() {
    clearTimeout(this.#acceptTimer);
    return this.#leaveCall("decline", "call:decline");
  }

  hangUp() {
    return this.#leaveCall("end", "call:end");
  }

  /** On to the next one; also when the other was faster, and the call is over already. */
  async skip() {
    const { call_id } = this.#store.state.encounter;
    this.#store.dispatch("page:leaving", { call_id, how: "skip" });
    await this.#attempt(async () => {
      try {
        await this.#session.command("call:skip", { call_id });
      } catch (error) {
        if (error.code !== "gone") throw error;
        await this.join();
      }
    });
  }

  report({ reason, note, block }) {
    return this.#leaveCall("report", "call:report", { reason, block, ...(note && { note }) });
  }

  async decide(callId, connect) {
    const vote = { call_id: callId, connect };
    await this.#attempt(async () => {
      await this.#session.command("decision:submit", vote);
      this.#store.dispatch("page:voted", vote);
    });
  }

  /** Continue here a call that another tab or device of ours has lost. */
  async takeOver() {
    const { call_id, mode, epoch } = this.#store.state.encounter;
    if (!(await this.open(mode))) return;
    await this.#attempt(() => this.#call.restart({ call_id, epoch: epoch ?? 0 }));
  }

  // --- What the server says ---

  /** An event, after the state has taken it in. */
  heard(name, data) {
    if (name === "session:ready") this.#returned(data);
    else if (name === "call:offered") this.#offered(data);
    else if (name === "call:started") this.#started(data);
    else if (name === "call:signal") this.#call.receive(data);
    else if (name === "call:state" && data.state === "live") this.#live();
    else if (name === "call:ended") this.#ended(data);
  }

  #offered({ call_id, auto_accept, expires_at }) {
    clearTimeout(this.#acceptTimer);
    if (!auto_accept || !this.#media.live || this.#present(call_id)?.phase !== "offered") return;
    const left = Date.parse(expires_at) - Date.now() - this.#store.state.skew;
    this.#acceptTimer = setTimeout(() => this.#acceptIfOffered(call_id), Math.min(LOOK_AT_CARD_MS, left / 2));
  }

  #acceptIfOffered(callId) {
    const offer = this.#present(callId);
    if (offer?.phase === "offered" && !offer.accepted) this.accept();
  }

  async #started(started) {
    const mine = this.#present(started.call_id);
    if (mine?.phase !== "call") return;
    if (this.#media.stream) return this.#call.start(started);
    // A page that was loaded anew after it had accepted: signals may have come and gone, so begin with the next epoch.
    if (!(await this.open(mine.mode))) await this.hangUp();
    else await this.#attempt(() => this.#call.restart(started));
  }

  #live() {
    this.#call.settled();
    this.#tellMedia();
  }

  #ended({ call_id }) {
    clearTimeout(this.#acceptTimer);
    if (this.#call.id === call_id) this.#call.end();
    if (this.#store.state.encounter.phase === "elsewhere") this.close();
  }

  /** The connection is back: the call that the server knows goes on, one that it does not know is over. */
  async #returned({ call, recovered }) {
    const { encounter } = this.#store.state;
    if (this.#call.id && !call && !recovered) this.#call.end();
    if (!call) return this.look();
    if (encounter.phase === "offered") this.#offered(encounter);
    if (encounter.phase !== "call") return;
    if (!(await this.open(call.mode))) await this.hangUp();
    else await this.#attempt(() => this.#call.resume(call, { recovered }));
  }

  // --- How it is done ---

  #present(callId) {
    const { encounter } = this.#store.state;
    return encounter.call_id === callId ? encounter : null;
  }

  /** A place in the queue. A wait that is too long to sit through has a reason of its own: see `cooling_down`. */
  async #queue(mode) {
    try {
      return await this.#session.command("queue:join", { mode });
    } catch (error) {
      if (error.code === "rate_limited") error.code = "cooling_down";
      throw error;
    }
  }

  #leaveCall(how, command, more = {}) {
    const { call_id } = this.#store.state.encounter;
    this.#store.dispatch("page:leaving", { call_id, how });
    return this.#attempt(() => this.#session.command(command, { call_id, ...more }));
  }

  #tellMedia() {
    const { encounter, media } = this.#store.state;
    if (encounter.phase !== "call") return;
    const video = media.video && encounter.mode === "video";
    this.#session.mention("call:media", { call_id: encounter.call_id, audio: media.audio, video });
  }

  #changeMedia(changes) {
    this.#store.dispatch("page:media", changes);
  }

  /** Do it, and say in words what went wrong. A call that is over already tells so by its own event. */
  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (!["gone", "expired"].includes(error.code)) this.#store.dispatch("page:notice", { text: error.code ?? "internal" });
    }
  }
}
