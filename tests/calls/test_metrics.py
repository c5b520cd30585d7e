"""What offers count: those made, those that the fence refused, and the one that must not happen."""

from core.clock import now_ms
from core.ids import new_id
from core.ticket import Claim
from tests.calls.nodes import CallNode
from tests.stores.world import World


def metric(node: CallNode, name: str, **labels: str) -> float:
    return node.metrics.get_sample_value(name, labels) or 0.0


async def past_redis(node: CallNode, users: tuple[str, str]) -> Claim:
    """A claim that Redis never gave, of tickets that it does not know: a failover has lost them."""
    first, second = [await node.ticket(user_id) for user_id in users]
    return Claim(call_id=new_id(), first=first, second=second, claimed_at=now_ms())


async def test_an_offer_is_counted_once(world: World, node: CallNode) -> None:
    """Though two nodes finish the claim; with how long the two have waited."""
    claim = await node.claim(await world.pair())
    for _ in range(2):
        await node.services.matchmaker.finish([claim])
    assert metric(node, "realtime_matching_offers_total", mode="video", road="unknown") == 1
    assert metric(node, "realtime_matching_departures_total", reason="matched") == 2
    assert metric(node, "realtime_matching_wait_seconds_count", mode="video") == 2
    assert metric(node, "double_match_total") == 0


async def test_a_double_match_moves_the_figure_that_must_not_move(world: World, node: CallNode) -> None:
    """Redis has forgotten a call and lets one of the two queue. Postgres does not; the other waits on."""
    ana, ben, cem = await world.person(), await world.person(), await world.person()
    await node.services.matchmaker.finish([await past_redis(node, (ana, ben))])
    assert metric(node, "double_match_total") == 0
    second = await node.claim((ana, cem))
    await node.services.matchmaker.finish([second])
    assert metric(node, "double_match_total") == 1
    assert metric(node, "realtime_matching_refused_claims_total", reason="double_match") == 1
    assert metric(node, "realtime_matching_offers_total", mode="video", road="unknown") == 1
    assert await node.stores.calls.load(second.call_id) is None
    assert await node.stores.tickets.of(cem) == second.second


async def test_other_refusals_are_no_double_match(world: World, node: CallNode) -> None:
    """In a direct call, banned, or blocked: that may happen between a look and the fence."""
    for reason in ("in_call", "banned", "blocked"):
        ana, ben = users = await world.pair()
        if reason == "in_call":
            await world.offer(new_id(), (ana, await world.person()), origin="direct")
        elif reason == "banned":
            await world.ban(ana)
        else:
            await world.block(ben, ana)
        await node.services.matchmaker.finish([await past_redis(node, users)])
        assert metric(node, "realtime_matching_refused_claims_total", reason=reason) == 1, reason
    assert metric(node, "double_match_total") == 0
