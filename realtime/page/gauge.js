/** Looks at the connection of a call every few seconds: shows how good it is, and tells the server. */

import { counted, sample } from "./quality.js";

/** The server takes no more than one in five seconds. */
const EVERY_MS = 5_200;
const LOOK_MS = 250;

export class Gauge {
  #session;
  #call;
  #store;
  #last = null; // `{of: the peer connection, at, …counters}`
  #due = 0;

  constructor({ session, call, store }) {
    this.#session = session;
    this.#call = call;
    this.#store = store;
  }

  watch() {
    setInterval(() => this.#tick(Date.now()), LOOK_MS);
  }

  #tick(now) {
    const { phase, state } = this.#store.state.encounter;
    if (phase !== "call" || state !== "live") return ([this.#last, this.#due] = [null, 0]);
    if (now < this.#due) return;
    this.#due = now + EVERY_MS;
    this.#look();
  }

  async #look() {
    const of = this.#of();
    const report = await this.#call.stats();
    const at = Date.now();
    if (!report || of !== this.#of()) return;
    const [before, now] = [this.#last, { of, ...counted(report, at) }];
    this.#last = now;
    if (before?.of === of && at > before.at) this.#tell(sample(before, now));
  }

  #of() {
    return `${this.#call.id}.${this.#call.epoch}`;
  }

  #tell({ missed, ...said }) {
    const { id: call_id, epoch } = this.#call;
    this.#store.dispatch("page:quality", { call_id, ...said, missed });
    this.#session.mention("call:quality", { call_id, epoch, ...said });
  }
}
