"""Nothing in Redis stays for ever: a key goes by itself, or is one of the few whose members do."""

import re

from redis.asyncio import Redis

from tests.integration.conftest import Meeting

# Members go when what they stand for ends, or are bounded in number: docs/architecture.md says how.
LASTING = (
    r"events:log",
    r"attention:\{calls-\d\}",
    r"echo:\{echo\}:(processes|seats)",
    r"presence:\{presence-\d\}:leases",
    r"queue:\{[a-z0-9-]+\}:(tickets|places|users|leases|held|claims|claimed|gone)",
    r"queue:\{[a-z0-9-]+\}:(voice|video)(:(recent|waits|\w+:\w+(:\d+)?))?",
)


async def test_what_is_kept_in_redis_has_a_bound(pair: Meeting, product_redis_url: str) -> None:
    """While two who were offered to each other queue again; and whatever other tests have left."""
    await pair.ana.ask("call:decline", call_id=pair.call_id)
    await pair.ben.next("call:ended", call_id=pair.call_id)
    for device in (pair.ana, pair.ben):
        await device.ask("queue:join", mode="video")
        await device.ask("queue:explain")
    async with Redis.from_url(product_redis_url, decode_responses=True) as redis:
        keys = [key async for key in redis.scan_iter(count=1_000)]
        asking = redis.pipeline(transaction=False)
        for key in keys:
            asking.pttl(key)
        kept = await asking.execute()
    lasting = {key for key, ms in zip(keys, kept, strict=True) if ms == -1}
    assert {key for key in lasting if not any(re.fullmatch(known, key) for known in LASTING)} == set()
    assert len(lasting) < len(keys)
