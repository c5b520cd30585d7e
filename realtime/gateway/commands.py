"""Handles the commands of a connection: not too fast, each in its turn, each answered in time."""

import asyncio
from typing import Any

from core.clock import Clock
from core.errors import RateLimited, Unauthenticated, Unavailable
from core.wire.message import Command
from db.outage import Outage
from realtime.gateway.boundary import CommandBoundary, refused
from realtime.gateway.command_deadlines import CommandDeadlines
from realtime.gateway.command_queue import Turn
from realtime.gateway.connection import Connection


class Commands:
    """Passes each command to the boundary in its turn; `deadline_s` counts from its arrival."""

    def __init__(self, boundary: CommandBoundary, *, clock: Clock, deadline_s: float) -> None:
        self._boundary, self._clock = boundary, clock
        self._deadlines = CommandDeadlines(deadline_s)
        self._late = Outage("commands are not answered in time")

    async def answer(self, connection: Connection, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The acknowledgement of one command."""
        # From its arrival: a client that sent many at once does not wait for each of them in turn.
        task = self._deadlines.begin(asyncio.get_running_loop())
        try:
            if (turn := self._take_turn(connection, name)) is not None:
                await connection.command_queue.wait(turn)
            try:
                if connection.revoked:  # while this command waited for its turn
                    return refused(Unauthenticated("This session is over."))
                answer = await self._boundary.answer(connection.caller, name, arguments)
            finally:
                connection.command_queue.give()
        except RateLimited as error:
            return refused(error)
        except asyncio.CancelledError:
            if not self._deadlines.was_late(task):
                raise
            self._late.failed(TimeoutError(f"{name} took too long"))
            return refused(Unavailable())
        finally:
            self._deadlines.end(task)
        if self._late.lasts:
            self._late.worked()
        connection.known_ticket.answered(answer)
        return answer

    def _take_turn(self, connection: Connection, name: str) -> Turn | None:
        """What to wait for, if there is anything. Raises `RateLimited`; the boundary never does."""
        if wait_ms := connection.pace.take(self._clock()):
            raise RateLimited(retry_after_ms=wait_ms)
        kind = Command.registry.get(name)
        return connection.command_queue.take(concurrent=kind is not None and kind.concurrent)
