/** The page's rules about calls that people make, devices, and how good a connection is, without a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { videoWith } from "../../realtime/page/calling-state.js";
import { Devices, otherCamera, wanted } from "../../realtime/page/devices.js";
import { endsSoon, longer } from "../../realtime/page/encounter-state.js";
import { bars, counted, sample } from "../../realtime/page/quality.js";
import { initial, reduce } from "../../realtime/page/state.js";
import { verdictWords } from "../../realtime/page/verdict-words.js";
import { ending, whom } from "../../realtime/page/words.js";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const ME = { id: "me", display_name: "Ana" };
const PEER = { user_id: "you", display_name: "Ben", age: 31, languages: [] };
const TICKET = { id: "t1", mode: "video", state: "waiting", joined_at: "2026-11-21T12:00:00.000Z" };
const CALLED = { call_id: "c1", origin: "direct", mode: "video", peer: PEER, auto_accept: false, expires_at: "2026-11-21T12:00:30.000Z", expires_in_ms: 30_000 };
const STARTED = { call_id: "c1", epoch: 1, role: "answerer", ice_servers: [], decider: null, max_duration_s: 1800, ice_transport_policy: "relay", may_go_direct: true };

function ready(changes = {}) {
  const nothing = { ticket: null, call: null, pending_decisions: [], unread: { rooms: {} }, recovered: false };
  return ["session:ready", { user: ME, server_time: "2026-11-21T12:00:00.000Z", ...nothing, ...changes }];
}

function play(actions, state = initial()) {
  return actions.reduce((before, [type, data, at = NOW]) => reduce(before, { type, data, at }), state);
}

const IN = [["page:signed-in", { user: ME }], ready()];
const WAITING = [...IN, ["page:queued", { ticket: TICKET, waiting: 2 }]];
const DIALLED = [...IN, ["page:calling", { call_id: "c1", mode: "voice", peer: PEER, expires_in_ms: 30_000 }]];
const ended = (reason, more) => ["call:ended", { call_id: "c1", reason, duration_s: 0, ...more }];

test("whoever is called while they wait goes on waiting, unless they answer", () => {
  const rung = play([...WAITING, ["call:offered", CALLED]]);
  assert.equal(rung.encounter.phase, "offered");
  const missed = play([ended("no_answer")], rung).encounter;
  assert.deepEqual([missed.phase, missed.ticket.id, ending(missed.after)], ["waiting", "t1", "You missed a call from Ben"]);
  const answered = play([["page:accepted", { call_id: "c1" }], ["queue:left", { ticket_id: "t1", reason: "left" }], ["call:started", STARTED], ended("hung_up")], rung);
  assert.equal(answered.encounter.phase, "over");
  const reloaded = play([...IN, ready({ ticket: TICKET, call: { ...CALLED, state: "offered", outgoing: false } }), ended("cancelled")]);
  assert.equal(reloaded.encounter.phase, "waiting");
});

test("what is told of a call that came to nothing", () => {
  const told = (actions) => ending(play(actions).encounter);
  assert.equal(told([...DIALLED, ended("no_answer")]), "Ben did not answer");
  assert.equal(told([...DIALLED, ended("declined")]), "Ben declined the call");
  assert.equal(told([...DIALLED, ["page:leaving", { call_id: "c1", how: "decline" }], ended("cancelled")]), "You cancelled the call");
  assert.equal(told([...IN, ["call:offered", CALLED], ended("cancelled")]), "You missed a call from Ben");
  assert.equal(told([...IN, ["call:offered", CALLED], ["page:leaving", { call_id: "c1", how: "decline" }], ended("declined")]), "You declined the call");
});

test("where both call each other, the call of the one who was faster counts", () => {
  const theirs = { ...CALLED, auto_accept: true };
  for (const order of [[["call:offered", theirs], DIALLED.at(-1)], [DIALLED.at(-1), ["call:offered", theirs]]]) {
    const { phase, auto_accept, accepted, mode } = play([...IN, ...order]).encounter;
    assert.deepEqual([phase, auto_accept, accepted, mode], ["offered", true, false, "video"]);
  }
});

test("a call that rings comes back after a reload, in the tab that makes it alone", () => {
  const call = { call_id: "c1", origin: "direct", mode: "voice", peer: PEER, state: "offered", outgoing: true, expires_at: "2026-11-21T12:00:20.000Z" };
  const here = play([IN[0], ready({ call })], initial({ heldCall: "c1" })).encounter;
  assert.deepEqual([here.phase, here.accepted, here.outgoing], ["offered", true, true]);
  assert.equal(play([IN[0], ready({ call })]).encounter.phase, "elsewhere");
});

test("hearing oneself leads back to the lobby, and says so where it was cut short", () => {
  const heard = [...IN, ["call:offered", { ...CALLED, origin: "echo", peer: null }], ["page:accepted", { call_id: "c1" }], ["call:started", STARTED]];
  assert.equal(whom(play(heard).encounter), "Just you");
  for (const [reason, notice] of [["hung_up", null], ["media_failed", "echo_ended"]]) {
    const over = play([...heard, ended(reason)]);
    assert.deepEqual([over.encounter.phase, over.notice, over.heldCall], ["lobby", notice, null]);
  }
});

test("which way a call goes, and what both want of it", () => {
  const state = play([...IN, ["call:offered", CALLED], ["page:accepted", { call_id: "c1" }], ["call:started", STARTED], ["call:direct", { call_id: "c1", you: false, peer: true }]]);
  assert.equal(state.encounter.ice_transport_policy, "relay");
  assert.deepEqual(state.encounter.direct, { you: false, peer: true });
  assert.equal(play([["call:direct", { call_id: "another", you: true, peer: true }]], state), state);
  const after = play([["call:started", { ...STARTED, epoch: 2, ice_transport_policy: "all", direct: { you: true, peer: true } }]], state);
  assert.equal(after.encounter.ice_transport_policy, "all");
});

test("a call that ends soon can be made longer once, by both", () => {
  const live = { phase: "call", state: "live", origin: "match" };
  assert.ok(endsSoon(live, 120));
  assert.ok(!endsSoon(live, 121) && !endsSoon(live, null) && !endsSoon({ ...live, state: "reconnecting" }, 5));
  assert.ok(endsSoon({ ...live, origin: "echo" }, 15) && !endsSoon({ ...live, origin: "echo" }, 50));
  assert.equal(longer(live), "nobody");
  assert.equal(longer({ ...live, extend: { you: true, peer: false } }), "you");
  assert.equal(longer({ ...live, extend: { you: false, peer: true } }), "peer");
  assert.equal(longer({ ...live, extend: { you: true, peer: true } }), null);
  assert.equal(longer({ ...live, origin: "echo" }), null);
});

test("who has asked for video within a connection, the latest counts", () => {
  const request = (status, more) => ({ id: "v", connection_id: "k", approver_id: "you", status, requested_at: "2026-11-21T11:00:00.000Z", ...more });
  const after = (...actions) => videoWith(play([...IN, ...actions]), "k");
  assert.equal(after(), "none");
  assert.equal(after(["page:connection", { id: "k", video_enabled: true }]), "enabled");
  assert.equal(after(["video:requested", { request: request("pending") }]), "mine");
  assert.equal(after(["video:requested", { request: request("pending", { approver_id: "me" }) }]), "theirs");
  assert.equal(after(["video:requested", { request: request("pending") }], ["video:responded", { request: request("rejected") }]), "none");
  assert.equal(after(["video:responded", { request: request("approved") }], ["video:requested", { request: request("pending") }]), "enabled");
  const older = request("rejected", { requested_at: "2026-11-20T11:00:00.000Z" });
  assert.equal(after(["page:video-requests", { items: [request("pending"), older] }]), "mine");
});

const report = (...entries) => new Map(entries.map((entry, at) => [entry.id ?? `e${at}`, { id: `e${at}`, ...entry }]));
const BOTH_WAYS = (more) => report(
  { type: "inbound-rtp", kind: "audio", packetsReceived: 0, packetsLost: 0, bytesReceived: 0, jitter: 0.2, ...more?.inbound },
  { type: "outbound-rtp", packetsSent: 0, bytesSent: 0, ...more?.outbound },
  { type: "remote-inbound-rtp", packetsLost: 0, roundTripTime: 0.0424, jitter: 0.0071, ...more?.remote },
  { id: "T", type: "transport", selectedCandidatePairId: "P" },
  { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: 0.03 },
  { id: "L", type: "local-candidate", candidateType: "relay", relayProtocol: "tcp", protocol: "udp" },
  { id: "R", type: "remote-candidate", candidateType: "prflx" },
);

test("a sample is what lies between two reports, of what this side sends", () => {
  const [before, now] = [
    counted(BOTH_WAYS(), NOW),
    counted(BOTH_WAYS({ inbound: { packetsReceived: 96, packetsLost: 4, bytesReceived: 50_000 }, outbound: { packetsSent: 200, bytesSent: 125_000 }, remote: { packetsLost: 62 } }), NOW + 5_000),
  ];
  assert.deepEqual(sample(before, now), {
    rtt_ms: 42, jitter_ms: 7, loss: 0.31, send_kbps: 200, receive_kbps: 80, path: { local: "relay", remote: "prflx", protocol: "tcp" }, missed: 0.04,
  });
  const quiet = sample(now, { ...now, at: now.at + 5_000 });
  assert.ok(!("loss" in quiet) && !("missed" in quiet)); // of nothing nothing is known
  assert.deepEqual(sample({ ...counted(report(), NOW) }, counted(report(), NOW + 5_000)), { send_kbps: 0, receive_kbps: 0 });
});

test("the worst of a connection says how many bars it has", () => {
  assert.equal(bars({}), 4);
  assert.equal(bars({ rtt_ms: 199, loss: 0.019 }), 4);
  assert.equal(bars({ rtt_ms: 200 }), 3);
  assert.equal(bars({ rtt_ms: 30, loss: 0.05 }), 2);
  assert.equal(bars({ rtt_ms: 30, loss: 0.01, missed: 0.31 }), 1);
});

test("what was chosen is demanded, and stays chosen", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const devices = new Devices(storage);
  assert.deepEqual(devices.choice, { facing: "user", rings: true });
  assert.equal(wanted("video", devices.choice).facingMode, "user");
  devices.choose({ audio: "mic-2" });
  devices.choose({ rings: false });
  assert.deepEqual(new Devices(storage).choice, { facing: "user", rings: false, audio: "mic-2" });
  assert.deepEqual(wanted("audio", devices.choice).deviceId, { exact: "mic-2" });
  assert.deepEqual(wanted("video", { video: "cam-2", facing: "user" }).deviceId, { exact: "cam-2" });
});

test("a phone turns to its other side, a desk to its next camera", () => {
  const cameras = [{ deviceId: "a" }, { deviceId: "b" }];
  assert.deepEqual(otherCamera({ choice: { facing: "user" }, cameras, current: "a", phone: true }), { video: null, facing: "environment" });
  assert.deepEqual(otherCamera({ choice: { facing: "environment" }, cameras, current: "a", phone: true }), { video: null, facing: "user" });
  assert.deepEqual(otherCamera({ choice: {}, cameras, current: "b", phone: false }), { video: "a" });
});

test("a verdict is said in the words of the page, and one of a newer server as that says it", () => {
  assert.equal(verdictWords({ code: "network_changed", text: "?", values: { seconds: 3.1 } }), "The network changed, and the call came back in 3.1 s.");
  assert.equal(verdictWords({ code: "newer", text: "The moon was in the way." }), "The moon was in the way.");
});

test("why it went so is said of the call that is over, and of no other", () => {
  const verdict = { code: "other_left", text: "The other side left the page." };
  const why = (call_id) => ["page:verdict", { call_id, verdict }];
  const over = [...IN, ["call:offered", CALLED], ["page:accepted", { call_id: "c1" }], ["call:started", STARTED], ended("hung_up")];
  assert.equal(play([...over, why("c1")]).encounter.verdict, verdict);
  assert.equal(play([...over, why("c2")]).encounter.verdict, undefined);
  assert.equal(play([...over, ["page:queued", { ticket: TICKET, waiting: 2 }], why("c1")]).encounter.verdict, undefined);
});
