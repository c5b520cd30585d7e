/**
 * The photos and videos of one's own profile, and what is on its way there. Pure.
 *
 * An upload is `{key, list, file, preview, phase, sent, why}`: `list` is `photos` or `videos`, `sent` how much of it the
 * server has, from 0 to 1. It waits, is sent, is read by the server, or is refused, for the reason `why`.
 */

/** As the contract has it. */
export const MOST = { photos: 6, videos: 2 };

export const NO_UPLOADS = { uploads: [] };

/** How many more fit; what is on its way counts, what was refused does not. */
export function room({ me, uploads }, list) {
  const coming = uploads.filter((one) => one.list === list && one.phase !== "refused");
  return Math.max(0, MOST[list] - (me[list] ?? []).length - coming.length);
}

/** A list with one of its items in another place; the same list where that is no place in it. */
export function moved(items, from, to) {
  if (from === to || !(from in items) || !(to in items)) return items;
  const rest = items.filter((_, at) => at !== from);
  return [...rest.slice(0, to), items[from], ...rest.slice(to)];
}

/** In the order of these ids; what they do not name is not in it. */
export function ordered(items, ids) {
  return ids.map((id) => items.find((item) => item.id === id)).filter(Boolean);
}

function changed(state, key, changes) {
  return { ...state, uploads: state.uploads.map((one) => (one.key === key ? { ...one, ...changes } : one)) };
}

export const PHOTOS = {
  "page:uploads": (state, { uploads }) => ({
    ...state,
    uploads: [...state.uploads, ...uploads.map((one) => ({ ...one, phase: "waiting", sent: 0, why: null }))],
  }),

  "page:upload-waits": (state, { key }) => changed(state, key, { phase: "waiting", sent: 0, why: null }),

  "page:upload-sent": (state, { key, sent }) => changed(state, key, { phase: sent < 1 ? "sending" : "reading", sent }),

  /** `why`: the code, the server's words and what they are about. */
  "page:upload-refused": (state, { key, why }) => changed(state, key, { phase: "refused", why }),

  "page:upload-over": (state, { key }) => ({ ...state, uploads: state.uploads.filter((one) => one.key !== key) }),

  /** How the user wants one of the lists to be, until the server says how it is. */
  "page:arranged": (state, { list, items }) => ({ ...state, me: { ...state.me, [list]: items } }),
};
