/** The page's rules without a browser: what it shows, as a function of what has happened. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { device } from "../../realtime/page/account-words.js";
import { veiled } from "../../realtime/page/encounter-state.js";
import { shownNews } from "../../realtime/page/news-state.js";
import { Outbox } from "../../realtime/page/outbox.js";
import { contiguousUpTo, typists } from "../../realtime/page/rooms-state.js";
import { placeIn } from "../../realtime/page/route.js";
import { coolsDown, initial, reduce, secondsLeft, unreadInAll } from "../../realtime/page/state.js";
import * as words from "../../realtime/page/words.js";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const ME = { id: "me", display_name: "Ana" };
const PEER = { user_id: "you", display_name: "Ben", age: 31, languages: [] };
const TICKET = { id: "t1", mode: "video", state: "waiting", joined_at: "2026-11-21T12:00:00.000Z" };
const OFFER = { call_id: "c1", origin: "match", mode: "video", peer: PEER, auto_accept: true, expires_at: "2026-11-21T12:00:08.000Z" };
const STARTED = { call_id: "c1", epoch: 1, role: "offerer", ice_servers: [], decider: "you", max_duration_s: 1800 };
const ENDED = { call_id: "c1", reason: "hung_up", duration_s: 60 };
const DECISION = { you_decide: true, deadline: "2026-11-21T12:01:30.000Z" };

function ready(changes = {}) {
  const nothing = { ticket: null, call: null, pending_decisions: [], unread: { rooms: {} }, recovered: false };
  return ["session:ready", { user: ME, server_time: "2026-11-21T12:00:00.000Z", ...nothing, ...changes }];
}

function play(actions, state = initial()) {
  return actions.reduce((before, [type, data, at = NOW]) => reduce(before, { type, data, at }), state);
}

const OFFERED = [["page:signed-in", { user: ME }], ready(), ["page:queued", { ticket: TICKET, waiting: 2 }], ["call:offered", OFFER]];
const IN_CALL = [...OFFERED, ["page:accepted", { call_id: "c1" }], ["call:started", STARTED]];

test("a name is said as it is written", () => {
  const peer = { display_name: "A$$AP $& $'" };
  assert.equal(words.ending({ reason: "hung_up", mine: null, peer }), "A$$AP $& $' hung up");
  assert.equal(words.deciding("peer", peer), "Whether you stay in touch is up to A$$AP $& $'.");
  assert.equal(words.asked("you", peer.display_name), "You alone decide. A$$AP $& $' only hears of a yes.");
});

test("of a long name there is the beginning, so that what happened is not cut off", () => {
  const told = words.ending({ reason: "hung_up", mine: false, peer: { display_name: "😀".repeat(100) } });
  assert.equal(told, `${"😀".repeat(29)}… hung up`);
});

test("times are written in the language and the time zone of the settings", () => {
  const [said, now] = ["2026-11-21T23:30:00.000Z", Date.parse("2026-11-22T00:10:00.000Z")];
  const settings = (language, time_zone) => ({ theme: "system", language, time_zone });
  assert.equal(words.when(said, now, settings("de", "Asia/Tokyo")), "08:30"); // the same day there
  assert.equal(words.when(said, now, settings("de", "UTC")), "21.11.2026, 23:30");
  assert.equal(words.dateAndTime(said, settings("fr", "UTC")), "21 nov. 2026, 23:30");
  assert.equal(words.when(said, now, settings("de", "Mars/Olympus")), words.when(said, now, settings("de", null)));
});

test("what is set is the account's, and goes with it", () => {
  const settings = { theme: "neon", language: "de", time_zone: "UTC" };
  const state = play([["page:signed-in", { user: ME }], ["page:settings", { settings }]]);
  assert.deepEqual(state.settings, settings);
  assert.equal(play([["page:signed-out", { code: null }]], state).settings.theme, "system");
});

test("the way through a call", () => {
  const phases = [];
  let state = initial();
  for (const action of [...IN_CALL, ["call:ended", { ...ENDED, decision: DECISION }], ["page:lobby"]]) {
    state = play([action], state);
    phases.push(state.encounter.phase);
  }
  assert.deepEqual(phases, ["lobby", "lobby", "waiting", "offered", "offered", "call", "over", "lobby"]);
  assert.equal(state.heldCall, null);
  assert.deepEqual(state.decisions.map(({ call_id, vote }) => [call_id, vote]), [["c1", null]]);
});

test("a call that begins blurred stays so until the user asks, and the next one is blurred again", () => {
  const blurred = [...OFFERED, ["page:accepted", { call_id: "c1" }], ["call:started", { ...STARTED, video_start: "blurred" }]];
  const shown = play([...blurred, ["page:unveiled", { call_id: "another" }]]);
  assert.equal(veiled(shown.encounter), true);
  const asked = play([["page:unveiled", { call_id: "c1" }], ["call:started", { ...STARTED, epoch: 2, video_start: "blurred" }]], shown);
  assert.equal(veiled(asked.encounter), false);
  const next = [["call:ended", ENDED], ["call:offered", { ...OFFER, call_id: "c2" }], ["call:started", { ...STARTED, call_id: "c2", video_start: "blurred" }]];
  assert.equal(veiled(play(next, asked).encounter), true);
  assert.equal(veiled(play(IN_CALL).encounter), false);
});

test("events that come twice, or of another call, change nothing", () => {
  const state = play(IN_CALL);
  assert.equal(play([["call:offered", OFFER]], state), state);
  assert.equal(play([["call:ended", { ...ENDED, call_id: "c0" }]], state), state);
  assert.equal(play([["queue:left", { ticket_id: "t1", reason: "matched" }]], state), state);
  assert.equal(play([["no:such", {}]], state), state);
  assert.equal(play([["constructor", {}]], state), state);
});

test("who is queued again waits, and is told why", () => {
  const state = play([...IN_CALL, ["page:leaving", { call_id: "c1", how: "skip" }], ["call:ended", { ...ENDED, reason: "skipped", ticket: TICKET }]]);
  assert.equal(state.encounter.phase, "waiting");
  assert.equal(words.ending(state.encounter.after), "You skipped Ben");
});

test("a queue that ends without a match says so", () => {
  const waiting = OFFERED.slice(0, 3);
  assert.equal(play([...waiting, ["queue:left", { ticket_id: "t1", reason: "timed_out" }]]).notice, "timed_out");
  assert.equal(play([...waiting, ["queue:left", { ticket_id: "t1", reason: "left" }]]).notice, null);
  assert.equal(play([...waiting, ["queue:left", { ticket_id: "t0", reason: "left" }]]).encounter.phase, "waiting");
});

test("session:ready after a reload: one's own call goes on, another device's is elsewhere", () => {
  const call = { ...OFFER, ...STARTED, state: "live", epoch: 3, live_at: "2026-11-21T11:59:00.000Z", deadline: null };
  assert.equal(play([ready({ call })], initial({ heldCall: "c1" })).encounter.phase, "call");
  assert.deepEqual(play([ready({ call })]).encounter, { phase: "elsewhere", call_id: "c1", peer: PEER, mode: "video", epoch: 3, free: false });
  assert.equal(play([ready({ ticket: TICKET })]).encounter.phase, "waiting");
});

test("the place of a device that is gone can be taken", () => {
  const call = { ...OFFER, ...STARTED, state: "reconnecting", epoch: 3, live_at: null, deadline: null };
  const elsewhere = play([ready({ call })]);
  assert.equal(elsewhere.encounter.free, true);
  assert.equal(play([["page:holder", { call_id: "c1", gone: false }]], elsewhere).encounter.free, false);
  assert.equal(play([["page:holder", { call_id: "c0", gone: false }]], elsewhere), elsewhere);
});

test("an offer lasts as long as the server says, whatever this machine's clock says", () => {
  const late = NOW + 60_000; // a clock that is a minute ahead, and no session:ready to tell so
  const state = play([["call:offered", { ...OFFER, expires_in_ms: 8_000 }, late]]);
  assert.equal(state.encounter.until, late + 8_000);
  const older = play([["session:ready", ready()[1], late], ["call:offered", OFFER, late]]);
  assert.equal(older.encounter.until, late + 8_000);
});

test("who decides is said during the call and after it", () => {
  assert.equal(words.deciding("peer", PEER), "Whether you stay in touch is up to Ben.");
  assert.equal(words.deciding(null, PEER), "");
  const state = play([...IN_CALL, ["call:ended", { ...ENDED, decision: DECISION }]]);
  assert.equal(words.asked(state.decisions[0].decider, "Ben"), "You alone decide. Ben only hears of a yes.");
  assert.equal(words.asked("both", "Ben"), "It takes a yes from both of you. Nobody can tell a no from no answer.");
});

test("a break is counted down from what the server said", () => {
  const state = play([["page:cool-down", { retry_after_ms: 30_000 }]]);
  assert.deepEqual([NOW, NOW + 29_999, NOW + 30_000].map((now) => coolsDown(state, now)), [true, true, false]);
});

const CALL = { type: "call", id: "c1" };

test("a report outlives the call, and takes the decision with it when the two are kept apart", () => {
  const talked = [...IN_CALL, ["page:report", { subject: CALL, peer: PEER }], ["call:ended", { ...ENDED, decision: DECISION }]];
  const state = play(talked);
  assert.deepEqual([state.report.subject.id, state.encounter.reported], ["c1", false]);
  const told = play([["page:reported", { subject: CALL, peer: PEER, block: true }]], state);
  assert.deepEqual([told.encounter.reported, told.decisions, told.notice, told.report], [true, [], "reported", null]);
  const again = play([...IN_CALL, ["call:ended", { ...ENDED, reason: "skipped", ticket: TICKET }], ["page:reported", { subject: CALL, peer: PEER, block: false }]]);
  assert.deepEqual([again.encounter.phase, again.encounter.after.reported], ["waiting", true]);
});

test("a warning is told once, and not if it was taken back", () => {
  const warning = { id: "s2", action: "warn", reason: "spam" };
  const warned = (strikes, seen) => play([["page:standing", { standing: { status: "active", strikes }, seen }]]).warned;
  assert.deepEqual(warned([{ id: "s3", action: "ban" }, warning], ""), warning);
  assert.deepEqual([warned([warning], "s2"), warned([{ ...warning, appeal: { state: "granted" } }], "")], [null, null]);
  const state = play([["page:standing", { standing: { strikes: [warning] }, seen: "s1" }], ["page:warning-seen"]]);
  assert.equal(state.warned, null);
});

test("a wait is said in words, and never too short", () => {
  assert.equal(words.notice("rate_limited", 1_200), "That was a bit fast. Please try again in 2 seconds.");
  assert.equal(words.notice("rate_limited", 61_000), "That was a bit fast. Please try again in 61 seconds.");
  assert.equal(words.notice("rate_limited", 100_000), "That was a bit fast. Please try again in 2 minutes.");
  assert.equal(words.notice("rate_limited"), "That was a bit fast. Please wait a moment.");
});

test("past calls are added page by page, and whoever is not blocked any more is not in the list", () => {
  const state = play([
    ["page:past-calls", { items: ["b"], next_cursor: "c" }],
    ["page:past-calls", { items: ["a"], next_cursor: null, more: true }],
    ["page:blocks", { items: [{ user_id: "you" }, { user_id: "they" }] }],
    ["page:unblocked", { user_id: "you" }],
  ]);
  assert.deepEqual([state.calls, state.blocks], [{ items: ["b", "a"], next_cursor: null }, [{ user_id: "they" }]]);
});

test("a call that the server does not know any more is over, unless its end is being replayed", () => {
  assert.equal(play([...IN_CALL, ready()]).encounter.phase, "lobby");
  assert.equal(play([...IN_CALL, ready({ recovered: true })]).encounter.phase, "call");
});

test("a decision is drawn once, and keeps what was said", () => {
  const pending = [{ call_id: "c1", peer: PEER, ...DECISION }];
  const voted = play([...IN_CALL, ["call:ended", { ...ENDED, decision: DECISION }], ["page:voted", { call_id: "c1", connect: true }]]);
  const state = play([ready({ pending_decisions: pending })], voted);
  assert.deepEqual(state.decisions.map(({ vote }) => vote), [true]);
  const done = play([["decision:result", { call_id: "c1", outcome: "not_connected" }], ready()], state);
  assert.deepEqual(done.decisions.map(({ outcome }) => outcome), ["not_connected"]);
});

test("time left is by the server's clock", () => {
  const state = play([ready()].map(([type, data]) => [type, data, NOW - 5_000]));
  assert.equal(secondsLeft(state, "2026-11-21T12:00:10.000Z", NOW - 5_000), 10);
  assert.equal(secondsLeft(state, "2026-11-21T11:00:00.000Z", NOW), 0);
  assert.equal(secondsLeft(state, null, NOW), null);
});

const ROOM = { id: "r1", connection_id: "k1", peer: PEER, active: true, unread: 0, last_message: null, last_seq: 0 };
const WITH_ROOM = [["page:signed-in", { user: ME }], ["page:rooms", { items: [ROOM] }]];

function message(seq, more = {}) {
  return { id: `m${seq}`, room_id: "r1", seq, sender_id: "you", client_id: `y${seq}`, content: `${seq}`, created_at: "2026-11-21T12:00:00.000Z", ...more };
}

test("messages are in order, once each, and unread counts the new ones of others", () => {
  const said = [3, 1, 2, 3].map((seq) => ["chat:message", { message: message(seq) }]);
  const { rooms, ...state } = play([...WITH_ROOM, ...said]);
  assert.deepEqual(rooms.r1.messages.map(({ seq }) => seq), [1, 2, 3]);
  assert.equal(unreadInAll({ ...state, rooms }), 1);
});

test("one's own message goes from sending to sent, or to failed and again", () => {
  const sending = play([...WITH_ROOM, ["page:sending", { room_id: "r1", client_id: "a", content: "Hi" }]]);
  assert.equal(sending.rooms.r1.outgoing[0].failed, null);
  const failed = play([["page:send-failed", { room_id: "r1", client_id: "a", why: { code: "blocked" } }]], sending);
  assert.equal(failed.rooms.r1.outgoing[0].failed, "blocked");
  const own = message(1, { sender_id: "me", client_id: "a" });
  const sent = play([["page:send-again", { room_id: "r1", client_id: "a" }], ["chat:message", { message: own }], ["page:sent", { message: own }]], failed);
  assert.deepEqual([sent.rooms.r1.outgoing, sent.rooms.r1.messages.length, sent.rooms.r1.unread], [[], 1, 0]);
});

test("what is on its way when the connection is lost waits for it; what was refused does not", () => {
  const sending = (client_id) => ["page:sending", { room_id: "r1", client_id, content: "Hi" }];
  const waiting = (state) => state.rooms.r1.outgoing.map(({ waits }) => waits);
  const online = [...WITH_ROOM, ["page:link", { link: "online" }], sending("a"), sending("b")];
  const refused = play([...online, ["page:send-failed", { room_id: "r1", client_id: "a", why: { code: "blocked" } }]]);
  assert.deepEqual(waiting(refused), [false, false]);
  const away = play([["page:link", { link: "away" }], sending("c")], refused);
  assert.deepEqual(waiting(away), [false, true, true]);
  assert.deepEqual(waiting(play([["page:send-again", { room_id: "r1", client_id: "a" }]], away)), [true, true, true]);
});

test("a gap is found, so that it can be asked for", () => {
  const messages = [4, 5, 7].map((seq) => message(seq));
  assert.equal(contiguousUpTo({ messages }), 5);
  assert.equal(contiguousUpTo({ messages: [] }), 0);
});

test("what was found far away stands alone, until what comes after it is there", () => {
  const shown = (state) => state.rooms.r1.messages.map(({ seq }) => seq);
  const page = (seqs) => ({ room_id: "r1", messages: seqs.map((seq) => message(seq)), has_more: true });
  const latest = play([...WITH_ROOM, ["page:history", { ...page([98, 99]), older: false }]]);
  const found = play([["page:window", page([7, 8])], ["chat:message", { message: message(100) }]], latest);
  assert.deepEqual([shown(found), found.rooms.r1.behind, found.rooms.r1.last_seq, found.rooms.r1.unread], [[7, 8], true, 100, 1]);
  const around = play([["page:history", { ...page([6]), older: true }], ["page:later", page([9])]], found);
  assert.deepEqual([shown(around), around.rooms.r1.behind], [[6, 7, 8, 9], true]);
  const back = play([["page:window", page([99, 100])], ["chat:message", { message: message(101) }]], around);
  assert.deepEqual([shown(back), back.rooms.r1.behind], [[99, 100, 101], false]);
});

test("what the server has forgotten is not there, nor asked for", () => {
  const page = (seqs, more = {}) => ({ room_id: "r1", messages: seqs.map((seq) => message(seq)), has_more: true, older: false, ...more });
  const before = play([...WITH_ROOM, ["page:history", page([1, 2, 3])]]);
  const after = play([["page:history", page([8, 9], { has_more: false, oldest_seq: 8 })]], before);
  assert.deepEqual(after.rooms.r1.messages.map(({ seq }) => seq), [8, 9]);
  assert.deepEqual([contiguousUpTo(after.rooms.r1), after.rooms.r1.has_more], [9, false]);
  const none = play([["page:room", { item: { ...ROOM, last_seq: 9, oldest_seq: 10 } }]], after);
  assert.deepEqual([none.rooms.r1.messages, none.rooms.r1.has_more], [[], false]);
});

test("what a message answers says what it says now", () => {
  const answer = message(6, { reply_to: "m5", reply: { id: "m5", seq: 5, sender_id: "you", type: "text", content: "5" } });
  const after = play([...WITH_ROOM, ["chat:message", { message: message(5) }], ["chat:message", { message: answer }], ["chat:changed", { message: message(5, { content: "five" }) }]]);
  assert.deepEqual(after.rooms.r1.messages.map(({ content, reply }) => reply?.content ?? content), ["five", "five"]);
});

test("an address names a message in a room by its place there", () => {
  assert.deepEqual(placeIn("#room/17/4"), { name: "room", id: "17", seq: 4 });
  for (const none of ["0", "-1", "x", "1e3", "9".repeat(17)]) assert.deepEqual(placeIn(`#room/17/${none}`), { name: "room", id: "17" });
});

test("what is edited or deleted changes where it is shown, and what is not shown stays unknown", () => {
  const said = [5, 6].map((seq) => ["chat:message", { message: message(seq) }]);
  const before = play([...WITH_ROOM, ...said]);
  const gone = { ...message(6), content: null, deleted_at: "2026-11-21T12:01:00.000Z" };
  const after = play([["chat:changed", { message: gone }], ["chat:changed", { message: gone }], ["chat:changed", { message: message(2, { content: "?" }) }]], before);
  assert.deepEqual(after.rooms.r1.messages, [message(5), gone]);
  assert.deepEqual([after.rooms.r1.last_message, before.rooms.r1.unread, after.rooms.r1.unread], [gone, 2, 1]);
});

test("typing expires by itself, and with the message", () => {
  const typing = play([...WITH_ROOM, ["chat:typing", { room_id: "r1", user_id: "you", typing: true }, 1_000]]);
  assert.deepEqual([typists(typing.rooms.r1, 3_999), typists(typing.rooms.r1, 4_000)], [["you"], []]);
  const said = play([["chat:typing", { room_id: "r1", user_id: "cleo", typing: true }, 2_000], ["chat:message", { message: message(1) }]], typing);
  assert.deepEqual(typists(said.rooms.r1, 3_000), ["cleo"]);
});

test("signals that a lost connection swallowed are sent again, in order", async () => {
  const sent = [];
  let link = false;
  const outbox = new Outbox((signal) => {
    sent.push(signal);
    return link ? Promise.resolve() : Promise.reject(Object.assign(new Error(), { code: "offline" }));
  });
  outbox.put("offer");
  outbox.put("candidate");
  await new Promise(setImmediate);
  assert.equal(outbox.size, 2);
  link = true;
  outbox.flush();
  outbox.put("candidate 2");
  await new Promise(setImmediate);
  assert.deepEqual(sent, ["offer", "candidate", "offer", "candidate", "candidate 2"]);
  assert.equal(outbox.size, 0);
});

test("durations and estimates read well", () => {
  assert.deepEqual([0, 59.9, 187, 3600].map(words.duration), ["0:00", "0:59", "3:07", "1:00:00"]);
  assert.deepEqual([null, 4_000, 32_000, 100_000].map(words.roughly), ["hard to say", "a few seconds", "about 30 seconds", "about 2 min"]);
  assert.equal(words.initials("Ana Lucia Borg"), "AB");
  assert.equal(words.about({ ...PEER, country: "DE", languages: ["en"] }), "31, Germany · speaks English");
});

test("every error of a field is in plain words", () => {
  assert.equal(words.fieldError({ code: "conflict", message: "" }, "username"), "This username is taken.");
  const reserved = { code: "invalid_request", message: "`username` is reserved.", details: { field: "username", reason: "reserved" } };
  assert.match(words.fieldError(reserved, "username"), /reserved/);
  assert.equal(words.fieldError({ code: "invalid_request", message: "`city` is not valid." }, "city"), "city is not valid.");
});

test("a device is called as its app says, else by its browser", () => {
  const firefox = "Mozilla/5.0 (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0";
  assert.equal(device(firefox), "Firefox on Android");
  assert.equal(device("okhttp/4.9", { name: "Meetly", version: "2.1", platform: "android" }), "Meetly 2.1, android");
  assert.equal(device("okhttp/4.9", { name: "Meetly" }), "Meetly");
});

test("news: counted by the server, renewed under its id, and gone on this device when read on another", () => {
  const item = (id, created_at, more = {}) => ({ id, kind: "system", title: id, body: "", created_at, read_at: null, ...more });
  const [first, second] = [item("a", "2026-11-21T11:00:00.000Z"), item("b", "2026-11-21T11:30:00.000Z")];
  const told = (notification, unread) => ["notification:new", { notification, unread }];
  let state = play([["page:signed-in", { user: ME }], ready({ unread: { rooms: {}, notifications: 1 } })]);
  assert.deepEqual([state.news.unread, state.news.items], [1, null]);
  state = play([["page:news", { items: [first], next_cursor: null }], told(second, 2)], state);
  assert.deepEqual([state.news.unread, state.news.items.map(({ id }) => id)], [2, ["b", "a"]]);
  state = play([told({ ...first, title: "again", created_at: "2026-11-21T11:45:00.000Z" }, 2)], state);
  assert.deepEqual([state.news.unread, state.news.items.map(({ title }) => title)], [2, ["again", "b"]]);
  state = play([["notification:read", { ids: ["a"], unread: 1 }]], state);
  assert.deepEqual(state.news.items.map(({ read_at }) => read_at !== null), [true, false]);
  state = play([["notification:read", { all: true, unread: 0 }]], state);
  assert.deepEqual([state.news.unread, state.news.items.every(({ read_at }) => read_at)], [0, true]);
  const late = play([ready({ unread: { rooms: {}, notifications: 1 } }), ["page:news", { items: [second, first], next_cursor: null }]], state);
  assert.equal(play([told(second, 2)], late).news.unread, 2, "the list was quicker than the event");
  const over = item("c", "2026-11-21T11:50:00.000Z", { expires_at: "2026-11-21T11:55:00.000Z" });
  assert.deepEqual(shownNews(play([told(over, 1)], state), NOW).map(({ id }) => id), ["a", "b"]);
});
