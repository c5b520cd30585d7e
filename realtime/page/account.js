/** One's own account: its address, its password, the ways to sign in to it, and where it is signed in. Throws what the server says. */

import { failure } from "./state.js";

export class Account {
  #api;
  #store;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  /** It is on the screen: read all of it anew. What was confirmed elsewhere shows wherever one is. */
  look() {
    const { account, place, me } = this.#store.state;
    if (account !== "in") return;
    const all = place.name === "own" ? [this.loadLogins(), this.loadSessions()] : [];
    if (all.length || me.status === "pending") all.push(this.loadMe());
    return Promise.all(all).catch((error) => this.#store.dispatch("page:notice", failure(error)));
  }

  loadMe() {
    return this.#tell("page:me", async () => ({ me: (await this.#api.me()).me }));
  }

  loadLogins() {
    return this.#tell("page:logins", () => this.#api.request("GET", "/v1/me/logins"));
  }

  loadSessions() {
    return this.#tell("page:sessions", async () => ({ items: await this.#api.all("/v1/auth/sessions") }));
  }

  /** Have the link sent once more that confirms the address. */
  sendLink() {
    return this.#api.request("POST", "/v1/auth/email/send");
  }

  changeEmail(email, proof) {
    return this.#api.request("POST", "/v1/auth/email/change", { email, ...proof });
  }

  async changePassword(new_password, proof) {
    await this.#api.request("POST", "/v1/auth/password/change", { new_password, ...proof });
    await Promise.all([this.loadLogins(), this.loadSessions()]);
  }

  askForCode(phone) {
    return this.#api.askForCode(phone);
  }

  async addPhone(phone, code, proof) {
    await this.#api.request("POST", "/v1/auth/phone/verify", { phone, code, ...proof });
    await Promise.all([this.loadLogins(), this.loadMe()]);
  }

  async addProvider(provider, { id_token, nonce }, proof) {
    await this.#api.request("POST", `/v1/auth/openid/${provider}`, { id_token, nonce, ...proof });
    await Promise.all([this.loadLogins(), this.loadMe()]);
  }

  async removeLogin(id, proof) {
    await this.#api.request("DELETE", `/v1/me/logins/${id}`, proof);
    await Promise.all([this.loadLogins(), this.loadMe()]);
  }

  async endSession(id) {
    await this.#api.request("DELETE", `/v1/auth/sessions/${id}`).catch((error) => {
      if (error.code !== "not_found") throw error; // it was over already
    });
    await this.loadSessions();
  }

  async endOtherSessions() {
    await this.#api.request("DELETE", "/v1/auth/sessions");
    await this.loadSessions();
  }

  /** What is read of somebody is shown to nobody else, who may have signed in meanwhile. */
  async #tell(type, read) {
    const asking = this.#store.state.me.id;
    const said = await read();
    const { account, me } = this.#store.state;
    if (account === "in" && me.id === asking) this.#store.dispatch(type, said);
  }
}
