/** Mentors, when they have time, and sessions with them. Nothing of it is kept: the server is asked each time. */

import { randomId } from "./device.js";

const FOUND = 20;
const DAY_MS = 86_400_000;
/** As many as the server answers at once. */
const FARTHEST_D = 31;
/** Some ten metres: where one is exactly is nobody's business. */
const DIGITS = 4;

export class Mentors {
  #api;
  #told = () => {};
  #asked = { of: null, key: null };

  constructor({ api }) {
    this.#api = api;
  }

  /** An event of the server: what is known of sessions may be old by now. */
  heard(name, data) {
    if (name === "session:ready" || (name === "notification:new" && data.notification.kind === "mentor_session")) this.#told();
  }

  /** Let this know when sessions may have changed. */
  onChange(told) {
    this.#told = told;
  }

  // Each of these throws what the server says.

  /** Nearest first where a `position` is given, else the newest: `{items, next_cursor}`. */
  search({ specialization, type, position }, cursor = null) {
    const near = position && { near: `${position.lat.toFixed(DIGITS)},${position.lon.toFixed(DIGITS)}` };
    return this.#page("/v1/mentors", { ...(specialization && { specialization }), ...(type && { type }), ...near }, cursor);
  }

  one(id) {
    return this.#api.request("GET", `/v1/mentors/${id}`);
  }

  /** What is free between two times in ms. */
  slots(id, { from, to }) {
    return this.#api.all(`/v1/mentors/${id}/slots?${between(from, to)}`);
  }

  /** The first that is free from then on, as far as the server looks; null: none. */
  async nextSlot(id, from) {
    const { items } = await this.#api.request("GET", `/v1/mentors/${id}/slots?limit=1&${between(from, from + FARTHEST_D * DAY_MS)}`);
    return items[0] ?? null;
  }

  reviews(id, cursor = null) {
    return this.#page(`/v1/mentors/${id}/reviews`, {}, cursor);
  }

  /** One's review of a mentor: a new one, or other words for the one that is there. */
  review(id, said, own = null) {
    if (own) return this.#api.request("PATCH", `/v1/reviews/${own.id}`, said);
    return this.#api.request("POST", `/v1/mentors/${id}/reviews`, said, { "Idempotency-Key": randomId() });
  }

  takeBack({ id }) {
    return this.#api.request("DELETE", `/v1/reviews/${id}`);
  }

  /** All of this status. */
  sessions(status) {
    return this.#api.all(`/v1/mentor-sessions?status=${status}`);
  }

  /** Whatever their status, the latest first: `{items, next_cursor}`. */
  earlier(cursor = null) {
    return this.#page("/v1/mentor-sessions", {}, cursor);
  }

  /** Asked for again, as its answer was lost, it is the same session. */
  async book({ id }, { starts_at, duration_m }, type) {
    const wanted = { mentor_id: id, starts_at, duration_m, type };
    const of = JSON.stringify(wanted);
    if (this.#asked.of !== of) this.#asked = { of, key: randomId() };
    const booked = await this.#api.request("POST", "/v1/mentor-sessions", wanted, { "Idempotency-Key": this.#asked.key });
    this.#asked = { of: null, key: null };
    return booked;
  }

  /** `{status}`, `{starts_at}` or `{notes}`. */
  change({ id }, changes) {
    return this.#api.request("PATCH", `/v1/mentor-sessions/${id}`, changes);
  }

  #page(path, said, cursor) {
    return this.#api.request("GET", `${path}?${new URLSearchParams({ limit: String(FOUND), ...said, ...(cursor && { cursor }) })}`);
  }
}

function between(from, to) {
  const [first, last] = [from, to].map((at) => new Date(at).toISOString());
  return new URLSearchParams({ from: first, to: last });
}
