"""The Socket.IO server: python-socketio's `AsyncServer` with the socket path of this package under it.

What an application calls is inherited: handlers, namespaces, rooms, sessions, `call`. What is replaced
is everything between the socket and a handler. `emit_encoded`, `answer_connect`, `close`, `owes`,
`ping`, `heard` and the `volatile` flag are ours; `fallback.StockServer` has them too.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, cast

from aiohttp import web

from . import packets, reasons
from .client import SocketClient
from .cork import T
from .frames import text_frame
from .namespaces import Namespaces
from .rooms import RoomManager
from .session import Session


class SocketServer(Namespaces):
    """A Socket.IO server with python-socketio's API, `async_mode="aiohttp"`.

    Beside its arguments and those of `EngineServer`: `connect_timeout`, the seconds a session may live
    without having joined a namespace; one that was refused has twice `close_timeout` to go. Of its own,
    `serializer` is not supported, and admin instrumentation is not. A handler of an event may be a function
    that gives a coroutine, a `Waits` or a `Later`: `follows_later`.
    """

    follows_later = True

    def __init__(self, client_manager: Any = None, **kwargs: Any) -> None:
        super().__init__(client_manager, **kwargs)
        self.eio.receiver = self._receive
        # A manager of python-socketio's reaches other processes, and so has its say in every emit.
        self._alone = type(self.manager) is RoomManager
        self.emitted: dict[str, int] = {}

    def take(self, connection: web.RequestHandler) -> None:
        """See `EngineServer.take`."""
        self.eio.take(connection)

    def _receive(self, session: Session) -> SocketClient:
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()
        self._unjoined.add(session, self.eio.loop.time())
        return SocketClient(self, session)

    # Sending.

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Any = None,
        room: Any = None,
        skip_sid: Any = None,
        namespace: str | None = None,
        callback: Any = None,
        ignore_queue: bool = False,
        *,
        volatile: bool = False,
    ) -> None:
        """Emit an event, as python-socketio does; a `volatile` one is lost first by a slow client."""
        where, whom = namespace or "/", to or room
        if self._alone:
            self.manager.emit_now(event, data, where, whom, skip_sid, callback, volatile)
        else:
            await self.manager.emit(
                event, data, where, room=whom, skip_sid=skip_sid, callback=callback,
                ignore_queue=ignore_queue, volatile=volatile,
            )  # fmt: skip

    def emit_encoded(
        self,
        event: str,
        payload: bytes,
        to: str | Iterable[str],
        *,
        offset: str | None = None,
        namespace: str = "/",
        volatile: bool = False,
    ) -> int:
        """Send an event whose one argument is encoded as JSON already, to members of this process.

        `to` is a session id or several. `offset` becomes the last argument, where the official clients
        look for it. Returns how many members it was handed to.
        """
        space = self.manager.spaces.get(namespace)
        if space is None:
            return 0
        if offset is None:
            frame = _frame_for_many(space.event_head, event, payload)
        else:
            said = b'%b%b,"%b"]' % (_opening(space.event_head, event), payload, offset.encode())
            frame = text_frame(said)
        count = 0
        for sid in (to,) if isinstance(to, str) else to:
            member = space.members.get(sid)
            if member is not None:
                if (sink := member.sink).answering:
                    self.eio.cork.with_answer(sink.send, frame, volatile)
                elif (write := sink.write) is not None:
                    write(frame)
                else:
                    sink.send(frame, volatile)
                count += 1
        self.emitted[event] = self.emitted.get(event, 0) + count
        return count

    def together(self, work: Callable[[], T]) -> T:
        """Do this: what it sends goes out when it is done, in one write to each client."""
        return self.eio.together(work)

    def answer_connect(self, sid: str, fields: dict[str, Any], namespace: str = "/") -> None:
        """Add fields (`pid`) to the CONNECT that a connect handler is about to let through."""
        member = self.manager.member(sid, namespace)
        if member is not None:
            member.answer = fields

    # Ending.

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Send DISCONNECT, run the disconnect handler, and close the connection if nothing else is on it.

        The client has `close_timeout` seconds to close it first.
        """
        where = namespace or "/"
        here = self.manager.is_connected(sid, where)
        if not here and not ignore_queue:
            await self.manager.can_disconnect(sid, where)
        member = self.manager.member(sid, where)
        session = None if member is None else self.eio.sockets.get(member.eio_sid)
        if not here or member is None or session is None:
            return
        member.sink.send(packets.control_frame(packets.DISCONNECT, where))
        client = cast("SocketClient", session.receiver)
        if client.alone(member):
            self.expect_close(session)
        await client.leave(member, reasons.SERVER_DISCONNECT)

    def close(self, sid: str, reason: str, namespace: str = "/") -> None:
        """Close a client's connection without DISCONNECT: an official client comes back by itself.

        Its disconnect handlers are called with `reason`.
        """
        session = self._session(sid, namespace)
        if session is not None:
            session.close(reason)

    def owes(self, sid: str, namespace: str = "/") -> bool:
        """Whether a handler still works for a client, or something waits for it to take it."""
        session = self._session(sid, namespace)
        return session is not None and bool(session.answering or session.backlog)

    def ping(self, sid: str, namespace: str = "/") -> None:
        """Ping a client now: it answers at once, or its connection ends after `ping_timeout`."""
        session = self._session(sid, namespace)
        if session is not None:
            self.eio.ask(session)

    def heard(self, sid: str, namespace: str = "/") -> bool:
        """Whether the client has said anything, if only the answer to a ping, since this was last asked."""
        session = self._session(sid, namespace)
        if session is None:
            return False
        heard, session.heard = session.heard, False
        return heard

    def left(self, sid: str, namespace: str = "/") -> bool:
        """In its disconnect handler: whether the client has closed its WebSocket on purpose."""
        session = self._session(sid, namespace)
        return session is not None and session.left

    def _session(self, sid: str, namespace: str) -> Session | None:
        member = self.manager.member(sid, namespace)
        return None if member is None else self.eio.sockets.get(member.eio_sid)

    def get_environ(self, sid: str, namespace: str | None = None) -> dict[str, Any] | None:
        """The WSGI environ of the request that opened a client's session, made anew for each call."""
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        session = self.eio.sockets.get(eio_sid or "")
        return None if session is None else session.handshake.environ()


@lru_cache(256)  # the application's own names
def _opening(head: bytes, event: str) -> bytes:
    return b'%b["%b",' % (head, event.encode())


@lru_cache(64)  # what has no offset may be for many, each of whom is written to by itself
def _frame_for_many(head: bytes, event: str, payload: bytes) -> bytes:
    return text_frame(_opening(head, event), payload + b"]")
