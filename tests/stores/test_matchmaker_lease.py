"""One process of a region matches: while it says so again and again, and until it ends."""

import pytest

from core.clock import HOUR_MS
from core.ids import new_id
from db.redis.matchmaker_lease import MatchmakerLease
from db.redis.multiplexed import RedisClient
from db.redis.queue_keys import prefix


@pytest.fixture
def region() -> str:
    return f"region-{new_id()}"


@pytest.fixture
def lease(redis_client: RedisClient, region: str) -> MatchmakerLease:
    """For longer than a busy machine stands still."""
    return MatchmakerLease(redis_client, region, lease_ms=HOUR_MS)


async def test_one_has_it_until_it_leaves(lease: MatchmakerLease) -> None:
    assert await lease.hold("one")
    assert await lease.hold("one"), "again and again"
    assert not await lease.hold("two")
    await lease.leave("two")
    assert not await lease.hold("two"), "nobody gives back what another has"
    await lease.leave("one")
    assert await lease.hold("two")


async def test_it_ends_with_a_process_that_says_nothing_more(
    lease: MatchmakerLease, redis_client: RedisClient, region: str
) -> None:
    assert await lease.hold("one")
    left = await redis_client.command("PTTL", f"{prefix(region)}:matchmaker")
    assert 0 < left <= HOUR_MS


async def test_each_region_has_its_own(lease: MatchmakerLease, redis_client: RedisClient) -> None:
    assert await lease.hold("one")
    assert await MatchmakerLease(redis_client, f"region-{new_id()}").hold("two")
