/**
 * Posts: the feed, the one that is open with what is said about it, and what is being posted. Pure. Lists are null until they were read.
 *
 * The answer to a command and the event that tells of the counts say the same, in either order.
 */

/** `posting`: null, or `{phase: "sending" | "posting", sent}`. `talk`: of the open post. */
export const NO_POSTS = { feed: null, moreFeed: null, posting: null, post: null, talk: null };

function changed(state, postId, change) {
  const one = (post) => (post?.id === postId ? { ...post, ...change(post) } : post);
  return { ...state, feed: state.feed?.map(one) ?? null, post: one(state.post) };
}

/** The comments that answer none, each with its answers. */
export function threads(talk) {
  const answers = (id) => talk.filter(({ reply_to }) => reply_to === id);
  return talk.filter(({ reply_to }) => !reply_to).map((comment) => ({ ...comment, answers: answers(comment.id) }));
}

export const POSTS = {
  "page:feed": (state, { items, next_cursor, more = false }) => ({ ...state, feed: more ? [...state.feed, ...items] : items, moreFeed: next_cursor }),

  "page:posting": (state, { posting }) => ({ ...state, posting }),

  "page:posted": (state, { post }) => ({ ...state, posting: null, feed: [post, ...(state.feed ?? []).filter(({ id }) => id !== post.id)] }),

  "page:post": (state, { post, talk }) => ({ ...state, post, talk }),

  "page:post-changed": (state, { post }) => changed(state, post.id, () => post),

  "page:liked": (state, { post_id, liked }) =>
    changed(state, post_id, (post) => (post.liked === liked ? {} : { liked, like_count: post.like_count + (liked ? 1 : -1) })),

  "page:said": (state, { comment }) => (state.post?.id === comment.post_id ? { ...state, talk: [...(state.talk ?? []), comment] } : state),

  "page:unsaid": (state, { id }) => ({ ...state, talk: state.talk?.filter((one) => one.id !== id && one.reply_to !== id) ?? null }),

  "page:post-gone": (state, { id }) => {
    const open = state.post?.id === id ? { post: null, talk: null } : {};
    return { ...state, ...open, feed: state.feed?.filter((post) => post.id !== id) ?? null };
  },

  "post:changed": (state, { post_id, like_count, comment_count }) => changed(state, post_id, () => ({ like_count, comment_count })),
};
