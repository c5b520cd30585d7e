"""Calls and outboxes of other versions: what is known is done, and what is not keeps nothing from its end."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from core.clock import now_ms
from core.errors import Unavailable
from core.ids import new_id
from db.redis.call_shards import SHARDS, call_keys, shard_of
from db.redis.calls import GIVE_UP_MS, RETRY_MS, UNREADABLE_LOOKS, RedisCalls
from db.redis.event_log import EventId
from db.redis.multiplexed import RedisClient
from signaling.call import Call, State, offer
from signaling.effects import AnyEffect, Effect, Judge, LeaveQueue, RecordLive
from signaling.messages import Hangup
from tests.calls.nodes import CallNode
from tests.calls.test_metrics import metric
from tests.matching.memory_calls import MemoryCalls
from tests.patience import PATIENCE_S
from tests.rules.people import claim
from tests.stored.versions import NEW_FIELDS, NEW_WORD, first, newer_call
from tests.stores.world import World

STATES = ("offered", "connecting", "live", "reconnecting", "deciding", "closed")
UNKNOWN = {"type": "Celebrate", "user_id": "whoever", "confetti": 5, **NEW_FIELDS}
# Known and well formed, and PostgreSQL refuses it whenever it is tried.
POISON = {"type": "Judge", "user_id": "no uuid"}


async def entries(redis: Redis, call_id: str) -> list[bytes]:
    found: Any = await redis.lrange(call_keys(call_id)[1], 0, -1)
    return list(found)


async def leave_before_all(redis: Redis, call_id: str, effect: dict[str, Any], number: int = 9_000) -> bytes:
    """An effect of a node that died: it stands first in the outbox."""
    entry = f"{number} {json.dumps(effect)}".encode()
    await redis.lpush(call_keys(call_id)[1], entry)
    return entry


async def rewrite(redis: Redis, call_id: str, document: dict[str, Any]) -> None:
    """As a node of another version does."""
    await redis.hset(call_keys(call_id)[0], "document", json.dumps(document))
    await redis.hincrby(call_keys(call_id)[0], "version", 1)


async def document(redis: Redis, call_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await redis.hget(call_keys(call_id)[0], "document") or b"")
    return found


async def told(node: CallNode, user_id: str) -> list[str]:
    return [event.name for event in await node.stores.events.after(user_id, EventId(0, 0))]


async def overdue(node: CallNode, call: Call) -> None:
    """Its deadline has come, and nobody has looked yet."""
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    late = msgspec.structs.replace(stored.call, deadline=now_ms() - 60_000)
    assert await node.stores.calls.save(late, (), version=stored.version, now=now_ms()) is not None


def lines(name: str) -> list[bytes]:
    return first(name).splitlines()


@pytest.mark.parametrize("state", STATES)
def test_a_call_of_the_first_version_is_read_and_written_so_that_it_can_read_it(state: str) -> None:
    """Every field of it has kept its name; what has come since it ignores."""
    before = json.loads(first(f"call_{state}.json"))
    call = msgspec.json.decode(first(f"call_{state}.json"), type=Call)
    assert (call.state, call.parties[0].card.city) == (state, "Köln")
    assert known(json.loads(msgspec.json.encode(call)), before) == before


def known(now: Any, before: Any) -> Any:
    """What the version before looks at."""
    if isinstance(before, dict):
        return {name: known(now[name], value) for name, value in before.items()}
    if isinstance(before, list):
        return [known(*pair) for pair in zip(now, before, strict=True)]
    return now


def test_every_effect_of_the_first_version_is_read_and_written_as_it_was() -> None:
    """Each kind that there was; a kind is never renamed."""
    kinds = set()
    for line in lines("outbox.txt"):
        text = line.partition(b" ")[2]
        effect: Effect = msgspec.json.decode(text, type=AnyEffect)
        kinds.add(type(effect))
        now = json.loads(msgspec.json.encode(effect))
        for ticket in [now["ticket"]] if "ticket" in now else []:
            assert [ticket.pop(new) for new in ("version", "traits", "offered", "haunts")] == [
                1,
                [],
                [0, 0],
                [],
            ]
        assert now == json.loads(text)
    assert kinds == set(AnyEffect.__args__) - {LeaveQueue}  # which came later


async def test_a_newer_call_goes_on_and_ends(world: World, node: CallNode, redis: Redis) -> None:
    """With more fields everywhere and a word more in each vocabulary; both hear of the end and are free."""
    ana, ben = await world.pair()
    call = await node.live((ana, ben))
    await rewrite(redis, call.id, newer_call(await document(redis, call.id)))
    views = await node.services.call_service.open_calls(ana)
    assert [view.peer(ana).card.gender for view in views] == [NEW_WORD]
    ended = await node.services.call_service.tell(call.id, Hangup(ana))
    assert (ended.state, ended.reason) == (State.CLOSED, "hung_up")
    for user_id in (ana, ben):
        assert "call:ended" in await told(node, user_id)
        assert await node.stores.call_records.active_call(user_id) is None
    assert await entries(redis, call.id) == []


@pytest.mark.parametrize("known", [True, False])
async def test_newer_events_in_an_outbox_reach_their_users(
    world: World, node: CallNode, redis: Redis, known: bool
) -> None:
    """One that this version knows, with a field and a word more; and one that it has never heard of."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    name = "call:ended" if known else "call:applauded"
    data = {"call_id": call.id, "reason": NEW_WORD, "duration_s": 0, "mood": {"of": "both"}}
    await leave_before_all(
        redis, call.id, {"type": "Emit", "user_id": ana, "name": name, "data": data, **NEW_FIELDS}
    )
    await node.services.call_service.catch_up(call.id)
    heard = await node.stores.events.after(ana, EventId(0, 0))
    assert [(event.name, json.loads(event.data)) for event in heard] == [(name, data)]
    assert await entries(redis, call.id) == []


