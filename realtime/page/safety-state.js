/**
 * Reports, blocks, past calls and how the user stands with the moderators. Pure.
 *
 * A person is `{peer, call_id?, room_id?}`: whom the user looks at, and where they were met. A report is `{subject: {type,
 * id}, peer, quote?}`: a `call`, a `user` or a `message`, and what the message says.
 */

import { withoutPerson } from "./friends-state.js";

/** Nobody is looked at or reported, and nothing has been asked of the server. */
export const UNASKED = { person: null, report: null, standing: null, warned: null, blocks: null, calls: null, consents: null };

/** Whether the user has blocked somebody, as far as is known. */
export function hasBlocked({ blocks }, userId) {
  return blocks?.some(({ user_id }) => user_id === userId) ?? false;
}

/** The newest warning, if the user has not been shown it yet and it was not taken back; or null. */
function unseen({ strikes }, seen) {
  return strikes.find(({ id, action, appeal }) => action === "warn" && id > seen && appeal?.state !== "granted") ?? null;
}

/** What has become of what the user was shown before: the code of a notice, or null. */
function news({ standing: before }, { strikes }) {
  for (const { id, appeal } of before?.strikes ?? []) {
    const now = strikes.find((strike) => strike.id === id);
    if (!now) return "taken_back";
    if (appeal?.state === "open" && now.appeal.state !== "open") return `appeal_${now.appeal.state}`;
  }
  return null;
}

/** Nobody asks whether to stay in touch with somebody who was blocked, and they are in no list of friends. */
function without(state, userId) {
  return { ...withoutPerson(state, userId), decisions: state.decisions.filter(({ peer }) => peer.user_id !== userId) };
}

/** The encounter, if what was reported is its call. */
function told(encounter, { id }) {
  if (encounter.after?.call_id === id) return { ...encounter, after: { ...encounter.after, reported: true } };
  return encounter.call_id === id ? { ...encounter, reported: true } : encounter;
}

export const SAFETY = {
  /** The person whose card is open; null while it is closed. */
  "page:person": (state, person) => ({ ...state, person }),

  /** What is about to be reported; null while the dialog is closed. */
  "page:report": (state, report) => ({ ...state, report, person: null }),

  "page:reported": (state, { subject, peer, block }) => {
    const kept = block ? without(state, peer.user_id) : state;
    return { ...kept, report: null, notice: "reported", encounter: told(state.encounter, subject) };
  },

  "page:blocked": (state, { user_id }) => ({ ...without(state, user_id), person: null, notice: "block_done" }),

  "page:blocks": (state, { items }) => ({ ...state, blocks: items }),

  "page:unblocked": (state, { user_id }) => ({
    ...state,
    person: null,
    blocks: state.blocks?.filter((block) => block.user_id !== user_id) ?? null,
    notice: "unblocked",
  }),

  /** What the user said last about each kind of text. */
  "page:consents": (state, { items }) => ({ ...state, consents: items }),

  /** A page of past calls: the newest ones, or `more` that lie before those that we have. */
  "page:past-calls": (state, { items, next_cursor, more }) => ({
    ...state,
    calls: { items: more ? [...state.calls.items, ...items] : items, next_cursor },
  }),

  /** `seen`: the newest warning that the user has been shown on this device. */
  "page:standing": (state, { standing, seen }) => {
    const told = state.account === "in" && news(state, standing);
    return { ...state, standing, warned: unseen(standing, seen), ...(told && { notice: told }) };
  },

  "page:warning-seen": (state) => ({ ...state, warned: null }),
};
