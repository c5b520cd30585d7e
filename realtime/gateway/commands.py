"""Handles the commands of a connection: not too fast, each in its turn, each answered in time."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from time import perf_counter
from typing import Any

from msgspec import Struct

from core.clock import Clock
from core.deadlines import WorkDeadlines
from core.errors import RateLimited, Unauthenticated, Unavailable
from core.later import Later, Waits
from core.wire.message import Command
from db.outage import Outage
from realtime.gateway.boundary import CommandBoundary, done, failed, refused
from realtime.gateway.command_queue import Turn
from realtime.gateway.connection import Connection
from realtime.gateway.metrics import GatewayMetrics

Answer = dict[str, Any]
_OVER = "This session is over."


class Commands:
    """Passes each command to the boundary in its turn; `deadline_s` counts from its arrival."""

    def __init__(
        self, boundary: CommandBoundary, *, metrics: GatewayMetrics, clock: Clock, deadline_s: float
    ) -> None:
        self._boundary, self._metrics, self._clock = boundary, metrics, clock
        self._deadlines = WorkDeadlines(deadline_s)
        self._late = Outage("commands are not answered in time")

    def answer(
        self, connection: Connection, name: str, arguments: tuple[Any, ...]
    ) -> Answer | Awaitable[Answer]:
        """The acknowledgement of one command, or what gives it, once it has waited, or later."""
        begun = perf_counter()
        try:
            turn = self._take_turn(connection, name)
        except RateLimited as error:
            answer = refused(error)
            self._metrics.refused("command", answer["error"])
            return answer
        if turn is None and name in self._boundary.prompt:
            return self._promptly(begun, connection, name, arguments)
        return Waits(self._in_turn(begun, turn, connection, name, arguments))

    async def _in_turn(
        self, begun: float, turn: Turn | None, connection: Connection, name: str, arguments: tuple[Any, ...]
    ) -> Answer:
        # From its arrival: a client that sent many at once does not wait for each of them in turn.
        task = self._deadlines.begin(asyncio.get_running_loop())
        try:
            if turn is not None:
                await connection.command_queue.wait(turn)
            try:
                if connection.revoked:  # while this command waited for its turn
                    answer = refused(Unauthenticated(_OVER))
                else:
                    answer = await self._boundary.answer(connection.caller, name, arguments)
                    self._in_time()
                    connection.known_ticket.answered(answer)
            finally:
                connection.command_queue.give()
        except asyncio.CancelledError:
            if not self._deadlines.was_late(task):
                raise
            answer = self._too_late(name)
        finally:
            self._deadlines.end(task)
        self._metrics.answered(name, begun, answer)
        return answer

    def _promptly(
        self, begun: float, connection: Connection, name: str, arguments: tuple[Any, ...]
    ) -> Answer | Later[Answer]:
        """It is the command's turn, and its handler gives a future: that is followed without a task."""
        try:
            if connection.revoked:
                raise Unauthenticated(_OVER)
            work = self._boundary.begin(connection.caller, name, arguments)
        except Exception as error:
            connection.command_queue.give()
            said = failed(connection.caller, name, error)
            self._metrics.answered(name, begun, said)
            return said
        if work.done():
            connection.command_queue.give()
            return self._said(begun, connection, name, work)
        answer: Later[Answer] = Later()
        self._deadlines.watch(work, work.get_loop())  # to ask which one runs is a system call
        work.add_done_callback(partial(self._done, begun, connection, name, answer))
        return answer

    def _done(
        self,
        begun: float,
        connection: Connection,
        name: str,
        answer: Later[Answer],
        work: "asyncio.Future[Struct | None]",
    ) -> None:
        connection.command_queue.give()
        self._deadlines.end(work)
        answer.settle(self._said(begun, connection, name, work))

    def _said(
        self, begun: float, connection: Connection, name: str, work: "asyncio.Future[Struct | None]"
    ) -> Answer:
        if work.cancelled():
            answer = self._too_late(name)
        elif error := work.exception():
            answer = failed(connection.caller, name, error)
        else:
            self._in_time()
            answer = done(work.result())
        self._metrics.answered(name, begun, answer)
        return answer

    def _too_late(self, name: str) -> Answer:
        self._late.failed(TimeoutError(f"{name} took too long"))
        return refused(Unavailable())

    def _in_time(self) -> None:
        if self._late.lasts:
            self._late.worked()

    def _take_turn(self, connection: Connection, name: str) -> Turn | None:
        """What to wait for, if there is anything. Raises `RateLimited`; the boundary never does."""
        if wait_ms := connection.pace.take(self._clock()):
            raise RateLimited(retry_after_ms=wait_ms)
        kind = Command.registry.get(name)
        return connection.command_queue.take(concurrent=kind is not None and kind.concurrent)
