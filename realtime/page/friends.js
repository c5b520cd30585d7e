/**
 * Asking people to be friends, answering, and ending it. The lists are read when somebody looks at them, and kept up to
 * date by the server's events; who has asked is read at once, for there is an answer to give.
 */

import { randomId } from "./device.js";
import { failure } from "./state.js";

const FOUND = 20;
const WATCHED = 200; // as many as the server lets one watch

export class Friends {
  #api;
  #session;
  #store;
  #heard = 0;
  #wanted = false;

  constructor({ api, session, store }) {
    this.#api = api;
    this.#session = session;
    this.#store = store;
    session.ready && this.#returned();
  }

  /** An event of the server, after the state was changed by it. */
  heard(name) {
    if (name === "session:ready") this.#returned();
    if (!name.startsWith("friend:")) return;
    this.#heard += 1;
    if (name === "friend:added") this.#watch();
  }

  /** The lists are on the screen, or somebody whom they may have. */
  async look() {
    this.#wanted = true;
    await Promise.all([this.#load("/v1/friends", "page:friends"), this.#requests("in"), this.#requests("out")]);
    await this.#watch();
  }

  /** Who may be known is worked out each time that it is asked. */
  suggest() {
    return this.#attempt(async () => {
      const { items } = await this.#api.request("GET", "/v1/friends/suggestions?limit=20");
      this.#store.dispatch("page:suggestions", { items });
    });
  }

  /** Who of those who let themselves be found by name is called so: `{items, next_cursor}`. Throws what the server says. */
  search(q, cursor = null) {
    const query = new URLSearchParams({ q, limit: String(FOUND), ...(cursor && { cursor }) });
    return this.#api.request("GET", `/v1/profiles?${query}`);
  }

  // Each of these throws what the server says.

  /** Who has asked the user already is a friend then. */
  async ask({ user_id }) {
    const key = { "Idempotency-Key": randomId() };
    const asked = await this.#api.request("POST", "/v1/friends/requests", { user_id }, key);
    if (asked.since) this.#store.dispatch("friend:added", { friend: asked });
    else this.#store.dispatch("friend:requested", { request: asked });
  }

  async accept({ id }) {
    this.#store.dispatch("friend:added", { friend: await this.#answer(id, "accept") });
  }

  /** Say no, or take one's own request back. */
  async refuse({ id }) {
    await this.#answer(id, "refuse");
    this.#store.dispatch("friend:withdrawn", { request_id: id });
  }

  async remove({ user, room_id }) {
    await this.#api.request("DELETE", `/v1/friends/${user.user_id}`);
    this.#store.dispatch("friend:removed", { user_id: user.user_id, room_id });
  }

  // --- How it is done ---

  /** What waits no longer leaves the list, and the user is told. */
  async #answer(requestId, how) {
    try {
      return await this.#api.request("POST", `/v1/friends/requests/${requestId}/${how}`);
    } catch (error) {
      if (error.code === "not_found") this.#store.dispatch("friend:withdrawn", { request_id: requestId });
      throw error;
    }
  }

  #returned() {
    if (this.#store.state.account !== "in") return null;
    return this.#wanted ? this.look() : this.#requests("in");
  }

  #requests(box) {
    return this.#load(`/v1/friends/requests?box=${box}`, "page:friend-requests", { box });
  }

  /** A whole list; what was told while it was read may not be in it. */
  #load(path, action, more = {}) {
    return this.#attempt(async () => {
      let [heard, items] = [null, []];
      while (heard !== this.#heard) {
        heard = this.#heard;
        items = await this.#api.all(path);
      }
      this.#store.dispatch(action, { ...more, items });
    });
  }

  /** Whether the friends are there, while one looks at their list. It is told for the newest of very many. */
  async #watch() {
    const { friends, place } = this.#store.state;
    if (place.name !== "friends" || !friends || !this.#session.ready) return;
    const user_ids = friends.slice(0, WATCHED).map(({ user }) => user.user_id);
    const watched = await this.#session.command("presence:watch", { user_ids }).catch(() => null); // the next look asks again
    if (watched) this.#store.dispatch("page:presences", watched);
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (error.code !== "offline") this.#store.dispatch("page:notice", failure(error)); // the banner says so, and it is read when it is over
    }
  }
}
