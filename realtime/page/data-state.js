/** What there is to see about one's own data: the copy of it (`GET /v1/me/export`), and that one is leaving. Pure. */

/** `erasesAt`: when the account of who has signed in is to be erased. */
export const NOT_LEAVING = { copy: null, deleting: false, erasesAt: null };

export const DATA = {
  "page:copy": (state, { copy }) => ({ ...state, copy }),

  /** The account is being deleted: its sessions end, and this one knows why. */
  "page:deleting": (state, { deleting }) => ({ ...state, deleting }),

  /** Somebody has signed in whose account awaits erasure: they may stay after all. */
  "page:erasing": (state, { user, erases_at }) => ({ ...state, ...NOT_LEAVING, account: "erasing", me: user, erasesAt: erases_at ?? null, farewell: null, reachable: true }),
};
