"""Many connections close at once: they are let go of a few at a time, and others are served between them."""

import asyncio

from redis.asyncio import Redis

from db.redis.presence import _SCRIPTS
from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice
from tests.patience import PATIENCE_S

PEOPLE, DEVICES, AT_ONCE = 4, 16, 16
DEPART = _SCRIPTS["depart"].sha


async def test_who_is_cut_off_together_with_many_waits_for_the_others(
    sign_up: SignUp, product_redis_url: str
) -> None:
    """What Redis is asked shows it: nobody begins to leave before one of those who do has left."""
    people = [await sign_up() for _ in range(PEOPLE)]
    coming = (person.connect(f"device {n}") for person in people for n in range(DEVICES))
    devices: list[ClientDevice] = await asyncio.gather(*coming)
    leaving, left, most = 0, 0, 0
    async with Redis.from_url(product_redis_url) as redis, redis.monitor() as heard:
        for device in devices:
            device.cut()
        async with asyncio.timeout(PATIENCE_S):
            while left < len(devices):
                words = (await heard.next_command())["command"].split(" ")
                if DEPART not in words or not any(person.id in words for person in people):
                    continue
                leaving += 1 if "left" in words else -1
                left += "lapsed" in words
                most = max(most, leaving)
    assert 1 < most <= AT_ONCE
