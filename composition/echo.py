"""`python -m realtime echo`: the other side of echo calls, for any number of nodes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from secrets import randbelow

from composition.foundation import Foundation, foundation
from composition.live_stores import LiveStores
from composition.no_sockets import NoSockets
from composition.services import Services
from core.ending import Ending
from core.ids import new_id
from core.settings import Settings
from core.tasks import beside
from realtime.echo.call import EchoCall
from realtime.echo.calls import EchoCalls
from realtime.echo.media import EchoMedia
from signaling.call import Rules

_NICENESS = 5  # those who hold sockets come first
_SPARE_S = 60


@asynccontextmanager
async def running(
    settings: Settings, ending: Ending | None = None, *, of_node: bool = False
) -> AsyncIterator[str]:
    """It, for as long as the block lasts. `of_node`: and no longer than standard input is open."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, ending))
        stores = LiveStores(base)
        serving = Services(stores, base, NoSockets())
        stack.callback(serving.close)
        stack.push_async_callback(serving.call_service.close)
        calls = echo_calls(base, stores, serving)
        await calls.open()
        stack.push_async_callback(calls.close)
        await stack.enter_async_context(beside(calls.run()))
        if of_node:
            os.nice(_NICENESS)
            await stack.enter_async_context(beside(_node(base.ending)))
        yield "work"


def echo_calls(base: Foundation, stores: LiveStores, serving: Services) -> EchoCalls:
    """The calls of this process, which is a new one each time it is started."""
    settings, process, rules = base.settings, new_id(), Rules.of(base.settings)
    new_call = partial(
        EchoCall,
        process=process,
        bus=base.bus,
        events=stores.events,
        load=stores.calls.load,
        call_service=serving.call_service,
        signals=serving.call_handlers.signals,
        new_media=partial(_media, settings),
        longest_s=rules.offer_s + rules.connect_s + rules.echo_call_s + 2 * rules.grace_s + _SPARE_S,
    )
    return EchoCalls(process, seats=stores.echo_seats, bus=base.bus, new_call=new_call, clock=base.clock)


def _media(settings: Settings, connected: Callable[[], Awaitable[None]]) -> EchoMedia:
    mask = randbelow(0xFFFFFFFF) + 1
    return EchoMedia(mask, kbps=settings.echo_kbps, address=settings.echo_address, connected=connected)


async def _node(ending: Ending) -> None:
    """Until our node is gone: then we end too."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while await reader.read(1024):
        pass
    ending.ask(hurry=True)
