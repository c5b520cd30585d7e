/**
 * Notifications, and how many are unread. Pure.
 *
 * The server counts them; each of its events says how many wait. One of an id that is here already was renewed.
 */

/** `items` null: not asked for yet. */
export const NO_NEWS = { news: { items: null, next_cursor: null, unread: 0 } };

/** The number with which `session:ready` starts; what is here may be old by then. */
export function withNews(state, unread = 0) {
  return { ...state, news: { ...state.news, unread } };
}

function byAge(items) {
  return [...items].sort((a, b) => (b.created_at === a.created_at ? b.id.localeCompare(a.id) : b.created_at.localeCompare(a.created_at)));
}

/** The newer of two about the same thing counts: a list may have been read before an event, and come after it. */
function merged(items, more) {
  const byId = new Map((items ?? []).map((item) => [item.id, item]));
  for (const item of more) {
    const here = byId.get(item.id);
    if (!here || item.created_at > here.created_at || (item.created_at === here.created_at && item.read_at)) byId.set(item.id, item);
  }
  return byAge([...byId.values()]);
}

export const NEWS = {
  /** The newest page, or one that goes on with it. */
  "page:news": (state, { items, next_cursor, more }) => {
    const all = more ? merged(state.news.items, items) : byAge(items);
    return { ...state, news: { ...state.news, items: all, next_cursor } };
  },

  /** Without `unread`: from a node of the release before. */
  "notification:new": (state, { notification, unread }) => {
    const { news } = state;
    return { ...state, news: { ...news, items: merged(news.items, [notification]), unread: unread ?? news.unread + 1 } };
  },

  "notification:read": (state, { ids = [], all = false, unread }, at) => {
    const read_at = new Date(at).toISOString();
    const now = (item) => (!item.read_at && (all || ids.includes(item.id)) ? { ...item, read_at } : item);
    return { ...state, news: { ...state.news, items: state.news.items?.map(now) ?? null, unread } };
  },
};

/** Those that are still shown at this time of the server. */
export function shownNews({ news }, now) {
  return (news.items ?? []).filter(({ expires_at }) => !expires_at || Date.parse(expires_at) > now);
}
