"""Pub/sub on a connection of its own, which is opened again whenever it breaks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from db.redis.multiplexed.address import Address
from db.redis.multiplexed.connection import MORE, Connection, Owner
from db.redis.multiplexed.node import Node, Router
from db.redis.multiplexed.request import Request
from db.redis.multiplexed.words import Words

Hear = Callable[[bytes, bytes], None]
Around = Callable[[Callable[[], bool]], bool]  # does what it is given, which says whether it was answered
NewNode = Callable[["Subscriber", Callable[[Owner], Connection]], Node]
NewRequest = Callable[[Words], Request]


class Subscriber(Router):
    """Hears what is published on its channels: every server of a cluster passes it on.

    `hear(channel, message)` is called as soon as a message has come, in the order in which Redis sends them,
    and must not raise; `returned()` when the connection was lost and is back with all channels. All of one
    read is heard within `around`.
    """

    def __init__(
        self,
        addresses: Callable[[], Sequence[Address]],
        new_node: NewNode,
        new_request: NewRequest,
        hear: Hear,
        returned: Callable[[], None],
    ) -> None:
        self._addresses, self._attempts = addresses, 0
        self._new_request, self._hear, self._returned = new_request, hear, returned
        self._channels: dict[bytes, None] = {}
        self.around: Around = lambda read: read()
        self._was_there = False
        self._asking: Request | None = None
        self._node = new_node(self, lambda owner: _Listening(owner, self))

    def subscribe(self, channel: bytes) -> "asyncio.Future[Any]":
        """Ends when Redis has confirmed it, or in time with an error. It then lasts until `unsubscribe`."""
        return self._ask((b"SUBSCRIBE", channel))

    def unsubscribe(self, channel: bytes) -> "asyncio.Future[Any]":
        """The same for its end."""
        self._channels.pop(channel, None)
        return self._ask((b"UNSUBSCRIBE", channel))

    def abreast(self) -> "asyncio.Future[Any]":
        """Ends when all has been heard that this server was told before; fails if the connection breaks.

        One question serves all who ask until it goes out.
        """
        if self._asking is None or self._asking.is_closed:
            self._asking = self._new_request((b"PING",))
            self._asking.repeatable = False
            self._node.ask(self._asking)
        return self._asking.future

    def _ask(self, words: Words) -> "asyncio.Future[Any]":
        request = self._new_request(words)
        self._node.ask(request)
        return request.future

    def hang_up(self) -> None:
        """This connection hears nothing, though nobody says so: another one is opened."""
        self._node.hang_up()

    def take(self, message: bytes, channel: bytes, content: Any) -> bool:
        """What Redis says unasked. False: it answers a request."""
        if message == b"message":
            self._hear(channel, content)
            return True
        if message == b"subscribe":
            self._channels[channel] = None
        elif message == b"unsubscribe":
            self._channels.pop(channel, None)
        return False

    def address_of(self, _node: Node, /) -> Address:
        """Another one at each attempt: whoever was heard so far may never come back."""
        addresses, self._attempts = self._addresses(), self._attempts + 1
        return addresses[self._attempts % len(addresses)]

    async def arrived(self, _node: Node, connection: Connection, _hello: Sequence[Any], /) -> bool:
        """Take up all channels again, before anybody else is served."""
        await connection.ask([(b"SUBSCRIBE", channel) for channel in self._channels])
        if self._was_there:
            self._returned()
        self._was_there = True
        return True

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether anybody still waits."""
        return self._node.look(tick)

    async def close(self) -> None:
        """Hears nothing from now on."""
        await self._node.close()


class _Listening(Connection):
    def __init__(self, owner: Owner, subscriber: Subscriber) -> None:
        super().__init__(owner)
        self._subscriber = subscriber

    def take(self, gets: Callable[[], Any]) -> bool:
        """Messages come between the answers."""
        return self._subscriber.around(lambda: self._take(gets))

    def _take(self, gets: Callable[[], Any]) -> bool:
        answered = False
        while (said := gets()) is not MORE:
            if not (isinstance(said, list) and len(said) == 3 and self._subscriber.take(*said)):
                answered = self.answer(said) or answered
        return answered
