/**
 * What somebody has written or chosen and is not sent yet, kept in this browser: a reload, or a phone that puts the page away, loses nothing
 * of it. It is of one account, and gone when they sign out. Where a browser keeps nothing, it is in the memory of the page alone.
 */

const NAME = "realtime-connect.unsent";
const ALL = "messages";

export class Unsent {
  #keys = new Map(); // under which number each is kept, by `client_id`: they are in order
  #last = Promise.resolve();

  /** Keep it, or keep it as it is now. */
  keep(user_id, room_id, { client_id, content, type, file, reply, why = null }) {
    return this.#inTurn("readwrite", (all) => {
      const n = this.#keys.get(client_id);
      return all.put({ user_id, room_id, client_id, content, type, file, reply, why, ...(n && { n }) });
    }).then((n) => n && this.#keys.set(client_id, n));
  }

  /** Whether it is to be sent still: another tab may have sent it, or not. */
  async has(client_id) {
    const n = this.#keys.get(client_id);
    return !n || (await this.#inTurn("readonly", (all) => all.count(n))) !== 0;
  }

  async drop(client_id) {
    await this.#last; // its number may be on the way
    const n = this.#keys.get(client_id);
    this.#keys.delete(client_id);
    if (n) await this.#inTurn("readwrite", (all) => all.delete(n));
  }

  /** All of this account, in the order in which they were written: each with its `room_id`, and `why` it was refused. */
  async of(user_id) {
    const found = (await this.#inTurn("readonly", (all) => all.getAll())) || [];
    const own = found.filter((one) => one.user_id === user_id);
    for (const { client_id, n } of own) this.#keys.set(client_id, n);
    return own;
  }

  /** Nobody is signed in here any more. */
  left() {
    this.#keys = new Map();
  }

  /** One after the other; nothing where this browser keeps nothing. */
  #inTurn(mode, ask) {
    const keys = this.#keys; // nothing is kept any more of who has signed out meanwhile
    this.#last = this.#last.then(() => keys === this.#keys && asked(mode, ask)).catch(() => {});
    return this.#last;
  }
}

/** Whatever was kept is gone, whoever wrote it. */
export function forgetUnsent() {
  globalThis.indexedDB?.deleteDatabase(NAME);
}

/** Each look opens it anew, so that no tab is in the way of another one that signs out. */
async function asked(mode, ask) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(ALL, { keyPath: "n", autoIncrement: true });
  const kept = await answer(opening);
  try {
    return await answer(ask(kept.transaction(ALL, mode).objectStore(ALL)));
  } finally {
    kept.close();
  }
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
