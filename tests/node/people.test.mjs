/** The page's rules about friends and photos. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { fileName } from "../../realtime/page/chat-words.js";
import { numbersIn, numbersOf } from "../../realtime/page/contacts.js";
import { relation, waiting } from "../../realtime/page/friends-state.js";
import { moved, room } from "../../realtime/page/photos-state.js";
import { progress, refusal, suggested } from "../../realtime/page/people-words.js";
import { initial, reduce } from "../../realtime/page/state.js";
import { shade, small } from "../../realtime/page/views/picture.js";

const ME = { id: "me", display_name: "Ana", photos: [], videos: [] };
const BEN = { user_id: "ben", display_name: "Ben" };
const REQUEST = { id: "q1", user: BEN, box: "in", created_at: "2026-11-21T12:00:00.000Z" };
const FRIEND = { user: BEN, since: "2026-11-21T12:00:00.000Z", room_id: "r1" };
const LISTS = [
  ["page:signed-in", { user: ME }], ["page:friends", { items: [] }],
  ["page:friend-requests", { box: "in", items: [] }], ["page:friend-requests", { box: "out", items: [] }],
];

function play(actions, state = initial()) {
  return actions.reduce((before, [type, data]) => reduce(before, { type, data, at: 0 }), state);
}

const is = (state) => relation(state, "ben").is;

test("the way to a friend and back, as all devices hear of it", () => {
  const seen = [];
  let state = play(LISTS);
  for (const step of [["friend:requested", { request: REQUEST }], ["friend:added", { friend: FRIEND }], ["friend:removed", { user_id: "ben", room_id: "r1" }]]) {
    state = play([step, step], state); // the answer and the event say the same
    seen.push([is(state), waiting(state), state.friends.length, state.rooms.r1?.active]);
  }
  assert.deepEqual(seen, [["in", 1, 0, undefined], ["friend", 0, 1, true], ["nobody", 0, 0, false]]);
});

test("what nobody has asked for is not known, whatever is told of it", () => {
  const state = play([["page:signed-in", { user: ME }], ["friend:requested", { request: REQUEST }]]);
  assert.equal(is(state), "unknown");
  assert.equal(is(play([["friend:added", { friend: FRIEND }]], state)), "unknown");
  assert.equal(relation(play(LISTS), "me").is, "unknown");
});

test("a request that was taken back or refused is gone, in either box", () => {
  for (const box of ["in", "out"]) {
    const state = play([...LISTS, ["friend:requested", { request: { ...REQUEST, box } }]]);
    assert.equal(is(state), box);
    assert.equal(is(play([["friend:withdrawn", { request_id: "q1" }]], state)), "nobody");
  }
});

test("who was blocked is in no list at once", () => {
  const state = play([
    ...LISTS, ["friend:added", { friend: FRIEND }], ["page:suggestions", { items: [{ user: BEN, reason: "contact" }] }],
    ["friend:requested", { request: { ...REQUEST, user: { user_id: "cleo" } } }], ["page:blocked", { user_id: "ben" }],
  ]);
  assert.deepEqual([state.friends, state.suggestions, waiting(state)], [[], [], 1]);
});

test("friends who were connected too write on, and cannot end twice what has ended", () => {
  const connected = [["page:rooms", { items: [{ id: "r1", connection_id: "k1", peer: BEN, active: true, unread: 0 }] }]];
  const room = (actions) => play([...LISTS, ...connected, ...actions]).rooms.r1;
  const befriended = ["friend:added", { friend: { ...FRIEND, connection_id: "k1" } }];
  assert.equal(room([befriended, ["friend:removed", { user_id: "ben", room_id: "r1" }]]).active, true);
  const parted = room([befriended, ["connection:ended", { connection: { room_id: "r1" } }], ["page:room", { item: { id: "r1", peer: BEN, active: true } }]]);
  assert.deepEqual([parted.active, parted.connection_id], [true, undefined]);
  const met = room([["friend:removed", { user_id: "ben", room_id: "r1" }], ["connection:created", { connection: { id: "k2", room_id: "r1", peer: BEN } }]]);
  assert.deepEqual([met.active, met.connection_id], [true, "k2"]);
});

test("a photo in another place, and no further than there are places", () => {
  const four = ["a", "b", "c", "d"];
  assert.deepEqual([moved(four, 0, 2), moved(four, 3, 0), moved(four, 1, 2)], [["b", "c", "a", "d"], ["d", "a", "b", "c"], ["a", "c", "b", "d"]]);
  for (const [from, to] of [[0, -1], [3, 4], [2, 2], [-1, 0]]) assert.equal(moved(four, from, to), four);
});

test("there is room for six, with what is on its way and without what was refused", () => {
  const photo = (id) => ({ id });
  const upload = (key) => ({ key, list: "photos", file: { name: key } });
  const state = play([
    ["page:signed-in", { user: { ...ME, photos: ["1", "2", "3"].map(photo) } }], ["page:uploads", { uploads: ["a", "b"].map(upload) }],
    ["page:upload-refused", { key: "a", why: { code: "internal" } }], ["page:upload-sent", { key: "b", sent: 0.5 }],
  ]);
  assert.deepEqual([room(state, "photos"), room(state, "videos")], [2, 2]);
  assert.equal(progress(state.uploads[1]), "Sending… 50%");
  assert.equal(play([["page:upload-over", { key: "a" }], ["page:upload-over", { key: "b" }]], state).uploads.length, 0);
});

test("why a file is refused is said in the server's words where it is about the file", () => {
  const refused = (why) => progress({ phase: "refused", list: "videos", why });
  assert.equal(refused({ code: "invalid_request", message: "It may last 30 seconds.", details: { field: "file" } }), "It may last 30 seconds.");
  assert.match(refused({ code: "payload_too_large", details: { max_bytes: 15 * 1024 * 1024 } }), /15 MB/);
  assert.match(refused({ code: "invalid_request", message: "?", details: { field: "purpose" } }), /not taken here/);
  assert.match(refused({ code: "offline" }), /cannot be reached/);
  assert.equal(suggested({ reason: "friends", count: 1 }), "A friend of one of your friends");
});

test("numbers are found in whatever somebody types, and what is none is left to them", () => {
  const typed = "+49 151 1234-5678\nMum: 0171/2345678\n\nno number here; (030) 123456 – the office,42\n" + "1".repeat(41);
  assert.deepEqual(numbersIn(typed), {
    contacts: [{ phone: "+49 151 1234-5678" }, { phone: "0171/2345678", name: "Mum" }, { phone: "(030) 123456", name: "the office" }],
    rest: ["no number here", "42", "1".repeat(41)],
  });
  const chosen = [{ name: ["😀".repeat(120)], tel: ["+4915112345678", "030 1"] }, { name: [], tel: ["5".repeat(41)] }, {}];
  assert.deepEqual(numbersOf(chosen), ["+4915112345678", "030 1"].map((phone) => ({ phone, name: "😀".repeat(100) })));
});

test("a picture has its mean colour before it comes, and is small where that is enough", () => {
  assert.equal(shade("L00000fQfQfQfQfQfQfQfQfQfQfQ"), "#000000");
  assert.match(shade("LEHV6nWB2yk8pyo0adR*.7kCMdnj"), /^#[0-9a-f]{6}$/);
  assert.equal(shade(undefined), "");
  assert.equal(small("/v1/media/m/files/s640?expires=1&signature=2"), "/v1/media/m/files/s160?expires=1&signature=2");
});

test("why a file was not taken is said in the page's words where there are some", () => {
  const said = (details) => refusal({ code: "invalid_request", message: "As the server has it.", details: { field: "file", ...details } });
  assert.match(said({ reason: "empty" }), /^This file is empty/);
  assert.match(said({ reason: "type" }), /^Send a JPEG/);
  assert.equal(said({}), "As the server has it.");
});

test("what was sent as a file is called as it was uploaded, or what it shows", () => {
  const media = (type, name) => ({ type, ...(name && { name }) });
  assert.equal(fileName(media("file", "Plan.pdf")), "Plan.pdf");
  assert.deepEqual(["file", "image", "video", "audio"].map((type) => fileName(media(type))), ["File", "Picture", "Video", "Voice message"]);
});
