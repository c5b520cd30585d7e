/**
 * From "Meet someone" to the decision: turns the user's actions into commands, and acts on the server's events.
 *
 * The server owns every timer and every rule. Here is only what needs this machine: camera, microphone, and accepting
 * by itself when `auto_accept` asks for it.
 */

import { allowed } from "./media.js";
import { coolsDown, failure } from "./state.js";

const LOOK_AT_CARD_MS = 2_500;
const IDLE = ["lobby", "over"];
const ENDING = ["end", "skip", "report"];

/** Somebody calls, and was not answered yet. */
function rings({ origin, accepted }) {
  return origin === "direct" && !accepted;
}

export class Meeting {
  #session;
  #media;
  #call;
  #store;
  #hold;
  #canRefuse;
  #upload;
  #watched = null;
  #leaving = false;

  /**
   * `canRefuse()` says whether the user sees the offer and can decline it; `upload(picture)` gives the id of a picture
   * that goes with a report.
   */
  constructor({ session, media, call, store, hold, canRefuse, upload }) {
    this.#session = session;
    this.#media = media;
    this.#call = call;
    this.#store = store;
    this.#hold = hold;
    this.#canRefuse = canRefuse;
    this.#upload = upload;
  }

  // --- The user's own camera and microphone ---

  /** Open camera and microphone for a mode. Returns whether that worked. */
  async open(mode = this.#store.state.media.mode) {
    this.#changeMedia({ mode, status: this.#media.mode === mode && this.#media.live ? "ready" : "asking" });
    try {
      await this.#media.open(mode);
    } catch (error) {
      const told = error.problem !== "closed" && this.#store.state.media.mode === mode && this.#media.mode === null;
      if (told) this.#changeMedia({ status: error.problem });
      return false;
    }
    this.#changeMedia({ status: "ready" });
    await this.#enable();
    return true;
  }

