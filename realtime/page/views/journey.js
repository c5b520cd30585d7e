/** The journey: level, streak, the calendar of the last weeks, and what there is to reach. */

import { weeks } from "../journey-state.js";
import { counted, filled, words } from "../texts.js";
import { dateAndTime } from "../words.js";
import { byId, card, h, section, show } from "./dom.js";

export function journeyView({ store, trip }) {
  const t = words.journey;
  const place = section("journey", t.title);
  const shown = h("div", { class: "journey" });
  place.append(shown, h("a", { class: "button", href: "#places" }, words.places.title));
  byId("places").querySelector("h1").after(h("a", { class: "button", href: "#journey" }, t.title));
  let [looked, as] = [false, null];

  return (state) => {
    const seen = state.account === "in" && state.place.name === "journey";
    show(place, seen);
    if (!seen) looked = false;
    if (!seen) return;
    if (!looked) queueMicrotask(() => trip.look()); // a view never changes the state while it is drawn
    looked = true;
    const now = JSON.stringify([state.journey, state.settings]);
    if (now === as || state.journey === null) return;
    as = now;
    shown.replaceChildren(...parts(state.journey, state.settings));
  };
}

function parts(journey, settings) {
  const t = words.journey;
  return [level(journey), streak(journey, settings), card(t.calendar, calendar(journey, settings)), card(t.milestones, milestones(journey, settings))];
}

function level(journey) {
  const t = words.journey;
  const bar = h("progress", { max: 100, value: journey.percent, "aria-label": t.to_next });
  const more = journey.next_level_at === null ? t.highest : counted(t.left, journey.next_level_at - journey.total_check_ins);
  return card(filled(t.level, { level: journey.level }), bar, h("p", {}, counted(t.check_ins, journey.total_check_ins), ". ", more));
}

function streak(journey, settings) {
  const t = words.journey;
  const { current_streak, longest_streak, freezes, streak_alive_until } = journey;
  const until = streak_alive_until ? [h("p", { class: "hint" }, filled(t.alive, { time: dateAndTime(streak_alive_until, settings) }))] : [];
  const kept = h("p", { class: "hint" }, freezes ? counted(t.freezes, freezes) : t.no_freeze, " ", counted(t.longest, longest_streak));
  return card(t.streak, h("p", { class: "figure" }, counted(t.days, current_streak)), ...until, kept);
}

/** A row for each day of the week, a column for each week; what is told is in words too. */
function calendar(journey, settings) {
  const t = words.journey;
  const zone = settings.time_zone ?? undefined;
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date());
  const all = weeks(journey.calendar, today);
  const rows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => h("tr", {}, h("th", { scope: "row" }, named(all.at(-2)[weekday].day, "weekday")), ...all.map((week) => cell(week[weekday]))));
  const counts = journey.calendar.filter((each) => each.counts).length;
  return h("div", { class: "scrolled", tabIndex: 0, role: "group", "aria-label": t.calendar }, h("table", { class: "calendar" }, h("caption", {}, counted(t.counted, counts)), h("tbody", {}, ...rows)));
}

function cell(day) {
  const t = words.journey;
  if (day === null) return h("td", {});
  const kind = day.counts ? "counts" : day.frozen ? "frozen" : "none";
  const says = `${named(day.day, "day")}: ${t.kinds[kind]}`;
  return h("td", { class: `${kind}${day.today ? " today" : ""}`, title: says }, h("span", { class: "unseen" }, says));
}

function named(day, what) {
  const form = what === "weekday" ? { weekday: "short" } : { day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(words.lang, { ...form, timeZone: "UTC" }).format(Date.parse(day));
}

function milestones({ milestones: all }, settings) {
  const t = words.journey;
  const item = ({ id, title, achieved_at }) =>
    h("li", { class: achieved_at ? "reached" : "" }, h("b", {}, t.reach[id] ?? title), " ", h("span", { class: "hint" }, achieved_at ? dateAndTime(achieved_at, settings) : t.not_yet));
  return h("ul", { class: "milestones" }, ...all.map(item));
}
