/**
 * Rooms of two and groups, and the messages in them. Pure.
 *
 * A message is identified by its `seq`: 1, 2, 3 … without gaps, so that a message that comes twice is shown once, and
 * missing ones can be asked for. The user's own message is drawn before it is sent, and has only a `client_id` then.
 */

const TYPING_MS = 3_000;
const LONG_MS = 1_000 * 365 * 86_400_000; // what somebody asks for is a year at most

const FRESH = {
  kind: "direct",
  active: true,
  unread: 0,
  read_seq: 0,
  last_message: null,
  last_seq: 0,
  messages: [],
  has_more: null,
  behind: false, // what is shown ends before what was said last
  outgoing: [],
  typing: {}, // until when, by user
  peer_read_seq: 0,
  peer_delivered_seq: 0,
  people: {}, // cards of those who are or were in a group, as far as they are known; null: nobody knows them any more
};

/** Rooms, the one with the latest message first. */
export function byRecency(rooms) {
  const time = (room) => Date.parse(room.last_message?.created_at ?? room.created_at);
  return Object.values(rooms).sort((a, b) => time(b) - time(a));
}

/** Whether one is a member no more; a node of the version before says it by what it does not say. */
function isLeft({ left_at, kind, active, last_message }) {
  return Boolean(left_at) || (kind === "group" && !active && !last_message);
}

/** Until when (ms) nothing that is said there is pushed: `Infinity` where that has to be undone, 0 where it is pushed. */
export function quietUntil({ muted_until }, now) {
  const until = muted_until ? Date.parse(muted_until) : 0;
  return until <= now ? 0 : until - now > LONG_MS ? Infinity : until;
}

/** Who is typing in it, by their ids. */
export function typists(room, now) {
  return Object.keys(room.typing).filter((id) => room.typing[id] > now);
}

/** Up to which `seq` we have all messages: the one before the first gap, or the last one. */
export function contiguousUpTo(room) {
  let seq = room.messages[0]?.seq ?? 0;
  for (const message of room.messages.slice(1)) {
    if (message.seq !== seq + 1) break;
    seq = message.seq;
  }
  return seq;
}

/** The unread counts of `session:ready`; a room that is not named there has none. */
export function withUnread(state, counts) {
  const rooms = Object.fromEntries(
    Object.entries(state.rooms).map(([id, room]) => [id, { ...room, unread: counts[id] ?? 0 }]),
  );
  return { ...state, rooms };
}

function changeRoom(state, id, change) {
  const room = state.rooms[id];
  return room ? { ...state, rooms: { ...state.rooms, [id]: { ...room, ...change(room) } } } : state;
}

function changeOutgoing(state, id, clientId, changes) {
  return changeRoom(state, id, (room) => ({
    outgoing: room.outgoing.map((one) => (one.client_id === clientId ? { ...one, ...changes } : one)),
  }));
}

/** The connection is lost: whatever is on its way waits for it. */
export function withWaiting(state) {
  const wait = ({ outgoing }) => ({ outgoing: outgoing.map((one) => (one.failed ? one : { ...one, waits: true, sent: null })) });
  return Object.keys(state.rooms).reduce((before, id) => (before.rooms[id].outgoing.length ? changeRoom(before, id, wait) : before), state);
}

