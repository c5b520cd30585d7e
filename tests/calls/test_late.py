"""What comes too late, and what the store has lost."""

import asyncio

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from core.contract.direct_calls import CallInvite
from core.errors import Expired
from core.ids import new_id
from db.redis.calls import Pending
from db.redis.event_log import EventId
from db.redis.logs import WHOLE
from db.redis.presence import CLAIM_MS
from signaling.call import Call, State
from signaling.effects import RecordEnded
from signaling.messages import Accept, Hangup, Vote
from tests.calls.nodes import CallNode
from tests.patience import PATIENCE_S
from tests.stores.world import World


async def test_an_accept_after_its_time_is_late_though_nobody_has_said_so_yet(
    world: World, node: CallNode
) -> None:
    """The deadline worker was away when the offer lapsed: the late accept finds it lapsed all the same."""
    she, he = await world.person(), await world.person()
    call = await node.offered((she, he))
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    late = replace(call, deadline=now_ms() - 1)
    assert await node.stores.calls.save(late, (), version=stored.version, now=now_ms()) == []
    with pytest.raises(Expired):
        await node.services.call_service.tell(call.id, Accept(she, "phone"))
    ended = await node.stores.calls.load(call.id)
    assert ended is not None
    assert (ended.call.state, ended.call.reason) == (State.CLOSED, "no_answer")


async def test_who_did_not_answer_is_told_that_they_missed_somebody(world: World, node: CallNode) -> None:
    """Once, however often the end is performed; not whom, who is a stranger. Who was ready is not told."""
    she, he = await world.person("Ana"), await world.person("Ben")
    call = await node.offered((she, he))
    ready = await node.services.call_service.tell(call.id, Accept(she, f"phone of {she}"))
    ended = RecordEnded("no_answer", None, 0, now_ms(), None, (he,))
    for key in ("1", "2"):
        await node.services.executor.perform(ready, [Pending(key, ended, b"")])
    [missed] = await world.notifications.page(he, unread=True, before=None, limit=10, now=now_ms())
    assert (missed.kind, missed.subject and missed.subject.id) == ("missed_call", call.id)
    assert "Ana" not in missed.title + missed.body
    assert she not in str(missed)
    assert await world.notifications.unread(she, now_ms()) == 0


async def test_a_decision_that_the_store_has_lost_is_closed_on_record(
    world: World, node: CallNode, redis: Redis
) -> None:
    """Nobody could decide it any more, and it would be asked for at every connect."""
    she, he = await world.person(), await world.person()
    call_id = new_id(now_ms() - 3_600_000)
    record = node.stores.call_records
    hour_ago = now_ms() - 3_600_000
    await record.offer(call_id, origin="match", mode="video", region="x", users=(she, he), now=hour_ago)
    await record.live(call_id, hour_ago)
    await record.ended(
        call_id, reason="hung_up", by=he, duration_s=60, now=hour_ago, decision_deadline=hour_ago + 30_000
    )
    assert await record.open_calls(she) == [call_id]
    assert await node.services.call_service.open_calls(she) == []
    assert await record.open_calls(she) == []


async def lose(node: CallNode, redis: Redis, call: Call) -> None:
    """Redis forgets the call; the data that it has is younger."""
    for key in [key async for key in redis.scan_iter(f"*{call.id}*")]:
        await redis.delete(key)
    node.stores.events.logs.known[WHOLE] = replace(node.stores.events.logs.of(""), born=now_ms() + 1)


async def test_a_call_that_the_store_has_just_lost_ends_once_for_both(
    world: World, node: CallNode, redis: Redis
) -> None:
    """However many nodes look at once. The time they had talked counts, and they may decide."""
    she, he = await world.person(), await world.person()
    call = await node.live((she, he))
    await lose(node, redis, call)
    await asyncio.gather(*(node.services.call_service.recover(call.id) for _ in range(5)))
    assert await node.stores.call_records.active_call(she) is None
    for user_id in (she, he):
        told = await node.stores.events.after(user_id, EventId(0, 0))
        ends = [t.data for t in told if t.name == "call:ended" and b"other_device" not in t.data]
        assert [b'"connection_lost"' in data and b'"decision"' in data for data in ends] == [True]
    assert [c.state for c in await node.services.call_service.open_calls(she)] == [State.DECIDING]


