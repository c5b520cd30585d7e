/** The page's rules about checking in and the journey. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { NO_JOURNEY, codeIn, reached, weeks, whereIn } from "../../realtime/page/journey-state.js";
import { toldOf } from "../../realtime/page/news-words.js";
import { codesOf, lively, nextIn, partnerOf, pictureNow, sorted } from "../../realtime/page/rewards-state.js";
import { placeIn } from "../../realtime/page/route.js";
import { initial, reduce } from "../../realtime/page/state.js";
import { speak } from "../../realtime/page/texts.js";
import german from "../../realtime/page/words/de-inside.js";
import english from "../../realtime/page/words/en-inside.js";

const PLACE = "019a2f4e-7c1b-7d3a-9f60-5b2c8e1d4a77";
const CODE = `rc1.${PLACE.replaceAll("-", "")}.391f2a.${"0a".repeat(16)}`;

function play(...actions) {
  return actions.reduce((before, [type, data]) => reduce(before, { type, data, at: 0 }), initial());
}

test("an address names the place by its id, or by the code that it shows", () => {
  assert.deepEqual(placeIn(`#check-in/${CODE}`), { name: "check-in", id: CODE });
  assert.deepEqual(placeIn("#check-in"), { name: "meet" });
  assert.deepEqual(whereIn(PLACE), { place: PLACE });
  assert.deepEqual(whereIn(CODE), { place: PLACE, code: CODE });
  for (const other of ["", "rc1.", `${PLACE}x`, CODE.replace("rc1", "rc2")]) assert.equal(whereIn(other), null);
  assert.equal(codeIn(` https://example.org/#check-in/${CODE} `), CODE);
  assert.equal(codeIn(CODE), CODE);
});

test("the calendar is of weeks from Monday on, until today", () => {
  const calendar = [{ day: "2026-11-22", counts: true, frozen: false }, { day: "2026-11-24", counts: false, frozen: true }];
  const [before, now] = weeks(calendar, "2026-11-25", 2);
  assert.deepEqual(before.map(({ day }) => day), ["16", "17", "18", "19", "20", "21", "22"].map((day) => `2026-11-${day}`));
  assert.deepEqual(before[6], { day: "2026-11-22", counts: true, frozen: false, today: false });
  assert.deepEqual(now.map((day) => day && [day.counts, day.frozen, day.today]), [[false, false, false], [false, true, false], [false, false, true], null, null, null, null]);
  assert.equal(weeks([], "2026-11-23").length, 13);
});

test("what a check-in has reached is what was reached by then", () => {
  const journey = { milestones: [{ id: "a", achieved_at: "2026-11-23T10:00:00.000Z" }, { id: "b", achieved_at: "2026-11-22T10:00:00.000Z" }, { id: "c" }] };
  const check_in = { counts: true, at: "2026-11-23T10:00:00.000Z" };
  assert.deepEqual(reached({ check_in, journey }).map(({ id }) => id), ["a"]);
  assert.deepEqual(reached({ check_in: { ...check_in, counts: false }, journey }), []);
});

test("what came of a check-in is that of the place that is open", () => {
  const visit = { check_in: { counts: true }, journey: { level: 1 }, rewards: [] };
  const done = play(["page:visiting", { place: { id: PLACE } }], ["page:seeking", { how: "position" }], ["page:visited", { visit }]);
  assert.deepEqual([done.visit, done.seeking, done.journey], [visit, null, { level: 1 }]);
  assert.equal(play(["page:visited", { visit }], ["page:visiting", { place: null }]).visit, null);
  assert.equal(initial().journey, NO_JOURNEY.journey);
});

test("milestones and streaks are told in the language of the page", () => {
  const told = { title: "First check-in", body: "A week in a row, Level 3", action: { label: "See your journey", url: "/#journey" } };
  assert.deepEqual(toldOf(told), { title: told.title, body: told.body, label: told.action.label });
  speak(german);
  assert.deepEqual(toldOf(told), { title: "Erster Check-in", body: "Eine Woche in Folge, Stufe 3", label: "Zu deiner Reise" });
  assert.equal(toldOf({ title: "14 days in a row", body: "" }).title, "14 Tage in Folge");
  assert.deepEqual(toldOf({ title: "You have earned: A coffee on us", body: "You can redeem it at Peaceful Grounds.", action: { label: "See your rewards" } }), {
    title: "Du hast verdient: A coffee on us",
    body: "Du kannst es bei Peaceful Grounds einlösen.",
    label: "Zu deinen Belohnungen",
  });
  assert.equal(toldOf({ title: "A check-in was taken back", body: "" }).title, "Ein Check-in wurde zurückgenommen");
  speak(english);
});

const AT = "2026-11-23T10:00:00.000Z";
const COFFEE = { id: "r1", type: "coffee", title: "A coffee", state: "open" };

test("a code is shown while it counts, and until its reward is redeemed", () => {
  const showing = { path: codesOf.reward("r1"), picture: "data:,x", expires_at: AT };
  const before = [["page:rewards", { rewards: [COFFEE], work: [] }], ["page:showing", { showing }]];
  assert.equal(pictureNow(play(...before), Date.parse(AT) - 1), "data:,x");
  assert.equal(pictureNow(play(...before), Date.parse(AT) + 5_000), null);
  assert.equal(pictureNow(play(["page:showing", { showing: { path: "/" } }]), 0), null);
  assert.equal(nextIn(AT, Date.parse(AT) - 30_000, 12_000), 18_000);
  assert.equal(nextIn(AT, Date.parse(AT), 0), 1_000);
  const redeemed = { rewards: [{ ...COFFEE, state: "redeemed" }], work: [] };
  const handed = play(...before, ["page:rewards", redeemed]);
  assert.deepEqual([handed.showing, handed.handed.id], [null, "r1"]);
  const reversed = { rewards: [{ ...COFFEE, id: "r2" }, { ...COFFEE, state: "reversed" }], work: [] };
  assert.equal(play(...before, ["page:rewards", redeemed], ["page:rewards", reversed]).handed, null);
  assert.deepEqual(play(...before, ["page:rewards", { rewards: [COFFEE], work: [] }]).showing, showing);
});

test("the wallet has first what can be redeemed, and the counter the figures of days on which anything was", () => {
  const badge = { ...COFFEE, id: "r2", type: "badge" };
  assert.deepEqual(sorted([badge, COFFEE, { ...COFFEE, id: "r3", state: "expired" }]).map((each) => each.map(({ id }) => id)), [["r1"], ["r2", "r3"]]);
  const partner = { id: "p", locations: [{ id: "a" }, { id: "b" }] };
  assert.equal(partnerOf([partner], "b"), partner);
  assert.deepEqual([partnerOf([partner], "c"), partnerOf(null, "a")], [null, null]);
  const none = { granted: 0, redeemed: 0, reversed: 0, expired: 0, people: 0 };
  const days = [{ ...none, day: "2026-11-21", granted: 1 }, { ...none, day: "2026-11-22" }, { ...none, day: "2026-11-23", expired: 1 }];
  assert.deepEqual(lively({ days }).map(({ day }) => day), ["2026-11-23", "2026-11-21"]);
  assert.deepEqual(placeIn(`#place-code/${PLACE}`), { name: "place-code", id: PLACE });
  assert.deepEqual(placeIn("#place-code"), { name: "meet" });
});
