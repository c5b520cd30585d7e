"""A call whose users' streams happen to be in its own slot: in a cluster too, saving it tells of it."""

import itertools
from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.contract.queue import QueueLeft
from core.ids import new_id
from db.redis.call_shards import shard_of
from db.redis.calls import RedisCalls
from db.redis.event_log import EventId, EventLog
from db.redis.multiplexed import RedisClient
from db.redis.multiplexed.words import key_slot
from db.redis.signals import opened
from db.redis.told import Streams, Told
from signaling.call import Call
from signaling.effects import emit
from tests.rules.calls import Table


@pytest.fixture
def call() -> Call:
    """Of two whose slot is that of its shard."""
    call = replace(Table().start().call, id=new_id(now_ms()))
    slot = key_slot(f"calls-{shard_of(call.id)}")
    users = (name for n in itertools.count() if key_slot(name := f"{call.id}-{n}") == slot)
    return replace(
        call,
        parties=tuple(
            replace(party, card=replace(party.card, user_id=next(users))) for party in call.parties
        ),
    )


async def heard(redis: RedisClient, call: Call) -> list[list[str]]:
    """Of each of the two: the numbers, in order."""
    log = EventLog(redis, keep=50, keep_s=300)
    told = [await log.after(party.user_id, EventId(0, 0)) for party in call.parties]
    return [[msgspec.json.decode(event.data)["ticket_id"] for event in each] for each in told]


@pytest.mark.parametrize("ends", [False, True])
async def test_it_is_saved_and_told_in_one_step_or_by_its_outbox(
    redis_client: RedisClient, call: Call, ends: bool
) -> None:
    """With the lines of both. It wants attention at its deadline, if it has one."""
    call = replace(call, deadline=None if ends else now_ms() + 60_000)
    calls = RedisCalls(redis_client, streams=Streams(keep=50, keep_ms=300_000))
    await redis_client.check_writes()  # whether it is a cluster is known once it has been connected to
    assert calls.tells(call)

    def news(number: int) -> Sequence[Told]:
        event = QueueLeft(ticket_id=f"{number}", reason="matched")
        line = opened(number, device="own", from_device="other", now=now_ms())
        data = msgspec.json.encode(event)
        return [Told(party.user_id, event.event, data, line=line) for party in call.parties]

    for version in (0, 1):
        told = news(1 + version)
        assert await calls.save(call, (), version=version, now=now_ms(), told=told) == []
    for number in (3, 4):
        effects = [emit(party.user_id, QueueLeft(ticket_id="", reason="matched")) for party in call.parties]
        pending = await calls.save(call, tuple(effects), version=number - 1, now=now_ms())
        assert pending is not None
        if number == 4:  # it may have been told by somebody else meanwhile
            calls._alone.clear()
            repeated = list(zip(pending, news(4), strict=True))[:1]
            assert await calls.tell(call, repeated, (), now=now_ms()) == [None]
        told_late = list(zip(pending, news(number), strict=True))
        assert await calls.tell(call, told_late, (), now=now_ms()) == [None, None]
    assert await calls.outbox(call.id) == []
    assert await heard(redis_client, call) == [["1", "2", "3", "4"]] * 2
