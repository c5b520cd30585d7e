"""Redis 7 with the configuration of the deployment."""

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.deploy.files import ROOT
from tests.machines.redis_server import redis_7, redis_server

LINES = (ROOT / "deploy" / "redis" / "redis.conf").read_text().splitlines()
# All of it, as words of a command line; but for the folder, and where it listens.
GIVEN = [
    word
    for name, _, value in (line.partition(" ") for line in LINES if line and not line.startswith("#"))
    if name not in {"dir", "bind"}
    for word in (f"--{name}", value.strip('"'))
]


async def test_it_asks_for_the_password_keeps_what_was_written_and_throws_nothing_away() -> None:
    async with redis_server(*GIVEN, binary=redis_7(), password="hush") as server:
        client = Redis.from_url(server.url)
        stranger = Redis.from_url(f"unix://{server.socket}")
        try:
            with pytest.raises(RedisError, match="authenticat"):
                await stranger.ping()
            said = {
                name: (await client.config_get(name))[name] for name in ("appendonly", "maxmemory-policy")
            }
            assert said == {"appendonly": "yes", "maxmemory-policy": "noeviction"}
            await client.set("kept", "yes")
            await server.restart()
            assert await client.get("kept") == b"yes"
        finally:
            await client.aclose()
            await stranger.aclose()
