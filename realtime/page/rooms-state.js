/**
 * Connections and the messages in their rooms. Pure.
 *
 * A message is identified by its `seq`: 1, 2, 3 … without gaps, so that a message that comes twice is shown once, and
 * missing ones can be asked for. The user's own message is drawn before it is sent, and has only a `client_id` then.
 */

const TYPING_MS = 3_000;

const FRESH = {
  active: true,
  unread: 0,
  last_message: null,
  last_seq: 0,
  messages: [],
  has_more: null,
  outgoing: [],
  typing_until: 0,
  peer_read_seq: 0,
};

/** Rooms, the one with the latest message first. */
export function byRecency(rooms) {
  const time = (room) => Date.parse(room.last_message?.created_at ?? room.created_at);
  return Object.values(rooms).sort((a, b) => time(b) - time(a));
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

function merged(messages, more) {
  const bySeq = new Map([...messages, ...more].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** The room with messages added, which are no longer on their way. */
function withMessages(room, messages) {
  const arrived = new Set(messages.map((message) => message.client_id));
  const newest = messages.reduce((last, m) => (m.seq > (last?.seq ?? 0) ? m : last), room.last_message);
  return {
    messages: merged(room.messages, messages),
    outgoing: room.outgoing.filter((one) => !arrived.has(one.client_id)),
    last_message: newest,
    last_seq: Math.max(room.last_seq, newest?.seq ?? 0),
  };
}

function fromConnection({ id, room_id, peer, active = true, created_at }, at) {
  const created = created_at ?? new Date(at).toISOString();
  return { ...FRESH, id: room_id, connection_id: id, peer, active, created_at: created };
}

/** A room as the server lists it; what it leaves out is not there any more. */
function listed(state, item) {
  return { ...FRESH, ...state.rooms[item.id], connection_id: undefined, ...item };
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

function hear(state, message) {
  return changeRoom(state, message.room_id, (room) => {
    const isNew = message.seq > room.last_seq;
    const fromPeer = message.sender_id !== state.me?.id;
    return {
      ...withMessages(room, [message]),
      unread: room.unread + (isNew && fromPeer ? 1 : 0),
      typing_until: fromPeer ? 0 : room.typing_until,
    };
  });
}

export const ROOMS = {
  "page:rooms": (state, { items }) => {
    return { ...state, rooms: Object.fromEntries(items.map((item) => [item.id, listed(state, item)])) };
  },

  "page:room": (state, { item }) => ({ ...state, rooms: { ...state.rooms, [item.id]: listed(state, item) } }),

  /** A page of history: `older` when it lies before what we have, otherwise the latest or what was missed. */
  "page:history": (state, { room_id, messages, has_more, older }) =>
    changeRoom(state, room_id, (room) => ({
      ...withMessages(room, messages),
      has_more: older || room.has_more === null ? has_more : room.has_more,
    })),

  "page:sending": (state, { room_id, client_id, content }, at) =>
    changeRoom(state, room_id, (room) => ({
      outgoing: [...room.outgoing, { client_id, content, created_at: new Date(at).toISOString(), failed: null }],
    })),

  "page:send-again": (state, { room_id, client_id }) => changeOutgoing(state, room_id, client_id, { failed: null }),

  "page:send-failed": (state, { room_id, client_id, code, wait_ms = null }) =>
    changeOutgoing(state, room_id, client_id, { failed: code, wait_ms }),

  "page:sent": (state, { message }) => hear(state, message),

  "chat:message": (state, { message }) => hear(state, message),

  "chat:changed": (state, { message }) =>
    changeRoom(state, message.room_id, (room) => ({ messages: merged(room.messages, [message]) })),

  "chat:typing": (state, { room_id, user_id, typing }, at) =>
    user_id === state.me?.id ? state : changeRoom(state, room_id, () => ({ typing_until: typing ? at + TYPING_MS : 0 })),

  "chat:receipt": (state, { room_id, user_id, read_seq }) =>
    changeRoom(state, room_id, (room) =>
      user_id === state.me?.id
        ? { unread: read_seq >= room.last_seq ? 0 : room.unread }
        : { peer_read_seq: Math.max(room.peer_read_seq, read_seq) },
    ),

  "page:read": (state, { room_id }) => changeRoom(state, room_id, () => ({ unread: 0 })),

  "connection:created": (state, { connection }, at) =>
    state.rooms[connection.room_id]
      ? changeRoom(state, connection.room_id, () => ({ connection_id: connection.id, active: true }))
      : { ...state, rooms: { ...state.rooms, [connection.room_id]: fromConnection(connection, at) } },

  /** Friends go on writing: whether they are, the room that is read again says. */
  "connection:ended": (state, { connection }) =>
    changeRoom(state, connection.room_id, () => ({ connection_id: undefined, active: false })),
};
