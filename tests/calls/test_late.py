"""What comes too late, and what the store has lost."""

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from core.errors import Expired
from core.ids import new_id
from db.presence import CLAIM_MS
from signaling.call import State
from signaling.messages import Accept, Hangup
from tests.calls.nodes import Node
from tests.stores.world import World


async def test_an_accept_after_its_time_is_late_though_nobody_has_said_so_yet(
    world: World, node: Node
) -> None:
    """The attendant was away when the offer lapsed: the late accept finds it lapsed all the same."""
    she, he = await world.person(), await world.person()
    call = await node.offered((she, he))
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    late = replace(call, deadline=now_ms() - 1)
    assert await node.stores.calls.save(late, (), version=stored.version, now=now_ms()) == []
    with pytest.raises(Expired):
        await node.services.switchboard.tell(call.id, Accept(she, "phone"))
    ended = await node.stores.calls.load(call.id)
    assert ended is not None
    assert (ended.call.state, ended.call.reason) == (State.CLOSED, "no_answer")


async def test_a_decision_that_the_store_has_lost_is_closed_on_record(
    world: World, node: Node, redis: Redis
) -> None:
    """Nobody could decide it any more, and it would be asked for at every connect."""
    she, he = await world.person(), await world.person()
    call_id = new_id(now_ms() - 3_600_000)
    record = node.stores.encounters
    hour_ago = now_ms() - 3_600_000
    await record.offer(call_id, origin="match", mode="video", region="x", users=(she, he), now=hour_ago)
    await record.live(call_id, hour_ago)
    await record.ended(
        call_id, reason="hung_up", by=he, duration_s=60, now=hour_ago, decision_deadline=hour_ago + 30_000
    )
    assert await record.open_calls(she) == [call_id]
    assert await node.services.switchboard.open_calls(she) == []
    assert await record.open_calls(she) == []


async def test_what_has_just_begun_is_not_given_up(world: World, node: Node) -> None:
    """It is on record before it is in the store."""
    she, he = await world.person(), await world.person()
    call = await node.live((she, he))
    await node.services.switchboard.tell(call.id, Hangup(he))
    assert [c.id for c in await node.services.switchboard.open_calls(she)] == [call.id]


@pytest.mark.parametrize("way", ["arrived", "departed"])
async def test_who_comes_or_goes_while_an_offer_lapses(world: World, node: Node, way: str) -> None:
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
    unsettled = {lapse.connection for lapse in await node.stores.presence.lapsed(now_ms() + CLAIM_MS)}
    assert phone.sid not in unsettled
