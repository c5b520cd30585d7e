"""The identity of the event log: new whenever Redis has lost data, and connections go on in the new log."""

from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from core.contract.chat import ChatMessage, Message
from core.ids import new_id
from core.numbered_event import NumberedEvent
from db.redis.bus import Bus
from db.redis.event_log import EventId, EventLog
from db.redis.logs import WHOLE, LogIdentity
from db.redis.multiplexed import RedisClient, open_redis_client
from tests.delivery.test_event_log import ListeningDevice, ended
from tests.delivery.test_event_log import bus as bus  # noqa: PLC0414 - a fixture
from tests.delivery.test_event_log import event_log as event_log  # noqa: PLC0414
from tests.machines.redis_server import redis_server
from tests.patience import PATIENCE_S


@pytest.fixture
async def elsewhere(redis_client: RedisClient) -> EventLog:
    """As another node has it."""
    return EventLog(redis_client, keep=50, keep_s=300)


def names(logs: Mapping[str, LogIdentity]) -> list[str]:
    """Of all of them: a cluster has several."""
    return [logs[part].name for part in sorted(logs)]


async def test_all_nodes_see_the_same_log(event_log: EventLog, elsewhere: EventLog) -> None:
    first, *others = [names(await node.look()) for node in (event_log, elsewhere, event_log)]
    assert others == [first, first]
    assert (await elsewhere.tail(new_id())).log.name in first


async def test_emptied_it_is_another_one_for_all() -> None:
    """Redis has forgotten its scripts too, as after a start: all databases of a server share them."""
    async with (
        redis_server() as server,
        open_redis_client(server.url, patience_s=PATIENCE_S) as client,
        Redis.from_url(server.url) as redis,
    ):
        event_log, elsewhere = (EventLog(client, keep=50, keep_s=300) for _ in range(2))
        lost, ana = await event_log.look(), new_id()
        await elsewhere.look()
        await redis.flushdb()
        await redis.script_flush()
        seen = (await event_log.tail(ana)).log
        assert seen.name not in names(lost)
        assert seen.born >= max(log.born for log in lost.values())
        await elsewhere.look()
        assert elsewhere.logs.of(ana).name == seen.name == event_log.logs.of(ana).name


async def test_back_at_an_old_snapshot_it_is_another_one(
    event_log: EventLog, elsewhere: EventLog, redis: Redis
) -> None:
    """It has the name that everybody knows, and has been looked at less often than they know."""
    await event_log.look()
    snapshot = await redis.dump("events:log")
    assert snapshot is not None
    lost = (await event_log.look())[WHOLE]
    await elsewhere.look()
    await redis.restore("events:log", 0, snapshot, replace=True)
    seen = (await event_log.look())[WHOLE]
    assert seen.name != lost.name
    assert (await elsewhere.look())[WHOLE].name == seen.name


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


async def lose_last(redis: Redis, device: ListeningDevice) -> None:
    """As a replica that takes over without what its master did last: the stream goes on from where it was."""
    found: Any = await redis.xrevrange(f"events:{{{device.user}}}", count=2)
    (last, _), (before, _) = found
    await redis.xdel(f"events:{{{device.user}}}", last)
    if await redis.hexists(f"told:{{{device.user}}}", "lane"):
        await redis.hset(f"told:{{{device.user}}}", mapping={"lane": "1", "last": before})


async def test_what_a_connection_was_told_before_a_loss_is_not_told_again(
    event_log: EventLog, bus: Bus, redis: Redis
) -> None:
    """The stream lacks the last of it: it goes on after what both know."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    for number in (1, 2, 3):
        await event_log.send(ana.user, ended(number))
    await ana.receives(3)
    await lose_last(redis, ana)
    ana.subscription.begin_anew()
    await event_log.send(ana.user, ended(4))
    told = [data.partition('"duration_s":')[2] for data in await ana.receives(4)]
    assert told == ["1}", "2}", "3}", "4}"]


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_message_that_is_announced_again_after_a_loss_is_shown_once(
    event_log: EventLog, bus: Bus, redis: Redis, noticed: bool
) -> None:
    """With the stream, Redis has lost that it was told. Others, who had not heard it, do so."""
    ana = await ListeningDevice(event_log, bus, new_id()).connect()
    await event_log.announce([said(ana.user, 1), said(ana.user, 2)])
    await ana.receives(2)
    await lose_last(redis, ana)
    if noticed:
        ana.subscription.begin_anew()
    await event_log.announce([said(ana.user, 2), said(ana.user, 3)])
    texts = [data.partition('"content":"')[2][:1] for data in await ana.receives(3)]
    assert texts == ["1", "2", "3"]
    stored = await event_log.after(ana.user, EventId(0, 0))
    assert [event.data.partition(b'"content":"')[2][:1] for event in stored] == [b"1", b"2", b"3"]


def said(user_id: str, number: int) -> NumberedEvent:
    """A message to one, whose content is its number."""
    message = Message(
        id=f"m{number}", room_id="r", seq=number, sender_id=user_id, client_id=None, type="text",
        content=str(number), created_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    return NumberedEvent([user_id], ChatMessage(message=message), "lane", number, number - 1)
