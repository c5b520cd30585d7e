/**
 * The user's own profile. One change after the other, so that each knows the version that it changes; what was changed
 * on another device meanwhile is not written over.
 */

export class Own {
  #api;
  #store;
  #known = null;
  #last = Promise.resolve();
  #waiting = 0;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  /** Read it anew. All three give it as the server has it. */
  load() {
    return this.#inTurn(() => this.#api.me());
  }

  /** Change these fields. Throws `precondition_failed` where it was changed elsewhere; the newest is there then. */
  save(changes) {
    return this.#inTurn(async () => {
      try {
        return await this.#send(() => changes);
      } catch (error) {
        if (error.code === "precondition_failed") this.#tell(await this.#api.me());
        throw error;
      }
    });
  }

  /** Change what `wanted(me)` says. Where it was changed elsewhere, it is asked again, of what is there now. */
  change(wanted) {
    return this.#inTurn(async () => {
      for (;;) {
        try {
          return await this.#send(wanted);
        } catch (error) {
          if (error.code !== "precondition_failed") throw error;
          this.#known = null;
        }
      }
    });
  }

  async #send(wanted) {
    if (!this.#known || this.#known.me.id !== this.#store.state.me?.id) this.#known = await this.#api.me();
    return this.#api.saveMe(wanted(this.#known.me), this.#known.etag);
  }

  #inTurn(ask) {
    this.#waiting += 1;
    const asked = this.#last
      .then(ask)
      .finally(() => (this.#waiting -= 1))
      .then((answer) => this.#answered(answer));
    this.#last = asked.catch(() => {});
    return asked;
  }

  /** Of several changes the last answer says how photos are arranged: the others know less than the user has done by now. */
  #answered(answer) {
    const { photos, videos } = this.#store.state.me ?? {}; // nobody is signed in here any more
    this.#tell(answer, this.#waiting ? { photos, videos } : {});
    return answer.me;
  }

  #tell(answer, shown = {}) {
    this.#known = answer;
    const { account, me } = this.#store.state;
    if (account === "in" && me.id === answer.me.id) this.#store.dispatch("page:me", { me: { ...answer.me, ...shown } }); // or signed out
  }
}
