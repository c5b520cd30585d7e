/** Opening hours as an admin types them, and as the server has them. Pure. */

export const DAYS = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };
const SPAN = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/;
const DATE = /^(\d{4}-\d\d-\d\d)\b(.*)$/;
const CLOSED = "closed";

/** What is wrong with a field, as the server says it. */
function wrong(field, message) {
  return Object.assign(new Error(message), { code: "invalid_request", details: { field } });
}

/** `09:00-12:30, 14:00-02:00` as pairs; nothing, or `closed`: none. Throws for what is no time. */
export function spansIn(typed, field) {
  const spans = typed.replaceAll("–", "-").replace(/\s+/g, "").split(",").filter((part) => part && part !== CLOSED);
  const odd = spans.find((span) => !SPAN.test(span));
  if (odd) throw wrong(field, `Please write hours as 09:00-12:30, 14:00-02:00: ${odd} is none.`);
  return spans.map((span) => span.split("-"));
}

export function spansTyped(spans) {
  return spans.map((span) => span.join("-")).join(", ");
}

/** A line for each date, as `2026-12-24 09:00-13:00`, or `2026-12-25 closed`. */
export function datesIn(typed, field) {
  const lines = typed.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const found = DATE.exec(line);
      if (!found) throw wrong(field, `Please begin each line with a date, as 2026-12-24: ${line}`);
      return [found[1], spansIn(found[2], field)];
    }),
  );
}

export function datesTyped(dates) {
  return Object.entries(dates)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([date, spans]) => `${date} ${spans.length ? spansTyped(spans) : CLOSED}`)
    .join("\n");
}

/** All hours that were typed, by field; null: none are known. */
export function hoursIn({ zone, except, ...typed }) {
  const week = Object.fromEntries(Object.keys(DAYS).map((day) => [day, spansIn(typed[day], day)]));
  const dates = datesIn(except, "except");
  const known = Object.keys(dates).length + Object.values(week).flat().length > 0;
  if (known && !zone.trim()) throw wrong("zone", "Please name the time zone of these hours, as Europe/London.");
  return zone.trim() ? { zone: zone.trim(), week, except: dates } : null;
}