function merged(messages, more) {
  const bySeq = new Map([...messages, ...more].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** The room with messages added, which are no longer on their way. */
function withMessages(room, messages) {
  const arrived = new Set(messages.map((message) => message.client_id));
  const newest = messages.reduce((last, m) => (m.seq > (last?.seq ?? 0) ? m : last), room.last_message);
  return {
    messages: room.behind ? room.messages : merged(room.messages, messages),
    outgoing: room.outgoing.filter((one) => !arrived.has(one.client_id)),
    last_message: newest,
    last_seq: Math.max(room.last_seq, newest?.seq ?? 0),
  };
}

/** The room without what the server has forgotten: before that there is nothing to ask for. */
function remembering(room, oldest_seq = 1) {
  if (!room.messages.length || room.messages[0].seq >= oldest_seq) return room;
  return { ...room, messages: room.messages.filter(({ seq }) => seq >= oldest_seq), has_more: false };
}

function fromConnection({ id, room_id, peer, active = true, created_at }, at) {
  const created = created_at ?? new Date(at).toISOString();
  return { ...FRESH, id: room_id, connection_id: id, peer, active, created_at: created };
}

/** A room as the server lists it; what it leaves out is not there any more, and what was heard meanwhile is newer. */
function listed(state, item) {
  const known = state.rooms[item.id];
  const newer = known && known.last_seq > item.last_seq ? { last_seq: known.last_seq, last_message: known.last_message, unread: known.unread } : {};
  const gone = { connection_id: undefined, photo_url: undefined, muted_until: undefined, keep_days: undefined };
  return remembering({ ...FRESH, ...known, ...gone, ...item, ...newer }, item.oldest_seq);
}

/** The state with these rooms as the server lists them; those that one has left are gone. */
function withListed(state, items) {
  const rooms = { ...state.rooms };
  for (const item of items) {
    if (isLeft(item)) delete rooms[item.id];
    else rooms[item.id] = listed(state, item);
  }
  return { ...state, rooms };
}

/** The room of a friendship: there already, where the two were connected before. */
export function withFriendsRoom(state, { user, room_id, connection_id, since }) {
  const before = state.rooms[room_id] ?? { ...FRESH, id: room_id, created_at: since };
  return { ...state, rooms: { ...state.rooms, [room_id]: { ...before, connection_id, peer: user, active: true } } };
}

/** They are friends no longer: only who is connected too goes on writing. */
export function withoutFriendsRoom(state, roomId) {
  return changeRoom(state, roomId, (room) => ({ active: Boolean(room.connection_id) }));
}

/**
 * A message that is shown says something else, or nothing more; so do the beginnings of it in replies. One that waited unread waits no more; one
 * that is not shown stays unknown.
 */
function changed(room, message, me) {
  const { seq, id, content, deleted_at } = message;
  const before = room.messages.find((one) => one.seq === seq) ?? (room.last_message?.seq === seq ? room.last_message : null);
  const waited = deleted_at && before && !before.deleted_at && seq > room.read_seq && message.sender_id !== me;
  const replying = (one) => (one.reply?.id === id ? { ...one, reply: { ...one.reply, content, deleted_at } } : one);
  return {
    messages: room.messages.map((one) => (one.seq === seq ? message : replying(one))),
    last_message: room.last_message?.seq === seq ? message : room.last_message,
    unread: waited ? Math.max(0, room.unread - 1) : room.unread,
  };
}

function hear(state, message) {
  return changeRoom(state, message.room_id, (room) => {
    const isNew = message.seq > room.last_seq;
    const fromPeer = message.sender_id !== state.me?.id;
    return {
      ...withMessages(room, [message]),
      unread: room.unread + (isNew && fromPeer ? 1 : 0),
      typing: fromPeer ? { ...room.typing, [message.sender_id]: 0 } : room.typing,
    };
  });
}

export const ROOMS = {
  "page:rooms": (state, { items }) => {
    return { ...state, rooms: Object.fromEntries(items.map((item) => [item.id, listed(state, item)])) };
  },

  "page:room": (state, { item }) => withListed(state, [item]),

  /** Those that have changed while this page was away. */
  "page:changed-rooms": (state, { items }) => withListed(state, items),

  "room:muted": (state, { room_id, muted_until }) => changeRoom(state, room_id, () => ({ muted_until })),

  "room:changed": (state, { room }) => withListed(state, [room]),

  /** What is known of people in a group. */
  "page:people": (state, { room_id, people }) => changeRoom(state, room_id, (room) => ({ people: { ...room.people, ...people } })),

  /** A page of history: `older` when it lies before what we have, otherwise the latest or what was missed. */
  "page:history": (state, { room_id, messages, has_more, oldest_seq, older }) =>
    changeRoom(state, room_id, (before) => {
      const room = remembering(before, oldest_seq);
      return {
        ...withMessages(room, messages),
        ...(room.behind && older && { messages: merged(room.messages, messages) }),
        has_more: older || room.has_more === null ? has_more : room.has_more,
      };
    }),

  /** Other messages in the place of those that we have: around one that is far from them, or the latest. */
  "page:window": (state, { room_id, messages, has_more }) =>
    changeRoom(state, room_id, (room) => ({ ...withMessages({ ...room, behind: false, messages: [] }, messages), has_more, behind: (messages.at(-1)?.seq ?? 0) < room.last_seq })),

  /** What comes after those, while they end before the latest. */
  "page:later": (state, { room_id, messages, has_more }) =>
    changeRoom(state, room_id, (room) => ({ ...withMessages({ ...room, behind: false }, messages), behind: has_more || (messages.at(-1)?.seq ?? room.last_seq) < room.last_seq })),

  "page:sending": (state, { room_id, ...one }, at) =>
    changeRoom(state, room_id, (room) => ({
      outgoing: [...room.outgoing, { waits: state.link === "away", ...one, created_at: new Date(at).toISOString(), failed: null }],
    })),

  "page:unsent": (state, { room_id, client_id }) =>
    changeRoom(state, room_id, (room) => ({ outgoing: room.outgoing.filter((one) => one.client_id !== client_id) })),

  "page:send-again": (state, { room_id, client_id }) => changeOutgoing(state, room_id, client_id, { failed: null, why: null, sent: null, waits: state.link === "away" }),

  /** The server could not be reached: it is sent when it can be. */
  "page:send-waits": (state, { room_id, client_id }) => changeOutgoing(state, room_id, client_id, { waits: true, sent: null }),

  /** How much of a file was sent, from 0 to 1. */
  "page:send-progress": (state, { room_id, client_id, sent }) => changeOutgoing(state, room_id, client_id, { sent, waits: false }),

  "page:send-failed": (state, { room_id, client_id, why }) => changeOutgoing(state, room_id, client_id, { failed: why.code ?? "failed", why }),

  "page:sent": (state, { message }) => hear(state, message),

  "chat:message": (state, { message }) => hear(state, message),

  "chat:changed": (state, { message }) => changeRoom(state, message.room_id, (room) => changed(room, message, state.me?.id)),

  "chat:typing": (state, { room_id, user_id, typing }, at) =>
    user_id === state.me?.id
      ? state
      : changeRoom(state, room_id, (room) => ({ typing: { ...room.typing, [user_id]: typing ? at + TYPING_MS : 0 } })),

  "chat:receipt": (state, { room_id, user_id, read_seq, delivered_seq }) =>
    changeRoom(state, room_id, (room) =>
      user_id === state.me?.id
        ? { unread: read_seq >= room.last_seq ? 0 : room.unread }
        : room.kind === "direct" && {
            peer_read_seq: Math.max(room.peer_read_seq, read_seq),
            peer_delivered_seq: Math.max(room.peer_delivered_seq, delivered_seq),
          },
    ),

  "page:read": (state, { room_id }) => changeRoom(state, room_id, (room) => ({ unread: 0, read_seq: room.last_seq })),

  "connection:created": (state, { connection }, at) =>
    state.rooms[connection.room_id]
      ? changeRoom(state, connection.room_id, () => ({ connection_id: connection.id, active: true }))
      : { ...state, rooms: { ...state.rooms, [connection.room_id]: fromConnection(connection, at) } },

  /** Friends go on writing: whether they are, the room that is read again says. */
  "connection:ended": (state, { connection }) =>
    changeRoom(state, connection.room_id, () => ({ connection_id: undefined, active: false })),
};
