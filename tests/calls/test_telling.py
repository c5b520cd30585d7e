"""A change of a call and what it tells are one step in Redis: each hears it once, whoever else tells too."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from core.contract.queue import QueueLeft
from core.errors import Gone, Unavailable
from core.ids import new_id
from db.redis.bus import Bus
from db.redis.calls import Pending, RedisCalls
from db.redis.event_log import EventId
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.signals import opened
from db.redis.told import Streams, Told
from signaling.call import Call
from signaling.effects import Effects, Emit, RecordStarted, emit
from signaling.messages import Accept, Decline, Hangup
from tests.calls.conftest import SETTINGS
from tests.calls.nodes import CallNode
from tests.machines.redis_cluster import redis_cluster
from tests.patience import PATIENCE_S
from tests.stores.world import World


def news(call: Call, *numbers: int) -> Effects:
    """These, for both."""
    said = [QueueLeft(ticket_id=f"{number}", reason="matched") for number in numbers]
    return tuple(emit(party.user_id, event) for event in said for party in call.parties)


def words(effects: Effects) -> Sequence[Told]:
    return [Told(e.user_id, e.name, msgspec.json.encode(e.data)) for e in effects if isinstance(e, Emit)]


async def heard(node: CallNode, call: Call) -> list[list[str]]:
    """Of each of the two: the numbers, in order."""
    told = [await node.stores.events.after(party.user_id, EventId(0, 0)) for party in call.parties]
    return [
        [msgspec.json.decode(event.data)["ticket_id"] for event in each if event.name == QueueLeft.event]
        for each in told
    ]


async def save(node: CallNode, call: Call, effects: Effects, *, at_once: bool = True) -> list[Pending]:
    """As somebody does who has just read it."""
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    told = words(effects) if at_once else ()
    pending = await node.stores.calls.save(call, effects, version=stored.version, now=now_ms(), told=told)
    assert pending is not None
    return pending


@pytest.fixture
async def call(world: World, node: CallNode) -> Call:
    return await node.offered(await world.pair())


async def test_what_a_change_tells_is_told_with_it(node: CallNode, call: Call, redis: Redis) -> None:
    """A node that dies right after it leaves nothing to be told; the call next wants attention in time."""
    assert await save(node, call, news(call, 1, 2)) == []
    assert await heard(node, call) == [["1", "2"]] * 2
    assert await node.stores.calls.outbox(call.id) == []
    due = await node.stores.calls.due(range(8), (call.deadline or 0) - 1, limit=10_000)
    assert call.id not in due.calls
    for party in call.parties:
        assert await redis.pttl(f"events:{{{party.user_id}}}") > 0
        assert not [key async for key in redis.scan_iter(f"said:{{{party.user_id}}}*")]


async def test_whoever_was_slower_tells_nothing(node: CallNode, call: Call) -> None:
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    await save(node, call, news(call, 1))
    late = news(call, 2)
    saved = await node.stores.calls.save(call, late, version=stored.version, now=now_ms(), told=words(late))
    assert saved is None
    assert await heard(node, call) == [["1"]] * 2


@pytest.mark.parametrize("telling", [True, False])
async def test_whoever_was_slower_knows_at_once_what_there_is(
    node: CallNode, call: Call, redis_client: RedisClient, telling: bool
) -> None:
    """Nobody reads again what refused them. Where there is nothing any more, they know nothing."""
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    await save(node, call, news(call, 1))
    late, streams = news(call, 2), Streams(keep=1_000, keep_ms=300_000)
    calls = RedisCalls(redis_client, streams=streams if telling else None)
    told = words(late) if telling else ()
    assert await calls.save(call, late, version=stored.version, now=now_ms(), told=told) is None
    assert calls.known(call.id) == await node.stores.calls.load(call.id)
    other = replace(call, id=new_id(now_ms()))
    assert await calls.save(other, late, version=1, now=now_ms(), told=told) is None
    assert calls.known(other.id) is None


async def test_what_waits_is_told_first(node: CallNode, call: Call) -> None:
    """Somebody else's change is saved and not told yet."""
    await save(node, call, news(call, 1), at_once=False)
    pending = await save(node, call, news(call, 2))
    assert len(pending) == 4
    assert await heard(node, call) == [[], []]
    await node.services.executor.perform(call, pending)
    assert await heard(node, call) == [["1", "2"]] * 2
    assert await node.stores.calls.outbox(call.id) == []


