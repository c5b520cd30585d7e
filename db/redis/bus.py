"""The event bus: Redis pub/sub, on one connection for each process. It announces, and stores nothing.

In a cluster whose servers all know sharded pub/sub, users' events are heard and said that way: only the
servers of a user's slot have work with them. All else is for many, and said to all. As long as a node listens
that knows plain pub/sub alone, as one of the version before does, or one that has not seen yet that the last
server is a newer one now, all is said plainly; everybody hears both.

When the connection broke and is back, the functions in `on_return` are called, to read what was missed:
`composition/` adds those of the gateway, of revocations, of the announcer and of lost data, and
`PresenceService` its own. A canary that the bus sends to itself shows whether it still receives messages.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import structlog

from core.tasks import TaskSet
from db.outage import AWAY, OUTAGES, Outage
from db.periodic import PeriodicTask
from db.redis import bundle
from db.redis.multiplexed import Around, RedisClient, ShardedSubscriber

_PAUSE_S = 0.2
_OF_USERS = b"user:"
_HEARS_SHARDS = "hears-shards"  # heard by whoever hears sharded channels too
_SURE = 3  # looks in a row
_MEETING_S = 0.5  # in which all servers that are there say of what version they are
Listener = Callable[[bytes], None]
_log = structlog.get_logger()


class Bus:
    """Subscribes to a channel for as long as there is a listener. Listeners must not raise or block."""

    def __init__(
        self, redis: RedisClient, node_id: str, *, canary_s: float = 2.0, late_s: float = 2.0
    ) -> None:
        """A canary is sent `canary_s` after the one before it, and is lost when it takes `late_s`."""
        self._redis = redis
        self._listeners: dict[bytes, set[Listener]] = {}
        self._confirmed: dict[bytes, asyncio.Future[Any]] = {}
        self._canary = f"node:{node_id}"
        self._late_s = late_s
        self._watching = PeriodicTask(canary_s, self._watch, failing="event bus cannot send its canary")
        self._heard = asyncio.Event()
        self._missed = 0
        self._away = Outage("event bus cannot reach Redis", quiet_s=1.0)
        self._tasks = TaskSet()
        self._open = AsyncExitStack()
        self._shards: ShardedSubscriber | None = None
        self._tells_of_shards = False
        self._all_hear_shards = 0
        self._catching_up: dict[Callable[[], Coroutine[Any, Any, None]], bool] = {}
        self.on_return: list[Callable[[], Coroutine[Any, Any, None]]] = []

    async def __aenter__(self) -> "Bus":
        async with AsyncExitStack() as stack:
            self._subscriber = await stack.enter_async_context(
                self._redis.subscriber(self._hear, self._returned)
            )
            await self._redis.met()
            await self._meet_all(_MEETING_S)
            if self._redis.can_shard:
                await self._hear_shards(stack)
            stack.push_async_callback(self._tasks.end)
            await self.subscribe(self._canary, lambda _: self._heard.set())
            await self.subscribe(bundle.CHANNEL, self._unbundle)
            self._tasks.spawn(self._watching.run())
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _meet_all(self, timeout_s: float) -> None:
        """Whoever has not said yet of what version it is, does so with a connection."""
        if asked := self._redis.everywhere("PING"):
            await asyncio.wait(asked, timeout=timeout_s)

    async def _hear_shards(self, stack: AsyncExitStack) -> None:
        """Hear what is said to users' shards from now on, and let others know that."""
        if self._shards is None:
            self._shards = await stack.enter_async_context(
                self._redis.sharded_subscriber(self._hear, self._returned)
            )
            self._shards.around = self._subscriber.around
        users = [name for name in self._confirmed if name.startswith(_OF_USERS) and self._shards.lacks(name)]
        await asyncio.gather(*map(self._shards.subscribe, users))
        await self.subscribe(_HEARS_SHARDS, _nothing)
        self._tells_of_shards = True

    def publish(self, channel: str, message: bytes) -> "asyncio.Future[Any]":
        """Announce it. Perhaps nobody is listening; and when the connection breaks, it is said twice."""
        return self._redis.command("PUBLISH", channel, message, repeatable=True)

    def abreast(self) -> "asyncio.Future[Any] | None":
        """Ends when listeners have heard all that Redis was told before; fails if they may have missed some.

        None: of a cluster nobody can say that, as its servers pass on messages in their own time.
        """
        return self._subscriber.abreast() if self._redis.is_one_server else None

    async def subscribe(self, channel: str, listener: Listener) -> None:
        """Returns when Redis has confirmed: everything that is announced from then on is received."""
        name = channel.encode()
        self._listeners.setdefault(name, set()).add(listener)
        while listener in self._listeners.get(name, ()):
            confirmed = self._confirmed.get(name) or self._ask_for(name)
            await asyncio.shield(confirmed)  # others may wait for the same
            if self._confirmed.get(name) is confirmed:
                return

    def _ask_for(self, name: bytes) -> "asyncio.Future[Any]":
        confirmed = self._subscriber.subscribe(name)
        if self._shards is not None and name.startswith(_OF_USERS):
            confirmed = asyncio.gather(confirmed, self._shards.subscribe(name))
        self._confirmed[name] = confirmed

        def forget(answered: "asyncio.Future[Any]") -> None:
            if answered.exception() is not None and self._confirmed.get(name) is answered:
                del self._confirmed[name]
                if self._shards is not None:  # one of the two may have succeeded
                    self._end(name)

        confirmed.add_done_callback(forget)
        return confirmed

    async def unsubscribe(self, channel: str, listener: Listener) -> None:
        """Remove the listener; the subscription ends with the last one."""
        name = channel.encode()
        listeners = self._listeners.get(name, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(name, None)
            if self._confirmed.pop(name, None) is not None:
                self._end(name)

    def _end(self, name: bytes) -> None:
        self._subscriber.unsubscribe(name)  # if that fails, the connection is gone and with it this
        if self._shards is not None and name.startswith(_OF_USERS):
            self._shards.unsubscribe(name)

    def hear_within(self, around: Around) -> None:
        """All that comes in one read is heard within this."""
        self._subscriber.around = around
        if self._shards is not None:
            self._shards.around = around

    async def check(self) -> None:
        """Raises ConnectionError if two canaries in a row did not arrive."""
        if self._missed >= 2:
            raise ConnectionError("The event bus does not hear itself.")

    def _returned(self) -> None:
        """The connection was lost, and is back with all channels: read what was missed."""
        _log.debug("event bus found Redis again", channels=len(self._listeners))
        for catch_up in self.on_return:
            if catch_up in self._catching_up:
                self._catching_up[catch_up] = True  # once more, however often meanwhile
            else:
                self._catching_up[catch_up] = False
                self._tasks.spawn(self._until_done(catch_up))

    async def _until_done(self, catch_up: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Repeat until it succeeds: what was missed has to be read, and includes revocations."""
        while True:
            self._catching_up[catch_up] = False
            try:
                await catch_up()
            except AWAY as error:
                _log.debug("what the event bus missed cannot be read yet", error=repr(error))
                await asyncio.sleep(_PAUSE_S)
                continue
            except Exception:
                _log.exception("what the event bus missed was not read")
            if not self._catching_up[catch_up]:
                del self._catching_up[catch_up]
                return

    def _hear(self, channel: bytes, message: bytes) -> None:
        for listener in tuple(self._listeners.get(channel, ())):
            try:
                listener(message)
            except Exception:  # one message that fails must not stop all others
                _log.exception("a listener failed", channel=channel.decode())

    def _unbundle(self, message: bytes) -> None:
        """What was announced to many in one message: those who listen here hear theirs."""
        for channel, announcement in bundle.unpack(message):
            self._hear(channel, announcement)

    async def _watch(self) -> None:
        """Send the canary, and count how many in a row did not arrive."""
        await self._see_to_shards()
        self._heard.clear()
        sent = False
        try:
            async with asyncio.timeout(self._late_s):
                await self.publish(self._canary, b"canary")
                sent = True
                await self._heard.wait()
        except OUTAGES as error:
            self._missed += 1
            self._away.failed(error)
            if sent:  # Redis is there, and this connection hears nothing: it is dead, though nobody said so
                self._subscriber.hang_up()
        else:
            self._missed = 0
            self._away.worked()

    async def _see_to_shards(self) -> None:
        """Hear them as soon as all servers know them, and say it to them when all listeners do."""
        if self._redis.is_cluster and not self._tells_of_shards:
            await self._meet_all(self._late_s)
            if self._redis.can_shard:
                with suppress(*OUTAGES):  # once more with the next look
                    await self._hear_shards(self._open)
        if self._shards is not None:
            await asyncio.gather(self._shards.check(self._late_s), self._see_who_hears())

    async def _see_who_hears(self) -> None:
        """Say it to the shards as soon as nobody listens, for some looks, who would not hear that."""
        asked = self._redis.everywhere("PUBSUB", "NUMSUB", bundle.CHANNEL, _HEARS_SHARDS)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        told = [answer for answer in answers if not isinstance(answer, BaseException)]
        if any(hear > hear_shards for _, hear, _, hear_shards in told):
            self._all_hear_shards = 0
        elif len(told) == len(answers):  # who does not answer may have such a listener
            self._all_hear_shards += 1
        self._redis.shards = self._all_hear_shards >= _SURE


def _nothing(_: bytes) -> None:
    """To be listened to says all there is to say."""
