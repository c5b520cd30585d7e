"""Which clients are connected to which namespace and rooms; one encoding and one loop for each emit.

`RoomManager` has the interface of python-socketio's client managers. A manager of python-socketio's
own that reaches other processes (Redis and the like) gets these tables put under it by `adopt`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import socketio

from . import packets


class Sink(Protocol):
    """Where a member's frames go: its session, or a stand-in while its CONNECT is not answered."""

    write: Callable[[bytes], None] | None
    answering: int

    def send(self, frame: bytes, volatile: bool = False) -> None:
        """Write a frame, or keep it."""


class Held:
    """Keeps what is sent to a member whose CONNECT has not been answered, so that it comes after."""

    __slots__ = ("_frames", "_max_bytes", "_size", "answering", "write")

    def __init__(self, max_bytes: int) -> None:
        self.write: Callable[[bytes], None] | None = None
        self.answering = 0
        self._frames: list[tuple[bytes, bool]] = []
        self._max_bytes = max_bytes
        self._size = 0

    def send(self, frame: bytes, volatile: bool = False) -> None:
        """Keep a frame; a volatile one only while there is room."""
        self._size += len(frame)
        if not volatile or self._size <= self._max_bytes:
            self._frames.append((frame, volatile))

    def release(self, sink: Sink) -> None:
        """Send on what was kept."""
        for frame, volatile in self._frames:
            sink.send(frame, volatile)
        self._frames.clear()


class Nowhere:
    """Drops what is sent to a member that was told to leave."""

    __slots__ = ()
    write: Callable[[bytes], None] | None = None
    answering = 0

    def send(self, frame: bytes, volatile: bool = False) -> None:
        """Drop it."""


NOWHERE: Final = Nowhere()


class Member:
    """One client in one namespace."""

    __slots__ = ("answer", "connected", "eio_sid", "leaving", "rooms", "sid", "sink", "space")

    def __init__(self, sid: str, eio_sid: str, space: "Space", sink: Sink) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.space = space
        self.sink = sink
        self.connected = False
        self.leaving = False
        self.rooms: set[Any] | None = None
        self.answer: dict[str, Any] | None = None


class Space:
    """The tables of one namespace. `everyone` holds connected members only, `members` all."""

    __slots__ = ("ack_head", "by_eio_sid", "event_head", "everyone", "members", "namespace", "rooms")

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.event_head = packets.prefix(packets.EVENT, namespace)
        self.ack_head = packets.prefix(packets.ACK, namespace)
        self.members: dict[str, Member] = {}
        self.by_eio_sid: dict[str, str] = {}
        self.everyone: dict[str, Sink] = {}
        self.rooms: dict[Any, dict[str, Sink]] = {}