async def test_a_stream_that_refuses_leaves_all_to_the_outbox(
    node: CallNode, call: Call, redis: Redis
) -> None:
    """Nothing is said before it is known that all can be."""
    stream = f"events:{{{call.parties[1].user_id}}}"
    await redis.set(stream, "no stream")
    pending = await save(node, call, news(call, 1))
    assert (len(pending), (await heard_by(node, call.parties[0].user_id))) == (2, 0)
    await redis.delete(stream)
    await node.services.call_service.catch_up(call.id)
    assert await heard(node, call) == [["1"]] * 2


async def test_a_line_that_refuses_leaves_all_to_the_outbox(node: CallNode, call: Call, redis: Redis) -> None:
    """Nothing is said before it is known that all can be."""
    first, second = (party.user_id for party in call.parties)
    await redis.rpush(f"signals:{{{second}}}", "no line")
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    effects = news(call, 1)
    line = opened(call.epoch, device="own", from_device="other", now=now_ms())
    told = [replace(each, line=line) for each in words(effects)]
    pending = await node.stores.calls.save(call, effects, version=stored.version, now=now_ms(), told=told)
    assert pending is not None
    assert (len(pending), await heard_by(node, first)) == (2, 0)
    await node.services.call_service.catch_up(call.id)
    assert await heard(node, call) == [["1"]] * 2


async def heard_by(node: CallNode, user_id: str) -> int:
    return len(await node.stores.events.after(user_id, EventId(0, 0)))


@pytest.mark.parametrize("alone", [True, False], ids=["just saved", "saved a while ago"])
async def test_what_a_line_refuses_waits_and_is_told_by_the_repeat(
    node: CallNode, call: Call, redis: Redis, alone: bool
) -> None:
    """With what stands behind it for the same user. Whoever could be told was, and hears it once."""
    effects = news(call, 1, 2)
    pending = await save(node, call, effects, at_once=False)
    if not alone:
        node.stores.calls._alone.clear()
    line = opened(call.epoch, device="own", from_device="other", now=now_ms())
    told = {
        item.key: (item, replace(each, line=line)) for item, each in zip(pending, words(effects), strict=True)
    }
    refusing = f"signals:{{{call.parties[1].user_id}}}"
    await redis.rpush(refusing, "no line")
    answers = await node.stores.calls.tell(call, list(told.values()), (), now=now_ms())
    assert [isinstance(answer, Unavailable) for answer in answers] == [False, True] * 2
    assert await heard(node, call) == [["1", "2"], []]
    await redis.delete(refusing)
    left = [told[item.key] for item in await node.stores.calls.outbox(call.id)]
    assert [each.user_id for _, each in left] == [call.parties[1].user_id] * 2
    assert await node.stores.calls.tell(call, left, (), now=now_ms()) == [None, None]
    assert await heard(node, call) == [["1", "2"]] * 2
    assert await node.stores.calls.outbox(call.id) == []


async def test_two_who_tell_the_same_tell_it_once(node: CallNode, call: Call) -> None:
    """The one who saved it, one who takes it for left behind, and the first again, after a reconnect."""
    pending = await save(node, call, news(call, 1, 2, 3), at_once=False)
    perform = node.services.executor.perform
    await asyncio.gather(perform(call, pending[:2]), perform(call, pending), perform(call, pending))
    await perform(call, pending)
    assert await heard(node, call) == [["1", "2", "3"]] * 2
    assert await node.stores.calls.outbox(call.id) == []


