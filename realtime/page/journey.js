/** Checking in, by where the phone is or by a place's code, and the journey that comes of it. */

import { randomId } from "./device.js";
import { here } from "./locations.js";
import { failure } from "./state.js";

export class Journey {
  #api;
  #store;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  heard(name, data) {
    if (name === "notification:new" && ["milestone", "streak"].includes(data.notification.kind) && this.#store.state.place.name === "journey") this.look();
  }

  /** The journey is on the screen. */
  look() {
    return this.#attempt(async () => this.#store.dispatch("page:journey", { journey: await this.#api.request("GET", "/v1/me/journey") }));
  }

  /** The page for checking in at a place is on the screen. */
  visit(id) {
    this.#store.dispatch("page:visiting", { place: null });
    return this.#attempt(async () => this.#store.dispatch("page:visiting", { place: await this.#api.request("GET", `/v1/locations/${id}`) }));
  }

  /** By where the phone sees itself. Where it does not say, that is told. */
  async byPosition(more) {
    this.#store.dispatch("page:seeking", { how: "position" });
    const found = await here({ exact: true });
    if (!found) return this.#store.dispatch("page:seeking", { how: "nowhere" });
    await this.#checkIn({ ...found, ...more });
  }

  /** By the code that is shown there. */
  async byCode(qr, more) {
    this.#store.dispatch("page:seeking", { how: "code" });
    await this.#checkIn({ qr, ...more });
  }

  async #checkIn(fields) {
    try {
      const body = { location_id: this.#store.state.visiting.id, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...fields };
      const visit = await this.#api.request("POST", "/v1/check-ins", body, { "Idempotency-Key": randomId() });
      this.#store.dispatch("page:visited", { visit });
    } catch (error) {
      this.#store.dispatch("page:seeking", { how: null });
      this.#store.dispatch("page:notice", failure(error));
    }
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
    }
  }
}
