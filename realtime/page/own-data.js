/** One's own data: a copy of it, leaving, and staying after all. Throws what the server says. */

import { failure } from "./state.js";

const LOOK_MS = 2_000;

export class OwnData {
  #api;
  #store;
  #over;
  #timer = null;

  /** `onLeft()`: the account is deleted; `onStays()`: it is not, and is as it was. */
  constructor({ api, store, onLeft, onStays }) {
    this.#api = api;
    this.#store = store;
    this.#over = { onLeft, onStays };
  }

  /** How the copy stands, again and again while it is being made. */
  async look() {
    clearTimeout(this.#timer);
    try {
      await this.#told(this.#api.request("GET", "/v1/me/export"));
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
    }
    if (this.#store.state.copy?.state === "running") this.#timer = setTimeout(() => this.look(), LOOK_MS);
  }

  async makeCopy() {
    await this.#told(this.#api.request("POST", "/v1/me/export"));
    await this.look();
  }

  /** Where the copy is read, for some minutes: the browser is on this server already. */
  async address() {
    const { url } = await this.#told(this.#api.request("GET", "/v1/me/export"));
    const { pathname, search } = new URL(url);
    return pathname + search;
  }

  /** The connection may hear that the session is over before the answer is there. */
  async leave(proof) {
    this.#store.dispatch("page:deleting", { deleting: true });
    try {
      await this.#api.request("DELETE", "/v1/me", proof);
    } catch (error) {
      this.#store.dispatch("page:deleting", { deleting: false });
      throw error;
    }
    this.#over.onLeft();
  }

  async stay() {
    await this.#api.request("POST", "/v1/me/restore");
    await this.#over.onStays();
  }

  async #told(asked) {
    const copy = await asked;
    this.#store.dispatch("page:copy", { copy });
    return copy;
  }
}