class RoomManager(socketio.AsyncManager):  # type: ignore[misc]
    """The members and rooms of one process."""

    def __init__(self) -> None:
        super().__init__()
        self.make_tables()

    def make_tables(self) -> None:
        """Begin with nobody. `adopt` calls it too, in place of the constructor."""
        self.spaces: dict[str, Space] = {}

    # Coming and going.

    def add(self, eio_sid: str, namespace: str, sink: Sink) -> Member | None:
        """A new member, not connected yet. None: this client is in the namespace already."""
        space = self.spaces.get(namespace)
        if space is None:
            space = self.spaces[namespace] = Space(namespace)
        if eio_sid in space.by_eio_sid:
            return None
        sid = self.server.eio.generate_id()
        member = space.members[sid] = Member(sid, eio_sid, space, sink)
        space.by_eio_sid[eio_sid] = sid
        return member

    def admit(self, member: Member, sink: Sink) -> None:
        """A member is connected: it hears broadcasts from now on, through `sink`."""
        member.connected = True
        self._turn(member, sink)
        member.space.everyone[member.sid] = sink

    def silence(self, member: Member) -> None:
        """A member was told to leave: it stays in the tables, but nothing is sent to it."""
        member.leaving = True
        self._turn(member, NOWHERE)

    def _turn(self, member: Member, sink: Sink) -> None:
        space = member.space
        member.sink = sink
        if member.sid in space.everyone:
            space.everyone[member.sid] = sink
        for room in member.rooms or ():
            space.rooms[room][member.sid] = sink

    def remove(self, member: Member) -> None:
        """Forget a member and leave no empty room behind."""
        space = member.space
        for room in member.rooms or ():
            self._drop(space, room, member.sid)
        member.rooms = None
        del space.members[member.sid]
        del space.by_eio_sid[member.eio_sid]
        space.everyone.pop(member.sid, None)
        self.callbacks.pop(member.sid, None)
        if not space.members:
            del self.spaces[space.namespace]

    @staticmethod
    def _drop(space: Space, room: Any, sid: str) -> None:
        sinks = space.rooms[room]
        del sinks[sid]
        if not sinks:
            del space.rooms[room]

    def member(self, sid: str, namespace: str) -> Member | None:
        """A member by its session id."""
        space = self.spaces.get(namespace)
        return None if space is None else space.members.get(sid)

    # Sending.

    def emit_now(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        volatile: bool = False,
    ) -> None:
        """Encode an event once and send it to all who should get it."""
        space = self.spaces.get(namespace)
        if space is None:
            return
        values = [event, *data] if isinstance(data, tuple) else [event] if data is None else [event, data]
        if callback is not None:
            self._emit_asking(space, values, room, skip_sid, callback)
        else:
            frame = packets.array_frame(space.event_head, b"", values)
            self.send_frame(space, frame, room, skip_sid, volatile)

    def send_frame(self, space: Space, frame: bytes, room: Any, skip_sid: Any, volatile: bool) -> None:
        """Hand one frame to a member, the members of a room or of several, or everyone."""
        member = space.members.get(room) if type(room) is str else None
        if member is not None and skip_sid is None:
            return member.sink.send(frame, volatile)
        sinks = self._sinks(space, room, skip_sid)
        for sink in sinks:
            write = sink.write
            if write is not None:
                write(frame)
            else:
                sink.send(frame, volatile)
        return None

    def _sinks(self, space: Space, room: Any, skip_sid: Any) -> Iterable[Sink]:
        """A copy, because a client that is too slow is removed while the caller loops."""
        chosen = self._chosen(space, room)
        if skip_sid is None:
            return list(chosen.values())
        skipped = (skip_sid,) if isinstance(skip_sid, str) else skip_sid
        return [sink for sid, sink in chosen.items() if sid not in skipped]

    def _chosen(self, space: Space, room: Any) -> dict[str, Sink]:
        if room is None:
            return space.everyone
        if isinstance(room, str) or not hasattr(room, "__len__"):
            member = space.members.get(room)
            return {member.sid: member.sink} if member is not None else space.rooms.get(room, {})
        chosen: dict[str, Sink] = {}
        for each in room:
            chosen.update(self._chosen(space, each))
        return chosen

    def _emit_asking(
        self,
        space: Space,
        values: list[Any],
        room: Any,
        skip_sid: Any,
        callback: Callable[..., Any],
    ) -> None:
        skipped = (skip_sid,) if isinstance(skip_sid, str) or skip_sid is None else skip_sid
        for sid, sink in list(self._chosen(space, room).items()):
            if sid not in skipped:
                ack_id = b"%d" % self._generate_ack_id(sid, callback)
                self._forget_oldest_callback(sid)
                sink.send(packets.array_frame(space.event_head, ack_id, values))

    def _forget_oldest_callback(self, sid: str) -> None:
        waiting = self.callbacks[sid]
        if len(waiting) > self.server.limits.max_unanswered + 1:
            waiting.pop(next(number for number in waiting if number != 0))

    def take_callback(self, sid: str, number: int) -> Callable[..., Any] | None:
        """The callback that waits for this answer, once. The table's 0 is its counter."""
        waiting = self.callbacks.get(sid)
        callback: Callable[..., Any] | None = waiting.pop(number, None) if waiting and number else None
        return callback

    # The interface of python-socketio's managers, called by its subclasses and its users.

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """Emit to the members of this process."""
        volatile = bool(options.get("volatile"))
        self.emit_now(event, data, namespace or "/", to or room, skip_sid, callback, volatile)

    async def trigger_callback(self, sid: str, id: int, data: list[Any]) -> None:  # noqa: A002
        """Call what waits for an answer; answers to nothing are dropped."""
        callback = self.take_callback(sid, id)
        if callback is not None:
            value = callback(*data)
            if hasattr(value, "__await__"):
                await value

    async def disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a member."""
        member = self.member(sid, namespace)
        if member is not None:
            self.remove(member)

    def is_connected(self, sid: str, namespace: str) -> bool:
        """The member is connected and has not been told to go."""
        member = self.member(sid, namespace)
        return member is not None and member.connected and not member.leaving

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        """The member's connect handler has not decided."""
        member = self.member(sid, namespace)
        return member is not None and not member.connected

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The Engine.IO session of a member."""
        member = self.member(sid, namespace)
        return None if member is None else member.eio_sid

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The member that an Engine.IO session is in this namespace."""
        space = self.spaces.get(namespace)
        return None if space is None else space.by_eio_sid.get(eio_sid)

    def get_namespaces(self) -> Iterable[str]:
        """The namespaces that have members."""
        return self.spaces.keys()

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """The (sid, Engine.IO sid) of each client in a room, or in all of a list of rooms."""
        space = self.spaces.get(namespace)
        if space is not None:
            for sid in list(self._chosen(space, room)):
                yield sid, space.members[sid].eio_sid

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        """The rooms a member is in, its own among them."""
        member = self.member(sid, namespace)
        return [] if member is None else [sid, *(member.rooms or ())]

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:  # noqa: ARG002
        """Enter a room. Raises ValueError if the client is not connected, or the room is a session id."""
        member = self.member(sid, namespace)
        if member is None:
            raise ValueError("sid is not connected to requested namespace")
        space = self.spaces[namespace]
        if room == sid:
            return
        if room in space.members:
            raise ValueError("cannot enter a sid room")
        if member.rooms is None:
            member.rooms = set()
        member.rooms.add(room)
        space.rooms.setdefault(room, {})[sid] = member.sink

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Leave a room; nothing happens if the client is not in it."""
        member = self.member(sid, namespace)
        if member is not None and member.rooms is not None and room in member.rooms:
            member.rooms.remove(room)
            self._drop(self.spaces[namespace], room, sid)

    def basic_close_room(self, room: Any, namespace: str) -> None:
        """Make everyone leave a room. Raises ValueError for a room that is a session id."""
        space = self.spaces.get(namespace)
        if space is None:
            return
        if room in space.members:
            raise ValueError("cannot close a sid room")
        for sid in list(space.rooms.get(room, ())):
            self.basic_leave_room(sid, namespace, room)


def adopt(manager: Any) -> RoomManager:
    """A manager that keeps its members in our tables: a new one, the given one, or the given one changed.

    A manager of python-socketio's own calls its parent class for whatever happens in this process, so
    that `RoomManager`, put between the two, serves it.
    """
    if manager is None:
        return RoomManager()
    if not isinstance(manager, RoomManager):
        given = type(manager)
        if not issubclass(given, socketio.AsyncManager):
            raise TypeError("client_manager is not an asyncio client manager of python-socketio")
        bases = (RoomManager,) if given is socketio.AsyncManager else (given, RoomManager)
        manager.__class__ = type(given.__name__, bases, {})
        manager.make_tables()
    adopted: RoomManager = manager
    return adopted
