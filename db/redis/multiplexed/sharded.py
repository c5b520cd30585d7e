"""Sharded pub/sub: a channel is heard from the master of its slot, over a connection to each that is needed.

When a slot has another master, its channels are taken up there, and `returned` says that something may have
been missed, as it does when a connection has broken.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from redis.exceptions import AskError, MovedError, RedisError

from core.tasks import end
from db.outage import OUTAGES, RefusedError
from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import MORE, Connection, Owner
from db.redis.multiplexed.leaving import Leaving
from db.redis.multiplexed.node import Node, Router
from db.redis.multiplexed.request import Own, Request
from db.redis.multiplexed.subscriber import Around, Hear
from db.redis.multiplexed.topology import Topology
from db.redis.multiplexed.words import Words, key_slot

_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
NewNode = Callable[[Address, Router, Callable[[Owner], Connection]], Node]
NewRequest = Callable[[Words], Request]


class ShardedSubscriber:
    """As `Subscriber`, for channels of a cluster whose servers know sharded pub/sub."""

    def __init__(
        self,
        servers: Topology,
        new_node: NewNode,
        new_request: NewRequest,
        hear: Hear,
        returned: Callable[[], None],
    ) -> None:
        self._servers, self._new_node, self._new_request = servers, new_node, new_request
        self.hear, self.returned = hear, returned
        self.around: Around = lambda read: read()
        self._shards: dict[tuple[str, int], _Shard] = {}
        self._at: dict[bytes, _Shard] = {}  # every channel that is wanted
        self._wanted: dict[bytes, asyncio.Future[Any]] = {}  # by whom it was asked for last
        self._lost: dict[bytes, None] = {}
        self._mending: asyncio.Task[None] | None = None
        self._leaving = Leaving()
        servers.on_change.append(self._follow)

    def subscribe(self, channel: bytes) -> "asyncio.Future[Any]":
        """Ends when Redis has confirmed it, or in time with an error. It then lasts until `unsubscribe`."""
        request = self._new_request((b"SSUBSCRIBE", channel))
        self._wanted[channel] = request.future
        self._ask(channel, self._shard(self._servers.master(key_slot(channel))), request)
        request.future.add_done_callback(lambda asked: self._asked(channel, asked))
        return request.future

    def lacks(self, channel: bytes) -> bool:
        """Whether nobody has asked for it."""
        return channel not in self._at

    def unsubscribe(self, channel: bytes) -> None:
        """It is not heard any more."""
        self._lost.pop(channel, None)
        self._wanted.pop(channel, None)
        if (shard := self._at.pop(channel, None)) is not None:
            shard.channels.pop(channel, None)
            shard.node.ask(self._new_request((b"SUNSUBSCRIBE", channel)))

    async def check(self, timeout_s: float) -> None:
        """A connection that does not answer in time is opened again."""
        asked = {shard: self._new_request((b"PING",)) for shard in self._shards.values()}
        for shard, request in asked.items():
            shard.node.ask(request)
        if asked:
            await asyncio.wait([request.future for request in asked.values()], timeout=timeout_s)
        for shard, request in asked.items():
            if not request.future.done():
                shard.node.hang_up()

    def _asked(self, channel: bytes, asked: "asyncio.Future[Any]") -> None:
        failed = asked.cancelled() or asked.exception() is not None
        if failed and self._wanted.get(channel) is asked:  # another may have asked since, and been heard
            del self._wanted[channel]
            self._at.pop(channel, None)

    def _shard(self, address: Address) -> "_Shard":
        place = address.host, address.port
        if (shard := self._shards.get(place)) is None:
            shard = self._shards[place] = _Shard(self, address)
            shard.node = self._new_node(address, shard, shard.listening)
        return shard

    def _ask(self, channel: bytes, shard: "_Shard", request: Request) -> None:
        self._at[channel] = shard
        shard.node.ask(request)

    def redirected(self, node: Node, request: Request, error: Exception) -> bool:
        """A subscription is wanted where the slot is now."""
        if request.words[0] != b"SSUBSCRIBE":
            return False
        channel = bytes(request.words[1])  # type: ignore[arg-type]  # as it was asked
        if channel not in self._at:
            request.future.set_result(None)  # nobody wants it any more
            return True
        if isinstance(error, MovedError):
            there = self._servers.moved(node, error)
            if request.survives(RefusedError(f"The slot moves again and again: {error}")):
                self._ask(channel, self._shard(there), request)
            return True
        if isinstance(error, RefusedError | AskError) and request.survives(error):
            self._servers.unreachable()
            asyncio.get_running_loop().call_later(_PAUSE_S, node.ask, request)
            return True
        return False

    def unreachable(self) -> None:
        """Another server may have its slots by now."""
        self._servers.unreachable()

    def dropped(self, channel: bytes) -> None:
        """A server does not pass this one on any more, though it is wanted."""
        if channel in self._at:
            self._lost[channel] = None
            self._servers.unreachable()
            if self._mending is None or self._mending.done():
                self._mending = asyncio.create_task(self._mend())

    def _follow(self) -> None:
        """The masters have changed."""
        for channel, shard in tuple(self._at.items()):
            master = self._servers.master(key_slot(channel))
            if (master.host, master.port) != (shard.address.host, shard.address.port):
                shard.channels.pop(channel, None)
                self.dropped(channel)
        for place, shard in tuple(self._shards.items()):
            if not self._servers.is_master(shard.address):
                del self._shards[place]
                self._leaving.add(shard.node)
                shard.node.leave()

    async def _mend(self) -> None:
        """Take up at their masters what was dropped, and say that something may have been missed."""
        pause_s = _PAUSE_S
        while self._lost:
            await self._servers.looked()
            channels, self._lost = [c for c in self._lost if c in self._at], {}
            asked = {channel: self._new_request((b"SSUBSCRIBE", channel)) for channel in channels}
            for channel, request in asked.items():
                self._ask(channel, self._shard(self._servers.master(key_slot(channel))), request)
            heard = [channel for channel, request in asked.items() if await _succeeds(request)]
            self._lost.update(dict.fromkeys(c for c in asked.keys() - heard if c in self._at))
            if heard:
                self.returned()
            if self._lost:
                await asyncio.sleep(pause_s)
                pause_s = _PAUSE_S if heard else min(2 * pause_s, _LONGEST_PAUSE_S)

    def hang_up(self) -> None:
        """These connections hear nothing, though nobody says so: others are opened."""
        for shard in self._shards.values():
            shard.node.hang_up()

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether anybody still waits."""
        waiting = [shard.node.look(tick) for shard in self._shards.values()]
        return self._leaving.look(tick) or any(waiting)

    async def close(self) -> None:
        """Hears nothing from now on."""
        self._servers.on_change.remove(self._follow)
        self._at.clear()
        if self._mending is not None:
            await end([self._mending])
        for node in (*(shard.node for shard in self._shards.values()), *self._leaving):
            await node.close()


