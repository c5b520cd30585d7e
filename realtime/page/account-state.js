/**
 * Where one is in the page, and what there is to see about one's own account: ways to sign in, sessions. Pure.
 *
 * A letter is what a link in a mail asks for: `{kind: "verify" | "reset", token, state, whose?, code?, wait_ms?}`; its state is
 * `open`, `asking`, `done` or `failed`. Somebody who enters has shown a phone or an account elsewhere: `{way, lacks}` says what the server
 * still wants, which is the step that asks for it.
 */

/** Nothing has been asked of the server, and no link has led here. */
export const NOT_SEEN = { door: "welcome", letter: null, entering: null, logins: null, sessions: null };

/** Whether nothing was shown to be one's own yet, so that one is trusted less. */
export function isPending({ me }) {
  return me?.status === "pending";
}

/** Whether one signs in with a password too; null: not known yet. */
export function hasPassword({ logins }) {
  return logins?.some(({ provider }) => provider === "password") ?? null;
}

export const OWN = {
  /** What was brought is gone when one goes elsewhere, and so is what one was about to enter with. */
  "page:place": (state, { place, door = state.door }) => ({
    ...state,
    place,
    door,
    letter: place.name === "letter" ? state.letter : null,
    entering: door === state.entering?.lacks ? state.entering : null,
  }),

  "page:letter": (state, { letter }) => ({ ...state, letter }),

  "page:entering": (state, { entering }) => ({ ...state, entering }),

  "page:logins": (state, { items }) => ({ ...state, logins: items }),

  "page:sessions": (state, { items }) => ({ ...state, sessions: items }),
};
