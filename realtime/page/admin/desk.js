/**
 * What a moderator does: loads what a place shows, and acts. Each answer goes into the store.
 *
 * A load that is not the latest of its name is forgotten, as is one of a place that was left. What somebody else has done
 * meanwhile is told in words, and the place is loaded again.
 */

import { picturesOf } from "./state.js";
import { done, problem } from "./words.js";

const STALE = new Set(["conflict", "already_decided", "gone", "not_found"]);
const PAGE = "50";

export class Desk {
  #api;
  #store;
  #onEnd;
  #latest = {};
  #drawn = [];
  #asked = null;

  /** `onEnd(code)` when the session is over. */
  constructor({ api, store, onEnd }) {
    this.#api = api;
    this.#store = store;
    this.#onEnd = onEnd;
  }

  /** Somebody has signed in: what they see depends on their role. */
  enter({ user }) {
    if (user.role === "user") return this.#store.dispatch("stranger", { me: user });
    this.#store.dispatch("in", { me: user });
    return this.load();
  }

  /** Show a one-time code of the app: this turns codes on, or is this session's second factor. */
  async showCode(totp) {
    const { secret, me } = this.#store.state;
    if (secret) await this.#api.request("POST", "/v1/me/totp", { code: totp });
    else await this.#api.showCode(totp);
    await this.enter({ user: me });
  }

  /** The password says whose account it is: what an app needs to show codes. */
  async prove(password) {
    const { me } = this.#store.state;
    this.#store.dispatch("factor", { me, secret: await this.#newSecret({ password }) });
  }

  // --- Looking ---

  /** Load what the present place shows; `more`: the next page of it. */
  load({ more = false } = {}) {
    const { place, filter, q, sought } = this.#store.state;
    const loads = {
      cases: () => this.#list("cases", "/v1/admin/reports", filter, more),
      case: () => this.#thing("case", () => this.#case(place.id)),
      people: () => this.#list("people", "/v1/admin/users", { q: q.trim() }, more),
      person: () => this.#thing("person", () => this.#person(place.id)),
      bans: () => this.#list("bans", "/v1/admin/bans", {}, more),
      appeals: () => this.#list("appeals", "/v1/admin/appeals", {}, more),
      media: () => this.#list("media", "/v1/admin/media", {}, more),
      audit: () => this.#list("audit", "/v1/admin/audit", { user_id: place.id }, more),
      places: () => this.#list("places", "/v1/locations", { q: sought }, more),
      place: () => this.#thing("place", () => (place.id === "new" ? {} : this.#api.request("GET", `/v1/locations/${place.id}`))),
      call: () => place.id && this.#thing("call", () => this.#api.request("GET", `/v1/admin/calls/${encodeURIComponent(place.id)}/timeline`)),
    };
    return loads[place.name]();
  }

  /** Look at the queue again, quietly, while only its first page is shown. */
  refresh() {
    const { place, lists } = this.#store.state;
    if (place.name === "cases" && lists.cases.status === "ready" && lists.cases.items.length <= Number(PAGE)) return this.load();
  }

  async #case(id) {
    const found = await this.#api.request("GET", `/v1/admin/reports/${id}`);
    const [suspicions, media] = await Promise.all([this.#suspicions(found.user.user_id), this.#media(found.user.user_id)]);
    return { ...found, suspicions, media };
  }

  async #person(id) {
    const asked = [`/v1/admin/users/${id}`, `/v1/admin/bans?user_id=${id}`].map((path) => this.#api.request("GET", path));
    const [person, bans, suspicions, media] = await Promise.all([...asked, this.#suspicions(id), this.#media(id)]);
    return { ...person, bans: bans.items, suspicions, media };
  }

  async #suspicions(userId) {
    return (await this.#api.request("GET", `/v1/admin/users/${userId}/suspicions`)).items;
  }

  /** What somebody shows in their profile. */
  async #media(userId) {
    return (await this.#api.request("GET", `/v1/admin/media?user_id=${userId}`)).items;
  }

  async #list(name, path, filter, more) {
    const { next } = this.#store.state.lists[name];
    const asked = Object.entries({ ...filter, limit: PAGE, cursor: more ? next : null }).filter(([, value]) => value);
    await this.#loading("list", name, async () => {
      const { items, next_cursor } = await this.#api.request("GET", `${path}?${new URLSearchParams(asked)}`);
      return { items, next: next_cursor, more };
    });
  }

