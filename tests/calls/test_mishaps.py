"""What becomes of a call when a node dies between two steps, or a store answers with an error."""

import asyncio

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from structlog.testing import capture_logs

from core.clock import now_ms
from core.contract.calls import CallSignal
from core.errors import Gone
from core.ids import new_id
from core.settings import Settings
from db.outage import OUTAGES
from db.postgres.pool import open_pool
from db.redis.bus import Bus
from db.redis.event_log import EventId
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.presence import CLAIM_MS
from realtime.calls.recorder import Recorder
from realtime.calls.signals import Signals
from realtime.gateway.caller import Caller
from signaling.call import State
from signaling.messages import Accept, Block, Hangup, Moderate, Skip
from tests.calls.nodes import REGION, CallNode
from tests.conftest import NewDatabase, Servers
from tests.patience import PATIENCE_S
from tests.stores.world import World

DAY_MS = 86_400_000


async def test_who_has_hung_up_can_be_offered_to_another_at_once(world: World, node: CallNode) -> None:
    """The record lags behind what was acknowledged: asking whether they are busy corrects it."""
    ana, ben = await world.pair()
    call = await node.saved_only(await node.live((ana, ben)), Hangup(ben))
    assert call.state is State.DECIDING
    assert await node.services.queue._eligibility.active_call(ana) is None
    cem = await world.person("Cem")
    assert await world.offer((await node.claim((ana, cem))).call_id, (ana, cem)) is None


async def test_a_signal_is_refused_soon_when_no_node_closed_its_line(world: World, node: CallNode) -> None:
    """One of the version before knows no lines: what it ends, a block too, is seen five seconds later."""
    ana, ben = await world.pair()
    call = await node.saved_only(await node.live((ana, ben)), Hangup(ben))
    later, recorder = lambda: now_ms() + 5_000, Recorder(node.stores.live_timelines, now_ms)
    signals = Signals(node.services.call_service, node.stores.signals, node.settings, later, recorder)
    with pytest.raises(Gone):
        await signals.signal(
            Caller(ana, new_id(), f"phone of {ana}", ""), CallSignal(call_id=call.id, epoch=1, candidate=None)
        )


@pytest.mark.parametrize("parting", [Block, Moderate])
async def test_who_parts_two_does_what_another_node_has_left_of_the_end(
    world: World, node: CallNode, parting: type[Block | Moderate]
) -> None:
    """He has skipped on a node that stands still: no signal is passed on when the block was answered."""
    ana, ben = await world.pair()
    call = await node.saved_only(await node.live((ana, ben)), Skip(ben, new_id()))
    await node.services.call_service.part(call.id, parting(ana))
    recorder = Recorder(node.stores.live_timelines, now_ms)
    signals = Signals(node.services.call_service, node.stores.signals, node.settings, now_ms, recorder)
    with pytest.raises(Gone):
        await signals.signal(
            Caller(ben, new_id(), f"phone of {ben}", ""), CallSignal(call_id=call.id, epoch=1, candidate=None)
        )
    assert await world.call_records.active_call(ana) is None


async def test_an_end_that_was_set_right_on_record_is_the_one_that_happened(
    world: World, node: CallNode
) -> None:
    ana, ben = await world.pair()
    call = await node.saved_only(await node.live((ana, ben)), Hangup(ben))
    await node.services.queue._eligibility.active_call(ana)
    ended = "SELECT end_reason, ended_by, decision_deadline IS NULL FROM interaction.calls WHERE id = $1"
    assert tuple(await world.pool.fetchrow(ended, call.id)) == ("hung_up", ben, False)
    await node.services.call_service.catch_up(call.id)
    assert tuple(await world.pool.fetchrow(ended, call.id)) == ("hung_up", ben, False)


async def test_a_call_that_is_open_to_decide_is_kept_until_it_is_decided(
    world: World, node: CallNode, redis: Redis
) -> None:
    """All nodes may be away for longer than a closed call is kept."""
    call = await node.live(await world.pair())
    call = await node.services.call_service.tell(call.id, Hangup(call.parties[0].user_id))
    assert call.state is State.DECIDING
    (key,) = {k async for k in redis.scan_iter(f"call:*:{call.id}")}
    assert await redis.pttl(key) > DAY_MS / 2


async def test_effects_are_kept_until_they_are_done(world: World, node: CallNode, redis: Redis) -> None:
    """A report that was acknowledged while Postgres was away is filed, though it takes an hour."""
    call = await node.offered(await world.pair())
    call = await node.saved_only(call, Hangup(call.parties[0].user_id))
    assert call.state is State.CLOSED
    keys = {k async for k in redis.scan_iter(f"*:{call.id}")}  # which may give one twice
    assert len(keys) == 2
    assert all([await redis.pttl(key) > DAY_MS / 2 for key in keys])
    await node.services.call_service.catch_up(call.id)
    (key,) = {k async for k in redis.scan_iter(f"*:{call.id}")}
    assert 0 < await redis.pttl(key) < DAY_MS / 24


async def test_the_deadline_worker_outlives_an_error_that_nobody_foresaw(
    world: World, servers: Servers
) -> None:
    """Redis refuses a command (it is full, or a replica): deadlines still count when that is over."""
    spare = f"{servers.redis_url.partition('?')[0]}?db=0"  # no worker's own
    async with (
        Redis.from_url(spare) as redis,
        open_redis_client(spare) as client,
        Bus(client, "spare") as bus,
    ):
        await redis.flushdb()
        node = CallNode(world.pool, client, bus, Settings(region=REGION))
        await redis.set("attention:{calls-3}", "no sorted set")
        deadline_worker = asyncio.create_task(node.services.deadline_worker.run())
        with capture_logs() as said:
            async with asyncio.timeout(PATIENCE_S):
                while not said and not deadline_worker.done():
                    await asyncio.sleep(0.01)
        assert not deadline_worker.done()
        deadline_worker.cancel()


