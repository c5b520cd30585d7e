/** Messages on their way: in order, once each, through lost connections and lost answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Sending, nextToGo } from "../../realtime/page/sending.js";
import { createStore, initial } from "../../realtime/page/state.js";

const ME = { id: "me" };
const refusal = (code, more = {}) => Object.assign(new Error(), { code, ...more });

/** What a browser would keep. */
class Kept {
  records = new Map();

  async keep(user_id, room_id, one) {
    this.records.set(one.client_id, { user_id, room_id, ...one });
  }

  async has(id) {
    return this.records.has(id);
  }

  async drop(id) {
    this.records.delete(id);
  }

  async of(user_id) {
    return [...this.records.values()].filter((one) => one.user_id === user_id);
  }

  left() {}
}

/** A page in a room, and a server that stores each `client_id` once. `loses`: how many answers are lost; `refuses`: what it says to whom. */
class Scene {
  stored = [];
  commands = 0;
  loses = 0;
  refuses = {};
  uploads = new Map();
  kept = new Kept();
  session = { ready: true, command: (name, message) => this.#stores(message) };
  api = {
    upload: (file, { key }) => new Promise((there, fails) => this.uploads.set(key, { fails, there: () => there({ id: key, type: file.type ? "image" : "file", state: "ready" }) })),
  };

  constructor() {
    this.load();
  }

  /** As after a reload. */
  load() {
    this.store = createStore({ state: initial(), now: () => 0 });
    this.store.dispatch("page:signed-in", { user: ME });
    this.store.dispatch("page:link", { link: "online" });
    this.store.dispatch("page:rooms", { items: [{ id: "r", kind: "direct", last_seq: 0, unread: 0, created_at: "2026-11-21T12:00:00.000Z" }] });
    this.sending = new Sending({ session: this.session, api: this.api, store: this.store, unsent: this.kept });
  }

  async #stores({ client_id, media_id }) {
    this.commands += 1;
    if (!this.session.ready) throw refusal("offline");
    if (this.refuses[client_id]) throw refusal(this.refuses[client_id]);
    if (!this.stored.includes(client_id)) this.stored.push(client_id);
    if (this.loses) {
      this.loses -= 1;
      this.away();
      throw refusal("offline");
    }
    return { message: { id: client_id, room_id: "r", seq: this.stored.indexOf(client_id) + 1, sender_id: "me", client_id, media_id } };
  }

  away() {
    this.session.ready = false;
    this.store.dispatch("page:link", { link: "away" });
  }

  back() {
    this.session.ready = true;
    this.store.dispatch("page:link", { link: "online" });
    this.sending.returned();
  }

  say(...ids) {
    for (const client_id of ids) this.sending.send("r", { client_id, content: client_id, type: "text", file: null, preview: null, reply: null });
  }

  choose(...ids) {
    for (const client_id of ids) this.sending.send("r", { client_id, content: "", type: "text", file: new File(["."], client_id), preview: null, reply: null });
  }

  get outgoing() {
    return this.store.state.rooms.r.outgoing.map(({ client_id, failed, waits }) => [client_id, failed ?? (waits ? "waits" : "goes")]);
  }

  /** All that can happen by now has. */
  async settles() {
    await new Promise((resume) => setImmediate(resume));
  }
}

test("what is written while the connection is away waits, and goes in its order, once each", async () => {
  const scene = new Scene();
  scene.say("a");
  await scene.settles();
  scene.away();
  scene.say("b", "c", "d");
  assert.deepEqual(scene.outgoing, [["b", "waits"], ["c", "waits"], ["d", "waits"]]);
  scene.back();
  scene.say("e");
  await scene.settles();
  assert.deepEqual(scene.stored, ["a", "b", "c", "d", "e"]);
  assert.equal(scene.commands, 5);
  assert.deepEqual([scene.outgoing, scene.kept.records.size], [[], 0]);
});

test("whose answer is lost is sent again before what comes after it, and is there once", async () => {
  const scene = new Scene();
  scene.loses = 1;
  scene.say("a", "b");
  await scene.settles();
  assert.deepEqual(scene.outgoing, [["a", "waits"], ["b", "waits"]]);
  scene.back();
  await scene.settles();
  assert.deepEqual([scene.stored, scene.commands, scene.outgoing], [["a", "b"], 3, []]);
});