@pytest.mark.parametrize("effect", [UNKNOWN, POISON], ids=["unknown", "failing"])
async def test_a_poisoned_effect_keeps_nothing_from_the_end_of_its_call(
    world: World, node: CallNode, redis: Redis, effect: dict[str, Any]
) -> None:
    """It stood first in the outbox: the end was never told, and both were kept in the call for ever."""
    ana, ben = await world.pair()
    call = await node.live((ana, ben))
    poison = await leave_before_all(redis, call.id, effect)
    await node.services.call_service.tell(call.id, Hangup(ana))
    for user_id in (ana, ben):
        assert "call:ended" in await told(node, user_id)
        assert await node.stores.call_records.active_call(user_id) is None
    assert await entries(redis, call.id) == [poison]


@pytest.mark.parametrize("effect", [UNKNOWN, POISON], ids=["unknown", "failing"])
async def test_an_offer_with_a_poisoned_effect_lapses(
    world: World, node: CallNode, redis: Redis, effect: dict[str, Any]
) -> None:
    """The deadline is looked at before the outbox."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    await leave_before_all(redis, call.id, effect)
    await overdue(node, call)
    await node.services.call_service.catch_up(call.id)
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    assert (stored.call.state, stored.call.reason) == (State.CLOSED, "no_answer")
    for user_id in (ana, ben):
        assert await node.stores.call_records.active_call(user_id) is None


@pytest.mark.parametrize(("effect", "why"), [(UNKNOWN, "unreadable"), (POISON, "failing")])
async def test_a_poisoned_effect_is_given_up_and_kept_for_an_operator(
    world: World, node: CallNode, redis: Redis, effect: dict[str, Any], why: str
) -> None:
    """After ten minutes of trying; it is counted, and the call is forgotten as any other."""
    call = await node.live(await world.pair())
    poison = await leave_before_all(redis, call.id, effect)
    await node.services.call_service.tell(call.id, Hangup(call.parties[0].user_id))
    record = call_keys(call.id)[0]
    aside = f"aside:{{calls-{shard_of(call.id)}}}"
    assert int(await redis.hget(record, "failed 9000") or 0) < now_ms() + GIVE_UP_MS
    assert call.id.encode() + b" " + poison not in await redis.lrange(aside, 0, -1)
    await redis.hset(record, "failed 9000", now_ms() - GIVE_UP_MS)
    await node.services.call_service.catch_up(call.id)
    assert await entries(redis, call.id) == []
    assert call.id.encode() + b" " + poison in await redis.lrange(aside, 0, -1)
    assert metric(node, "realtime_stored_set_aside_total", what="effect", why=why) == 1


async def test_while_a_store_is_away_nothing_is_given_up(world: World, node: CallNode, redis: Redis) -> None:
    """Effects wait for it, in their order and however long: that is no failure of theirs."""
    ana, ben = await world.pair()
    call = await node.saved_only(await node.live((ana, ben)), Hangup(ana))
    before = await entries(redis, call.id)
    async with world.pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE interaction.calls IN ACCESS EXCLUSIVE MODE")
        handling = asyncio.create_task(node.services.call_service.catch_up(call.id))
        async with asyncio.timeout(PATIENCE_S):
            await world.someone_waits_for(holder)
            pid = await world.pool.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
                holder.get_server_pid(),
            )
            await world.pool.execute("SELECT pg_terminate_backend($1)", pid)
            await handling
    assert await entries(redis, call.id) == before
    fields: Any = await redis.hkeys(call_keys(call.id)[0])
    assert [field for field in fields if field.startswith(b"failed")] == []
    await node.services.call_service.catch_up(call.id)
    assert await entries(redis, call.id) == []


async def test_a_call_whose_effect_takes_long_holds_up_no_other(world: World, node: CallNode) -> None:
    """The end of one waits for a row that somebody holds; the other, in the same shard, lapses meanwhile."""
    while True:
        slow = await node.offered(await world.pair())
        quick = await node.offered(await world.pair())
        if shard_of(slow.id) == shard_of(quick.id):
            break
    await overdue(node, slow)
    deadline_worker = node.services.deadline_worker
    async with world.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM interaction.calls WHERE id = $1 FOR UPDATE", slow.id)
        job = asyncio.create_task(deadline_worker.run())
        async with asyncio.timeout(PATIENCE_S):
            await world.someone_waits_for(holder)
            await overdue(node, quick)
            while await node.stores.call_records.active_call(quick.parties[0].user_id):
                await asyncio.sleep(0.01)
        assert await node.stores.call_records.active_call(slow.parties[0].user_id) == slow.id
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_a_call_that_nobody_reads_is_ended_as_one_that_was_lost(
    world: World, node: CallNode, redis: Redis
) -> None:
    """It is in a phase that this version does not know. Nodes that do have a minute, then both are told."""
    ana, ben = users = await world.pair()
    taken = await node.claim(users, at=now_ms() - 120_000)
    call = await node.made_only(taken)
    await node.stores.tickets.settle(taken)
    newer = {**await document(redis, call.id), "state": NEW_WORD}
    await rewrite(redis, call.id, newer)
    with pytest.raises(Unavailable):
        await node.services.call_service.tell(call.id, Hangup(ana))
    for _ in range(UNREADABLE_LOOKS - 1):
        await node.services.call_service.catch_up(call.id)
    assert await node.stores.call_records.active_call(ana) == call.id
    await node.services.call_service.catch_up(call.id)
    for user_id in (ana, ben):
        assert "call:ended" in await told(node, user_id)
        assert await node.stores.call_records.active_call(user_id) is None
    assert metric(node, "realtime_stored_set_aside_total", what="call", why="unreadable") == 1
    aside: Any = await redis.lrange(f"aside:{{calls-{shard_of(call.id)}}}", 0, -1)
    assert call.id.encode() + b" " + json.dumps(newer).encode() in aside


async def test_a_call_that_a_newer_node_changes_is_not_given_up(
    world: World, node: CallNode, redis: Redis
) -> None:
    """Each change begins the count anew: somebody reads it."""
    call = await node.offered(await world.pair())
    newer = {**await document(redis, call.id), "state": NEW_WORD}
    await rewrite(redis, call.id, newer)
    for _ in range(2):
        for _ in range(UNREADABLE_LOOKS - 1):
            await node.services.call_service.catch_up(call.id)
        await redis.hincrby(call_keys(call.id)[0], "version", 1)
    assert await document(redis, call.id) == newer


@pytest.fixture(params=["memory", "redis"])
async def calls(request: pytest.FixtureRequest, redis_client: RedisClient) -> MemoryCalls | RedisCalls:
    return MemoryCalls() if request.param == "memory" else RedisCalls(redis_client)


async def due(store: MemoryCalls | RedisCalls, call_id: str, now: int) -> bool:
    return call_id in (await store.due(range(SHARDS), now, limit=10_000)).calls


async def test_what_fails_is_tried_again_less_and_less_often_and_then_given_up(
    calls: MemoryCalls | RedisCalls, node: CallNode
) -> None:
    """Each time after as long again as it has failed; what was performed beside it is gone at once."""
    now = 1_000
    call = msgspec.structs.replace(offer(claim(), now, node.rules), id=new_id(), deadline=None)
    pending = await calls.save(call, (Judge("x"), RecordLive(1)), version=0, now=now)
    assert pending is not None
    failing, performed = pending
    await calls.done(call.id, [performed], [failing], now=now)
    assert [p.key for p in await calls.outbox(call.id)] == [failing.key]
    for waits in (RETRY_MS, RETRY_MS, 2 * RETRY_MS, 4 * RETRY_MS):
        assert not await due(calls, call.id, now + waits - 1)
        now += waits
        assert await due(calls, call.id, now)
        await calls.done(call.id, [], [failing], now=now)
    now = 1_000 + GIVE_UP_MS
    await calls.done(call.id, [], [failing], now=now)
    assert await calls.outbox(call.id) == []
    assert not await due(calls, call.id, now + 10 * GIVE_UP_MS)
    await calls.done(call.id, [], [failing], now=now)
    if isinstance(calls, MemoryCalls):
        assert calls.aside == [failing]
