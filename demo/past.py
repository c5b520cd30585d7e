"""A node of the town's own, on which its month is lived: the REST side of the product, whose clock shows what
each request says of its time.

So what is dated back is dated by the product itself, at the same endpoints as everything else. It shares
PostgreSQL, Redis and files with the nodes that serve people, whose limits stay as they are; it has none, and
answers only to the process that has begun it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import NamedTuple

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec.structs import replace

from composition.foundation import Foundation, held
from composition.rest import Sidecar, sidecar
from core.clock import now_ms
from core.ids import new_id
from core.settings import Settings
from db.outage import needed
from db.postgres.pool import open_pool
from db.redis.bus import Bus
from db.redis.multiplexed import open_redis_client
from rest.http.listening import listening
from services.decoders import Decoded, Decoders
from services.decoding import pictures

KEY, AT = "Town-Key", "Town-Time"
_MONTHS_S = 90 * 86_400
_CONNECTIONS = 8
_CHEAP = {"password_memory_kib": 1024, "password_passes": 1}


class PastClock:
    """Shows what the request at hand says, and else what time it is. Unix time in ms."""

    def __init__(self) -> None:
        self._said: ContextVar[int] = ContextVar("said")

    def __call__(self) -> int:
        """What it shows."""
        return self._said.get(0) or now_ms()

    def set(self, at: int) -> None:
        """For whatever follows from this request."""
        self._said.set(at)


class OwnPictures(Decoders):
    """Decodes what was drawn here, and can harm nobody, in a thread: a process for each takes much longer."""

    async def picture(self, data: bytes, owner_id: str, *, sizes: Sequence[int] = ()) -> Decoded:
        """As `Decoders` does."""
        del owner_id
        made = await asyncio.to_thread(pictures.decoded, data, self.max_pixels, sizes)
        return msgspec.convert({**made.about, "parts": made.parts}, Decoded)


class Past(NamedTuple):
    """The node: its address, the key of its door, and what it is made of."""

    address: str
    key: str
    base: Foundation
    side: Sidecar


@asynccontextmanager
async def past(settings: Settings) -> AsyncIterator[Past]:
    """The node, for as long as the block lasts, beside one that has migrated the database: DATABASE_URL and
    REDIS_URL say where. Raises `UnusableError`.
    """
    own = _own(settings)
    async with AsyncExitStack() as stack:
        with needed("PostgreSQL", "DATABASE_URL"):
            pool = await open_pool(
                own.database_url, size=_CONNECTIONS, prepared=own.database_prepared == "on"
            )
        stack.push_async_callback(pool.close)
        node_id = new_id()
        keyring = await stack.enter_async_context(held(pool, own, node_id))
        with needed("Redis", "REDIS_URL"):
            redis = await stack.enter_async_context(open_redis_client(own.redis_url, ca=own.redis_ca))
            bus = await stack.enter_async_context(Bus(redis, node_id))
        clock, key = PastClock(), secrets.token_urlsafe()
        base = Foundation(own, pool, redis, bus, node_id=node_id, clock=clock, keyring=keyring)
        side = stack.enter_context(sidecar(base, base.checks, decoders=OwnPictures.of(own)))
        side.app.middlewares.insert(0, _door(key, clock))
        port = await stack.enter_async_context(listening(side.app, own))
        yield Past(f"http://127.0.0.1:{port}", key, base, side)


def _door(key: str, clock: PastClock) -> Middleware:
    """Lets those in who have the key, at the time that they say (ms)."""

    @web.middleware
    async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not secrets.compare_digest(request.headers.get(KEY, ""), key):
            raise web.HTTPNotFound
        clock.set(int(request.headers[AT]))
        return await handler(request)

    return enter


def _own(settings: Settings) -> Settings:
    """As the other nodes have them, less limits: nobody else reaches it. No mail goes to people who are none,
    and their tokens last as long as their month. Passwords that everybody is told need no dear hash; it is
    made anew by whoever signs in first.
    """
    return replace(
        settings,
        host="127.0.0.1",
        port=0,
        metrics_port=0,
        node_id="",
        rate_limits="off",
        access_token_s=_MONTHS_S,
        mail="",
        sms="",
        media_avif="off",
        staff_totp="when_on",
        mentor_reminder_m=0,
        max_connections=200,
        **_CHEAP,
    )
