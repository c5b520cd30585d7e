"""Events of other versions in the event log: read, or passed through as they are."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.ids import new_id
from db.redis.bus import Bus
from db.redis.event_log import EventId, EventLog, channel, read_announcements
from db.redis.multiplexed import RedisClient
from tests.delivery.test_event_log import ListeningDevice
from tests.patience import PATIENCE_S
from tests.stored.versions import NEW_WORD, first

DATA = {"call_id": "of another kind", "reason": NEW_WORD, "mood": {"of": ["both"]}}


@pytest.fixture
async def bus(redis_client: RedisClient) -> AsyncIterator[Bus]:
    async with Bus(redis_client, new_id()) as bus:
        yield bus


@pytest.fixture
async def event_log(redis_client: RedisClient) -> EventLog:
    return EventLog(redis_client, keep=50, keep_s=300)


async def keep_newer(redis: Redis, user_id: str, name: str) -> str:
    """As a newer node does it: with a field more in the stream, and a name and words of its own."""
    said: Any = {"name": name, "data": json.dumps(DATA), "device": "", "not_device": ""}
    stream_id: Any = await redis.xadd(f"events:{{{user_id}}}", {**said, "trace": "7", "version": "9"})
    found: str = stream_id.decode()
    return found


async def test_an_event_of_the_first_version_is_read(event_log: EventLog, redis: Redis) -> None:
    user = new_id()
    await redis.xadd(f"events:{{{user}}}", json.loads(first("event.json")))
    (event,) = await event_log.after(user, EventId(0, 0))
    (announced,) = read_announcements(first("announcement.txt"))
    assert (event.name, event.device, event.data) == (announced.name, announced.device, announced.data)
    assert event.call_id == announced.call_id == json.loads(event.data)["call_id"]


async def test_what_is_sent_now_the_first_version_reads(event_log: EventLog, redis: Redis) -> None:
    """The same fields of the stream, the same six lines."""
    user = new_id()
    event = json.loads(first("event.json"))
    async with redis.pubsub() as listening:
        await listening.subscribe(channel(user))
        assert (await listening.get_message(timeout=PATIENCE_S))["type"] == "subscribe"
        await event_log.pass_on(
            user, event["name"], event["data"].encode(), device="phone 1", not_device=None, key="1"
        )
        said: Any = await listening.get_message(timeout=PATIENCE_S)
    kept: Any = await redis.xrange(f"events:{{{user}}}")
    assert [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in kept] == [event]
    assert said["data"].split(b"\n")[1:] == first("announcement.txt").split(b"\n")[1:]


@pytest.mark.parametrize("name", ["call:ended", "call:applauded", "rewards:granted"])
async def test_a_newer_event_goes_through_unharmed(
    event_log: EventLog, bus: Bus, redis: Redis, name: str
) -> None:
    """Announced or read again later, with others before and after it."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    stream_id = await keep_newer(redis, ana.user, name)
    lines = [stream_id, "", name, "", "", json.dumps(DATA)]
    await bus.publish(channel(ana.user), "\n".join(lines).encode())
    await ana.receives(1)
    await keep_newer(redis, ana.user, name)
    ana.subscription.catch_up()
    heard = await ana.receives(2)
    assert [json.loads(data) for data in heard] == [DATA, DATA]
    assert [event.name for event in ana.got] == [name, name]
    assert {event.call_id for event in ana.got} <= {DATA["call_id"], None}
    tail = await event_log.tail(ana.user, EventId(0, 0))
    assert [(event.name, json.loads(event.data)) for event in tail.missed] == [(name, DATA)] * 2
