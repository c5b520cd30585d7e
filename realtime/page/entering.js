/**
 * Signing in, or up, by something else than a password: a code that came to a phone, an account at Google or Apple.
 *
 * What was shown stays in the memory of this page until all has come that the server asks for: a one-time code where those are on, a
 * profile where an account is to be opened.
 */

/** What the server misses, by the step that asks for it. */
function lacking({ code, details }) {
  if (details?.factor === "totp") return "second";
  return code === "profile_incomplete" ? "about-you" : null;
}

export class Entering {
  #api;
  #store;
  #enter;
  #goTo;
  #shown = null;

  /** `enter(path, fields)` signs in, `goTo(step)` leads to a step. */
  constructor({ api, store, enter, goTo }) {
    this.#api = api;
    this.#store = store;
    this.#enter = enter;
    this.#goTo = goTo;
  }

  askForCode(phone) {
    return this.#api.askForCode(phone);
  }

  byPhone(phone, code) {
    return this.#show({ way: "phone", path: "/v1/auth/phone/verify", fields: { phone, code } });
  }

  /** `called`: how they are called there. */
  byProvider(way, { id_token, nonce, called = "" }) {
    return this.#show({ way, path: `/v1/auth/openid/${way}`, fields: { id_token, nonce }, called });
  }

  /** What was missing: `{totp}` or `{profile}`. Throws what is wrong with it. */
  async more(fields) {
    const { fields: before, ...shown } = this.#shown;
    await this.#show({ ...shown, fields: { ...before, ...fields } });
  }

  async #show(shown) {
    const { way, path, fields, called } = (this.#shown = shown);
    try {
      await this.#enter(path, fields);
      this.#shown = null;
    } catch (error) {
      const lacks = lacking(error);
      if (!lacks) throw error;
      this.#store.dispatch("page:entering", { entering: { way, lacks, called } });
      this.#goTo(lacks);
      if (lacks === "second" ? fields.totp : fields.profile) throw error;
    }
  }
}
