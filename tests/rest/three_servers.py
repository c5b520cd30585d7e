"""Three servers with the same stores, by which every error can be had without making one for each."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Any

from msgspec import Struct, structs
from redis.asyncio import Redis

from db.redis.multiplexed import open_redis_client
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, serving
from tests.stores.world import World, world_at


class Three(Struct):
    """One that does what it can, one that is `strict`, one `without_postgres`.

    The `strict` one takes one request a minute of each address and user.
    """

    usual: RestServer
    strict: RestServer
    without_postgres: RestServer
    folder: str  # for media
    addresses: Iterator[IPv4Address]  # of clients, none of which was there before


@asynccontextmanager
async def three_servers(database_url: str, redis_url: str, folder: str) -> AsyncIterator[Three]:
    """All of them, for as long as the block lasts."""
    usual = structs.replace(SETTINGS, data_dir=folder)
    once: dict[str, Any] = {
        f"{name}_{how}": 1 for name in ("requests", "stranger_requests") for how in ("per_m", "burst")
    }
    strict = structs.replace(usual, rate_limits="on", trusted_proxies="127.0.0.0/8", **once)
    async with (
        world_at(database_url) as world,
        _without_postgres(database_url) as nowhere,
        Redis.from_url(redis_url) as redis,
        open_redis_client(redis_url) as client,
        serving(world, redis, client, usual) as at,
        serving(world, redis, client, strict) as strictly,
        serving(nowhere, redis, client, SETTINGS, {"postgres": _asking(nowhere)}) as there,
    ):
        yield Three(
            at, strictly, there, folder, map(IPv4Address, itertools.count(int(IPv4Address("10.0.0.1"))))
        )


@asynccontextmanager
async def _without_postgres(database_url: str) -> AsyncIterator[World]:
    async with world_at(database_url, migrated=True) as world:
        await world.pool.close()
        yield world


def _asking(world: World) -> Any:
    return lambda: world.pool.fetchval("SELECT 1")
