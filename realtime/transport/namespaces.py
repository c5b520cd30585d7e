"""Handlers, rooms and namespaces: the part of the Socket.IO server below `SocketServer`.

Owner of the deadlines of sessions that are in no namespace.
"""

import asyncio
from typing import Any

import socketio

from . import handlers, reasons
from .deadlines import Deadlines
from .engine import EngineServer
from .limits import Limits
from .packets import ReadEvent, read_nothing
from .rooms import Member, RoomManager, adopt
from .session import Session


class Namespaces(socketio.AsyncServer):  # type: ignore[misc]
    """See `SocketServer` for the arguments."""

    manager: RoomManager
    eio: EngineServer
    manager_initialized: bool

    def __init__(
        self,
        client_manager: Any = None,
        *,
        connect_timeout: float = 45.0,
        limits: Limits | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("serializer", "default") != "default":
            raise ValueError("only the default serializer is supported")
        if not isinstance(logger := kwargs.get("logger", False), bool):
            # Mistakes of clients are logged where the application looks.
            kwargs.setdefault("engineio_logger", logger)
        self.limits = limits or Limits()
        self.read_event: ReadEvent = read_nothing
        super().__init__(client_manager=adopt(client_manager), limits=self.limits, **kwargs)
        self._unjoined: Deadlines[Session] = Deadlines(connect_timeout, _never_joined)
        self._disconnecting: Deadlines[Session] = Deadlines(self.eio.close_timeout, _disconnected)
        self._refused: Deadlines[Session] = Deadlines(2 * self.eio.close_timeout, _refused)
        self.eio.deadlines += (self._unjoined, self._disconnecting, self._refused)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def expect_connect(self, session: Session) -> None:
        """A session is in no namespace (any more): it is closed unless it joins one in time."""
        if session not in self._disconnecting:
            self.eio.expect(self._unjoined.add(session, self.eio.loop.time()))

    def expect_close(self, session: Session) -> None:
        """A session was told to leave its only namespace: its client should close it, in time."""
        self.eio.expect(self._disconnecting.add(session, self.eio.loop.time()))

    def expect_nothing(self, session: Session) -> None:
        """A session is in a namespace, or has ended: no deadline of these counts any more."""
        session.settle()
        self._unjoined.discard(session)
        self._disconnecting.discard(session)
        self._refused.discard(session)

    def expect_going(self, session: Session) -> None:
        """A session was refused: an official client closes it when it has read so, in time."""
        if session not in self._refused and not session.closed:
            self.eio.expect(self._refused.add(session, self.eio.loop.time()))

    def failed(self, what: str, error: BaseException) -> None:
        """Log an error of the application's code. A cancelled handler is none."""
        if isinstance(error, Exception):
            self.eio.complaints.exception(what, "failed", error)

    async def call_connect(self, member: Member, session: Session, auth: dict[str, Any] | None) -> Any:
        """Call the connect handler, if there is one."""
        if handlers.find("connect", member.space.namespace, self.handlers, self.namespace_handlers) is None:
            return None
        return await self.call_handler("connect", member, session.handshake.environ(), auth)

    async def call_handler(self, event: str, member: Member, *arguments: Any) -> Any:
        """Call the handler of a reserved event with as many of the arguments as it takes."""
        found = handlers.find(event, member.space.namespace, self.handlers, self.namespace_handlers)
        if found is None:
            return None
        handler, before = found
        taken = (*before, member.sid, *arguments)
        value = handler(*taken[: handlers.accepted(handler, len(taken))])
        return await value if asyncio.iscoroutine(value) else value


def _never_joined(session: Session) -> None:
    session.close(reasons.CONNECT_TIMEOUT)


def _refused(session: Session) -> None:
    session.close(reasons.CONNECT_REFUSED)


def _disconnected(session: Session) -> None:
    session.close(reasons.SERVER_DISCONNECT)
