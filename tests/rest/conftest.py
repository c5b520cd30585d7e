"""A REST server for each test, on the worker's database and Redis."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs
from redis.asyncio import Redis

from core.job_settings import OUTBOX
from core.settings import Settings
from db.redis.multiplexed import RedisClient
from tests.patience import PATIENCE_S
from tests.rest.server import RestServer, serving
from tests.stores.world import World

SETTINGS = Settings(
    password_memory_kib=8,
    password_passes=1,
    rate_limits="off",
    max_body_bytes=4096,
    staff_totp="when_on",
    mail=OUTBOX,
    sms=OUTBOX,
    media_avif="off",
    answer_s=int(PATIENCE_S),  # a busy machine answers late, and is not to say that nobody is there
    upload_answer_s=int(PATIENCE_S),
)


@pytest.fixture
async def rest(
    world: World, redis: Redis, redis_client: RedisClient, tmp_path: Path
) -> AsyncIterator[RestServer]:
    """Without rate limits, with quick passwords and small bodies, and staff who may do without an app.

    What is uploaded is kept in `tmp_path`.
    """
    settings = structs.replace(SETTINGS, data_dir=str(tmp_path))
    async with serving(world, redis, redis_client, settings) as server:
        yield server
