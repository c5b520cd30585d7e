/** Places where people go: looking for them, and what people say of them. Nothing of it is kept: the server is asked each time. */

import { randomId } from "./device.js";

const FOUND = 20;
/** How far one looks around oneself. */
const AROUND_M = 20_000;
/** As far as there is anything. */
const FARTHEST_M = 20_000_000;
/** Of those that are open a page may have none, and more may come. */
const PAGES_IN_VAIN = 5;
const POSITION_MS = 10_000;
/** Some ten metres: where one is exactly is nobody's business. */
const DIGITS = 4;

export class Locations {
  #api;

  constructor({ api }) {
    this.#api = api;
  }

  // Each of these throws what the server says.

  /** Nearest first where a `position` is given, and `radius_m` for how far, else the newest: `{items, next_cursor}`. */
  async search({ q, type, open, position, radius_m = AROUND_M }, cursor = null) {
    const near = position && { near: `${position.lat.toFixed(DIGITS)},${position.lon.toFixed(DIGITS)}`, radius_m: String(Math.min(radius_m, FARTHEST_M)) };
    const said = { limit: String(FOUND), ...(q && { q }), ...(type && { type }), ...(open && { open_now: "true" }), ...near };
    let page = { items: [], next_cursor: cursor };
    for (let looks = 0; looks === 0 || (looks < PAGES_IN_VAIN && !page.items.length && page.next_cursor); looks += 1) {
      const after = page.next_cursor && { cursor: page.next_cursor };
      page = await this.#api.request("GET", `/v1/locations?${new URLSearchParams({ ...said, ...after })}`);
    }
    return page;
  }

  one(id) {
    return this.#api.request("GET", `/v1/locations/${id}`);
  }

  reviews(id, cursor = null) {
    return this.#api.request("GET", `/v1/locations/${id}/reviews?${new URLSearchParams({ limit: String(FOUND), ...(cursor && { cursor }) })}`);
  }

  /** One's review of a place: a new one, or other words for the one that is there. */
  review(id, said, own = null) {
    if (own) return this.#api.request("PATCH", `/v1/reviews/${own.id}`, said);
    return this.#api.request("POST", `/v1/locations/${id}/reviews`, said, { "Idempotency-Key": randomId() });
  }

  takeBack({ id }) {
    return this.#api.request("DELETE", `/v1/reviews/${id}`);
  }
}

/** Where this device is: `{lat, lon, accuracy_m}`; null: it does not know, or is not to say. `exact`: just now, as well as it can. */
export function here({ exact = false } = {}) {
  return new Promise((found) => {
    if (!navigator.geolocation) return found(null);
    const seen = ({ coords }) => found({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy });
    const how = { timeout: POSITION_MS, maximumAge: exact ? 5_000 : 60_000, enableHighAccuracy: exact };
    navigator.geolocation.getCurrentPosition(seen, () => found(null), how);
  });
}
