/**
 * Calls to somebody whom one knows: whether video is allowed between the two, or who has asked for it. Pure.
 */

/** By the connection: `{enabled, request}`; nothing where it was not asked for yet. */
export const NO_CALLING = { videoCalls: {} };

function change(state, connectionId, changes) {
  const before = state.videoCalls[connectionId] ?? { enabled: false, request: null };
  return { ...state, videoCalls: { ...state.videoCalls, [connectionId]: { ...before, ...changes } } };
}

function withRequest(state, request) {
  return change(state, request.connection_id, { request, ...(request.status === "approved" && { enabled: true }) });
}

/** What there is to know of video within a connection: `enabled`, asked for and theirs to answer (`mine`) or ours (`theirs`), else `none`. */
export function videoWith({ videoCalls, me }, connectionId) {
  const { enabled = false, request = null } = videoCalls[connectionId] ?? {};
  if (enabled) return "enabled";
  if (request?.status !== "pending") return "none";
  return request.approver_id === me?.id ? "theirs" : "mine";
}

export const CALLING = {
  "page:connection": (state, { id, video_enabled }) => change(state, id, { enabled: video_enabled }),

  /** The latest of each connection counts. */
  "page:video-requests": (state, { items }) =>
    items.toSorted((a, b) => a.requested_at.localeCompare(b.requested_at)).reduce(withRequest, state),

  "video:requested": (state, { request }) => withRequest(state, request),

  "video:responded": (state, { request }) => withRequest(state, request),
};