@pytest.mark.parametrize("changed", [False, True], ids=["after a while", "with a change"])
async def test_beside_a_node_of_the_version_before_each_hears_it_once(
    node: CallNode, call: Call, redis_client: RedisClient, changed: bool
) -> None:
    """Such a node marks what it tells, and notes that later. So it is with what it may have read."""
    effects = news(call, 1)
    pending = await save(node, call, effects, at_once=False)
    if changed:
        stored = await node.stores.calls.load(call.id)
        assert stored is not None
        read = await RedisCalls(redis_client).save(call, (), version=stored.version, now=now_ms())
        assert read == pending
    else:
        node.stores.calls._alone.clear()  # it was saved longer ago
    await node.services.executor.perform(call, pending[:1])
    for item, each in zip(pending, words(effects), strict=True):
        await node.stores.events.pass_on(
            each.user_id, each.name, each.data, device=None, not_device=None, key=item.key
        )
    await node.services.executor.perform(call, pending)
    assert await heard(node, call) == [["1"]] * 2
    assert await node.stores.calls.outbox(call.id) == []


async def test_a_start_is_on_record_before_it_is_told(node: CallNode, call: Call, redis: Redis) -> None:
    """And told with the lines of both: their signals may come from then on."""
    accepted = call
    for party in call.parties:
        accepted = await node.services.call_service.tell(
            call.id, Accept(party.user_id, f"phone of {party.user_id}")
        )
    for party in accepted.parties:
        told = await node.stores.events.after(party.user_id, EventId(0, 0))
        assert [event.name for event in told] == ["call:ended", "call:started", "call:state"]
        line = await redis.get(f"signals:{{{party.user_id}}}")
        assert isinstance(line, bytes)
        peer = accepted.peer(party.user_id)
        said = opened(accepted.epoch, device=party.device or "", from_device=peer.device or "", now=0)
        words = said.encode().split(b"\n")
        assert line.startswith(b"%s 1\n%s\n" % (call.id.encode(), words[1]))
        assert words[2] in line
    assert await node.stores.calls.outbox(call.id) == []


async def test_a_start_that_a_decline_overtakes_is_not_on_record(
    world: World, node: CallNode, call: Call, redis_client: RedisClient
) -> None:
    """It is put on record before it is saved, and the end that was saved first takes that back."""
    ana, ben = (party.user_id for party in call.parties)
    await node.services.call_service.tell(call.id, Accept(ana, "hers"))
    async with (
        Bus(redis_client, "elsewhere") as bus,
        world.pool.acquire() as holder,
        asyncio.timeout(PATIENCE_S),
    ):
        other = CallNode(world.pool, redis_client, bus, SETTINGS)
        async with holder.transaction():
            await holder.execute("SELECT FROM interaction.calls WHERE id = $1 FOR UPDATE", call.id)
            accepting = asyncio.create_task(node.services.call_service.tell(call.id, Accept(ben, "his")))
            await world.someone_waits_for(holder)
            declining = asyncio.create_task(other.services.call_service.tell(call.id, Decline(ana)))
            while (stored := await node.stores.calls.load(call.id)) is None or stored.version < 3:
                await asyncio.sleep(0)
        await declining
        with pytest.raises(Gone):
            await accepting
    assert await record(world, call) == ("declined", None)


async def test_a_start_comes_on_record_before_the_end_that_follows_it(
    world: World, node: CallNode, call: Call
) -> None:
    """Such an end takes nothing back, nor does one of the version before."""
    for party in call.parties:
        await node.services.call_service.tell(call.id, Accept(party.user_id, "a phone"))
    await node.services.call_service.tell(call.id, Hangup(call.parties[0].user_id))
    reason, started = await record(world, call)
    assert (reason, started is not None) == ("hung_up", True)