async def test_a_call_whose_record_was_closed_is_offered_to_nobody(world: World, node: CallNode) -> None:
    """The fence was set, the node died, and the record was given up before anybody finished the claim."""
    users = await world.pair()
    claim = await node.claim(users, at=now_ms() - 120_000)
    assert await world.offer(claim.call_id, users) is None
    assert await node.services.queue._eligibility.active_call(users[0]) is None
    await node.services.matchmaker.finish([claim])
    lost = await node.stores.calls.load(claim.call_id)
    assert lost is not None
    assert (lost.call.state, lost.call.reason) == (State.CLOSED, "connection_lost")
    for ticket in (claim.first, claim.second):
        assert await node.stores.tickets.of(ticket.user_id) == ticket
    assert claim.call_id not in {c.call_id for c in await node.stores.tickets.unfinished(now_ms())}


async def test_a_call_that_began_before_its_claim_was_finished_starts_on_the_devices_that_have_it(
    world: World, node: CallNode
) -> None:
    """The node died after it had made the call; both accept, and the sweep comes upon the claim."""
    users = await world.pair()
    claim = await node.claim(users)
    call = await node.made_only(claim)
    for user_id in users:
        await node.saved_only(call, Accept(user_id, f"phone of {user_id}"))
    await node.services.matchmaker.finish([claim])
    for user_id in users:
        told = await node.stores.events.after(user_id, EventId(0, 0))
        assert [t.device for t in told if t.name == "call:started"] == [f"phone of {user_id}"]


async def test_somebody_leaves_while_postgres_is_away(
    world: World, node: CallNode, redis_client: RedisClient, database_url: str
) -> None:
    """The call has not heard of it: whichever node looks next finds them gone."""
    ana, ben = await world.pair()
    call = await node.live((ana, ben))
    caller = Caller(ana, new_id(), f"phone of {ana}", new_id())
    await node.services.lifecycle.arrived(caller)
    pool = await open_pool(database_url, size=1)
    async with Bus(redis_client, new_id()) as bus:
        other = CallNode(pool, redis_client, bus, Settings(region=REGION))
        await pool.close()
        with pytest.raises(OUTAGES):
            await other.services.lifecycle.departed(caller)
    found = await node.stores.presence.expired(now_ms() + CLAIM_MS)
    assert (ana, caller.device) in {(expired.user_id, expired.device) for expired in found}
    await node.services.lifecycle.lost(ana, caller.device)
    assert (await node.services.call_service.call(call.id, ben)).state is State.RECONNECTING


async def test_pending_blocks_outlive_an_error_that_nobody_foresaw(
    new_database: NewDatabase, redis_client: RedisClient
) -> None:
    """Postgres refuses a query (here: there is no such table): blocks still part people when that is over."""
    pool = await open_pool(await new_database(empty=True), size=1)
    try:
        async with Bus(redis_client, new_id()) as bus:
            block_effects = CallNode(pool, redis_client, bus, Settings(region=REGION)).services.block_effects
            job = asyncio.create_task(block_effects.run())
            with capture_logs() as said:
                async with asyncio.timeout(PATIENCE_S):
                    while not said and not job.done():
                        await asyncio.sleep(0.01)
            assert not job.done()
            job.cancel()
    finally:
        await pool.close()


async def test_a_claim_that_cannot_be_finished_keeps_nobody_else_waiting(
    world: World, node: CallNode
) -> None:
    """It names somebody whom Postgres cannot even look for; the next one's offer is made all the same."""
    claim = await node.claim(await world.pair())
    nobody = replace(claim.first, user_id="nobody")
    await node.services.matchmaker.finish([replace(claim, call_id=new_id(), first=nobody), claim])
    assert await node.stores.calls.load(claim.call_id) is not None


async def test_those_who_wait_keep_their_place_while_others_are_missed(
    world: World, node: CallNode, redis: Redis
) -> None:
    """A node has died and Postgres is slow: seeing to what it left must not cost our own their leases."""
    ana, ben = await world.pair()
    lost = Caller(ben, new_id(), f"phone of {ben}", new_id())
    await node.stores.presence.arrive(ben, lost.sid, lost.device, now_ms() - 60_000, 1)
    await node.services.presence.arrived(node.holds(ana))
    await node.stores.tickets.join(await node.ticket(ana), now_ms() + 1_000)

    async def lease_of(user_id: str) -> float | None:
        return await redis.zscore(f"queue:{{{REGION}}}:leases", user_id)

    leases = node.leases(every_s=0.2, lease_s=0)
    async with world.pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE interaction.call_participants IN ACCESS EXCLUSIVE MODE")
        job = asyncio.create_task(leases.run())
        async with asyncio.timeout(PATIENCE_S):
            await world.someone_waits_for(holder)
            for _ in range(2):  # renewed, and renewed again
                before = await lease_of(ana)
                while await lease_of(ana) == before:
                    await asyncio.sleep(0.01)
    job.cancel()


async def test_a_ticket_goes_back_to_the_region_that_it_came_from(
    world: World, node: CallNode, redis_client: RedisClient
) -> None:
    """Any node of any region handles a call; its tickets go back to the queue of their own region."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    await node.saved_only(call, Hangup(ben))
    async with Bus(redis_client, new_id()) as bus:
        other = CallNode(world.pool, redis_client, bus, Settings(region="elsewhere"))
        await other.services.call_service.catch_up(call.id)
        assert await other.services.queue.of(ana) is None
    assert await node.services.queue.of(ana) == call.party(ana).ticket
    await node.services.queue.remove(ana, "left")
