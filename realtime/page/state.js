/**
 * What the page shows, as a pure function of what has happened. Views only draw it.
 *
 * An action is `{type, data, at}`: an event of the server under its own name, or something of the page's own under
 * `page:…`; `at` is this machine's clock in milliseconds.
 */

import { NOT_SEEN, OWN } from "./account-state.js";
import { CALLING, NO_CALLING } from "./calling-state.js";
import { DATA, NOT_LEAVING } from "./data-state.js";
import { ENCOUNTER, arrive } from "./encounter-state.js";
import { FRIENDS, UNKNOWN } from "./friends-state.js";
import { JOURNEY, NO_JOURNEY } from "./journey-state.js";
import { NEWS, NO_NEWS, withNews } from "./news-state.js";
import { NO_UPLOADS, PHOTOS } from "./photos-state.js";
import { NO_POSTS, POSTS } from "./posts-state.js";
import { NO_REWARDS, REWARDS } from "./rewards-state.js";
import { ROOMS, withUnread, withWaiting } from "./rooms-state.js";
import { SAFETY, UNASKED } from "./safety-state.js";

/** What holds for a user who has set nothing: all is as the device has it. */
export const AT_FIRST = {
  theme: "system",
  language: null,
  time_zone: null,
  notifications: { push: true, email: false, kinds: {} },
};

/** `account` is `unknown` until we know whether somebody is signed in here, then `in`, `out`, `banned` until `until`, or `erasing`. */
export function initial({ heldCall = null, settings = AT_FIRST } = {}) {
  return {
    account: "unknown",
    me: null,
    settings,
    farewell: null,
    link: "connecting",
    reachable: true,
    skew: 0,
    place: { name: "meet" },
    media: { mode: "video", status: "off", audio: true, video: true },
    encounter: { phase: "lobby" },
    heldCall,
    decisions: [],
    coolDown: null,
    rooms: {},
    notice: null,
    wait_ms: null,
    ...UNASKED,
    ...NOT_SEEN,
    ...UNKNOWN,
    ...NO_UPLOADS,
    ...NO_NEWS,
    ...NO_POSTS,
    ...NO_JOURNEY,
    ...NO_REWARDS,
    ...NOT_LEAVING,
    ...NO_CALLING,
  };
}

/** The server's time, in milliseconds, when this machine's clock says `now`. */
export function serverTime(state, now) {
  return now + state.skew;
}

/** What `page:notice` is told of an error. */
export function failure({ code, retryAfterMs }) {
  return { text: code ?? "internal", wait_ms: retryAfterMs };
}

/** Whole seconds until an RFC 3339 time, never below zero; null without one. */
export function secondsLeft(state, deadline, now) {
  return deadline ? secondsUntil(Date.parse(deadline) - state.skew, now) : null;
}

/** Whole seconds until a time in ms of this machine's clock, never below zero. */
export function secondsUntil(until, now) {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** Whether this user has to take a break before queueing again. */
export function coolsDown({ coolDown }, now) {
  return coolDown !== null && coolDown.until > now;
}

/** The number of all unread messages. */
export function unreadInAll(state) {
  return Object.values(state.rooms).reduce((sum, room) => sum + room.unread, 0);
}

/** What belongs to this browser and not to whoever is signed in. */
function begunAnew({ settings, media, place, door, letter }) {
  return { ...initial({ settings }), media, place, door, letter };
}

const ACCOUNT = {
  "page:signed-in": (state, { user }) => ({ ...state, account: "in", me: user, farewell: null, reachable: true }),

  /** Only a letter is read by nobody in particular. */
  "page:signed-out": ({ media, place, door, letter }, { code }) => ({
    ...initial(),
    media,
    door,
    ...(letter && { letter, place }),
    account: "out",
    farewell: code ?? null,
  }),

  /** The session was ended, and why is being asked. */
  "page:put-out": (state) => begunAnew(state),

  /** Somebody who is banned has shown who they are: they may see why, and appeal. `until` null: for good. */
  "page:banned": (state, { until }) => ({ ...begunAnew(state), account: "banned", until }),

  "page:unreachable": (state) => ({ ...state, reachable: false }),

  "page:me": (state, { me }) => ({ ...state, me }),

  "page:settings": (state, { settings }) => ({ ...state, settings }),

  "page:link": (state, { link }) => ({ ...(link === "away" ? withWaiting(state) : state), link }),

  /** `wait_ms`: for how long the server asks to wait, where it does. */
  "page:notice": (state, { text, wait_ms = null }) => ({ ...state, notice: text, wait_ms }),

  "page:cool-down": (state, { retry_after_ms }, at) => ({ ...state, coolDown: { until: at + retry_after_ms } }),

  "page:media": (state, changes) => ({ ...state, media: { ...state.media, ...changes } }),

  "session:ready": (state, data, at) => {
    const skew = Date.parse(data.server_time) - at;
    return withNews(withUnread(arrive({ ...state, me: data.user, skew }, data), data.unread.rooms), data.unread.notifications);
  },
};

const CHANGES = { ...ACCOUNT, ...ENCOUNTER, ...ROOMS, ...SAFETY, ...OWN, ...FRIENDS, ...PHOTOS, ...POSTS, ...JOURNEY, ...REWARDS, ...NEWS, ...DATA, ...CALLING };

/** The state after an action; an unknown action changes nothing. */
export function reduce(state, { type, data = {}, at = 0 }) {
  const change = Object.hasOwn(CHANGES, type) ? CHANGES[type] : null;
  return change ? change(state, data, at) : state;
}

/** Keeps the state and tells `listen`ers after each change; `now` is the clock, `step` what an action does. */
export function createStore({ state, now, step = reduce }) {
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    dispatch(type, data) {
      state = step(state, { type, data, at: now() });
      for (const listener of listeners) listener(state);
    },
    listen(listener) {
      listeners.add(listener);
    },
  };
}
