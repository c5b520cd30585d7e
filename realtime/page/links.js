/**
 * What links in mails ask for: to confirm an address, to choose a new password. Their tokens stay in the memory of this page, and nobody
 * has to be signed in: a mail may be opened in another browser, or by somebody who has forgotten their password.
 */

export class Links {
  #api;
  #store;
  #onEnd;

  /** `onEnd(code)`: the session of this browser ended with the password. */
  constructor({ api, store, onEnd }) {
    this.#api = api;
    this.#store = store;
    this.#onEnd = onEnd;
  }

  /** A link has led here. */
  open(letter) {
    this.#say({ ...letter, state: "open" });
  }

  /** It is known by now who is signed in here. An address is confirmed without another word. */
  look() {
    const { letter, account } = this.#store.state;
    if (letter?.kind === "verify" && letter.state === "open" && account !== "unknown") this.verify();
  }

  async verify() {
    const { letter } = this.#store.state;
    this.#say({ ...letter, state: "asking" });
    const failed = await this.#api.plainly("/v1/auth/email/verify", { token: letter.token }).then(() => null, (error) => error);
    const whose = await this.#whose().catch(() => "unknown");
    this.#say({ ...letter, ...outcome(failed), whose });
  }

  /** Set a new password. Throws what is wrong with it. */
  async reset(password) {
    const { letter } = this.#store.state;
    const failed = await this.#api.plainly("/v1/auth/password/reset", { token: letter.token, password }).then(() => null, (error) => error);
    if (failed && !["unauthenticated", "expired"].includes(failed.code)) throw failed;
    this.#say({ ...letter, ...outcome(failed) });
    if (!failed && this.#store.state.account === "in") await this.#look();
  }

  /** Whether the session of this browser was one of those that ended. */
  async #look() {
    await this.#api.refresh().catch((error) => error.endsSession && this.#onEnd(error.code));
  }

  /** Whose address a link was about, as far as this browser knows: `nobody` is signed in here, it is `mine`, or `another`'s. */
  async #whose() {
    const { account, me: before } = this.#store.state;
    if (account !== "in") return "nobody";
    const { me } = await this.#api.me();
    this.#store.dispatch("page:me", { me });
    return me.verified.email && (!before.verified.email || me.email !== before.email) ? "mine" : "another";
  }

  #say(letter) {
    this.#store.dispatch("page:letter", { letter });
  }
}

function outcome(failed) {
  return failed ? { state: "failed", code: failed.code, wait_ms: failed.retryAfterMs } : { state: "done" };
}
