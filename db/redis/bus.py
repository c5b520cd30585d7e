"""The event bus: Redis pub/sub, on one connection for each process. It announces, and stores nothing.

When the connection broke and is back, the functions in `on_return` are called, to read what was missed:
`composition/` adds those of the gateway, of revocations, of the announcer and of lost data, and
`PresenceService` its own. A canary that the bus sends to itself shows whether it still receives messages.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from redis.asyncio import Redis

from core.tasks import end
from db.outage import AWAY, OUTAGES, Outage
from db.periodic import PeriodicTask

_PAUSE_S = 0.2
Listener = Callable[[bytes], None]
_log = structlog.get_logger()


class Bus:
    """Subscribes to a channel for as long as there is a listener. Listeners must not raise or block."""

    def __init__(self, redis: Redis, node_id: str, *, canary_s: float = 2.0) -> None:
        self._redis = redis
        self._pubsub = redis.pubsub(ignore_subscribe_messages=False)
        self._listeners: dict[str, set[Listener]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._writing = asyncio.Lock()
        self._canary = f"node:{node_id}"
        self._canary_s = canary_s
        self._watching = PeriodicTask(canary_s, self._watch, failing="event bus cannot send its canary")
        self._heard = asyncio.Event()
        self._subscribed = False
        self._missed = 0
        self._away = Outage("event bus cannot reach Redis", quiet_s=1.0)
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_return: list[Callable[[], Coroutine[Any, Any, None]]] = []

    async def __aenter__(self) -> "Bus":
        await self._pubsub.subscribe(self._canary)
        self._spawn(self._listen())
        self._spawn(self._watching.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)
        with contextlib.suppress(*OUTAGES):
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    async def publish(self, channel: str, message: bytes) -> None:
        """Announce once. Perhaps nobody is listening."""
        await self._redis.publish(channel, message)

    async def subscribe(self, channel: str, listener: Listener) -> None:
        """Returns when Redis has confirmed: everything that is announced from then on is received."""
        self._listeners.setdefault(channel, set()).add(listener)
        while True:
            confirmed = self._confirmed.get(channel) or await self._ask_for(channel)
            await confirmed.wait()
            # The caller that subscribed first may have failed or given up: then this one has to.
            if self._confirmed.get(channel) is confirmed or listener not in self._listeners.get(channel, ()):
                return

    async def _ask_for(self, channel: str) -> asyncio.Event:
        confirmed = self._confirmed[channel] = asyncio.Event()
        try:
            async with self._writing:
                await self._pubsub.subscribe(channel)
        except BaseException:
            if self._confirmed.get(channel) is confirmed:
                del self._confirmed[channel]
            confirmed.set()
            raise
        return confirmed

    async def unsubscribe(self, channel: str, listener: Listener) -> None:
        """Remove the listener; the subscription ends with the last one."""
        listeners = self._listeners.get(channel, set())
        listeners.discard(listener)
        if listeners:
            return
        self._listeners.pop(channel, None)
        if (confirmed := self._confirmed.pop(channel, None)) is not None:
            confirmed.set()  # its listener is gone before it was confirmed: nobody has to wait for it
        with contextlib.suppress(*OUTAGES):  # a broken connection has unsubscribed by itself
            async with self._writing:
                if channel not in self._listeners:
                    await self._pubsub.unsubscribe(channel)

    async def check(self) -> None:
        """Raises ConnectionError if two canaries in a row did not arrive."""
        if self._missed >= 2:
            raise ConnectionError("The event bus does not hear itself.")

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._pubsub.get_message(timeout=None)
            except OUTAGES as error:  # the client's own attempts to reconnect have failed
                self._away.failed(error)
                await asyncio.sleep(_PAUSE_S)
                continue
            except Exception:  # a task that ends here would leave this process deaf for good
                _log.exception("event bus cannot read")
                await asyncio.sleep(_PAUSE_S)
                continue
            if message is not None:
                self._take(message)

    def _returned(self) -> None:
        """The client has reconnected and subscribed to all channels again: read what was missed."""
        _log.debug("event bus found Redis again", channels=len(self._listeners))
        for catch_up in self.on_return:
            self._spawn(self._until_done(catch_up))

    async def _until_done(self, catch_up: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Repeat until it succeeds: what was missed has to be read, and includes revocations."""
        while True:
            try:
                return await catch_up()
            except AWAY as error:
                _log.debug("what the event bus missed cannot be read yet", error=repr(error))
                await asyncio.sleep(_PAUSE_S)
            except Exception:
                _log.exception("what the event bus missed was not read")
                return None

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, message: dict[str, Any]) -> None:
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            if channel == self._canary:
                if self._subscribed:
                    self._returned()
                self._subscribed = True
            elif (confirmed := self._confirmed.get(channel)) is not None:
                confirmed.set()
        elif message["type"] == "message":
            if channel == self._canary:
                self._heard.set()
            for listener in tuple(self._listeners.get(channel, ())):
                self._pass_on(channel, message["data"], listener)

    def _pass_on(self, channel: str, data: bytes, listener: Listener) -> None:
        try:
            listener(data)
        except Exception:  # one message that fails must not stop all others
            _log.exception("a listener failed", channel=channel)

    async def _watch(self) -> None:
        """Send the canary, and count how many in a row did not arrive."""
        self._heard.clear()
        sent = False
        try:
            async with asyncio.timeout(self._canary_s):
                await self.publish(self._canary, b"canary")
                sent = True
                await self._heard.wait()
        except OUTAGES as error:
            self._missed += 1
            self._away.failed(error)
            if sent:  # Redis is there, and this connection hears nothing: it is dead, though nobody said so
                await self._hang_up()
        else:
            self._missed = 0
            self._away.worked()

    async def _hang_up(self) -> None:
        """Close the connection: the reader then opens another one and subscribes to all channels again."""
        connection = self._pubsub.connection
        if connection is not None:
            await connection.disconnect(nowait=True)
