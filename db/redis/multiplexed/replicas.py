"""Whether replicas have what their masters were told. To ask that blocks: on connections of their own."""

import asyncio
from collections.abc import Callable
from typing import Any

from redis.exceptions import MovedError

from core.tasks import in_any_case
from db.outage import RefusedError
from db.redis.multiplexed.leaving import Leaving
from db.redis.multiplexed.node import Node
from db.redis.multiplexed.request import Request
from db.redis.multiplexed.topology import NewRequest, Place, Topology

_KEPT_MS = 10_000


class Replicas:
    """Of the masters of a cluster that have any."""

    def __init__(
        self, servers: Topology, new_node: Callable[[Place], Node], new_request: NewRequest, *, wait_ms: int
    ) -> None:
        self._servers, self._new_node, self._new_request = servers, new_node, new_request
        self._wait_ms = wait_ms
        self._nodes: dict[Place, Node] = {}
        self._leaving = Leaving()

    async def have_all(self) -> bool:
        """Whether a replica of each has all that was done before; no, if none says so in this time.

        Raises an outage where a master does not answer, or is none any more.
        """
        masters = self._servers.replicated
        for place in self._nodes.keys() - masters.keys():
            self._leaving.add(self._nodes.pop(place))
        asked = [self._ask(place, tag) for place, tag in masters.items()]
        try:
            answers = await asyncio.gather(*asked)
        except MovedError as error:
            self._servers.unreachable()
            raise RefusedError(f"It is no master any more: {error}") from error
        return all(answers)

    def _ask(self, place: Place, tag: str) -> "asyncio.Future[Any]":
        """WAIT is for what this connection has written: that comes after all that others have."""
        if (node := self._nodes.get(place)) is None:
            node = self._nodes[place] = self._new_node(place)
        write = self._new_request(("SET", f"replicated:{{{tag}}}", 1, "PX", _KEPT_MS))
        wait = self._new_request(("WAIT", 1, self._wait_ms))
        node.ask(write)
        node.ask(wait)
        return in_any_case(asyncio.ensure_future(_both(write, wait)))

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether anybody still waits."""
        waiting = [node.look(tick) for node in self._nodes.values()]
        return self._leaving.look(tick) or any(waiting)

    async def close(self) -> None:
        """Nothing is asked any more."""
        for node in (*self._nodes.values(), *self._leaving):
            await node.close()


async def _both(write: Request, wait: Request) -> Any:
    try:
        await write.future
    finally:
        in_any_case(wait.future)
    return await wait.future