async def _succeeds(request: Request) -> bool:
    with suppress(*OUTAGES, RedisError):
        await request.future
        return True
    return False


class _Shard(Router):
    """What is heard from one master, with the channels that it has confirmed."""

    node: Node

    def __init__(self, of: ShardedSubscriber, address: Address) -> None:
        self._of, self.address = of, address
        self.channels: dict[bytes, None] = {}
        self._was_there = False

    def listening(self, owner: Owner) -> Connection:
        """A connection to it."""
        return _Listening(owner, self)

    async def arrived(self, _node: Node, connection: Connection, _hello: Sequence[Any], /) -> bool:
        """Take up its channels again, before anybody else is served."""
        asked = {channel: Own((b"SSUBSCRIBE", channel)) for channel in self.channels}
        for request in asked.values():
            connection.send(request)
        for channel, request in asked.items():
            try:
                await request.future
            except (MovedError, AskError, RefusedError):
                self.channels.pop(channel, None)
                self._of.dropped(channel)
        if self._was_there:
            self._of.returned()
        self._was_there = True
        return True

    def unreachable(self) -> None:
        """A replica may take over."""
        self._of.unreachable()

    def redirected(self, node: Node, request: Request, error: Exception, /) -> bool:
        """To where the slot is now."""
        return self._of.redirected(node, request, error)

    def around(self, read: Callable[[], bool]) -> bool:
        """All of one read is heard within this."""
        return self._of.around(read)

    def take(self, message: bytes, channel: bytes, content: Any, asked: Words) -> bool:
        """What Redis says unasked; `asked` is what waits for an answer next. False: this is the answer."""
        if message == b"smessage":
            self._of.hear(channel, content)
            return True
        if message == b"sunsubscribe":
            self.channels.pop(channel, None)
            if asked[:2] == (b"SUNSUBSCRIBE", channel):
                return False
            self._of.dropped(channel)  # its slot has left this server
            return True
        if message == b"ssubscribe":
            self.channels[channel] = None
        return False


class _Listening(Connection):
    def __init__(self, owner: Owner, shard: _Shard) -> None:
        super().__init__(owner)
        self._shard = shard

    def take(self, gets: Callable[[], Any]) -> bool:
        """Messages come between the answers."""
        return self._shard.around(lambda: self._take(gets))

    def _take(self, gets: Callable[[], Any]) -> bool:
        answered = False
        while (said := gets()) is not MORE:
            if not (isinstance(said, list) and len(said) == 3 and self._is_said(*said)):
                answered = self.answer(said) or answered
        return answered

    def _is_said(self, message: bytes, channel: bytes, content: Any) -> bool:
        asked = self.sent[0].words if self.sent else ()
        return self._shard.take(message, channel, content, asked)
