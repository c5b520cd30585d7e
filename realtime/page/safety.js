/**
 * Reporting and blocking from wherever one is, past calls, the list of blocks, and how one stands with the moderators.
 *
 * What the user was shown of the moderators' decisions is kept in localStorage: a warning is shown once on each device.
 */

import { failure } from "./state.js";

const SEEN = "realtime-connect.seen-strike";
const CALLS = 20;

export class Safety {
  #api;
  #store;
  #meeting;
  #onOver;

  /** `onOver({code})`: what a banned user was let in with does not serve any more, or the ban is over (`back`). */
  constructor({ api, store, meeting, onOver }) {
    this.#api = api;
    this.#store = store;
    this.#meeting = meeting;
    this.#onOver = onOver;
  }

  /** Tell the moderators. `call:ended` thanks for a report that ended its call. Throws what the server says. */
  async report({ subject, peer }, said) {
    const ended = subject.type === "call" ? await this.#reportCall(subject, peer, said) : await this.#file(subject, said);
    if (!ended) this.#store.dispatch("page:reported", { subject, peer, block: said.block });
    this.look();
  }

  async block({ user_id }) {
    await this.#api.request("POST", "/v1/blocks", { user_id });
    this.#store.dispatch("page:blocked", { user_id });
    await this.loadBlocks();
  }

  async unblock(user_id) {
    await this.#attempt(async () => {
      await this.#api.request("DELETE", `/v1/blocks/${user_id}`);
      this.#store.dispatch("page:unblocked", { user_id });
    });
  }

  /** Somebody's card, as far as they are to be seen. */
  async card(userId) {
    return this.#api.request("GET", `/v1/profiles/${userId}`);
  }

  // --- What there is to see about oneself ---

  /** The lists are on the screen: read them anew. */
  async look() {
    const { account, place } = this.#store.state;
    if (account !== "in" || place.name !== "safety") return;
    await Promise.all([this.loadStanding(), this.loadBlocks(), this.loadCalls(), this.#loadConsents()]);
    this.seen();
  }

  /** An event. What moderators have decided while nobody heard is asked for when the connection is back. */
  heard(name, data) {
    const told = name === "notification:new" && ["strike", "appeal"].includes(data.notification.kind);
    if (told || (name === "session:ready" && !data.recovered)) this.loadStanding();
  }

  loadStanding() {
    return this.#attempt(async () => {
      const standing = await this.#api.request("GET", "/v1/me/standing");
      if (this.#banned && standing.status === "active") return this.#onOver({ code: "back" });
      this.#store.dispatch("page:standing", { standing, seen: localStorage.getItem(this.#seenKey()) ?? "" });
    });
  }

  loadBlocks() {
    return this.#attempt(async () => this.#store.dispatch("page:blocks", { items: await this.#api.all("/v1/blocks") }));
  }

  /** The newest past calls, or those before the ones that are shown. */
  loadCalls({ more = false } = {}) {
    return this.#attempt(async () => {
      const cursor = more ? { cursor: this.#store.state.calls.next_cursor } : {};
      const page = await this.#api.request("GET", `/v1/me/calls?${new URLSearchParams({ limit: CALLS, ...cursor })}`);
      this.#store.dispatch("page:past-calls", { ...page, more });
    });
  }

  /** The user has been shown what the moderators have decided. */
  seen() {
    const { warned } = this.#store.state;
    if (!warned) return;
    localStorage.setItem(this.#seenKey(), warned.id);
    this.#store.dispatch("page:warning-seen");
  }

  /** Say why a decision is wrong. Throws what the server says; that they have appealed elsewhere or that it was lifted, their standing says. */
  async appeal(strikeId, text) {
    await this.#api.request("POST", `/v1/me/strikes/${strikeId}/appeal`, { text }).catch((error) => {
      if (!["conflict", "gone"].includes(error.code)) throw error;
    });
    await this.loadStanding();
  }

  /** Agree to a text of this version, or take that back. */
  consent({ kind, version, given }) {
    const said = { kind, version, given };
    return this.#attempt(async () => this.#store.dispatch("page:consents", await this.#api.request("PUT", "/v1/me/consents", said)));
  }

  // --- How it is done ---

  async #reportCall(subject, peer, said) {
    try {
      return await this.#meeting.report(subject.id, said);
    } catch (error) {
      if (error.code !== "gone") throw error;
      return this.#file({ type: "user", id: peer.user_id }, said); // the call was too long ago, and the person is still there
    }
  }

  async #file(subject, { reason, note, block }) {
    await this.#api.request("POST", "/v1/reports", { subject, reason, block, ...(note && { note }) });
    return false;
  }

  get #banned() {
    return this.#store.state.account === "banned";
  }

  #loadConsents() {
    return this.#attempt(async () => this.#store.dispatch("page:consents", await this.#api.request("GET", "/v1/me/consents")));
  }

  #seenKey() {
    return `${SEEN}.${this.#store.state.me?.id}`;
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (this.#banned && error.endsSession) this.#onOver(error);
      else this.#store.dispatch("page:notice", failure(error));
    }
  }
}
