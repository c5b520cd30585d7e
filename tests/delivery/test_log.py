"""The identity of the event log: new whenever Redis has lost data, and connections go on in the new log."""

import pytest
from redis.asyncio import Redis

from core.ids import new_id
from db.redis.bus import Bus
from db.redis.event_log import EventId, EventLog
from db.redis.multiplexed import RedisClient
from tests.delivery.test_event_log import ListeningDevice, ended
from tests.delivery.test_event_log import bus as bus  # noqa: PLC0414 - a fixture
from tests.delivery.test_event_log import event_log as event_log  # noqa: PLC0414


@pytest.fixture
async def elsewhere(redis_client: RedisClient) -> EventLog:
    """As another node has it."""
    return EventLog(redis_client, keep=50, keep_s=300)


async def test_all_nodes_see_the_same_log(event_log: EventLog, elsewhere: EventLog) -> None:
    names = {(await node.look()).name for node in (event_log, elsewhere, event_log)}
    assert len(names) == 1
    assert (await elsewhere.tail(new_id())).log.name in names


async def test_emptied_it_is_another_one_for_all(
    event_log: EventLog, elsewhere: EventLog, redis: Redis
) -> None:
    """Redis has forgotten its scripts too, as after a start."""
    lost = await event_log.look()
    await elsewhere.look()
    await redis.flushdb()
    await redis.script_flush()
    seen = (await event_log.tail(new_id())).log
    assert seen.name != lost.name
    assert seen.born >= lost.born
    assert (await elsewhere.look()).name == seen.name == event_log.log.name


async def test_back_at_an_old_snapshot_it_is_another_one(
    event_log: EventLog, elsewhere: EventLog, redis: Redis
) -> None:
    """It has the name that everybody knows, and has been looked at less often than they know."""
    await event_log.look()
    snapshot = await redis.dump("events:log")
    assert snapshot is not None
    lost = await event_log.look()
    await elsewhere.look()
    await redis.restore("events:log", 0, snapshot, replace=True)
    seen = await event_log.look()
    assert seen.name != lost.name
    assert (await elsewhere.look()).name == seen.name


async def test_a_connection_goes_on_in_a_log_whose_clock_is_behind(
    event_log: EventLog, bus: Bus, redis: Redis
) -> None:
    """What was said in it before anybody noticed is sent, and what comes."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    ana.subscription.open(ana.device, EventId(2**44, 0))
    await event_log.send(ana.user, ended(1))
    ana.subscription.begin_anew()
    assert '"duration_s":1' in (await ana.receives(1))[0]
    await event_log.send(ana.user, ended(2))
    assert '"duration_s":2' in (await ana.receives(2))[1]


async def test_a_connection_that_has_heard_all_of_the_new_log_hears_nothing_twice(
    event_log: EventLog, bus: Bus
) -> None:
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await event_log.send(ana.user, ended(1))
    await ana.receives(1)
    ana.subscription.begin_anew()
    await event_log.send(ana.user, ended(2))
    assert ['"duration_s":2' in data for data in await ana.receives(2)] == [False, True]