  /** The user looks at the preview, or waits on a reloaded page: open the devices if permission was given before. */
  async look() {
    const mode = this.#looked();
    if (mode && (await allowed(mode)) && this.#looked() === mode) await this.open(mode);
  }

  /** The mode in which camera and microphone should be open and are not, or null. */
  #looked() {
    const { media, encounter, place, account } = this.#store.state;
    if (account !== "in" || !this.#session.ready || media.status !== "off") return null;
    if (encounter.phase === "waiting") return encounter.ticket.mode;
    if (encounter.phase === "offered" && rings(encounter)) return null; // nobody is filmed because somebody calls
    if (encounter.phase === "offered") return encounter.mode;
    return encounter.phase === "lobby" && place.name === "meet" && !document.hidden ? media.mode : null;
  }

  /** The preview is not shown any more, or the page is left: close the camera. */
  rest({ leaving = false } = {}) {
    if (leaving || IDLE.includes(this.#store.state.encounter.phase)) this.close();
  }

  close() {
    this.#media.close();
    this.#changeMedia({ status: "off", audio: true, video: true });
  }

  /** Choose voice or video; an open camera is opened or closed accordingly. */
  choose(mode) {
    if (this.#store.state.media.status === "off") this.#changeMedia({ mode });
    else this.open(mode);
  }

  /** Mute, or switch the camera off, or back on: `kind` is `audio` or `video`. */
  toggle(kind) {
    this.#changeMedia({ [kind]: !this.#store.state.media[kind] });
    return this.#enable();
  }

  /** Another camera or microphone was chosen. Where it cannot be opened, `undo` brings the choice before back, and that one is used. */
  async changeDevice(kind, undo) {
    try {
      await this.#media.reopen(kind);
    } catch {
      undo();
      this.#store.dispatch("page:notice", { text: "not_switched" });
      await this.#media.reopen(kind).catch(() => this.lost(kind));
    }
  }

  /** A device is gone while it was in use. */
  lost(kind) {
    this.#store.dispatch("page:notice", { text: kind === "video" ? "camera_lost" : "microphone_lost" });
    this.#changeMedia({ [kind]: false });
    this.#tellMedia();
  }

  // --- What the user can do ---

  async join() {
    const { mode } = this.#store.state.media;
    if (coolsDown(this.#store.state, Date.now()) || !(await this.open(mode))) return;
    await this.#attempt(() => this.#queue(mode));
    if (this.#store.state.encounter.phase === "over") this.close();
  }

  leave() {
    return this.#attempt(() => this.#session.command("queue:leave"));
  }

  async accept() {
    const { call_id, mode } = this.#store.state.encounter;
    if (!(await this.open(mode))) return this.#tellProblem(call_id, mode);
    this.#store.dispatch("page:accepted", { call_id });
    await this.#attempt(() => this.#session.command("call:accept", { call_id }));
  }

  /** Not this one; or no longer calling somebody. */
  async decline() {
    const { call_id, outgoing } = this.#store.state.encounter;
    this.#store.dispatch("page:leaving", { call_id, how: "decline" });
    await this.#attempt(() => this.#session.command(outgoing ? "call:end" : "call:decline", { call_id }));
  }

  hangUp() {
    const { call_id } = this.#store.state.encounter;
    return this.#attempt(() => this.#ending("end", () => this.#session.command("call:end", { call_id })));
  }

  /** Skip to the next one; also if the other was faster, and the call is over already. */
  async skip() {
    const { call_id } = this.#store.state.encounter;
    const tell = () => this.#session.command("call:skip", { call_id });
    await this.#attempt(async () => {
      try {
        await this.#ending("skip", tell);
      } catch (error) {
        if (error.code !== "gone") throw error;
        await this.join();
      }
    });
  }

  /**
   * Report a call to the moderators, with what the user saw or without. Gives whether it went on and ended by that, so
   * that `call:ended` tells the user. Throws what the server says, or that it cannot be reached.
   */
  report(call_id, said) {
    const tell = () => this.#report(call_id, said);
    return this.#talksIn(call_id) ? this.#ending("report", tell) : tell(); // nobody is looked at meanwhile
  }

  async #report(call_id, { reason, note, block, picture }) {
    const evidence = picture && (await this.#upload(picture).catch(() => null)); // better a report without than none
    const said = { reason, block, ...(note && { note }), ...(evidence && { evidence_media_id: evidence }) };
    await this.#session.command("call:report", { call_id, ...said });
    return this.#talksIn(call_id) || this.#present(call_id)?.reported === true;
  }

  async decide(callId, connect) {
    const vote = { call_id: callId, connect };
    await this.#attempt(async () => {
      await this.#session.command("decision:submit", vote);
      this.#store.dispatch("page:voted", vote);
    });
  }

  /** Take over a call that another tab or device of this user has lost. */
  async takeOver() {
    const { call_id, mode, epoch } = this.#store.state.encounter;
    if (!(await this.open(mode))) return;
    try {
      await this.#call.restart({ call_id, epoch });
    } catch (error) {
      this.close();
      this.#store.dispatch("page:holder", { call_id, gone: false });
      this.#store.dispatch("page:notice", error.code === "conflict" ? { text: "held_elsewhere" } : failure(error));
    }
  }

  /** Called often: accept by ourselves, once the user could see for a while who it is and how to decline. */
  tick(now) {
    const { phase, call_id, origin, auto_accept, accepted, joining, until } = this.#store.state.encounter;
    if (phase !== "offered" || !auto_accept || accepted || !this.#media.live) return;
    if (origin !== "match") return this.accept(); // they have asked for it themselves
    if (!this.#canRefuse()) {
      if (joining) this.#store.dispatch("page:joining", { call_id, after_ms: null });
    } else if (joining && now >= joining.until) {
      this.accept();
    } else if (!joining && until > now) {
      this.#store.dispatch("page:joining", { call_id, after_ms: Math.min(LOOK_AT_CARD_MS, (until - now) / 2) });
    }
  }

  // --- What the server says ---

  /** An event, after the state was changed by it. */
  heard(name, data) {
    if (name === "session:ready") this.#returned(data);
    else if (name === "call:started") this.#started(data);
    else if (name === "call:signal") this.#call.receive(data);
    else if (name === "call:state" && data.state === "live") this.#live();
    else if (name === "call:ended") this.#ended(data);
    else if (name === "queue:left") this.rest();
    if (this.#store.state.encounter.phase === "elsewhere") this.#watchHolder();
  }

  /** Watch the tab that has the call: if it closes, the call can go on here. */
  async #watchHolder() {
    const { call_id } = this.#store.state.encounter;
    if (this.#watched === call_id || !(await this.#hold.heldHere(call_id))) return;
    this.#watched = call_id;
    await this.#hold.freed(call_id);
    this.#watched = null;
    this.#store.dispatch("page:holder", { call_id, gone: true });
  }

  async #started(started) {
    const mine = this.#present(started.call_id);
    if (mine?.phase !== "call" || ENDING.includes(mine.leaving)) return;
    if (this.#media.stream) return this.#call.start(started);
    // A page that was reloaded after it had accepted: it may have missed signals, so begin the next epoch.
    if (!(await this.open(mine.mode))) await this.#giveUp(mine);
    else await this.#attempt(() => this.#call.restart(started));
  }

  #live() {
    this.#call.settled();
    this.#tellMedia();
  }

  #ended({ call_id }) {
    if (this.#call.id === call_id) this.#call.end();
    const { encounter, place } = this.#store.state;
    if (["over", "elsewhere"].includes(encounter.phase)) this.close();
    else if (place.name !== "meet") this.rest();
  }

  /** The connection is back: a call that the server knows goes on, any other is over. */
  async #returned({ call, recovered }) {
    const { encounter } = this.#store.state;
    if (this.#call.id && !call && !recovered) this.#call.end();
    if (!call || encounter.phase !== "call") return this.look();
    if (ENDING.includes(encounter.leaving)) return this.#leaving || this.hangUp(); // what they did while nobody heard
    if (!(await this.open(call.mode))) await this.#giveUp(call);
    else await this.#attempt(() => this.#call.resume(call, { recovered }));
  }

  // --- How it is done ---

  #talksIn(callId) {
    return this.#present(callId)?.phase === "call";
  }

  #present(callId) {
    const { encounter } = this.#store.state;
    return encounter.call_id === callId ? encounter : null;
  }

  /** Join the queue, or show that the user has to take a break, for as long as the server says. */
  async #queue(mode) {
    try {
      this.#store.dispatch("page:queued", await this.#session.command("queue:join", { mode }));
    } catch (error) {
      if (!error.coolDown) throw error;
      this.#store.dispatch("page:cool-down", { retry_after_ms: error.retryAfterMs });
    }
  }

  /** Send what is switched on and nothing else; the camera's light follows. */
  async #enable() {
    const { media } = this.#store.state;
    this.#tellMedia();
    try {
      await this.#media.enable(media);
    } catch ({ kind }) {
      this.lost(kind);
    }
  }