  #thing(name, load) {
    return this.#loading("thing", name, async () => ({ value: await load() }));
  }

  async #loading(kind, name, load) {
    const turn = (this.#latest[name] = Symbol());
    const { place } = this.#store.state;
    const tell = (what, data) =>
      turn === this.#latest[name] &&
      place === this.#store.state.place &&
      this.#store.dispatch(`${kind}:${what}`, { name, ...data });
    tell("loading");
    try {
      tell("ready", await load());
    } catch (error) {
      if (await this.#locked(error)) return;
      if (error.code === "not_found" && kind === "list" && (await this.#dismissed())) return;
      tell("failed", { error: problem(error) });
    }
  }

  // --- Acting ---

  claim() {
    return this.#onCase("claim", "claim");
  }

  decide(action, { days = null, note = "" } = {}) {
    return this.#onCase("decide", "decide", {
      action,
      ...(days && { days: Number(days) }),
      ...(note.trim() && { note: note.trim() }),
    });
  }

  undo() {
    return this.#onCase("undo", "undo");
  }

  #onCase(act, path, body) {
    const { id } = this.#store.state.place;
    return this.#act(act, async () => {
      const value = await this.#api.request("POST", `/v1/admin/reports/${id}/${path}`, body);
      if (this.#store.state.place.id === id) this.#store.dispatch("thing:ready", { name: "case", value });
    });
  }

  clear(userId) {
    return this.#act("clear", () => this.#api.request("DELETE", `/v1/admin/users/${userId}/suspicions`), { again: true });
  }

  /** The same again, where no answer came, is the same ban. */
  ban(given) {
    const said = JSON.stringify(given);
    if (this.#asked?.said !== said) this.#asked = { said, body: banOf(given), key: { "Idempotency-Key": crypto.randomUUID() } };
    const { body, key } = this.#asked;
    const ban = async () => {
      await this.#api.request("POST", "/v1/admin/bans", body, key);
      this.#asked = null;
    };
    return this.#act("ban", ban, { again: true });
  }

  lift(banId) {
    return this.#act("lift", () => this.#api.request("DELETE", `/v1/admin/bans/${banId}`), { again: true });
  }

  decideAppeal(id, { grant, note }) {
    const body = { grant, ...(note.trim() && { note: note.trim() }) };
    return this.#act("appeal", () => this.#api.request("POST", `/v1/admin/appeals/${id}/decide`, body), { again: true });
  }

  /** Correct somebody, who may be suspended by that; what is wrong with a field is the form's to say. */
  async correct(id, changes) {
    try {
      await this.#api.request("PATCH", `/v1/admin/users/${id}`, changes);
      if (this.#store.state.place.id === id) await this.load();
      this.#store.dispatch("said", { text: done("correct") });
    } catch (error) {
      if (!(await this.#locked(error))) throw error;
    }
  }

  /**
   * Add a place (`new`), or change one; what is wrong with a field is the form's to say. The same again, where no answer came, adds no
   * second one.
   */
  async keepPlace(id, said) {
    try {
      const value = await (id === "new" ? this.#addPlace(said) : this.#api.request("PATCH", `/v1/admin/locations/${id}`, said));
      if (this.#store.state.place.id === id) this.#store.dispatch("thing:ready", { name: "place", value });
      this.#store.dispatch("said", { text: done("place") });
      return value;
    } catch (error) {
      if (!(await this.#locked(error))) throw error;
      return null;
    }
  }

  #addPlace(place) {
    const said = JSON.stringify(place);
    if (this.#asked?.said !== said) this.#asked = { said, key: { "Idempotency-Key": crypto.randomUUID() } };
    return this.#api.request("POST", "/v1/admin/locations", place, this.#asked.key);
  }

  /** Show the pictures that came with the reports, or hide them. None is fetched before: each look is on the audit log. */
  showPictures() {
    const { pictures, things } = this.#store.state;
    const wanted = things.case.value.evidence.flatMap(picturesOf);
    this.#store.dispatch("pictures", { shown: !pictures.shown });
    if (pictures.shown) return;
    return Promise.all(wanted.filter((id) => !pictures.addresses[id]).map((id) => this.#picture(id)));
  }

  #picture(id) {
    return this.#fetch(id, ({ address }) =>
      this.#store.dispatch("pictures", { addresses: { ...this.#store.state.pictures.addresses, [id]: address } }),
    );
  }

  #fetch(id, show) {
    return this.#act(
      "picture",
      async () => {
        const { place } = this.#store.state;
        const blob = await this.#api.picture(id);
        const address = URL.createObjectURL(blob);
        if (place !== this.#store.state.place) return URL.revokeObjectURL(address);
        this.#drawn.push(address);
        show({ address, moves: blob.type.startsWith("video/") });
      },
      { stays: true },
    );
  }

  /** Show a picture of a profile, or hide it. It is not fetched before: each look is on the audit log. */
  look(id) {
    const { shown = false, address = null } = this.#store.state.looks[id] ?? {};
    this.#store.dispatch("look", { id, shown: !shown });
    return shown || address ? undefined : this.#fetch(id, (found) => this.#store.dispatch("look", { id, ...found }));
  }

  decideMedia(id, body) {
    return this.#onMedia(id, "decide", body);
  }

  undoMedia(id) {
    return this.#onMedia(id, "undo");
  }

  #onMedia(id, path, body) {
    return this.#act(path === "undo" ? "restore" : "media", async () =>
      this.#store.dispatch("reviewed", { item: await this.#api.request("POST", `/v1/admin/media/${id}/${path}`, body) }),
    );
  }

  /** What was shown at a place that was left is not kept. */
  forgetPictures() {
    for (const address of this.#drawn.splice(0)) URL.revokeObjectURL(address);
  }

  /** Whether it was done. `again`: load the place afterwards; `stays`: it is not loaded when this fails. */
  async #act(name, work, { again = false, stays = false } = {}) {
    this.#store.dispatch("busy", { busy: true });
    this.#store.dispatch("notice", { text: null });
    try {
      await work();
      if (again) await this.load();
      this.#store.dispatch("said", { text: done(name) });
      return true;
    } catch (error) {
      if (await this.#locked(error)) return false;
      if (!stays && STALE.has(error.code)) await this.load();
      this.#store.dispatch("notice", { text: problem(error, name) });
      return false;
    } finally {
      this.#store.dispatch("busy", { busy: false });
    }
  }

  // --- Being let in ---

  /** Whether the error says that this session may not go on as it is: then the page says what it needs. */
  async #locked(error) {
    if (error.details?.factor === "totp") await this.#askForCode();
    else if (error.endsSession) this.#onEnd(error.code);
    else return false;
    return true;
  }

  /** Whether somebody is no moderator any more, to whom there is no such list: then the page says so. */
  async #dismissed() {
    const user = await this.#api.request("GET", "/v1/me").catch(() => this.#store.state.me);
    if (user.role === "user") this.#store.dispatch("stranger", { me: user });
    return user.role === "user";
  }

  async #askForCode() {
    const { me, account } = this.#store.state;
    if (account !== "in") return;
    try {
      this.#store.dispatch("factor", { me, secret: await this.#newSecret() });
    } catch (error) {
      if (error.details?.factor === "password") return this.#store.dispatch("proof", { me });
      this.#store.dispatch("factor", { me, secret: null });
      this.#store.dispatch("notice", { text: problem(error) });
    }
  }

  /** What an app needs to show codes; null for somebody whose app does already. */
  async #newSecret(proof = {}) {
    try {
      return await this.#api.request("POST", "/v1/me/totp", proof);
    } catch (error) {
      if (error.code === "conflict") return null;
      throw error;
    }
  }
}

function banOf({ user_id, reason, days }) {
  const until = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
  return { user_id: user_id.trim(), reason: reason.trim(), ...(until && { until }) };
}
