"""How a node sends its clients elsewhere before it ends: little by little, and nobody amid a command.

Their transports are closed, and official clients come back by themselves: on another node, as this one lets
nobody in any more. Those who wait for an answer go last.
"""

import asyncio
from collections.abc import Iterable
from itertools import islice
from math import ceil

from core.ending import SENT_AWAY_S, Ending
from realtime.gateway.connection import Connection
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.socket_writer import SocketWriter

_STEP_S = 0.05
_LATEST_S = 5.0  # for commands that are not answered, and for clients that do not take what they are sent


def pace(left: int, time_s: float) -> tuple[int, float]:
    """How many of those who are left go now, and after how many seconds the next ones do.

    The last ones go when the time is over. Pure.
    """
    each_s = max(time_s, 0) / left
    if each_s >= _STEP_S:
        return 1, each_s
    return (ceil(left * _STEP_S / time_s) if time_s > _STEP_S else left), _STEP_S


class Draining:
    """`notice_s`: how long all goes on as before after `/readyz` has begun to fail, so that balancers see it;
    `spread_s`: over how long clients then go; `answer_s`: how long a command may take."""

    def __init__(
        self,
        *,
        ending: Ending,
        writer: SocketWriter,
        registry: ConnectionRegistry,
        notice_s: float,
        spread_s: float,
        answer_s: float,
    ) -> None:
        self._ending, self._writer, self._registry = ending, writer, registry
        self._notice_s, self._spread_s = notice_s, spread_s
        self._latest_s = min(answer_s, _LATEST_S)
        self._admits = True

    def admits(self) -> bool:
        """Whether new connections are let in."""
        return self._admits

    async def run(self) -> None:
        """Send all clients away. Returns when every transport has been closed, if not every connection."""
        await self._ending.pause(self._notice_s)
        self._admits = False
        loop = asyncio.get_running_loop()
        over = loop.time() + self._spread_s
        while here := self._here():
            now = loop.time()
            if self._ending.hurried:
                over = min(over, now)
            if now > over + self._latest_s or not self._ending.left_s(SENT_AWAY_S):
                break
            many, rest_s = pace(len(here), over - now)
            at_ease = list(islice(filter(self._is_at_ease, here), many))
            self._send_away(at_ease)
            if self._ending.hurried or not at_ease:
                await asyncio.sleep(_STEP_S)
            elif len(at_ease) < len(here):
                await self._ending.pause(rest_s)
        self._send_away(self._here())

    def _here(self) -> list[Connection]:
        return [each for each in self._registry if not each.sent_away]

    def _is_at_ease(self, connection: Connection) -> bool:
        return not (connection.command_queue.busy or self._writer.owes(connection.caller.sid))

    def _send_away(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            connection.sent_away = True
            self._writer.close(connection.caller.sid, "draining")
