/** The words of the moderators' page for codes of the server. Pure. */

import { notice } from "../words.js";
import english from "../words/en.js";

/** What somebody can be reported for. */
export const REASONS = english.reasons;

export const STATES = { "": "To decide", open: "Not claimed", claimed: "Claimed", decided: "Decided" };

/** A reason that people may also have written themselves. */
export function reason(code) {
  return REASONS[code] ?? code;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

const ACTIONS = { dismiss: "Dismissed", warn: "Warned", suspend: "Suspended", ban: "Banned" };
const STEPS = { dismiss: "dismiss", warn: "warn", suspend: "suspend", ban: "ban for ever" };

/** What was decided: `Suspended for 7 days` */
export function decided({ action, days }) {
  return days ? `${ACTIONS[action]} for ${count(days, "day")}` : ACTIONS[action];
}

/** What the ladder has next: `suspend for 7 days`; a suspension without an end is that of somebody who may be a minor. */
export function step({ action, days }) {
  if (action === "suspend" && !days) return "suspend until their birth date is settled";
  return days ? `${STEPS[action]} for ${count(days, "day")}` : STEPS[action];
}

const SUBJECTS = {
  call: "a call",
  user: "a profile",
  message: "a message",
  post: "a post",
  comment: "a comment",
  review: "a review",
  group: "a group",
};

export function subject({ type }) {
  return SUBJECTS[type] ?? type;
}

const TIERS = { trusted: "trusted", neutral: "not known well", suspect: "suspect" };

export function tier(name) {
  return TIERS[name] ?? name;
}

/** What a decision asks to be confirmed. */
export const DECISIONS = {
  dismiss: { key: "d", verb: "Dismiss", text: "Nothing was wrong. What the system did by itself ends." },
  warn: { key: "w", verb: "Warn", text: "They see it in their standing." },
  suspend: { key: "s", verb: "Suspend", text: "They are out at once, and come back by themselves." },
  ban: { key: "b", verb: "Ban", text: "They are out at once, for good, and a new account with the same address is refused." },
};

const MARKS = {
  device: "device",
  email: "mailbox",
  mailbox: "mailbox",
  phone: "phone",
  photo: "photo",
  network: "network",
  client: "kind of client",
  name: "name",
  person: "day of birth and gender",
  age: "age",
  soon: "time, opened soon after the ban",
};

export function mark(kind) {
  return MARKS[kind] ?? kind;
}

/** `14 min left`; of less than a minute, the seconds. */
export function left(until, now) {
  const seconds = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
  return seconds < 60 ? `${seconds} s left` : `${Math.floor(seconds / 60)} min left`;
}

/** How a picture of a profile stands: `removed: Nudity or sex` */
export function reviewed({ state, waits, decision }) {
  if (decision?.action === "remove") return `removed: ${reason(decision.reason)}`;
  if (state === "refused") return "refused by the scanner";
  if (state === "processing") return waits ? "to decide, nobody else sees it" : "the scanner looks at it";
  if (waits) return "to decide, others see it";
  return decision ? "passed" : "passed by the scanner";
}

const DONE = {
  claim: "Claimed.",
  decide: "Decided.",
  undo: "Undone.",
  clear: "Cleared.",
  ban: "Banned.",
  lift: "Lifted.",
  appeal: "Decided.",
  correct: "Saved.",
  media: "Decided.",
  restore: "Undone.",
  place: "Saved.",
};

/** That something was done, for those who do not see it. */
export function done(act) {
  return DONE[act] ?? "";
}

const CASES = {
  conflict: "Another moderator has claimed this case.",
  already_decided: "This case was decided already.",
};

const ERRORS = {
  claim: CASES,
  decide: CASES,
  undo: { conflict: "Nothing is decided here, so there is nothing to undo." },
  ban: {
    forbidden: "You cannot ban yourself, nor staff above you.",
    not_found: "There is nobody with this id.",
    invalid_request: "This is no id of a user.",
  },
  lift: { gone: "This ban is over already." },
  appeal: {
    forbidden: "Another moderator decides this one: the strike is yours, or the appeal.",
    already_decided: "This appeal was decided already.",
    gone: "The strike was lifted meanwhile, so there is nothing to decide.",
  },
  media: { already_decided: "This was decided already.", not_found: "It is not there any more." },
  restore: { conflict: "It is not removed any more.", not_found: "It is not there any more." },
  correct: { forbidden: "This is for other staff to correct." },
  clear: { not_found: "There is nothing to clear any more." },
  picture: { not_found: "The picture is not there any more." },
};

/** Why something could not be done. */
export function problem({ code, retryAfterMs }, act) {
  if (code === "rate_limited" && retryAfterMs)
    return `That was a bit fast. Please try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return ERRORS[act]?.[code] ?? notice(code);
}