async def test_a_decision_that_the_store_has_just_lost_stays_open_with_its_votes(
    world: World, node: CallNode, redis: Redis
) -> None:
    she, he = await world.person(), await world.person()
    call = await node.live((she, he))
    await node.services.call_service.tell(call.id, Hangup(he))
    vote = Vote(she, connect=True, connection_id=new_id(), room_id=new_id())
    before = await node.services.call_service.tell(call.id, vote)
    await lose(node, redis, call)
    await node.services.call_service.recover(call.id)
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    assert (stored.call.state, stored.call.deadline) == (before.state, before.deadline)
    assert {p.user_id: p.vote for p in stored.call.parties} == {p.user_id: p.vote for p in before.parties}


async def test_an_offer_that_was_being_made_while_the_store_lost_its_data_finds_it_over(
    world: World, node: CallNode
) -> None:
    """On record and not in the store yet when somebody set things right: both are told, and both are free."""
    she, he = await world.person(), await world.person()
    claim = await node.claim((she, he))
    assert await world.offer(claim.call_id, (she, he)) is None
    node.stores.events.logs.known[WHOLE] = replace(node.stores.events.logs.of(""), born=now_ms() + 1)
    await node.services.call_service.recover(claim.call_id)
    await node.services.matchmaker.finish([claim])
    for user_id in (she, he):
        names = [t.name for t in await node.stores.events.after(user_id, EventId(0, 0))]
        assert names.count("call:ended") == 1
        assert "call:offered" not in names
        assert await node.stores.call_records.active_call(user_id) is None
        assert await node.stores.tickets.of(user_id) is not None


async def test_what_has_just_begun_is_not_given_up(world: World, node: CallNode) -> None:
    """It is on record before it is in the store."""
    she, he = await world.person(), await world.person()
    call = await node.live((she, he))
    await node.services.call_service.tell(call.id, Hangup(he))
    assert [c.id for c in await node.services.call_service.open_calls(she)] == [call.id]


@pytest.mark.parametrize("way", ["arrived", "departed"])
async def test_who_comes_or_goes_while_an_offer_lapses(world: World, node: CallNode, way: str) -> None:
    """The call answers that it is over; the connect is let in and the disconnect settled all the same."""
    she, he = await world.person(), await world.person()
    call = await node.offered((she, he))
    phone = node.holds(she)
    if way == "departed":
        await node.services.lifecycle.arrived(phone)
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    late = replace(call, deadline=now_ms() - 1)
    assert await node.stores.calls.save(late, (), version=stored.version, now=now_ms()) == []
    await getattr(node.services.lifecycle, way)(phone)
    devices = await node.services.presence.devices(she)
    assert devices == ({phone.device} if way == "arrived" else set())
    unsettled = {expired.connection for expired in await node.stores.presence.expired(now_ms() + CLAIM_MS)}
    assert phone.sid not in unsettled


async def test_a_start_that_another_node_puts_on_record_ends_what_rings(world: World, node: CallNode) -> None:
    """The node that took the answer died; and where stores are apart, every start is put on record so."""
    ana, ben = await world.pair()
    connection = await world.connected((ana, ben))
    caller = node.holds(ana)
    invited = await node.services.direct_calls.invite(
        caller, CallInvite(connection_id=connection.id, mode="voice")
    )
    dan = await world.person("Dan")
    match = await node.offered((dan, ben))
    match = await node.services.call_service.tell(match.id, Accept(dan, f"phone of {dan}"))
    await node.saved_only(match, Accept(ben, f"phone of {ben}"))
    await node.services.call_service.catch_up(match.id)
    async with asyncio.timeout(PATIENCE_S):
        while (rang := await node.stores.calls.load(invited.call_id)) and rang.call.state is State.OFFERED:
            assert rang.call.deadline is not None
            assert now_ms() < rang.call.deadline, "it rang to its end"
            await asyncio.sleep(0.01)
    assert rang is not None
    assert (rang.call.state, rang.call.reason) == (State.CLOSED, "no_answer")
