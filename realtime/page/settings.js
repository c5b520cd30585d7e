/**
 * One's own settings: the theme, and the language and time zone in which times are written.
 *
 * The server keeps them. What it said last is in localStorage too, for the other tabs and for the next load: that one is
 * drawn as this one was before the server is asked. index.html reads the theme there before anything is painted.
 */

import { AT_FIRST } from "./state.js";

const KEPT = "realtime-connect.settings";

/** What this browser knows of the settings. */
export function keptSettings() {
  return { ...AT_FIRST, ...JSON.parse(localStorage.getItem(KEPT)) };
}

export class Settings {
  #api;
  #store;
  #last = Promise.resolve();
  #asked = []; // changes that have no answer yet

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  /** Under which key of localStorage they are. */
  get storageKey() {
    return KEPT;
  }

  /** Ask the server. Without an answer it stays as it was, and the next load asks again. */
  load() {
    return this.read().catch(() => {});
  }

  /** The same, and throw what the server says. */
  read() {
    return this.#inTurn(() => this.#api.settings());
  }

  /** Change some of them, for all devices: here at once, and back again where the server says no. */
  async change(changes) {
    this.#asked.push(changes);
    this.follow();
    try {
      await this.#inTurn(() => this.#api.changeSettings(changes));
    } finally {
      this.#asked = this.#asked.filter((one) => one !== changes);
      this.follow();
    }
  }

  /** What is kept has changed, or is to be shown again: with what is being changed, which an answer to something else does not know. */
  follow() {
    this.#store.dispatch("page:settings", { settings: this.#asked.reduce(changed, keptSettings()) });
  }

  /** Nobody is signed in here any more. */
  forget() {
    this.#asked = [];
    localStorage.removeItem(KEPT);
  }

  /** One request after the other, so that the last answer is the newest. */
  #inTurn(ask) {
    const asked = this.#last.then(ask).then((settings) => this.#keep(settings));
    this.#last = asked.catch(() => {});
    return asked;
  }

  #keep(settings) {
    if (this.#store.state.account !== "in") return; // signed out meanwhile
    localStorage.setItem(KEPT, JSON.stringify(settings));
    this.follow(); // with what another version of the server does not know
  }
}

/** These settings with the changes; privacy and what one wants to be told are changed part by part. */
function changed(settings, { notifications = {}, privacy, ...changes }) {
  const { kinds, ...rest } = notifications;
  const before = settings.notifications;
  return {
    ...settings,
    ...changes,
    ...(privacy && { privacy: { ...settings.privacy, ...privacy } }),
    notifications: { ...before, ...rest, kinds: { ...before.kinds, ...kinds } },
  };
}