  /** The user ends the call: nothing is sent or seen from now on, whenever the server hears of it. */
  async #ending(how, tell) {
    this.#store.dispatch("page:leaving", { call_id: this.#store.state.encounter.call_id, how });
    this.#call.end();
    this.#leaving = true;
    try {
      return await tell();
    } finally {
      this.#leaving = false;
    }
  }

  #tellMedia() {
    const { encounter, media } = this.#store.state;
    if (encounter.phase !== "call") return;
    const video = media.video && encounter.mode === "video";
    this.#session.mention("call:media", { call_id: encounter.call_id, audio: media.audio, video });
  }

  /** A call that was going on, on a page without the camera and microphone that it needs. */
  #giveUp({ call_id, mode }) {
    this.#tellProblem(call_id, mode);
    return this.hangUp();
  }

  /** Why they could not answer, or go on: it is part of what the server knows of the call. */
  #tellProblem(call_id, mode) {
    const { status } = this.#store.state.media;
    const problem = status === "refused" && mode === "video" ? "camera_refused" : `microphone_${status}`;
    if (["refused", "missing", "busy"].includes(status)) this.#session.mention("call:quality", { call_id, epoch: 0, problem });
  }

  #changeMedia(changes) {
    this.#store.dispatch("page:media", changes);
  }

  /** Do it, and show what went wrong. That a call is over already is told by its own event. */
  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (!["gone", "expired"].includes(error.code)) this.#store.dispatch("page:notice", failure(error));
    }
  }
}
