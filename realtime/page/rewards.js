/** Rewards: what one has earned, codes that live while they are shown, and for staff scanning, redeeming and taking back. */

import { randomId } from "./device.js";
import { codesOf, nextIn } from "./rewards-state.js";
import { codes } from "./scanning.js";
import { failure, serverTime } from "./state.js";
import { words } from "./texts.js";

/** Of a reward the next code is there before somebody has aimed at one that is over; a place has its next one when the last is over. */
const AHEAD_MS = 12_000;
const AGAIN_MS = 3_000;
/** What passes by itself. */
const PASSING = ["offline", "unavailable", "internal", "rate_limited"];

export class Rewards {
  #api;
  #store;
  #timer = null;
  #shows = 0;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  heard(name, data) {
    const { place } = this.#store.state;
    if (name === "notification:new" && data.notification.kind === "reward" && place.name === "rewards") this.look();
  }

  /** The wallet, or the counter, is on the screen. */
  look() {
    return this.#attempt(async () => {
      const [rewards, work] = await Promise.all([this.#api.all("/v1/me/rewards"), this.#api.request("GET", "/v1/me/partners")]);
      this.#store.dispatch("page:rewards", { rewards, work: work.items });
    });
  }

  /** Show the code of a reward until it is hidden, or redeemed. */
  showReward(id) {
    return this.#show(codesOf.reward(id), AHEAD_MS);
  }

  /** Show the code of a place until it is hidden. */
  showPlace(id) {
    return this.#show(codesOf.place(id), 0);
  }

  /** Show none, or none of this reward. */
  hide(id = null) {
    const { showing } = this.#store.state;
    if (id !== null && showing?.path !== codesOf.reward(id)) return;
    this.#shows += 1;
    clearTimeout(this.#timer);
    if (showing) this.#store.dispatch("page:showing", { showing: null });
  }

  #show(path, ahead) {
    this.hide();
    this.#store.dispatch("page:showing", { showing: { path } });
    return this.#renew({ path, ahead, own: this.#shows });
  }

  async #renew({ path, ahead, own }) {
    const wanted = () => own === this.#shows && this.#store.state.showing?.path === path;
    let wait = AGAIN_MS;
    try {
      const [{ drawn }, { code, url, expires_at }] = await Promise.all([codes(), this.#api.request("GET", path)]);
      if (!wanted()) return;
      this.#store.dispatch("page:showing", { showing: { path, picture: drawn(url ?? code), expires_at } });
      wait = nextIn(expires_at, serverTime(this.#store.state, Date.now()), ahead);
    } catch (error) {
      if (!wanted()) return;
      if (!PASSING.includes(error.code)) return this.#refused(error);
    }
    this.#timer = setTimeout(() => wanted() && this.#renew({ path, ahead, own }), wait);
  }

  #refused(error) {
    this.hide();
    this.#store.dispatch("page:notice", failure(error));
  }

  // Each of these throws what the server says.

  /** What redeeming this code at a place would do. */
  async scan(code, place) {
    this.clear();
    try {
      const scanned = await this.#api.request("POST", "/v1/rewards/scan", { code, location_id: place });
      this.#store.dispatch("page:counter", { counter: { scanned, code, place, key: randomId() } });
    } catch (error) {
      if (error.code === "invalid_request") error.message = words.counter.no_code;
      throw error;
    }
  }

  /** Redeem what was scanned. Pressed again, since no answer came, it is the same request. */
  async redeem() {
    const { counter } = this.#store.state;
    const { code, place, key } = counter;
    const { redemption } = await this.#api.request("POST", "/v1/rewards/redeem", { code, location_id: place }, { "Idempotency-Key": key });
    this.#store.dispatch("page:counter", { counter: { ...counter, redemption } });
  }

  /** Take back what was redeemed just now. */
  async reverse(reason) {
    const { counter } = this.#store.state;
    const { redemption } = await this.#api.request("POST", `/v1/redemptions/${counter.redemption.id}/reverse`, { reason });
    this.#store.dispatch("page:counter", { counter: { ...counter, redemption } });
  }

  /** Nothing is before one at the counter. */
  clear() {
    if (this.#store.state.counter) this.#store.dispatch("page:counter", { counter: null });
  }

  /** What became of the rewards of a partner, by day: from one to another, the last thirty where none are named. */
  async count(partner, days = {}) {
    const figures = await this.#api.request("GET", figuresOf(partner, days));
    this.#store.dispatch("page:figures", { figures });
  }

  /** The same, as CSV. */
  table(partner, days) {
    return this.#api.written(figuresOf(partner, days), "text/csv");
  }

  /** What counts today of check-ins at a place. */
  visits(place) {
    return this.#attempt(() => this.#readVisits(place));
  }

  /** One of them is not true, because of this. Throws what the server says. */
  async flag(place, id, reason) {
    await this.#api.request("POST", `/v1/check-ins/${id}/flag`, { reason });
    await this.#readVisits(place);
  }

  async #readVisits(place) {
    const items = await this.#api.all(`/v1/locations/${place}/check-ins`);
    this.#store.dispatch("page:visits", { visits: { place, items } });
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
    }
  }
}

function figuresOf(partner, days) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `/v1/partners/${partner}/stats?${new URLSearchParams({ zone, ...days })}`;
}
