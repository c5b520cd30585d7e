"""Events that have their turn: each user is told in order, once, and learns which event came before."""

import asyncio
import random

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.ids import new_id
from core.numbered_event import NumberedEvent
from db.redis.event_log import EventId, EventLog, channel
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.signals import RedisSignals, Sender, Signal
from tests.delivery.test_event_log import ended
from tests.machines.redis_cluster import redis_cluster
from tests.patience import PATIENCE_S

NOW = 1_800_000_000_000  # it stands: what somebody may say counts for seconds


@pytest.fixture
async def event_log(redis_client: RedisClient) -> EventLog:
    return EventLog(redis_client, keep=500, keep_s=300)


def numbered(users: list[str], number: int, *, before: int | None = None) -> NumberedEvent:
    return NumberedEvent(users, ended(number), "lane", number, number - 1 if before is None else before)


async def heard(event_log: EventLog, user_id: str) -> list[bytes]:
    """The numbers of the events that this user was told, in order."""
    told = await event_log.after(user_id, EventId(0, 0))
    return [event.data.partition(b'"duration_s":')[2].rstrip(b"}") for event in told]


async def test_each_is_told_in_their_turn_and_once(event_log: EventLog) -> None:
    ana, ben = new_id(), new_id()
    assert await event_log.announce([numbered([ana], 1), numbered([ana, ben], 2)]) == [None, 0]
    assert await event_log.announce([numbered([ana, ben], 4)]) == [0], "the least of 2 and 0"
    behind = [numbered([ben, ana], 1), numbered([ana, ben], 2), numbered([ben], 3, before=0)]
    assert await event_log.announce(behind) == [None] * 3
    assert await event_log.announce([numbered([ana, ben], 4)]) == [2]
    assert await event_log.announce([numbered([ana], 3), numbered([ana, ben], 4)]) == [None] * 2
    assert await heard(event_log, ana) == await heard(event_log, ben) == [b"1", b"2", b"3", b"4"]


async def test_what_is_announced_in_one_turn_is_one_script(event_log: EventLog, redis: Redis) -> None:
    """Each with an answer of its own: somebody who cannot be told keeps nothing from others."""
    pairs, broken = [(new_id(), new_id()) for _ in range(5)], new_id()
    await event_log.announce([numbered([broken], 1)])
    await redis.set(f"events:{{{broken}}}", "no stream")
    async with redis.monitor() as monitor:
        told = [event_log.announce([numbered([*pair], 1), numbered([*pair], 3)]) for pair in pairs]
        *answers, fault = await asyncio.gather(
            *told, event_log.announce([numbered([broken], 2)]), return_exceptions=True
        )
        await redis.echo(last := new_id())
        scripts = set[str]()  # the same comes once more where a neighbour has made Redis forget its scripts
        while last not in (said := (await monitor.next_command())["command"]):
            if said.startswith("EVALSHA") and any(pair[0] in said for pair in pairs):
                scripts.add(said)
    assert len(scripts) == 1
    assert answers == [[None, 1]] * 5
    assert isinstance(fault, Unavailable)
    assert [await heard(event_log, user_id) for pair in pairs for user_id in pair] == [[b"1"]] * 10


async def test_what_was_stored_together_is_told_together(
    event_log: EventLog, redis: Redis, redis_client: RedisClient
) -> None:
    """By few scripts, if one server has all; who cannot be told keeps nothing from others."""
    broken, crowd, *users = (new_id() for _ in range(302))
    await event_log.announce([numbered([broken], 1)])
    await redis.set(f"events:{{{broken}}}", "no stream")
    all_ = [
        numbered([broken], 2), numbered([users[0]], 2), *(numbered([user], 1) for user in users),
        numbered([crowd, *users], 1), numbered([users[0], users[1]], 1),
    ]  # fmt: skip
    told = list(event_log.tell_all(all_))
    if redis_client.is_one_server:
        assert [count for count, _ in told] == [128, 128, 46, 1, 1]
    parts = await asyncio.gather(*(answers for _, answers in told), return_exceptions=True)
    fault, early, *others = [
        stand for part in parts for stand in ([part] if isinstance(part, BaseException) else part)
    ]
    assert isinstance(fault, Unavailable)
    assert early == 0, "the first was not told of yet"
    assert others == [-1] * 302
    assert [await heard(event_log, user) for user in (*users[:3], crowd)] == [[b"1"]] * 4


async def test_what_comes_late_where_numbers_may_leap_is_not_told(event_log: EventLog) -> None:
    """As receipts: a smaller number says nothing new."""
    ana, ben = new_id(), new_id()
    for number in (2, 7, 5, 7, 8):
        assert await event_log.announce([numbered([ana, ben], number, before=0)]) == [None]
    assert await heard(event_log, ana) == await heard(event_log, ben) == [b"2", b"7", b"8"]


async def test_in_a_lane_that_was_ended_nothing_is_told(event_log: EventLog) -> None:
    """Whatever is still on its way counts as told; to others, and in other lanes, all goes on."""
    ana, ben = new_id(), new_id()
    assert await event_log.announce([numbered([ana, ben], 1)]) == [None]
    over = NumberedEvent([ana], ended(100), "over", 1, 0, ("lane",))
    assert await event_log.announce([over, over]) == [None] * 2
    assert await event_log.announce([numbered([ana, ben], 2), numbered([ana], 9)]) == [None] * 2
    assert await event_log.announce([NumberedEvent([ana], ended(3), "another", 1, 0)]) == [None]
    assert await heard(event_log, ana) == [b"1", b"100", b"3"]
    assert await heard(event_log, ben) == [b"1", b"2"]


