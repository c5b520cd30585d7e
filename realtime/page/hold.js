/**
 * Which tab of this browser has a call: a lock that the browser releases when the tab closes, however it closes. The
 * tab that has the call holds it exclusively; tabs that want to know ask for it shared.
 */

const RELOAD_MS = 3_000;

export class Hold {
  #held = null;
  #release = () => {};

  /** This tab has the call with this id; null: it has none. */
  keep(callId) {
    if (callId === this.#held) return;
    this.#release();
    this.#release = () => {};
    this.#held = callId;
    if (callId) navigator.locks?.request(lock(callId), () => this.#until(callId));
  }

  /** Whether a tab of this browser has it. */
  async heldHere(callId) {
    const held = (await navigator.locks?.query())?.held ?? [];
    return held.some(({ name, mode }) => name === lock(callId) && mode === "exclusive");
  }

  /** Resolves when no tab of this browser has it any more. A tab that is only reloading is back within a moment. */
  async freed(callId) {
    for (;;) if (await navigator.locks.request(lock(callId), { mode: "shared" }, () => stays(callId))) return;
  }

  #until(callId) {
    return new Promise((free) => (this.#held === callId ? (this.#release = free) : free()));
  }
}

function lock(callId) {
  return `realtime-connect.call.${callId}`;
}

/** Whether nobody asks for the lock exclusively after a moment either. */
async function stays(callId) {
  await new Promise((resume) => setTimeout(resume, RELOAD_MS));
  const { pending } = await navigator.locks.query();
  return !pending.some(({ name, mode }) => name === lock(callId) && mode === "exclusive");
}
