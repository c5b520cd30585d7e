"""Which server serves which slot: there is one, or those of a cluster.

A cluster says where its slots are when the first connection is there, and again when a server says that one
has moved, or cannot be reached.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import AskError, MovedError, RedisError

from core.tasks import end
from db.outage import RefusedError
from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import Connection
from db.redis.multiplexed.node import Node, Router
from db.redis.multiplexed.request import Ahead, Request
from db.redis.multiplexed.words import SLOTS, Words, key_slot, slot_of

_ASK_FOR_SLOTS: Words = ("CLUSTER", "SLOTS")
_PAUSE_S = 0.05  # in which the rest of a slot may arrive

NewNode = Callable[[Address, "Topology"], Node]
NewRequest = Callable[[Words], Request]


class Topology(Router):
    """Gives each request to the server that can answer it."""

    def __init__(self, address: Address, new_node: NewNode, new_request: NewRequest) -> None:
        self._new_node, self._new_request = new_node, new_request
        self._given = self._any = new_node(address, self)
        self._nodes = {(address.host, address.port): self._given}
        self._by_slot: list[Node] | None = None
        self.is_one = False
        self._looking: asyncio.Task[None] | None = None

    def ask(self, request: Request) -> None:
        """Its future ends in time."""
        if self._by_slot is None:
            self._given.ask(request)
        else:
            slot = slot_of(request.words)
            (self._any if slot is None else self._by_slot[slot]).ask(request)

    def together(self, tags: Sequence[str]) -> Sequence[Sequence[str]]:
        """These hash tags, by slot in a cluster. Each apart, as long as nobody knows whether it is one."""
        if self.is_one:
            return (tags,)
        if self._by_slot is None:
            return [(tag,) for tag in tags]
        by_slot: dict[int, list[str]] = {}
        for tag in tags:
            by_slot.setdefault(key_slot(tag), []).append(tag)
        return list(by_slot.values())

    def place(self, key: str) -> int | str:
        """The same for keys that one script may have, as far as that is known."""
        if self.is_one:
            return 0
        return key if self._by_slot is None else key_slot(key)

    async def arrived(self, node: Node, connection: Connection, hello: Sequence[Any], /) -> bool:
        """Ask a cluster for its slots, once. If it knows this node by another address, that one is used."""
        self.is_one = b"cluster" not in hello
        if self.is_one or self._by_slot is not None:
            return True
        [ranges] = await connection.ask([_ASK_FOR_SLOTS])
        by_slot = self._learn(ranges, node)
        self._ask_elsewhere(node)
        return node in by_slot

    def unreachable(self) -> None:
        """Another server may have its slots by now."""
        if self._by_slot is not None:
            self._look_soon()

    def redirected(self, node: Node, request: Request, error: Exception, /) -> bool:
        """Follow a slot that has moved, or is on its way."""
        if not isinstance(error, AskError) and not str(error).startswith("TRYAGAIN"):
            return False
        if not request.survives(RefusedError(f"The slot moves again and again: {error}")):
            return True
        if not isinstance(error, AskError):
            asyncio.get_running_loop().call_later(_PAUSE_S, self.ask, request)
            return True
        other = self._node(error.host or node.address.host, error.port)
        if isinstance(error, MovedError):
            if self._by_slot is not None:
                self._by_slot[error.slot_id] = other
            self._look_soon()
        else:
            request.ahead = (Ahead(("ASKING",)), *request.ahead)
        other.ask(request)
        return True

    def _node(self, host: str, port: int) -> Node:
        if (node := self._nodes.get((host, port))) is None:
            node = self._nodes[host, port] = self._new_node(self._given.address.elsewhere(host, port), self)
        return node

    def _look_soon(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_slots())

    async def _look_for_slots(self) -> None:
        """From the first that answers; those that do already are asked first."""
        for node in sorted(set(self._nodes.values()), key=lambda node: not node.is_connected):
            request = self._new_request(_ASK_FOR_SLOTS)
            node.ask(request)
            try:
                self._learn(await request.future, node)
            except RedisError:
                continue
            break
        for node in tuple(self._nodes.values()):
            if not node.is_connected:
                self._ask_elsewhere(node)

    def _learn(self, ranges: Sequence[Any], teller: Node) -> Sequence[Node]:
        """`CLUSTER SLOTS`: each range with its master and replicas. A slot that nobody serves stays."""
        by_slot = self._by_slot or [teller] * SLOTS
        for first, last, (host, port, *_), *_ in ranges:
            node = self._node(host.decode() if host else teller.address.host, port)
            by_slot[first : last + 1] = [node] * (last + 1 - first)
        self._by_slot, self._any = by_slot, by_slot[0]
        return by_slot

    def _ask_elsewhere(self, node: Node) -> None:
        """What waits for a node whose slots may be elsewhere by now."""
        for request in node.take_waiting():
            self.ask(request)

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether anybody still waits."""
        waiting = [node.look(tick) for node in tuple(self._nodes.values())]
        return any(waiting)

    async def close(self) -> None:
        """What was asked for still goes out, and is not waited for."""
        if self._looking is not None:
            await end([self._looking])
        for node in tuple(self._nodes.values()):
            await node.close()
