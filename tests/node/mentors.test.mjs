/** The page's rules about mentors: what may be done with a session, and the calendar of what is free. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./english.mjs";
import { about, byDay, coming, deeds, otherOf, weekOf, weekWith } from "../../realtime/page/mentor-words.js";
import { toldOf } from "../../realtime/page/news-words.js";
import { entryOf, placeIn } from "../../realtime/page/route.js";
import { speak } from "../../realtime/page/texts.js";
import german from "../../realtime/page/words/de-inside.js";
import english from "../../realtime/page/words/en-inside.js";

const [ANA, MIA] = [{ user_id: "ana" }, { user_id: "mia" }];
const at = (time) => Date.parse(`2026-11-25T${time}:00.000Z`);
const SESSION = {
  id: "s", user: ANA, mentor: MIA, type: "virtual", status: "scheduled", duration_m: 60,
  starts_at: "2026-11-25T10:00:00.000Z", change_until: "2026-11-25T08:00:00.000Z",
};

test("who has booked may change it until then, the mentor until it begins", () => {
  assert.deepEqual(deeds(SESSION, "ana", at("08:00")), ["move", "cancel"]);
  assert.deepEqual(deeds(SESSION, "ana", at("08:01")), ["late"]);
  assert.deepEqual(deeds(SESSION, "mia", at("09:59")), ["move", "cancel"]);
});

test("while it lasts both may call, and from its beginning on say what became of it", () => {
  assert.deepEqual(deeds(SESSION, "ana", at("10:00")), ["voice", "video", "no-show"]);
  assert.deepEqual(deeds(SESSION, "mia", at("10:59")), ["voice", "video", "completed", "no-show"]);
  assert.deepEqual(deeds(SESSION, "mia", at("11:00")), ["completed", "no-show"]);
  assert.deepEqual(deeds({ ...SESSION, type: "in-person" }, "ana", at("10:30")), ["no-show"]);
});

test("once it is over, only a completed one leads on: to a review by who has booked it", () => {
  assert.deepEqual(deeds({ ...SESSION, status: "completed" }, "ana", at("12:00")), ["review"]);
  assert.deepEqual(deeds({ ...SESSION, status: "completed" }, "mia", at("12:00")), []);
  for (const status of ["cancelled", "no-show"]) assert.deepEqual(deeds({ ...SESSION, status }, "ana", at("07:00")), []);
  assert.deepEqual([otherOf(SESSION, "ana"), otherOf(SESSION, "mia")], [MIA, ANA]);
});

test("the calendar has the days of the zone in which it is read", () => {
  const settings = { language: "en", time_zone: "Pacific/Auckland" };
  const now = at("20:00"); // there it is the 26th by now
  const week = weekOf(now, 0, settings);
  assert.deepEqual([week.dates[0], week.dates.at(-1)], ["2026-11-26", "2026-12-02"]);
  assert.equal(week.from, now);
  const slots = ["2026-11-26T10:00:00.000Z", "2026-11-26T12:00:00.000Z", "2026-12-02T12:00:00.000Z"].map((starts_at) => ({ starts_at, duration_m: 60 }));
  assert.ok(slots.every(({ starts_at }) => Date.parse(starts_at) < week.to));
  assert.deepEqual(byDay(slots, week, settings).map(({ slots: free }) => free.length), [1, 1]); // the last is the next week's
  assert.deepEqual(slots.map(({ starts_at }) => weekWith(Date.parse(starts_at), now, settings)), [0, 0, 1]);
  assert.deepEqual(weekOf(now, 1, settings).dates[0], "2026-12-03");
});

test("a week has each of its dates once, also when the clock is put forward or back", () => {
  const settings = { language: "en", time_zone: "Europe/Berlin" };
  for (const now of ["2026-10-24T22:30:00Z", "2026-03-28T23:30:00Z"].map(Date.parse)) {
    const { dates, from, to } = weekOf(now, 0, settings);
    assert.equal(new Set(dates).size, 7);
    assert.ok(from < to);
  }
});

test("a mentor is told in one line, and the next session is the first", () => {
  const mentor = { title: "Coach", specialization: ["Anxiety", "strength"], rating: 4.5, review_count: 2, distance_m: 1200 };
  assert.equal(about(mentor), "Coach · Anxiety and strength · 1.2 km · ★ 4.5 (2 reviews)");
  const [later, sooner] = ["2026-11-26", "2026-11-25"].map((starts_at) => ({ starts_at }));
  assert.deepEqual(coming([later, sooner]), [sooner, later]);
  assert.deepEqual(placeIn("#mentors/17"), { name: "mentors", id: "17" });
  assert.equal(entryOf({ name: "mentors" }), "profile");
});

test("what is told of sessions is in the language of the page", () => {
  speak(german);
  const told = (title) => toldOf({ title, body: "", action: { label: "See your sessions" } });
  assert.deepEqual(told("Mia booked a session"), { title: "Mia hat ein Gespräch gebucht", body: "", label: "Zu deinen Gesprächen" });
  assert.equal(told("Your session was cancelled").title, "Dein Gespräch wurde abgesagt");
  assert.equal(told("Your session with Mia begins soon").title, "Dein Gespräch mit Mia beginnt bald");
  speak(english);
});
