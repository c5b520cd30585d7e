/** Keeps the screen on while somebody is in a call. A browser lets go of it whenever the page is hidden, so it is asked for again. */

export class Awake {
  #wanted = false;
  #lock = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#ask());
  }

  keep(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#ask();
    else this.#release();
  }

  async #ask() {
    if (!this.#wanted || document.hidden || (this.#lock && !this.#lock.released)) return;
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => null); // no battery, no permission: then without
    if (!this.#wanted) this.#release();
  }

  #release() {
    this.#lock?.release();
    this.#lock = null;
  }
}
