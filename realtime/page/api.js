/**
 * The REST side: accounts, the profile, lists.
 *
 * The access token is kept in memory. The browser keeps the refresh token, and what marks it as a known device, in
 * cookies that no script can read; in localStorage is only whose they are, for all tabs to see. A refresh token can be
 * used once, and using it twice may end every session that came from it. So one refresh runs at a time, in this tab and
 * across tabs.
 */

import { randomId } from "./device.js";
import { post } from "./upload.js";

const KEPT = "realtime-connect.account";
/** Signed out here while the server could not be reached: it is told as soon as it can be. */
const LEAVING = "realtime-connect.leaving";
/** Where an earlier version of the page has kept the other token; `KEPT` had the refresh token. */
const DEVICE = "realtime-connect.device-token";
const MARGIN_MS = 10_000;
/** During a deploy a node of the version before may answer, which knows of no cookies: the next one does. */
const OTHER_NODES = 8;
const OTHER_NODE_MS = 400;

/** An error with the server's `code`, or `offline` if the server could not be reached. */
class ApiError extends Error {
  constructor(code, message, { details = {}, retryAfterMs = null } = {}) {
    super(message);
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether a refresh failed because the session is over, so that only signing in helps. */
  get endsSession() {
    return ["unauthenticated", "token_expired", "banned"].includes(this.code);
  }
}

export class Api {
  #access = null;
  #refreshing = null;
  #restricted = false;

  constructor() {
    if (localStorage.getItem(LEAVING)) this.#leave();
  }

  /** The key of localStorage that holds the account. */
  get storageKey() {
    return KEPT;
  }

  get signedIn() {
    return this.#kept() !== null;
  }

  /** The account that this browser is signed in to; a change in another tab shows here. */
  get keptUser() {
    return this.#kept()?.user_id ?? null;
  }

  register(fields) {
    return this.enter("/v1/auth/register", fields);
  }

  login(fields) {
    return this.enter("/v1/auth/login", fields);
  }

  /** Sign in, or up, in one of the ways that there are. */
  async enter(path, fields) {
    for (let left = OTHER_NODES; ; left -= 1) {
      try {
        return this.#keep(await (await send("POST", path, { ...fields, ...knownDevice(), cookie: true })).json());
      } catch (error) {
        if (!knowsNoCookies(error, "cookie") || left === 0) throw error;
        await new Promise((resume) => setTimeout(resume, OTHER_NODE_MS));
      }
    }
  }

  /** Ask for what nobody has to be signed in for. */
  async plainly(path, body) {
    return content(await send("POST", path, body));
  }

  /** Have a code sent to a phone: `{expires_in_s, resend_after_s}`. */
  async askForCode(phone) {
    const path = "/v1/auth/phone/start";
    return this.signedIn ? this.request("POST", path, { phone }) : (await send("POST", path, { phone, ...knownDevice() })).json();
  }

  /** What `banned` gave: it serves to see why, and to appeal. What is kept gives the next one when it has expired. */
  restrict(token) {
    this.#restricted = true;
    this.#access = { token, until: Infinity };
  }

  /** End the session here, and on the server if it can be reached. */
  async signOut() {
    localStorage.setItem(LEAVING, "yes");
    await this.#leave();
    this.forget();
  }

  /** By the access token, or by the cookie alone. */
  async #leave() {
    const token = this.#access?.until > performance.now() ? this.#access.token : null;
    try {
      await send("POST", "/v1/auth/logout", {}, token ? { Authorization: `Bearer ${token}` } : {});
    } catch (error) {
      if (!error.endsSession) return; // told at the next start
    }
    localStorage.removeItem(LEAVING);
  }

