/** What the page says of a place: how far, how good, when it is open. Pure. */

import { counted, filled, words } from "./texts.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const KM = 1000;

/** As one reads it: whole metres up to a kilometre, then kilometres. */
export function distance(metres) {
  const far = metres >= KM;
  const unit = { style: "unit", unit: far ? "kilometer" : "meter", maximumFractionDigits: far && metres < 10 * KM ? 1 : 0 };
  return new Intl.NumberFormat(words.lang, unit).format(far ? metres / KM : metres);
}

/** The mean, and of how many reviews; nothing before the first. */
export function rated({ rating, review_count }) {
  if (!review_count) return "";
  const mean = new Intl.NumberFormat(words.lang, { maximumFractionDigits: 1 }).format(rating);
  return counted(words.places.rated, review_count, { rating: mean });
}

/** In one line: what it is, how far, whether it is open, how good. */
export function about(place) {
  const { hours, distance_m: metres } = place;
  const parts = [words.places.types[place.type], metres === undefined ? place.city : distance(metres), hours ? opened(place) : "", rated(place)];
  return parts.filter(Boolean).join(" · ");
}

export function opened({ open_now }) {
  return open_now ? words.places.open : words.places.closed;
}

/** The week: `[{day, times, today}]`. `today` as the clock of the place has it. */
export function week({ zone, week: known }, now) {
  const today = dayIn(zone, now);
  return DAYS.map((day, at) => ({ day: weekday(at), times: spans(known[day]), today: day === today }));
}

/** The dates with other hours, from today on, at most so many. */
export function exceptions({ zone, except }, now, most = 5) {
  const first = dateIn(zone, now);
  const coming = Object.keys(except).filter((date) => date >= first).sort().slice(0, most);
  const written = new Intl.DateTimeFormat(words.lang, { dateStyle: "full", timeZone: "UTC" });
  return coming.map((date) => ({ day: written.format(new Date(`${date}T00:00:00Z`)), times: spans(except[date]) }));
}

/** The stars of a review, for the eye; what is read out is `stars`. */
export function drawn(rating) {
  return "★★★★★".slice(0, rating) + "☆☆☆☆☆".slice(rating);
}

export function stars(rating) {
  return counted(words.places.stars, rating);
}

function spans(intervals) {
  if (intervals.length === 0) return words.places.closed_day;
  return intervals.map(([opens, closes]) => (opens === closes ? words.places.all_day : filled(words.places.span, { opens, closes }))).join(", ");
}

function weekday(at) {
  return new Intl.DateTimeFormat(words.lang, { weekday: "long", timeZone: "UTC" }).format(MONDAY + at * DAY_MS);
}

function dayIn(zone, now) {
  return inZone(zone, { weekday: "short" }, now).toLowerCase().slice(0, 3);
}

function dateIn(zone, now) {
  return inZone(zone, { dateStyle: "short" }, now, "sv");
}

/** A zone that this browser does not know is left out. */
function inZone(timeZone, options, now, language = "en") {
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone }).format(now);
  } catch {
    return new Intl.DateTimeFormat(language, options).format(now);
  }
}
