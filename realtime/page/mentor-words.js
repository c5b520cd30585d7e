/** What the page says of mentors and sessions, and what may be done with one. Pure; times are in ms. */

import { distance, rated } from "./location-words.js";
import { filled, words } from "./texts.js";
import { dayAndMonth, listed, measured, timeOfDay } from "./words.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WEEK_D = 7;
/** No zone is farther from UTC: a date has begun and ended everywhere within this. */
const [EARLIEST_MS, LATEST_MS] = [14 * 3_600_000, 12 * 3_600_000];

/** In one line: what they are, what they know, how far, how good. */
export function about(mentor) {
  const { title, specialization, distance_m: metres } = mentor;
  return [title, listed(specialization), metres === undefined ? "" : distance(metres), rated(mentor)].filter(Boolean).join(" · ");
}

/** `Wednesday, 25 November, 10:00–11:00` */
export function time({ starts_at, duration_m }, settings) {
  const begins = Date.parse(starts_at);
  const [from, to] = [begins, begins + duration_m * MINUTE_MS].map((at) => timeOfDay(at, settings));
  return filled(words.mentors.time, { day: dayAndMonth(begins, settings), from, to });
}

export function lasting(minutes) {
  return measured(minutes, "minute");
}

/** The zone of what is shown. */
export function zone({ time_zone }) {
  return time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The date in a zone, as `2026-11-25`. */
function dateIn(at, timeZone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone }).format(at);
}

/** The week that is so many after the one that begins today: its dates, and from when until when they last. */
export function weekOf(now, after, settings) {
  const first = Date.parse(dateIn(now, zone(settings))) + after * WEEK_D * DAY_MS;
  const dates = Array.from({ length: WEEK_D }, (_, day) => new Date(first + day * DAY_MS).toISOString().slice(0, 10));
  return { dates, from: Math.max(now, first - EARLIEST_MS), to: first + WEEK_D * DAY_MS + LATEST_MS };
}

/** In which week after the one that begins today this is. */
export function weekWith(at, now, settings) {
  const [then, today] = [at, now].map((each) => Date.parse(dateIn(each, zone(settings))));
  return Math.floor((then - today) / (WEEK_D * DAY_MS));
}

/** Slots by the dates of a week: `[{day, slots: [{slot, time}]}]`; without days on which nothing is free. */
export function byDay(slots, { dates }, settings) {
  const days = new Map(dates.map((date) => [date, []]));
  for (const slot of slots) days.get(dateIn(Date.parse(slot.starts_at), zone(settings)))?.push(slot);
  return [...days.values()].filter((free) => free.length).map((free) => ({
    day: dayAndMonth(Date.parse(free[0].starts_at), settings),
    slots: free.map((slot) => ({ slot, time: timeOfDay(Date.parse(slot.starts_at), settings) })),
  }));
}

/** Whether this user is its mentor. */
export function isMentor({ mentor }, userId) {
  return mentor.user_id === userId;
}

/** The other of the two. */
export function otherOf(session, userId) {
  return isMentor(session, userId) ? session.user : session.mentor;
}

/** What this user may do with a session now, as the server's rules have it. */
export function deeds(session, userId, now) {
  const { status, type, duration_m: minutes } = session;
  const [begins, until] = [session.starts_at, session.change_until].map(Date.parse);
  const mentor = isMentor(session, userId);
  if (status === "completed" && !mentor) return ["review"];
  if (status !== "scheduled") return [];
  if (now < begins) return mentor || now <= until ? ["move", "cancel"] : ["late"];
  const calls = type === "virtual" && now < begins + minutes * MINUTE_MS ? ["voice", "video"] : [];
  return [...calls, ...(mentor ? ["completed"] : []), "no-show"];
}

/** Those that are ahead, the next one first. */
export function coming(sessions) {
  return sessions.toSorted((a, b) => a.starts_at.localeCompare(b.starts_at));
}