  forget() {
    [this.#access, this.#restricted] = [null, false];
    localStorage.removeItem(KEPT);
  }

  /** An access token that is valid for some more seconds. */
  async freshToken() {
    if (this.#access && this.#access.until > performance.now() + MARGIN_MS) return this.#access.token;
    try {
      return (await this.refresh()).access_token;
    } catch (error) {
      if (!this.#restricted || !error.details.token) throw error;
      this.restrict(error.details.token);
      return error.details.token;
    }
  }

  /** New tokens; callers at the same time share one request. Gives the account too. */
  refresh() {
    this.#refreshing ??= this.#refreshAlone().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /** This session shows a one-time code, and has a second factor from then on. */
  showCode(totp) {
    return this.#refreshAlone({ totp });
  }

  /** A secret for one-time codes: `{secret, url}`. */
  askForCodes(password) {
    return this.request("POST", "/v1/me/totp", password ? { password } : {});
  }

  turnCodesOn(code) {
    return this.request("POST", "/v1/me/totp", { code });
  }

  /** Without a code, that serves where they are not on. */
  turnCodesOff(code) {
    return this.request("DELETE", "/v1/me/totp", code ? { code } : {});
  }

  /** `{me, etag}`; the etag goes back with `saveMe`, so that two edits do not overwrite each other. */
  async me() {
    const response = await this.#authorised("GET", "/v1/me");
    return { me: await response.json(), etag: response.headers.get("ETag") };
  }

  async saveMe(changes, etag) {
    const response = await this.#authorised("PATCH", "/v1/me", changes, { "If-Match": etag });
    return { me: await response.json(), etag: response.headers.get("ETag") };
  }

  settings() {
    return this.request("GET", "/v1/me/settings");
  }

  changeSettings(changes) {
    return this.request("PATCH", "/v1/me/settings", changes);
  }

  /** Push to this device, reached as `device` says. */
  nameDevice(id, device) {
    return this.request("PUT", `/v1/devices/${id}`, device);
  }

  forgetDevice(id) {
    return this.request("DELETE", `/v1/devices/${id}`);
  }

  /** Upload a picture that goes with a report. Gives its id. */
  async uploadForReport(picture) {
    return (await this.upload(picture, { purpose: "report", key: randomId() })).id;
  }

  /** Upload a file, with `told(sent)` how much of it has been sent, from 0 to 1; others see what a file for a chat is called. The same `key` again: the same media. */
  async upload(file, { purpose, key, name = "file", signal = new AbortController().signal, told = () => {} }) {
    const form = new FormData();
    form.append("purpose", purpose);
    form.append("file", file, name);
    const by = (_, path, body, headers) => answer(() => post(path, body, { headers, signal, told }));
    return (await this.#authorised("POST", "/v1/media", form, { "Idempotency-Key": key }, by)).json();
  }

  /** A picture that came with a report, for a moderator: fetched once, since each look is on the audit log. */
  async picture(id) {
    const { urls } = await this.request("GET", `/v1/media/${id}`);
    const { pathname, search } = new URL(urls.original, location.href);
    return (await send("GET", pathname + search)).blob();
  }

  /** Every item of a list, page after page. */
  async all(path) {
    const items = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: "100", ...(cursor && { cursor }) });
      const page = await this.request("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }

  async request(method, path, body, headers) {
    const response = await this.#authorised(method, path, body, headers);
    return content(response);
  }

  /** The same as a text of this kind. */
  async written(path, type) {
    return (await this.#authorised("GET", path, undefined, { Accept: type })).text();
  }

  async #authorised(method, path, body, headers = {}, by = send) {
    const attempt = async () => by(method, path, body, { ...headers, Authorization: `Bearer ${await this.freshToken()}` });
    try {
      return await attempt();
    } catch (error) {
      if (error.code !== "token_expired") throw error;
      this.#access = null;
      return attempt();
    }
  }

  async #refreshAlone(more = {}) {
    const exchange = async () => {
      const kept = this.#kept(); // read under the lock: another tab may have refreshed meanwhile
      if (!kept) throw new ApiError("unauthenticated", "Sign in first.");
      // What an earlier version of the page has kept goes to the browser.
      const handed = kept.refresh_token ? { refresh_token: kept.refresh_token, cookie: true } : {};
      try {
        return this.#keep(await (await send("POST", "/v1/auth/refresh", { ...handed, ...knownDevice(), ...more })).json());
      } catch (error) {
        throw knowsNoCookies(error, "cookie", "refresh_token") ? new ApiError("unavailable", "Try again shortly.") : error;
      }
    };
    return navigator.locks ? navigator.locks.request(KEPT, exchange) : exchange();
  }

  #keep(signedIn) {
    this.#restricted = false;
    this.#access = { token: signedIn.access_token, until: performance.now() + signedIn.expires_in_s * 1000 };
    localStorage.setItem(KEPT, JSON.stringify({ user_id: signedIn.user.id }));
    for (const gone of [LEAVING, DEVICE]) localStorage.removeItem(gone);
    return signedIn;
  }

  #kept() {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null");
  }
}

function knownDevice() {
  const token = localStorage.getItem(DEVICE);
  return token ? { device_token: token } : {};
}

/** Whether a node of the version before has refused this, which knows of no such field, or misses it. */
function knowsNoCookies(error, ...fields) {
  return error.code === "invalid_request" && fields.includes(error.details.field);
}

async function send(method, path, body, headers = {}) {
  const [plain, type] = body instanceof FormData ? [body, {}] : [JSON.stringify(body), { "Content-Type": "application/json" }];
  return answer(() => fetch(path, { method, headers: { ...headers, ...(body && type) }, body: plain }));
}

/** What the server answers to a request. Throws its error, or `offline`. */
async function answer(ask) {
  let response;
  try {
    response = await ask();
  } catch {
    throw new ApiError("offline", "The server cannot be reached.");
  }
  if (!response.ok) throw await problem(response);
  return response;
}

/** What was answered; null: nothing had to be said. */
async function content(response) {
  const said = await response.text();
  return said ? JSON.parse(said) : null;
}

/** The error of RFC 9457 problem details; a proxy in between may answer with something else. */
async function problem(response) {
  const told = await response.json().catch(() => ({}));
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(told.code ?? (response.status >= 500 ? "unavailable" : "internal"), told.detail ?? told.title ?? "", {
    details: told.details,
    retryAfterMs: told.retry_after_ms ?? (after ? after * 1000 : null),
  });
}
