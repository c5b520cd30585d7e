/** Why the call that is just over went as it did: the server has found out by the time it says that it ended. */

const NEWEST = 5; // another call may have come after it

export class Why {
  #api;
  #store;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  /** An event, after the state was changed by it. */
  heard(name, { call_id }) {
    const { phase, call_id: shown } = this.#store.state.encounter;
    if (name === "call:ended" && phase === "over" && shown === call_id) this.#ask(call_id);
  }

  /** Without an answer there is no more to say than how it ended; it is among the past calls. */
  async #ask(call_id) {
    const { items } = await this.#api.request("GET", `/v1/me/calls?limit=${NEWEST}`).catch(() => ({ items: [] }));
    const verdict = items.find((call) => call.call_id === call_id)?.verdict;
    if (verdict) this.#store.dispatch("page:verdict", { call_id, verdict });
  }
}
