/**
 * Signals on their way to the other side, in order. Nothing is lost when a connection breaks: what was not
 * acknowledged is sent again, before anything new. The receiver drops what it has already.
 */

export class Outbox {
  #waiting = [];
  #send;

  /** `send(signal)` is a promise that rejects with `code` `offline` when the link was lost on the way. */
  constructor(send) {
    this.#send = send;
  }

  get size() {
    return this.#waiting.length;
  }

  put(signal) {
    const entry = { signal };
    this.#waiting.push(entry);
    this.#try(entry);
  }

  /** The link is back: send everything unacknowledged again, oldest first. */
  flush() {
    for (const entry of [...this.#waiting]) this.#try(entry);
  }

  /** A new epoch has no use for the old one's signals. */
  clear() {
    this.#waiting = [];
  }

  #try(entry) {
    const done = () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
    // The server's refusal is final for this signal (an old epoch, an ended call); a lost link is not.
    this.#send(entry.signal).then(done, (error) => error.code !== "offline" && done());
  }
}
