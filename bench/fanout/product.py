"""A node of the whole product with one more command, and of it two kinds: `tell` sends another user an event.

It goes the way of every command and of every event: Socket.IO, rate limits, decoding into its Struct, the
event log, the bus, the connection's subscription. What `tell` sends is kept in its user's stream for a while;
what `tell:volatile` sends is only said. Prints its address, ends with stdin.
"""

import asyncio
import os
import sys

import uvloop

from composition import realtime, services
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from core import logs
from core.environment import load
from core.garbage import collect_little
from core.vocabulary import Id
from core.wire.message import Command, Empty, Event
from realtime.gateway.caller import Caller
from realtime.presence.ports import Sockets

_DONE = Empty()


class Told(Event, event="told"):
    """What somebody says."""

    text: str


class ToldVolatile(Event, event="told:volatile", volatile=True):
    """The same, which nobody keeps."""

    text: str


class Tell(Command, event="tell", reply=Empty):
    """Say it to a user."""

    to: Id
    text: str


class TellVolatile(Command, event="tell:volatile", reply=Empty):
    """Say it to a user if that user is there."""

    to: Id
    text: str


class TellServices(services.Services):
    """The product's, and two handlers more."""

    def __init__(self, stores: LiveStores, base: Foundation, sockets: Sockets) -> None:
        super().__init__(stores, base, sockets)
        self._events = stores.events

    def handlers(self) -> tuple[object, ...]:
        return (*super().handlers(), self)

    async def tell(self, _caller: Caller, command: Tell) -> Empty:
        await self._events.send(command.to, Told(text=command.text))
        return _DONE

    async def tell_volatile(self, _caller: Caller, command: TellVolatile) -> Empty:
        await self._events.send(command.to, ToldVolatile(text=command.text))
        return _DONE


async def serve() -> None:
    settings = load(os.environ)
    logs.set_up(settings)
    async with realtime.running(settings, services=TellServices) as address:
        print(address, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    collect_little()  # as `python -m realtime` does
    uvloop.run(serve())
