"""Timelines in Redis: what clients say of a call is noted while the call has one, and up to a bound."""

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.ids import new_id
from db.redis.calls import RedisCalls
from db.redis.multiplexed import RedisClient
from db.redis.timelines import RedisTimelines
from signaling.call import Call
from signaling.timeline import MOST_SAID
from tests.rules.calls import Table


@pytest.fixture
def call() -> Call:
    return replace(Table().start().call, id=new_id(now_ms()))


async def test_clients_are_noted_behind_what_has_happened(redis_client: RedisClient, call: Call) -> None:
    timelines = RedisTimelines(redis_client)
    assert await RedisCalls(redis_client).save(call, (), version=0, now=now_ms(), notes=[b"offered"]) == []
    assert await timelines.add(call.id, [b"one", b"two"]) == 3
    assert await timelines.read(call.id) == [b"offered", b"one", b"two"]
    assert await timelines.end(call.id) == [b"offered", b"one", b"two"]


async def test_there_is_no_more_than_a_bound(redis_client: RedisClient, call: Call) -> None:
    """Of two notes that come together both are kept, or none."""
    timelines = RedisTimelines(redis_client)
    await RedisCalls(redis_client).save(call, (), version=0, now=now_ms(), notes=[b"offered"])
    assert await timelines.add(call.id, [b"said"] * (MOST_SAID - 2)) == MOST_SAID - 1
    assert await timelines.add(call.id, [b"said", b"said"]) == MOST_SAID - 1
    assert await timelines.add(call.id, [b"said"]) == MOST_SAID
    assert len(await timelines.read(call.id)) == MOST_SAID


async def test_of_a_call_that_is_unknown_nothing_is_noted(redis_client: RedisClient) -> None:
    timelines, call_id = RedisTimelines(redis_client), new_id()
    assert await timelines.add(call_id, [b"said"]) == 0
    assert await timelines.read(call_id) == []


async def test_what_is_said_of_many_calls_at_once_is_noted_of_each(
    redis_client: RedisClient, call: Call
) -> None:
    """Of one that is unknown nothing, and nothing of what one has no room for."""
    timelines, calls = RedisTimelines(redis_client), RedisCalls(redis_client)
    full = replace(call, id=new_id(now_ms()))
    for each, notes in ((call, [b"offered"]), (full, [b"said"] * MOST_SAID)):
        await calls.save(each, (), version=0, now=now_ms(), notes=notes)
    said = ((new_id(), [b"nowhere"]), (full.id, [b"too much"]), (call.id, [b"one", b"two"]))
    adding = [timelines.add(call_id, notes) for call_id, notes in said]
    assert [await each for each in adding] == [0, MOST_SAID, 3]
    assert await timelines.read(call.id) == [b"offered", b"one", b"two"]
    assert await timelines.read(full.id) == [b"said"] * MOST_SAID
