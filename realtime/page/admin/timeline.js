/** A call's timeline as something to draw: how long it was in which state, and what happened when at which side. Pure. */

const LANES = 3;
const ENTERS = { offered: "offered", started: "connecting", live: "live", reconnecting: "reconnecting" };
const MARKED = new Set(["accepted", "taken_over", "connected", "lost", "back", "restarted", "problem", "quality", "media", "silent", "candidates", "direct", "longer"]);
const BAD = new Set(["lost", "problem", "silent", "reconnecting", "server_lost"]);

/** Both as shares of the time from the first note to the last: `states` in a row, `marks` each in the lane of its side. */
export function drawing({ call, events }) {
  const times = events.map(({ at }) => Date.parse(at));
  const first = Math.min(...times);
  const length = Math.max(1, Math.max(...times) - first);
  const share = (at) => (Date.parse(at) - first) / length;
  const lane = (userId) => ((userId ?? null) === null ? 1 : call.users.indexOf(userId) === 1 ? LANES - 1 : 0);
  const states = [];
  for (const { at, kind } of events) {
    const state = kind === "ended" ? "over" : ENTERS[kind];
    if (!state || (kind === "started" && states.at(-1)?.state === "reconnecting")) continue;
    if (states.length) states.at(-1).to = share(at);
    states.push({ state, from: share(at), to: 1 });
  }
  const marks = events
    .filter(({ kind }) => MARKED.has(kind))
    .map(({ at, kind, user_id }) => ({ at: share(at), kind, lane: lane(user_id), bad: BAD.has(kind) }));
  return { states, marks, first, length };
}

/** What happened, each with the seconds since the first: `+3.1 s`. */
export function told({ events }) {
  const first = Math.min(...events.map(({ at }) => Date.parse(at)));
  return events.map((event) => ({ ...event, after: `+${((Date.parse(event.at) - first) / 1000).toFixed(1)} s`, bad: BAD.has(event.kind) }));
}

/** What a note says, in a line: `epoch 1, host 2, relay 1`. */
export function details(data) {
  const said = (value) => (Array.isArray(value) ? String(value.length) : value === true ? "yes" : value === false ? "no" : String(value));
  return Object.entries(data)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${said(value)}`)
    .join(", ");
}
