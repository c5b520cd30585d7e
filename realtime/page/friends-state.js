/**
 * Friends, requests and suggestions. Pure. A list is null until somebody has asked for it: whoever draws it asks then.
 *
 * The answer to a command and the event that tells all devices of it say the same, in either order.
 */

import { withFriendsRoom, withoutFriendsRoom } from "./rooms-state.js";

/** Nothing has been asked of the server. `asked` has the requests that one has got (`in`) and sent (`out`). */
export const UNKNOWN = { friends: null, asked: { in: null, out: null }, suggestions: null, presences: {} };

/** What somebody is to the user: `{is: "friend" | "in" | "out" | "nobody", …}`, or `unknown` while it is being asked. */
export function relation({ friends, asked, me }, userId) {
  const has = (item) => item.user.user_id === userId;
  const friend = friends?.find(has);
  if (friend) return { is: "friend", ...friend };
  for (const box of ["in", "out"]) {
    const request = asked[box]?.find(has);
    if (request) return { is: box, ...request };
  }
  return { is: friends && asked.in && asked.out && me?.id !== userId ? "nobody" : "unknown" };
}

/** How many wait for an answer of the user. */
export function waiting({ asked }) {
  return asked.in?.length ?? 0;
}

/** The state without somebody who is not to be seen any more. */
export function withoutPerson(state, userId) {
  const others = (list) => list?.filter(({ user }) => user.user_id !== userId) ?? null;
  const asked = { in: others(state.asked.in), out: others(state.asked.out) };
  return { ...state, friends: others(state.friends), asked, suggestions: others(state.suggestions) };
}

function withRequest(state, request) {
  const { suggestions } = withoutPerson(state, request.user.user_id);
  const before = state.asked[request.box]?.filter(({ id }) => id !== request.id);
  return { ...state, suggestions, asked: { ...state.asked, [request.box]: before ? [request, ...before] : null } };
}

function withoutRequest(state, requestId) {
  const others = (list) => list?.filter(({ id }) => id !== requestId) ?? null;
  return { ...state, asked: { in: others(state.asked.in), out: others(state.asked.out) } };
}

/** Of somebody who is a friend already the newest is kept. */
function withFriend(state, friend) {
  const others = withoutPerson(state, friend.user.user_id);
  return { ...others, friends: others.friends && [friend, ...others.friends] };
}

function withPresences(state, presences) {
  const known = Object.fromEntries(presences.map((one) => [one.user_id, one]));
  return { ...state, presences: { ...state.presences, ...known } };
}

export const FRIENDS = {
  "page:friends": (state, { items }) => ({ ...state, friends: items }),

  "page:friend-requests": (state, { box, items }) => ({ ...state, asked: { ...state.asked, [box]: items } }),

  "page:suggestions": (state, { items }) => ({ ...state, suggestions: items }),

  "page:presences": (state, { presences }) => withPresences(state, presences),

  "presence:changed": (state, presence) => withPresences(state, [presence]),

  "friend:requested": (state, { request }) => withRequest(state, request),

  "friend:withdrawn": (state, { request_id }) => withoutRequest(state, request_id),

  "friend:added": (state, { friend }) => withFriendsRoom(withFriend(state, friend), friend),

  "friend:removed": (state, { user_id, room_id }) =>
    withoutFriendsRoom({ ...state, friends: withoutPerson(state, user_id).friends }, room_id),
};
