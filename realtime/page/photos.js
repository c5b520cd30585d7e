/**
 * Photos and videos on their way to one's profile, one after the other, and their order there.
 *
 * What was sent is shown at once, as it will be; the server is told then, and what it says in the end counts.
 */

import { randomId } from "./device.js";
import { ordered, room } from "./photos-state.js";
import { failure } from "./state.js";

const LOOK_MS = 20_000;

export class Photos {
  #api;
  #store;
  #own;
  #running = null;
  #looked = 0;

  constructor({ api, store, own }) {
    this.#api = api;
    this.#store = store;
    this.#own = own;
  }

  /** Take as many of these files as fit; the user is told of others. */
  add(files) {
    for (const list of ["photos", "videos"]) {
      const chosen = [...files].filter(({ type }) => type.startsWith("video/") === (list === "videos"));
      const fit = chosen.slice(0, room(this.#store.state, list));
      const uploads = fit.map((file) => ({ key: randomId(), list, file, preview: URL.createObjectURL(file) }));
      this.#store.dispatch("page:uploads", { uploads });
      if (fit.length < chosen.length) this.#store.dispatch("page:notice", { text: `too_many_${list}` });
    }
    this.#next();
  }

  /** Send what was refused once more. */
  again({ key }) {
    this.#store.dispatch("page:upload-waits", { key });
    this.#next();
  }

  /** Send it no further, or forget that it was refused. */
  cancel({ key, preview }) {
    if (this.#running?.key === key) this.#running.stop.abort();
    URL.revokeObjectURL(preview);
    this.#store.dispatch("page:upload-over", { key });
  }

  /** Show one of them in another place. */
  arrange(list, items) {
    const ids = items.map(({ id }) => id);
    this.#store.dispatch("page:arranged", { list, items });
    return this.#change((me) => ({ [list]: [...ordered(me[list], ids), ...me[list].filter(({ id }) => !ids.includes(id))].map(({ id }) => id) }));
  }

  /** It leaves the profile, and is deleted. */
  remove(list, id) {
    const others = (me) => me[list].filter((item) => item.id !== id);
    this.#store.dispatch("page:arranged", { list, items: others(this.#store.state.me) });
    return this.#change((me) => ({ [list]: others(me).map((item) => item.id) }));
  }

  /** They are on the screen: while some are yet to be looked at, the server is asked now and then whether they were. */
  look(now) {
    const { account, me, link } = this.#store.state;
    if (account !== "in") return; // signed out since it was drawn
    const awaited = [...me.photos, ...me.videos].some(({ state }) => state === "processing");
    if (!awaited || link !== "online" || now - this.#looked < LOOK_MS) return;
    this.#looked = now;
    this.#own.load().catch(() => {});
  }

  async #change(wanted) {
    try {
      await this.#own.change(wanted);
    } catch (error) {
      this.#store.dispatch("page:notice", failure(error));
      this.#own.load().catch(() => {});
    }
  }

  async #next() {
    const one = this.#store.state.uploads.find(({ phase }) => phase === "waiting");
    if (this.#running || !one) return;
    this.#running = { key: one.key, stop: new AbortController() };
    await this.#send(one, this.#running.stop.signal);
    this.#running = null;
    this.#next();
  }

  async #send({ key, file, preview }, signal) {
    try {
      const told = (sent) => this.#store.dispatch("page:upload-sent", { key, sent });
      told(0);
      const media = await this.#api.upload(file, { purpose: "photo", key, signal, told });
      if (signal.aborted || !this.#awaits(key)) return; // or signed out meanwhile: what nothing uses is deleted by the server
      await this.#own.change((me) => this.#with(me, media));
      this.#store.dispatch("page:upload-over", { key });
      URL.revokeObjectURL(preview);
    } catch (error) {
      if (signal.aborted) return;
      const { code, message, details, retryAfterMs } = error;
      this.#store.dispatch("page:upload-refused", { key, why: { code, message, details, retryAfterMs } });
    }
  }

  #awaits(key) {
    return this.#store.state.uploads.some((one) => one.key === key);
  }

  /** Behind the others; where it is there already, the answer to the first time was lost. */
  #with(me, { id, type }) {
    const list = type === "video" ? "videos" : "photos";
    return { [list]: [...me[list].map((item) => item.id).filter((other) => other !== id), id] };
  }
}
