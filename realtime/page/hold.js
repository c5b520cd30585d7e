/**
 * Which tab of this browser has a call: a lock that the browser frees when the tab goes, however it goes. Those who
 * want to know share the lock; the tab that has the call holds it alone.
 */

const RELOAD_MS = 3_000;

export class Hold {
  #held = null;
  #release = () => {};

  /** This tab has the call with this id; null: none. */
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

  /** When no tab of this browser has it any more. A tab that is only loaded anew comes back within a moment. */
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

/** Nobody asks for the lock alone, now and a moment later. */
async function stays(callId) {
  await new Promise((resume) => setTimeout(resume, RELOAD_MS));
  const { pending } = await navigator.locks.query();
  return !pending.some(({ name, mode }) => name === lock(callId) && mode === "exclusive");
}