async def test_each_announcement_names_the_event_before_it(
    event_log: EventLog, redis_client: RedisClient, redis: Redis
) -> None:
    """Whoever appended that: what has a number, what has none, a signal, a node of the version before."""
    user, chance = new_id(), random.Random(7)
    signals = RedisSignals(redis_client, keep=500, keep_s=300, candidates=99)
    sender = Sender(new_id(), 1, "her", "her phone", user)
    await signals.open(user, sender.call_id, 1, device="phone", from_device="her phone", now=NOW)
    numbers = iter(range(1, 100))

    async def append(kind: str) -> None:
        if kind == "numbered":
            assert await event_log.announce([numbered([user], next(numbers))]) == [None]
        elif kind == "signal":
            said = [Signal("candidate", b"{}")] * 2
            assert await signals.pass_on(sender, said, now=NOW) == b"+11"
        elif kind == "other":
            await redis.xadd(f"events:{{{user}}}", {"name": "x", "data": "{}"})
            await redis.pexpire(f"events:{{{user}}}", 200_000)
        else:
            await event_log.send(user, ended(0), key=new_id() if kind == "key" else None)
        assert await redis.pttl(f"events:{{{user}}}") > (100_000 if kind == "other" else 250_000)

    async with redis.pubsub() as listening:
        await listening.subscribe(channel(user))
        for kind in [*chance.choices(["numbered", "signal", "plain", "key", "other"], k=80), "plain"]:
            await append(kind)
        kept = await redis_client.command("XRANGE", f"events:{{{user}}}", "-", "+")
        ids = ["", *(id_.decode() for id_, _ in kept)]
        announced: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            while ids[-1] not in announced:
                if said := await listening.get_message(ignore_subscribe_messages=True, timeout=0.1):
                    id_, before, _ = said["data"].decode().split("\n", 2)
                    announced[id_] = before
    before_it = dict(zip(ids[1:], ids, strict=False))
    assert announced == {id_: before_it[id_] for id_ in announced}
    assert len(announced) > 60


async def test_a_stream_that_redis_puts_out_is_kept_no_longer_than_others(
    event_log: EventLog, redis_client: RedisClient, redis: Redis
) -> None:
    """Also if what is appended next is told within the seconds in which the time is not set again."""
    user = new_id()
    signals = RedisSignals(redis_client, keep=500, keep_s=300, candidates=99)
    sender = Sender(new_id(), 1, "her", "her phone", user)
    await signals.open(user, sender.call_id, 1, device="phone", from_device="her phone", now=NOW)
    for number in (1, 2, 3):
        assert await event_log.announce([numbered([user], number)]) == [None]
        assert await redis.pttl(f"events:{{{user}}}") > 250_000
        await redis.delete(f"events:{{{user}}}")
        assert await signals.pass_on(sender, [Signal("candidate", b"{}")], now=NOW) == b"+1"
        assert await redis.pttl(f"events:{{{user}}}") > 250_000
        await redis.delete(f"events:{{{user}}}")


async def test_what_redis_refuses_is_told_when_it_is_asked_again(event_log: EventLog, redis: Redis) -> None:
    """Nothing is noted as told that could not be appended."""
    ana, ben = new_id(), new_id()
    await redis.set(f"events:{{{ben}}}", "no stream")
    with pytest.raises(Unavailable):
        await event_log.announce([numbered([ana, ben], 1)])
    alone, other = event_log.send(ben, ended(2), key="once"), event_log.send(ana, ended(2))
    with pytest.raises(Unavailable):
        await alone
    await other
    await redis.delete(f"events:{{{ben}}}")
    assert await event_log.announce([numbered([ana, ben], 1)]) == [None]
    await event_log.send(ben, ended(2), key="once")
    assert (await heard(event_log, ana), await heard(event_log, ben)) == ([b"1", b"2"], [b"1", b"2"])


async def test_one_script_tells_all_that_one_server_has(redis_client: RedisClient) -> None:
    users = [new_id() for _ in range(5)]
    await redis_client.command("PING")
    assert list(redis_client.together(users)) == [users]


async def test_in_a_cluster_each_server_is_asked_for_its_own() -> None:
    """Also by a client that does not know yet that it is one."""
    users = [new_id() for _ in range(8)]
    async with redis_cluster(2, 1, replicas=False) as cluster, open_redis_client(cluster.urls[0]) as client:
        event_log = EventLog(client, keep=50, keep_s=300)
        await asyncio.gather(*(event_log.send(user, ended(0)) for user in users))
        for number in range(1, 4):
            assert await event_log.announce([numbered(users, number)]) == [None]
        assert await event_log.announce([numbered([*users, new_id()], 4)]) == [0]
        last = [
            event_log.send(user, ended(number), key=f"{number}") for number in (5, 6, 5) for user in users
        ]
        assert await asyncio.gather(*last) == [1] * 16 + [0] * 8
        assert [await heard(event_log, user) for user in users] == [[b"%d" % n for n in range(7)]] * 8
