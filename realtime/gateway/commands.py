"""Handles the commands of a connection: not too fast, one after the other, each answered in time."""

import asyncio
from typing import Any

from core.clock import Clock
from core.errors import RateLimited, Unauthenticated, Unavailable
from db.outage import Outage
from realtime.gateway.boundary import CommandBoundary, refused
from realtime.gateway.connection import Connection


class Commands:
    """Passes each command to the boundary in its turn; `deadline_s` counts from its arrival."""

    def __init__(self, boundary: CommandBoundary, *, clock: Clock, deadline_s: float) -> None:
        self._boundary, self._clock, self._deadline_s = boundary, clock, deadline_s
        self._late = Outage("commands are not answered in time")

    async def answer(self, connection: Connection, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The acknowledgement of one command."""
        try:
            # From its arrival: a client that sent many at once does not wait for each of them in turn.
            async with asyncio.timeout(self._deadline_s):
                return await self._in_turn(connection, name, arguments)
        except TimeoutError:
            self._late.failed(TimeoutError(f"{name} took too long"))
            return refused(Unavailable())

    async def _in_turn(self, connection: Connection, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        command_queue = connection.command_queue
        try:
            if wait_ms := connection.pace.take(self._clock()):
                raise RateLimited(retry_after_ms=wait_ms)
            if (turn := command_queue.take()) is not None:
                await command_queue.wait(turn)
        except RateLimited as error:
            return refused(error)
        try:
            if connection.revoked:  # while this command waited for its turn
                return refused(Unauthenticated("This session is over."))
            answer = await self._boundary.answer(connection.caller, name, arguments)
        finally:
            command_queue.give()
        self._late.worked()
        connection.known_ticket.answered(answer)
        return answer
