"""Which server serves which slot: there is one, or those of a cluster.

A cluster says where its slots are when the first connection is there, and again when a server says that one
has moved or that the cluster is down, is silent, or cannot be reached. Servers that it does not name any more
are forgotten, but for the one that was given.
"""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence, Set
from typing import Any

from redis.exceptions import AskError, MovedError

from core.tasks import end
from db.outage import RefusedError
from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import Connection
from db.redis.multiplexed.leaving import Leaving
from db.redis.multiplexed.node import Node, Router
from db.redis.multiplexed.parts import region, tags
from db.redis.multiplexed.request import Ahead, Request
from db.redis.multiplexed.words import REGIONS, SLOTS, Words, key_slot, slot_of

_ASK: Sequence[Words] = (("CLUSTER", "SLOTS"), ("CLUSTER", "NODES"))
_IMPATIENCE_S = 0.3  # with one that is asked, before the next is asked too
_OLD_S = 2.0  # so much may what a cluster says of itself be
_TAGS = 5_000  # names that are tried: a master with few slots may have none of them
_PAUSE_S = 0.05  # in which the rest of a slot may arrive

NewNode = Callable[[Address, "Topology"], Node]
NewRequest = Callable[[Words], Request]
Place = tuple[str, int]  # host and port


class Topology(Router):
    """Gives each request to the server that can answer it."""

    def __init__(self, address: Address, new_node: NewNode, new_request: NewRequest) -> None:
        self._new_node, self._new_request = new_node, new_request
        self._given = self._any = self._teller = new_node(address, self)
        self._nodes: dict[tuple[str, int], Node] = {}  # that the cluster names
        self._leaving = Leaving()  # that it does not name any more
        self._by_slot: list[Node] | None = None
        self.is_one = False
        self._parts: Mapping[tuple[int, Node], str] | None = None
        self.changes, self.epochs = 0, [0] * REGIONS
        self.on_change: list[Callable[[], None]] = []
        self._ids: list[Any] = []
        self.replicated: Mapping[Place, str] = {}  # masters with replicas, each with a hash tag of theirs
        self._loop, self._learned_at = asyncio.get_running_loop(), 0.0
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
        node.version = _version(hello)
        if self.is_one:
            return True
        if self._by_slot is not None:
            self._look_soon()  # it was away: perhaps a replica has taken over, and given it back
            return True
        ranges, about = await connection.ask(_ASK)
        by_slot = self._learn(ranges, about, node)
        self._ask_elsewhere(node)
        return node in by_slot

    @property
    def is_cluster(self) -> bool:
        """As far as is known."""
        return self._by_slot is not None

    @property
    def version(self) -> tuple[int, ...]:
        """The oldest of those that have let us in; empty before the first has."""
        servers = self._nodes.values() if self.is_cluster else (self._given,)
        return min((node.version for node in servers if node.version), default=())

    def are_all(self, version: tuple[int, ...]) -> bool:
        """Whether it is a cluster whose servers all have let us in, each of this version or newer."""
        return self.is_cluster and all(node.version >= version for node in self._nodes.values())

    @property
    def parts(self) -> Mapping[tuple[int, Node], str]:
        """The hash tags of what each master of the cluster has of each sixteenth of its slots."""
        if self._parts is None:
            self._parts = tags(self._by_slot or ())
        return self._parts

    def part(self, slot: int) -> str:
        """That of the part which has this slot."""
        assert self._by_slot is not None
        part = region(slot), self._by_slot[slot]
        if part not in self.parts:
            self._parts = None
        return self.parts[part]

    async def looked(self) -> None:
        """If somebody looks for the slots, until they have."""
        if self._looking is not None and not self._looking.done():
            await asyncio.wait([self._looking])

    def keep_up(self) -> None:
        """Nobody says that a replica has come or a server was taken out: look now and then."""
        if self.is_cluster and self._loop.time() > self._learned_at + _OLD_S:
            self._look_soon()

    def master(self, slot: int) -> Address:
        """Of this slot in a cluster."""
        return (self._given if self._by_slot is None else self._by_slot[slot]).address

    def is_master(self, address: Address) -> bool:
        """Whether it has slots."""
        return any(node.address == address for node in set(self._by_slot or ()))

    def ask_all(self, words: Words) -> "Sequence[asyncio.Future[Any]]":
        """Each server that the cluster names, replicas too."""
        requests = [(node, self._new_request(words)) for node in self._nodes.values()]
        for node, request in requests:
            node.ask(request)
        return [request.future for _, request in requests]

    def addresses(self) -> Sequence[Address]:
        """Of all that pass on what is published."""
        return [node.address for node in self._nodes.values()] or [self._given.address]

    def unreachable(self) -> None:
        """Another server may have its slots by now."""
        if self._by_slot is not None:
            self._look_soon()

    def redirected(self, node: Node, request: Request, error: Exception, /) -> bool:
        """Follow a slot that has moved, or is on its way."""
        if str(error).startswith("CLUSTERDOWN"):
            self.unreachable()  # as it is for who sees only a part of the cluster
        if not isinstance(error, AskError) and not str(error).startswith("TRYAGAIN"):
            return False
        if not request.survives(RefusedError(f"The slot moves again and again: {error}")):
            return True
        if not isinstance(error, AskError):
            self._loop.call_later(_PAUSE_S, self.ask, request)
            return True
        if isinstance(error, MovedError):
            self.moved(node, error)
        else:
            request.ahead = (Ahead(("ASKING",)), *request.ahead)
        self._node(error.host or node.address.host, error.port).ask(request)
        return True

    def moved(self, node: Node, error: MovedError) -> Address:
        """A server says where this slot is now."""
        other = self._node(error.host or node.address.host, error.port)
        if self._by_slot is not None:
            self._by_slot[error.slot_id] = other
            self._parts = None
        self._look_soon()
        return other.address

    def _node(self, host: str, port: int) -> Node:
        if (node := self._nodes.get((host, port))) is None:
            address = self._given.address.elsewhere(host, port)
            node = self._given if address == self._given.address else self._new_node(address, self)
            self._nodes[host, port] = node
        return node

    def _look_soon(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_slots())

    async def _look_for_slots(self) -> None:
        """From the first that answers: those that do already, and last the one that has told before."""
        asked: dict[asyncio.Future[Any], Node] = {}
        for node in sorted(self._all(), key=lambda node: (not node.is_connected, node is self._teller)):
            requests = [self._new_request(words) for words in _ASK]
            for request in requests:
                node.ask(request)
            both = asyncio.gather(*(request.future for request in requests))
            both.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits
            asked[both] = node
            if await self._has_learned(asked, _IMPATIENCE_S):
                break
        else:
            await self._has_learned(asked, None)
        for node in self._all():
            if not node.is_connected:
                self._ask_elsewhere(node)

    async def _has_learned(self, asked: "dict[asyncio.Future[Any], Node]", timeout_s: float | None) -> bool:
        """Whether one of these has told in time. Those that fail are not waited for again."""
        while asked:
            done, _ = await asyncio.wait(asked, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            for answered in done:
                node = asked.pop(answered)
                if answered.exception() is None:
                    ranges, about = answered.result()
                    self._learn(ranges, about, node)
                    return True
            if not done:
                return False
        return False

    def _learn(self, ranges: Sequence[Any], about: bytes, teller: Node) -> Sequence[Node]:
        """`CLUSTER SLOTS`: each range with its master and replicas. A slot that nobody serves stays."""
        by_slot, named = self._by_slot or [teller] * SLOTS, set[Node]()
        self._learned_at = self._loop.time()
        has_changed, replicated = self._note_masters(ranges, about), set[Node]()
        for first, last, *servers in ranges:
            places = [(host.decode() if host else teller.address.host, port) for host, port, *_ in servers]
            nodes = [self._node(*place) for place in places]
            by_slot[first : last + 1] = nodes[:1] * (last + 1 - first)
            named.update(nodes)
            replicated |= {nodes[0]} if len(nodes) > 1 else set()
        self._by_slot, self._any, self._teller = by_slot, by_slot[0], teller
        self._parts = None if has_changed else self._parts
        if {_place(node) for node in replicated} != self.replicated.keys() or has_changed:
            known = {by_slot[key_slot(n)]: str(n) for n in range(_TAGS)}
            self.replicated = {_place(node): known[node] for node in replicated & known.keys()}
        self._forget_all_but(named.union(by_slot))
        if has_changed:
            for follow in self.on_change:
                follow()
        return by_slot

    def _note_masters(self, ranges: Sequence[Any], about: bytes) -> bool:
        """Whether they have changed. `CLUSTER NODES` tells epochs: who takes over has the newest of all."""
        newest = [0] * REGIONS
        lines = (line.split() for line in about.splitlines())
        epochs = {words[0]: int(words[6]) for words in lines if len(words) > 6}
        for first, last, (_, _, id_, *_), *_ in ranges:
            for each in range(region(first), region(last) + 1):
                newest[each] = max(newest[each], epochs.get(id_, 0))
        ids = [(first, last, master[2]) for first, last, master, *_ in ranges]
        self.epochs = [new or old for new, old in zip(newest, self.epochs, strict=True)]
        has_changed, self._ids = ids != self._ids, ids
        self.changes += has_changed
        return has_changed

    def _forget_all_but(self, named: Container[Node]) -> None:
        for place, node in tuple(self._nodes.items()):
            if node not in named:
                del self._nodes[place]
                if node is not self._given:
                    self._leaving.add(node)

    def _ask_elsewhere(self, node: Node) -> None:
        """What waits for a node whose slots may be elsewhere by now."""
        for request in node.take_waiting():
            self.ask(request)

    def _all(self) -> Set[Node]:
        return {self._given, *self._nodes.values(), *self._leaving}

    @property
    def unanswered(self) -> int:
        """What was asked of any server and has no answer."""
        return sum(node.unanswered for node in self._all())

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether anybody still waits, or is still to be left."""
        waiting = [node.look(tick) for node in {self._given, *self._nodes.values()}]
        return self._leaving.look(tick) or any(waiting)

    async def close(self) -> None:
        """What was asked for still goes out, and is not waited for."""
        if self._looking is not None:
            await end([self._looking])
        for node in self._all():
            await node.close()


def _place(node: Node) -> Place:
    return node.address.host, node.address.port


def _version(hello: Sequence[Any]) -> tuple[int, ...]:
    """What a server says of itself in answer to HELLO: names, and behind each what it is."""
    about = dict(zip(hello[::2], hello[1::2], strict=False))
    return tuple(int(part) for part in about.get(b"version", b"").split(b".") if part.isdigit())
