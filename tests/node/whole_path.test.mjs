/**
 * The whole path as an app walks it with the official client: register, connect, queue, match, accept, signal, connected,
 * end, decide, chat. ADDRESS and TRANSPORTS come from the environment.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { Person } from "./person.mjs";

const { ADDRESS } = process.env;
const TRANSPORTS = process.env.TRANSPORTS.split(",");
const VOLATILE = new Set(["queue:updated", "call:media", "chat:typing", "presence:changed"]);
const CANDIDATE = {
  candidate: "candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host generation 0 ufrag abcd",
  sdpMid: "0",
  sdpMLineIndex: 0,
  usernameFragment: "abcd",
};

function description(type) {
  const file = new URL(`../signaling/descriptions/chromium-video.${type}.sdp`, import.meta.url);
  return { type, sdp: readFileSync(file, "utf8").replace(/\r?\n/g, "\r\n") };
}

let ana;
let ben;

before(async () => {
  ana = await Person.register(ADDRESS, "Ana", "female");
  ben = await Person.register(ADDRESS, "Ben", "male");
});

after(() => {
  ana.disconnect();
  ben.disconnect();
});

test("a connection without a good token is refused with a code of the catalogue", async () => {
  const socket = io(ADDRESS, { transports: TRANSPORTS, auth: { token: "nothing" }, forceNew: true });
  const refusal = await new Promise((resolve) => socket.on("connect_error", resolve));
  assert.equal(refusal.data.code, "unauthenticated");
  assert.equal(socket.active, false, "a refusal ends the automatic reconnection");
});

test("session:ready is the first event and says where everything stands", async () => {
  for (const person of [ana, ben]) {
    const ready = await person.connect(TRANSPORTS);
    assert.deepEqual(person.names(), ["session:ready"]);
    assert.equal(ready.user.id, person.account.user.id);
    assert.equal(ready.recovered, false);
    assert.deepEqual([ready.call, ready.ticket, ready.pending_decisions], [null, null, []]);
  }
});

test("what is not a command is refused, and the connection stays", async () => {
  assert.equal(await ana.refused("queue:jump"), "invalid_request");
  assert.equal(await ana.refused("queue:join", { mode: "video", colour: "red" }), "invalid_request");
  assert.equal(await ana.refused("call:end", { call_id: ana.account.user.id }), "not_found");
});

let callId;

test("two who join are offered to each other", async () => {
  const { ticket, waiting } = await ana.ask("queue:join", { mode: "video" });
  assert.deepEqual([ticket.mode, ticket.state, waiting], ["video", "waiting", 1]);
  assert.equal((await ana.ask("queue:join", { mode: "video" })).ticket.id, ticket.id);
  await ben.ask("queue:join", { mode: "video" });
  const [hers, his] = [(await ana.next("call:offered")).data, (await ben.next("call:offered")).data];
  callId = hers.call_id;
  assert.equal(his.call_id, callId);
  assert.equal(hers.peer.display_name, "Ben");
  assert.equal(hers.peer.email, undefined);
});

test("both accept, and signals go from one to the other", async () => {
  for (const person of [ana, ben]) await person.ask("call:accept", { call_id: callId });
  const started = [(await ana.next("call:started")).data, (await ben.next("call:started")).data];
  assert.deepEqual(started.map(({ role }) => role).sort(), ["answerer", "offerer"]);
  const [offerer, answerer] = started[0].role === "offerer" ? [ana, ben] : [ben, ana];
  const call = { call_id: callId, epoch: 1 };
  await offerer.ask("call:signal", { ...call, description: description("offer") });
  assert.equal((await answerer.next("call:signal")).data.description.type, "offer");
  await answerer.ask("call:signal", { ...call, description: description("answer") });
  assert.equal((await offerer.next("call:signal")).data.description.type, "answer");
  await offerer.ask("call:signal", { ...call, candidate: CANDIDATE });
  assert.equal((await answerer.next("call:signal")).data.candidate.candidate, CANDIDATE.candidate);
  await offerer.ask("call:signal", { ...call, candidate: null });
  assert.equal((await answerer.next("call:signal")).data.candidate, null);
  assert.equal(await offerer.refused("call:signal", { ...call, epoch: 7, candidate: CANDIDATE }), "stale_epoch");
});

test("the call is live when both have media, and each hears of the other's mute", async () => {
  const path = { local: "host", remote: "srflx", protocol: "udp" };
  for (const person of [ana, ben]) await person.ask("call:connected", { call_id: callId, epoch: 1, path });
  for (const person of [ana, ben]) {
    let state;
    do state = (await person.next("call:state")).data;
    while (state.state !== "live");
    assert.ok(Date.parse(state.live_at));
  }
  await ana.ask("call:media", { call_id: callId, audio: false, video: true });
  assert.deepEqual((await ben.next("call:media")).data, { call_id: callId, audio: false, video: true });
});

let connection;

test("after the call she decides, and both are connected", async () => {
  await ben.ask("call:end", { call_id: callId });
  assert.deepEqual(await ben.ask("call:end", { call_id: callId }), {});
  const [hers, his] = [(await ana.next("call:ended")).data, (await ben.next("call:ended")).data];
  assert.deepEqual([hers.reason, his.reason], ["hung_up", "hung_up"]);
  assert.deepEqual([hers.decision.you_decide, his.decision.you_decide], [true, false]);
  assert.equal(await ben.refused("decision:submit", { call_id: callId, connect: true }), "forbidden");
  await ana.ask("decision:submit", { call_id: callId, connect: true, feedback: { rating: 5 } });
  assert.equal(await ana.refused("decision:submit", { call_id: callId, connect: false }), "already_decided");
  const results = [(await ana.next("decision:result")).data, (await ben.next("decision:result")).data];
  assert.deepEqual(results.map(({ outcome }) => outcome), ["connected", "connected"]);
  assert.deepEqual(results.map(({ connection: { peer } }) => peer.display_name), ["Ben", "Ana"]);
  connection = results[0].connection;
});

test("they chat: numbered without a gap, once for each client_id", async () => {
  const room = { room_id: connection.room_id };
  const { message } = await ana.ask("chat:send", { ...room, client_id: "a1", content: "Hi Ben" });
  assert.deepEqual((await ana.ask("chat:send", { ...room, client_id: "a1", content: "Hi Ben" })).message, message);
  for (const person of [ana, ben]) assert.deepEqual((await person.next("chat:message")).data.message, message);
  await ben.ask("chat:typing", { ...room, typing: true });
  assert.equal((await ana.next("chat:typing")).data.user_id, ben.account.user.id);
  await ben.ask("chat:send", { ...room, client_id: "b1", content: "Hi Ana" });
  await ben.ask("chat:read", { ...room, seq: 2 });
  for (const person of [ana, ben]) {
    const { seq, content, sender_id } = (await person.next("chat:message")).data.message;
    assert.deepEqual([seq, content, sender_id], [2, "Hi Ana", ben.account.user.id]);
  }
  assert.equal((await ana.next("chat:receipt")).data.read_seq, 2);
  const { messages, has_more } = await ana.ask("chat:history", { ...room, limit: 1 });
  assert.deepEqual([messages.map(({ seq }) => seq), has_more], [[2], true]);
});

test("events came in order, each durable one with an offset of its own", () => {
  const call = ["session:ready", "call:offered", "call:started", "call:state", "call:ended", "decision:result", "chat:message"];
  for (const person of [ana, ben]) {
    const firsts = call.map((name) => person.names().indexOf(name));
    assert.deepEqual(firsts, [...firsts].sort((a, b) => a - b), person.names().join(" "));
    const offsets = person.heard.filter(({ name }) => !VOLATILE.has(name)).map(({ rest }) => rest);
    assert.ok(offsets.every((rest) => rest.length === 1 && typeof rest[0] === "string"));
    assert.equal(new Set(offsets.flat()).size, offsets.length);
    assert.ok(person.heard.filter(({ name }) => VOLATILE.has(name)).every(({ rest }) => rest.length === 0));
  }
});

test("who loses the connection is given what was missed, by the official client's own recovery", async () => {
  const room = { room_id: connection.room_id };
  const heard = ben.heard.length;
  ben.socket.io.engine.close();
  await ana.ask("chat:send", { ...room, client_id: "a2", content: "Still there?" });
  assert.equal((await ben.next("session:ready")).data.recovered, true);
  assert.equal((await ben.next("chat:message")).data.message.content, "Still there?");
  assert.equal(ben.socket.recovered, true);
  await ana.ask("chat:send", { ...room, client_id: "a3", content: "Good." });
  await ben.next("chat:message");
  const names = ben.heard.slice(heard).map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name === "chat:message").length, 2, names.join(" "));
});