async def test_a_start_waits_in_the_outbox_where_it_cannot_be_recorded(
    world: World, node: CallNode, call: Call, database_url: str
) -> None:
    """Both have accepted and are told so; of the start they hear when it is on record."""
    ana, ben = (party.user_id for party in call.parties)
    await node.services.call_service.tell(call.id, Accept(ana, "hers"))
    holder = await asyncpg.connect(database_url)
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        stack.push_async_callback(holder.close)
        await holder.execute("BEGIN; LOCK TABLE interaction.calls IN ACCESS EXCLUSIVE MODE")
        accepting = asyncio.create_task(node.services.call_service.tell(call.id, Accept(ben, "his")))
        while not accepting.done():  # it asks before it is saved, and again from the outbox
            await world.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE $1 = ANY (pg_blocking_pids(pid))",
                holder.get_server_pid(),
            )
            await asyncio.sleep(0.005)
        await accepting
    assert "call:started" not in await names(node, ben)
    await node.services.call_service.catch_up(call.id)
    assert "call:started" in await names(node, ben)
    assert (await record(world, call))[1] is not None


async def test_who_accepts_is_answered_in_time_though_the_start_cannot_be_recorded(
    world: World, redis_client: RedisClient, call: Call, database_url: str
) -> None:
    """PostgreSQL does not answer for long: the call is saved, and started when that is on record."""
    settings = replace(SETTINGS, answer_s=20)  # it waits a quarter of that twice
    ana, ben = (party.user_id for party in call.parties)
    holder = await asyncpg.connect(database_url)
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        stack.push_async_callback(holder.close)
        bus = await stack.enter_async_context(Bus(redis_client, "patient"))
        node = CallNode(world.pool, redis_client, bus, settings)
        await node.services.call_service.tell(call.id, Accept(ana, "hers"))
        await holder.execute("BEGIN; LOCK TABLE interaction.calls IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(settings.deadline_s):  # after that it is answered `unavailable`
            await node.services.call_service.tell(call.id, Accept(ben, "his"))
    await node.services.call_service.catch_up(call.id)
    assert "call:started" in await names(node, ben)
    assert (await record(world, call))[1] is not None


async def record(world: World, call: Call) -> tuple[str | None, datetime | None]:
    """Why it ended, and when it started."""
    row = await world.pool.fetchrow(
        "SELECT end_reason, started_at FROM interaction.calls WHERE id = $1", call.id
    )
    assert row is not None
    return row["end_reason"], row["started_at"]


async def names(node: CallNode, user_id: str) -> list[str]:
    return [event.name for event in await node.stores.events.after(user_id, EventId(0, 0))]


async def test_what_cannot_be_recorded_is_not_told(node: CallNode, call: Call) -> None:
    """The record comes first: while it fails, what stands behind it waits if a store is away."""
    pending = await save(node, call, (RecordStarted(now_ms()), *news(call, 1)), at_once=False)
    await node.services.executor.perform(call, pending[:1])
    assert await heard(node, call) == [[], []]
    assert len(await node.stores.calls.outbox(call.id)) == 2
    await node.services.call_service.catch_up(call.id)
    assert await heard(node, call) == [["1"]] * 2


async def test_in_a_cluster_it_is_told_from_the_outbox(world: World) -> None:
    """Nobody's stream is where the call is; each hears it all the same, once and in order."""
    async with (
        redis_cluster(1, 1, replicas=False) as cluster,
        open_redis_client(cluster.urls[0]) as client,
        Bus(client, "cluster") as bus,
    ):
        node = CallNode(world.pool, client, bus, SETTINGS)
        call = await node.offered(await world.pair())
        assert not node.stores.calls.tells(call)
        pending = await save(node, call, news(call, 1, 2))
        assert len(pending) == 4
        await node.services.executor.perform(call, pending)
        assert await heard(node, call) == [["1", "2"]] * 2
        assert await node.stores.calls.outbox(call.id) == []
