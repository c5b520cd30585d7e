/** The journey, and checking in: what is known of it on the page. Pure. Null: not read yet. */

/** `visiting`: the place where one checks in; `visit`: what came of it; `seeking`: how it is being found out that one is there; `nowhere`: the device does not say. */
export const NO_JOURNEY = { journey: null, visiting: null, visit: null, seeking: null };

/** The place that the part of an address behind `#check-in/` names, by its id or by the code that it shows: `{place, code?}`; null: none. */
export function whereIn(id) {
  const found = /^rc1\.([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\./.exec(id);
  if (found) return { place: found.slice(1).join("-"), code: id };
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? { place: id } : null;
}

/** The code in what was typed, or read by a camera: it may stand at the end of an address. */
export function codeIn(text) {
  return text.trim().split(/[/#]/).at(-1);
}

const DAY_MS = 86_400_000;

/** The calendar as weeks from Monday on, the oldest first, until that of the last day: `{day, counts, frozen, today}` each; null: to come. */
export function weeks(calendar, today, count = 13) {
  const known = new Map(calendar.map((each) => [each.day, each]));
  const last = Date.parse(today);
  const monday = last - ((new Date(last).getUTCDay() + 6) % 7) * DAY_MS;
  return Array.from({ length: count }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const at = monday + ((week - count + 1) * 7 + weekday) * DAY_MS;
      const day = new Date(at).toISOString().slice(0, 10);
      return at > last ? null : { counts: false, frozen: false, ...known.get(day), day, today: at === last };
    }),
  );
}

/** The milestones that a check-in has reached: those of the time at which it was. */
export function reached({ check_in, journey }) {
  return check_in.counts ? journey.milestones.filter(({ achieved_at }) => achieved_at === check_in.at) : [];
}

export const JOURNEY = {
  "page:journey": (state, { journey }) => ({ ...state, journey }),

  "page:visiting": (state, { place }) => ({ ...state, visiting: place, visit: null, seeking: null }),

  "page:seeking": (state, { how }) => ({ ...state, seeking: how }),

  "page:visited": (state, { visit }) => ({ ...state, visit, seeking: null, journey: visit.journey }),
};