test("where no answer comes though the connection stands, it is sent again after a while, and nothing overtakes it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const scene = new Scene();
  scene.refuses.a = "offline";
  scene.say("a", "b");
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [[], [["a", "waits"], ["b", "goes"]]]);
  scene.refuses = {};
  t.mock.timers.tick(2_000);
  await scene.settles();
  assert.deepEqual([scene.stored, scene.commands, scene.outgoing], [["a", "b"], 3, []]);
});

test("what is refused stays, the others go, and it may be tried again", async () => {
  const scene = new Scene();
  scene.refuses.b = "content_refused";
  scene.say("a", "b", "c");
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [["a", "c"], [["b", "content_refused"]]]);
  scene.away();
  scene.back();
  await scene.settles();
  assert.equal(scene.commands, 3); // not by itself
  scene.refuses = {};
  scene.sending.again("r", scene.store.state.rooms.r.outgoing[0]);
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [["a", "c", "b"], []]);
});

test("files are sent in the order in which they were chosen, whichever is there first; one that fails holds up no other", async () => {
  const scene = new Scene();
  scene.choose("a", "b", "c", "d");
  await scene.settles();
  assert.deepEqual([...scene.uploads.keys()], ["a", "b", "c"]); // some at once
  scene.uploads.get("c").there();
  await scene.settles();
  scene.uploads.get("d").there();
  scene.uploads.get("b").fails(refusal("payload_too_large"));
  await scene.settles();
  assert.deepEqual(scene.stored, []);
  scene.uploads.get("a").there();
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [["a", "c", "d"], [["b", "payload_too_large"]]]);
});

test("a file whose upload was cut waits, and is uploaded and sent by itself; what the server has is not uploaded twice", async () => {
  const scene = new Scene();
  scene.choose("a", "b");
  await scene.settles();
  scene.uploads.get("b").there();
  await scene.settles();
  scene.away();
  scene.uploads.get("a").fails(refusal("offline"));
  await scene.settles();
  assert.deepEqual(scene.outgoing, [["a", "waits"], ["b", "waits"]]);
  scene.uploads.clear();
  scene.back();
  await scene.settles();
  assert.deepEqual([...scene.uploads.keys()], ["a"]);
  scene.uploads.get("a").there();
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [["a", "b"], []]);
});

test("words wait for files before them while they are patient, and stay in order among themselves", () => {
  const [text, file] = [(client_id) => ({ client_id }), (client_id) => ({ client_id, file: {} })];
  const next = (outgoing, there, patient) => nextToGo(outgoing, ({ client_id }) => there.includes(client_id), ({ client_id }) => patient.includes(client_id))?.client_id;
  const all = [file("A"), text("b"), text("c"), file("D")];
  assert.equal(next(all, [], ["b", "c"]), undefined);
  assert.equal(next(all, ["D"], ["b", "c"]), undefined);
  assert.equal(next(all, ["A"], ["b", "c"]), "A");
  assert.equal(next(all, [], ["c"]), "b");
  assert.equal(next(all, [], ["b"]), undefined);
  assert.equal(next([{ ...file("A"), failed: "offline" }, text("b")], [], ["b"]), "b");
});

test("after a reload it waits still, what was refused stays refused, and what another tab has left is left", async () => {
  const scene = new Scene();
  scene.refuses.a = "content_refused";
  scene.say("a");
  await scene.settles();
  scene.away();
  scene.say("b", "c", "d");
  scene.load();
  scene.session.ready = false;
  scene.store.dispatch("page:link", { link: "away" });
  await scene.sending.restore();
  assert.deepEqual(scene.outgoing, [["a", "content_refused"], ["b", "waits"], ["c", "waits"], ["d", "waits"]]);
  await scene.kept.drop("c");
  scene.back();
  await scene.settles();
  assert.deepEqual([scene.stored, scene.outgoing], [["b", "d"], [["a", "content_refused"]]]);
});

test("who signs out sends nothing more", async () => {
  const scene = new Scene();
  scene.choose("a");
  await scene.settles();
  scene.store.dispatch("page:signed-out", {});
  scene.uploads.get("a").there();
  await scene.settles();
  assert.deepEqual([scene.stored, scene.commands], [[], 0]);
});
