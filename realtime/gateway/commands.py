"""Handles the commands of a connection: not too fast, each in its turn, each answered in time."""

import asyncio
from collections.abc import Awaitable
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
Outcome = Struct | BaseException | None
_OVER = "This session is over."


class Commands:
    """Passes each command to the boundary in its turn; `deadline_s` counts from its arrival."""

    def __init__(
        self, boundary: CommandBoundary, *, metrics: GatewayMetrics, clock: Clock, deadline_s: float
    ) -> None:
        self._boundary, self._metrics, self._clock = boundary, metrics, clock
        self._deadlines = WorkDeadlines(deadline_s)
        self._late = Outage("commands are not answered in time")
        self._loop = asyncio.get_running_loop()

    def answer(
        self, connection: Connection, name: str, arguments: tuple[Any, ...]
    ) -> Answer | Awaitable[Answer]:
        """The acknowledgement of one command, or what gives it, once it has waited, or later."""
        begun, kind = perf_counter(), Command.registry.get(name)
        try:
            if wait_ms := connection.pace.take(self._clock()):
                raise RateLimited(retry_after_ms=wait_ms)
            turn = connection.command_queue.take(concurrent=kind is not None and kind.concurrent)
        except RateLimited as error:
            answer = refused(error)
            self._metrics.refused("command", answer["error"])
            return answer
        if turn is None and kind is not None and kind in self._boundary.prompt:
            return self._promptly(begun, connection, kind, arguments)
        return Waits(self._in_turn(begun, turn, connection, name, arguments))

    async def _in_turn(
        self, begun: float, turn: Turn | None, connection: Connection, name: str, arguments: tuple[Any, ...]
    ) -> Answer:
        # From its arrival: a client that sent many at once does not wait for each of them in turn.
        task = self._deadlines.begin(self._loop)
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
        self, begun: float, connection: Connection, kind: type[Command], arguments: tuple[Any, ...]
    ) -> Answer | Later[Answer]:
        """It is the command's turn, and its handler answers without a task."""
        try:
            if connection.revoked:
                raise Unauthenticated(_OVER)
            work = self._boundary.begin(connection.caller, kind, arguments)
        except Exception as error:
            return self._done(error, begun, connection, kind.event)
        if work.done:
            return self._done(work.outcome, begun, connection, kind.event)
        self._deadlines.watch(work, self._loop)
        return work.then(self._done, begun, connection, kind.event, work)

    def _done(
        self,
        outcome: Outcome,
        begun: float,
        connection: Connection,
        name: str,
        watched: Later[Any] | None = None,
    ) -> Answer:
        connection.command_queue.give()
        if watched is not None:
            self._deadlines.end(watched)
        if not isinstance(outcome, BaseException):
            self._in_time()
            answer = done(outcome)
        elif isinstance(outcome, asyncio.CancelledError):
            answer = self._too_late(name)
        else:
            answer = failed(connection.caller, name, outcome)
        self._metrics.answered(name, begun, answer)
        return answer

    def _too_late(self, name: str) -> Answer:
        self._late.failed(TimeoutError(f"{name} took too long"))
        return refused(Unavailable())

    def _in_time(self) -> None:
        if self._late.lasts:
            self._late.worked()
