/**
 * Notifications of this browser while the page is closed (Web Push): it subscribes, and the server is told where.
 *
 * Nobody is asked who has not pressed a button for it. What one has turned on here stays theirs: somebody else who signs in on
 * this browser has to turn it on again. The server forgets the subscription with the session, so each start of the page names it.
 */

import { randomId } from "./device.js";

const KEPT = "realtime-connect.pushes";

export class Pushes {
  #api;
  #store;
  #key;

  /** `key`: with which a browser subscribes; null: this server sends nothing to browsers. */
  constructor({ api, store, key }) {
    this.#api = api;
    this.#store = store;
    this.#key = key;
  }

  /** Whether there is anything to turn on: on phones of Apple only once the page is on the home screen. */
  get possible() {
    return this.#key !== null && "serviceWorker" in navigator && [globalThis.PushManager, globalThis.Notification].every(Boolean);
  }

  /** `on`, `off`, or `refused`: one has told the browser so, and only there it can be changed. */
  get state() {
    if (Notification.permission === "denied") return "refused";
    return Notification.permission === "granted" && this.#kept() ? "on" : "off";
  }

  /** Asks, where nobody has answered yet. Throws what the browser or the server says. */
  async turnOn() {
    if ((await Notification.requestPermission()) !== "granted") return;
    const id = this.#kept()?.id ?? randomId();
    await this.#tell(id, await this.#subscription());
    localStorage.setItem(KEPT, JSON.stringify({ id, user_id: this.#store.state.me.id }));
  }

  async turnOff() {
    const { id } = this.#kept();
    localStorage.removeItem(KEPT);
    const registration = await navigator.serviceWorker.ready;
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    await this.#api.forgetDevice(id);
  }

  /** Name it again, if it is on. What cannot be done now is done at the next start. */
  async keep() {
    if (!this.possible || this.state !== "on") return;
    await this.#tell(this.#kept().id, await this.#subscription()).catch(() => {});
  }

  async #subscription() {
    const { pushManager } = await navigator.serviceWorker.ready;
    const there = await pushManager.getSubscription();
    if (there && keyOf(there) === this.#key) return there;
    await there?.unsubscribe(); // it was for another key
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.#key });
  }

  #tell(id, subscription) {
    return this.#api.nameDevice(id, { platform: "web", subscription: subscription.toJSON() });
  }

  #kept() {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return kept?.user_id === this.#store.state.me?.id ? kept : null;
  }
}

function keyOf({ options }) {
  const bytes = String.fromCharCode(...new Uint8Array(options.applicationServerKey));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
