/** Notifications: the list when it is looked at, and saying what has been read. */

import { failure } from "./state.js";

const AT_ONCE = 20;

export class News {
  #api;
  #store;
  #asked = 0;

  constructor({ api, session, store }) {
    this.#api = api;
    this.#store = store;
    if (session.ready) this.look();
  }

  /** The list is on the screen: read it anew. */
  look() {
    const { account, place } = this.#store.state;
    if (account === "in" && place.name === "notifications") return this.load();
  }

  /** An event. */
  heard(name, data) {
    if ((name === "session:ready" && !data.recovered) || ["notification:new", "notification:read"].includes(name)) this.look();
  }

  /** The newest, or those before the ones that are shown. Whatever was asked for last counts. */
  load({ more = false } = {}) {
    const turn = (this.#asked += 1);
    return this.#attempt(async () => {
      const cursor = more ? { cursor: this.#store.state.news.next_cursor } : {};
      const page = await this.#api.request("GET", `/v1/notifications?${new URLSearchParams({ limit: AT_ONCE, ...cursor })}`);
      if (turn === this.#asked) this.#store.dispatch("page:news", { ...page, more });
    });
  }

  read(id) {
    return this.#read({ ids: [id] });
  }

  readAll() {
    return this.#read({ all: true });
  }

  #read(which) {
    return this.#attempt(async () => {
      const { unread } = await this.#api.request("POST", "/v1/notifications/read", which);
      this.#store.dispatch("notification:read", { ...which, unread });
    });
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
    }
  }
}
