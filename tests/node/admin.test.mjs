/** What the moderators' page decides by itself: what can be done with a case, and what is shown of whom. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";

import { datesIn, datesTyped, hoursIn, spansIn, spansTyped } from "../../realtime/page/admin/hours.js";
import { initial, options, reduce } from "../../realtime/page/admin/state.js";
import { left, problem } from "../../realtime/page/admin/words.js";

const ME = { id: "me" };
const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const claimed = (by, until) => ({ state: "claimed", claimed_by: by, claimed_until: until });
const after = (...actions) => actions.reduce((state, [type, data]) => reduce(state, { type, data }), initial());

test("a case is for whom it is claimed, until the claim lapses", () => {
  const until = "2026-01-31T12:00:01.000Z";
  assert.deepEqual(options(claimed("me", until), ME, NOW), { claimed: true, mine: true, claim: true, decide: true, undo: false });
  assert.deepEqual(options(claimed("you", until), ME, NOW), {
    claimed: true,
    mine: false,
    claim: false,
    decide: false,
    undo: false,
  });
  const lapsed = { claimed: false, mine: false, claim: true, decide: true, undo: false };
  assert.deepEqual(options(claimed("you", until), ME, NOW + 1000), lapsed);
  assert.deepEqual(options({ state: "open", claimed_by: null, claimed_until: null }, ME, NOW), lapsed);
});

test("from a person one goes back to the case or picture that led there, or to the list", () => {
  const [aCase, aPerson] = [{ name: "case", id: "a" }, { name: "person", id: "p" }];
  const at = (...places) => after(...places.map((place) => ["place", { place }])).from;
  assert.deepEqual(at(aCase, aPerson), aCase);
  assert.deepEqual(at({ name: "media", id: null }, aPerson), { name: "media", id: null });
  assert.deepEqual(at(aCase, aPerson, { ...aPerson, id: "q" }), aCase);
  assert.equal(at(aCase, { name: "people", id: null }, aPerson), null);
  assert.equal(at(aCase, aPerson, aCase), null);
});

test("what was decided can be undone, and nothing else", () => {
  const decided = { state: "decided", claimed_by: null, claimed_until: null };
  assert.deepEqual(options(decided, ME, NOW), { claimed: false, mine: false, claim: false, decide: false, undo: true });
});

test("of another case nothing stays on the screen, nor does a picture", () => {
  const state = after(
    ["in", { me: ME }],
    ["place", { place: { name: "case", id: "a" } }],
    ["thing:ready", { name: "case", value: { id: "a" } }],
    ["pictures", { shown: true, addresses: { one: "blob:1" } }],
  );
  const there = (id) => reduce(state, { type: "place", data: { place: { name: "case", id } } });
  assert.equal(there("a").things.case.value.id, "a");
  assert.equal(there("b").things.case.value, null);
  assert.deepEqual(there("b").pictures, initial().pictures);
});

test("who is no moderator, or has signed out, keeps no list", () => {
  const full = [
    ["in", { me: ME }],
    ["list:ready", { name: "bans", items: [{ id: "1" }], next: null }],
  ];
  for (const leaving of ["stranger", "factor", "proof", "out"]) {
    assert.deepEqual(after(...full, [leaving, { me: ME, secret: null, code: null }]).lists, initial().lists);
  }
});

test("the next page of a list comes after the first", () => {
  const page = (id, more) => ["list:ready", { name: "bans", items: [{ id }], next: null, more }];
  assert.deepEqual(
    after(page("1", false), page("2", true)).lists.bans.items.map(({ id }) => id),
    ["1", "2"],
  );
  assert.deepEqual(
    after(page("1", false), page("2", false)).lists.bans.items.map(({ id }) => id),
    ["2"],
  );
});

test("what is decided on a picture is seen wherever it is listed", () => {
  const picture = (state) => ({ id: "m", state });
  const { lists, things } = after(
    ["list:ready", { name: "media", items: [picture("ready"), { id: "n" }], next: null }],
    ["thing:ready", { name: "person", value: { id: "p", media: [picture("ready")] } }],
    ["reviewed", { item: picture("refused") }],
  );
  assert.deepEqual(lists.media.items, [picture("refused"), { id: "n" }]);
  assert.deepEqual(things.person.value.media, [picture("refused")]);
});

test("errors are told in words, by what was tried", () => {
  assert.equal(problem({ code: "conflict" }, "claim"), "Another moderator has claimed this case.");
  assert.match(problem({ code: "rate_limited", retryAfterMs: 2100 }), /in 3 s/);
  assert.match(problem({ code: "offline" }), /cannot be reached/);
  assert.equal(left("2026-01-31T12:14:30.000Z", NOW), "14 min left");
  assert.equal(left("2026-01-31T12:00:30.000Z", NOW), "30 s left");
});

test("hours are typed as they are read, and what is none is said at its field", () => {
  for (const typed of ["", "09:00-12:30", "09:00-12:30, 14:00-02:00", "00:00-00:00"]) assert.equal(spansTyped(spansIn(typed, "mon")), typed);
  assert.deepEqual(spansIn(" 09:00 – 12:30,", "mon"), [["09:00", "12:30"]]);
  assert.deepEqual(spansIn("closed", "mon"), []);
  for (const wrong of ["9-17", "09:00", "24:00-25:00", "09:00-12:30 14:00-15:00"]) {
    assert.throws(() => spansIn(wrong, "tue"), { code: "invalid_request", details: { field: "tue" } });
  }
  const dates = "2026-12-24 09:00-13:00\n2026-12-25 closed";
  assert.equal(datesTyped(datesIn(`\n${dates}\n`, "except")), dates);
  assert.throws(() => datesIn("Christmas 09:00-13:00", "except"), { details: { field: "except" } });
  const none = { mon: "", tue: "", wed: "", thu: "", fri: "", sat: "", sun: "", zone: "", except: "" };
  assert.equal(hoursIn(none), null);
  assert.deepEqual(hoursIn({ ...none, zone: " UTC ", sun: "10:00-11:00" }).week.sun, [["10:00", "11:00"]]);
  assert.throws(() => hoursIn({ ...none, mon: "09:00-12:30" }), { details: { field: "zone" } });
});
