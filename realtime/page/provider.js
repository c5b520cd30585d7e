/**
 * Signing in at Google or Apple, by OpenID Connect's own flow for browsers: this page goes there, and what they say comes back after the `#`
 * of the address, which no server sees. No script of theirs runs here. `state` shows that it was begun in this tab, and the nonce ties the
 * token to it.
 */

import { failure } from "./state.js";
import { randomId } from "./device.js";

const BEGUN = "realtime-connect.provider";
/**
 * What each is asked for. Apple gives a token only beside a code, which nobody uses; asked for name and address it answers by a form, which
 * our server puts behind the `#`.
 */
const ASKED = {
  google: { response_type: "id_token", scope: "openid email", prompt: "select_account" },
  apple: { response_type: "code id_token", scope: "name email", response_mode: "form_post" },
};
/** What a refusal of ours means here. */
const TROUBLE = { conflict: "provider_conflict", unauthenticated: "provider_unclear", not_found: "provider_unclear" };

/** The name that Apple tells when somebody is there for the first time, and never again. Nobody vouches for it: it is a proposal. */
function calledBy(user) {
  try {
    const { firstName = "", lastName = "" } = JSON.parse(user).name;
    return `${firstName} ${lastName}`.trim().slice(0, 100);
  } catch {
    return "";
  }
}

export class Provider {
  #store;
  #ways;
  #entering;
  #returned = null;
  #add = null;

  constructor({ store, ways, entering }) {
    this.#store = store;
    this.#ways = ways;
    this.#entering = entering;
  }

  /** Go there, and come back; `adding`: to one's own account. */
  leaveFor(name, { adding = false } = {}) {
    const { address, client_id } = this.#ways.providers[name];
    const [state, nonce] = [randomId(), randomId()];
    sessionStorage.setItem(BEGUN, JSON.stringify({ name, state, nonce, adding }));
    const asked = { client_id, redirect_uri: `${location.origin}/`, response_mode: "fragment", state, nonce, ...ASKED[name] };
    location.assign(`${address}?${new URLSearchParams(asked)}`);
  }

  /** `add(name, token)`: another way in to one's own account. Its view carries that out, which may be loaded later. */
  onAdd(add) {
    this.#add = add;
    this.look();
  }

  /** Whether the address is an answer; it is taken out of it then. */
  open(hash) {
    const said = new URLSearchParams(hash.slice(1));
    if (!said.has("state") || !(said.has("id_token") || said.has("error"))) return false;
    const begun = JSON.parse(sessionStorage.getItem(BEGUN));
    sessionStorage.removeItem(BEGUN);
    const ours = begun !== null && begun.state === said.get("state");
    const told = { id_token: said.get("id_token"), called: calledBy(said.get("user")) };
    this.#returned = ours ? { ...begun, ...told } : { trouble: "provider_unclear" };
    if (ours && said.has("error")) this.#returned = { trouble: "provider_refused" };
    history.replaceState(null, "", ours && begun.adding ? "#own" : "#sign-in");
    return true;
  }

  /** It is known by now who is signed in here. */
  async look() {
    const [returned, { account }] = [this.#returned, this.#store.state];
    if (returned === null || account === "unknown") return;
    if (returned.adding && account === "in" && !this.#add) return; // it will be asked for
    this.#returned = null;
    const { trouble, name, adding, id_token, nonce, called } = returned;
    if (trouble) return this.#say({ code: trouble });
    if (adding) return account === "in" ? this.#add(name, { id_token, nonce }) : this.#say({ code: "provider_signed_out" });
    if (account !== "in") await this.#entering.byProvider(name, { id_token, nonce, called }).catch((error) => this.#say(error));
  }

  #say({ code, retryAfterMs = null }) {
    this.#store.dispatch("page:notice", failure({ code: TROUBLE[code] ?? code, retryAfterMs }));
  }
}
