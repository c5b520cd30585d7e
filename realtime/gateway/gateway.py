"""The gateway: admits connections, sends each its initial state, passes on its commands, and lets it go.

It owns the connections of this process and nothing else; everything a connection needs to go on
elsewhere is in Redis and Postgres.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from time import perf_counter
from typing import Any

import msgspec
import structlog
from socketio.exceptions import ConnectionRefusedError as Refused

from core.errors import AppError, Internal, Unavailable
from core.ids import new_id
from core.tasks import TaskSet
from db.outage import AWAY, OUTAGES
from realtime.gateway.admission import Admission
from realtime.gateway.arrivals import Arrivals
from realtime.gateway.boundary import describe
from realtime.gateway.commands import Answer, Commands
from realtime.gateway.connection import Connection
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.delivery import Delivery
from realtime.gateway.metrics import GatewayMetrics
from realtime.gateway.ports import Lifecycle
from realtime.gateway.recovery import sid_of
from realtime.gateway.revocations import Revocations
from realtime.gateway.socket_writer import SocketWriter
from services.accounts import RequestOrigin

_AT_ONCE = 16  # connections that are being opened; with more of them each would only take longer
_LEAVING_AT_ONCE = 16  # the same for those that have closed, so that all others are served between them
_ENDING_S = 4
_OPENING_S = 15  # each step has its own limit; stopping one halfway costs more than being late
_WENT_AWAY = "The connection went away while it was being opened."
_log = structlog.get_logger()


class Gateway:
    """The Socket.IO server calls `connect`, `command` and `disconnect`."""

    def __init__(
        self,
        *,
        writer: SocketWriter,
        registry: ConnectionRegistry,
        arrivals: Arrivals,
        admission: Admission,
        revocations: Revocations,
        delivery: Delivery,
        commands: Commands,
        lifecycle: Lifecycle,
        tasks: TaskSet,
        metrics: GatewayMetrics,
    ) -> None:
        self._metrics = metrics
        self._writer, self._registry, self._arrivals = writer, registry, arrivals
        self._admission, self._revocations, self._delivery = admission, revocations, delivery
        self._commands, self._lifecycle, self._tasks = commands, lifecycle, tasks
        self._turnstile = asyncio.Semaphore(_AT_ONCE)
        self._way_out = asyncio.Semaphore(_LEAVING_AT_ONCE)
        self._leaving = 0
        self._empty = asyncio.Event()
        self._empty.set()

    # --- Coming ---

    async def connect(self, sid: str, auth: object, origin: RequestOrigin) -> dict[str, Any]:
        """Admit a connection, or raise what the Socket.IO server answers as CONNECT_ERROR.

        Gives what the CONNECT answer tells; `session:ready` follows by itself.
        """
        begun = perf_counter()
        self._arrivals.begin(sid)
        try:
            # When all come back at once, a connection that has begun is served first, so that it is in time.
            await self._turnstile.acquire()
        except BaseException:
            self._arrivals.end(sid)
            raise
        try:
            connection = await self._enter(sid, auth, origin)
        except BaseException:
            self._turnstile.release()
            raise
        self._metrics.handshake("recovered" if connection.opening.recovered else "new", begun)
        connection.command_queue.take()  # commands that come already wait until it is welcomed
        connection.welcome = self._tasks.spawn(self._welcome(connection))
        connection.welcome.add_done_callback(lambda _: self._welcomed(connection))
        return {"sid": sid_of(connection.opening.pid), "pid": connection.opening.pid}

    def _welcomed(self, connection: Connection) -> None:
        connection.command_queue.give()
        self._turnstile.release()

    async def _enter(self, sid: str, auth: object, origin: RequestOrigin) -> Connection:
        try:
            if sid not in self._arrivals:
                raise Unavailable(_WENT_AWAY)
            async with asyncio.timeout(_OPENING_S):
                connection = await self._admission.admit(sid, auth, origin)
        except AppError as error:
            self._metrics.handshake("gone" if sid not in self._arrivals else "refused")
            raise self._refusal(error) from None
        except OUTAGES as error:
            self._metrics.handshake("unavailable")
            _log.debug("a connection found no store", error=repr(error))
            self._writer.close(
                sid, "no store"
            )  # a CONNECT_ERROR would keep an official client from coming back
            raise self._refusal(Unavailable()) from None
        except Exception:
            self._metrics.handshake("failed")
            reference = new_id()
            _log.exception("a connection failed", reference=reference)
            raise self._refusal(Internal(details={"reference": reference})) from None
        finally:
            unsure = self._arrivals.end(sid)
        if unsure is None:
            self._metrics.handshake("gone")
            await self._admission.forget(connection)
            raise self._refusal(Unavailable(_WENT_AWAY))
        connection.unsure = unsure
        self._registry.add(connection)
        self._empty.clear()
        self._revocations.expect_expiry(connection)
        return connection

    async def _welcome(self, connection: Connection) -> None:
        """`session:ready` before anything else, then what was missed, then what comes."""
        caller, opening = connection.caller, connection.opening
        try:
            async with asyncio.timeout(_OPENING_S):
                if connection.unsure:
                    connection.subscription.catch_up()
                    await self._revocations.end_if_revoked(caller)
                self._delivery.begin(connection, await self._lifecycle.ready(connection))
            connection.subscription.open(caller.device, self._delivery.replay(connection))
            connection.opening = msgspec.structs.replace(opening, missed=())
        except AWAY as error:
            # The client comes back by itself, and gets the state of that moment.
            _log.debug("a connection found no store", user_id=caller.user_id, error=repr(error))
            self._writer.close(caller.sid, "not welcomed")
        except Exception:
            _log.exception("a connection could not be welcomed", user_id=caller.user_id)
            self._writer.close(caller.sid, "not welcomed")

    # --- While it is there ---

    def command(self, name: str, sid: str, *arguments: Any) -> Answer | Awaitable[Answer] | None:
        """The acknowledgement of a command, or what gives it; None if the connection is not here any more."""
        connection = self._registry.get(sid)
        return None if connection is None else self._commands.answer(connection, name, arguments)

    async def catch_up(self) -> None:
        """The bus was interrupted: every connection reads what it may have missed."""
        self._arrivals.doubt_all()
        for connection in self._registry:
            connection.subscription.catch_up()

    # --- Going ---

    async def disconnect(self, sid: str, *, left: bool = False) -> None:
        """The Socket.IO server reports that this connection has closed. `left`: by the client's own word."""
        self._arrivals.end(sid)
        connection = self._registry.remove(sid)
        if connection is None:
            return
        self._leaving += 1
        try:
            await self._admission.forget(connection)
            async with self._way_out:
                await self._depart(connection, left=left)
        except AWAY as error:
            # A departure that was not settled is found like an expired lease, by this node or another.
            _log.debug("a departure was not settled", user_id=connection.caller.user_id, error=repr(error))
        finally:
            self._leaving -= 1
            if not (self._registry or self._leaving):
                self._empty.set()

    async def _depart(self, connection: Connection, *, left: bool) -> None:
        if connection.sent_away and not connection.revoked:
            await self._lifecycle.sent_away(connection.caller)
        else:
            signed_out = connection.signed_out
            await self._lifecycle.departed(connection.caller, signed_out=signed_out, left=left)

    async def end(self, within_s: float = _ENDING_S) -> None:
        """All transports have been closed: see to it that every connection is let go of."""
        patience_s = min(_ENDING_S, within_s) / 2
        try:
            async with asyncio.timeout(patience_s):
                await self._empty.wait()
                return
        except TimeoutError:
            left = len(self._registry) + self._leaving
            _log.warning("not every connection could be closed in time", left=left)
        finally:
            self._tasks.cancel()
        for caller in self._registry.callers:
            self._tasks.spawn(self.disconnect(caller.sid))
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._empty.wait()

    def _refusal(self, error: AppError) -> Refused:
        described = describe(error)
        self._metrics.refused("handshake", described)
        return Refused(error.message, described)
