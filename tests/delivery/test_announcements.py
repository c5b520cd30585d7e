"""What is told at once is announced at once, and a node of the version before hears all of it too."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.ids import new_id
from db.redis.bus import Bus
from db.redis.event_log import EventLog, channel, read_announcements
from db.redis.multiplexed import RedisClient
from tests.delivery.test_event_log import ListeningDevice, ended
from tests.patience import PATIENCE_S


@pytest.fixture
async def bus(redis_client: RedisClient) -> AsyncIterator[Bus]:
    async with Bus(redis_client, new_id()) as bus:
        yield bus


@pytest.fixture
async def event_log(redis_client: RedisClient) -> EventLog:
    return EventLog(redis_client, keep=50, keep_s=300)


class OlderDevice(ListeningDevice):
    """On a node of the version before, which takes the first six lines of an announcement for all of it."""

    def hear(self, raw: bytes) -> None:
        *lines, data = raw.split(b"\n", 5)
        first = b"\n".join((*lines, data.partition(b"\n")[0]))
        self.subscription.take(*read_announcements(first))


async def test_what_is_told_at_once_is_one_announcement(event_log: EventLog, bus: Bus, redis: Redis) -> None:
    """A node that reads its last event alone misses those before it, and reads them in the stream."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    older = await OlderDevice(event_log, bus, ana.user).connect()
    async with redis.pubsub() as listening:
        await listening.subscribe(channel(ana.user))
        assert (await listening.get_message(timeout=PATIENCE_S))["type"] == "subscribe"
        await asyncio.gather(*(event_log.send(ana.user, ended(number)) for number in range(4)))
        heard = await listening.get_message(timeout=PATIENCE_S)
    assert len(read_announcements(heard["data"])) == 4
    for device in (ana, older):
        got = await device.receives(4)
        assert [f'"duration_s":{n}' in data for n, data in enumerate(got)] == [True] * 4
