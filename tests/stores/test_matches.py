"""Decisions of matching on the real Postgres: there with the offer, or not at all, and not for ever."""

import asyncio

from bench.matching.replay import readable, recorded
from core.clock import DAY_MS, now_ms
from core.ids import new_id
from core.ticket import MatchDecision
from matching.policy import Policy
from matching.recorder import Recorder
from realtime.background.retention import Kept, Retention
from tests.matching.people import ticket
from tests.stores.world import World


def decision(at: int) -> MatchDecision:
    policy, one, other = Policy(), ticket(values={"calm": 0.6, "fun": -0.8}), ticket(languages=["de", "en"])
    survey = policy.survey(one, [other], frozenset(), at, policy.reservation_values())
    return Recorder(policy, 8).record("sweep", one, survey, survey.choices[0], avoid=(), taken=(), now=at)


async def test_a_decision_is_kept_as_it_was_made(world: World) -> None:
    """Every number of it; the first one stays when an offer is repeated."""
    pair, call_id, made = await world.pair(), new_id(), decision(now_ms())
    await world.offer(call_id, pair, decision=made)
    assert await world.matches.of(call_id) == made
    assert made in readable(await recorded(world.pool, 1_000)), "and can be judged by other weights"
    await world.offer(call_id, pair, decision=decision(now_ms() + 5))
    assert await world.matches.of(call_id) == made


async def test_an_offer_that_was_refused_leaves_no_decision(world: World) -> None:
    """Neither is there without the other."""
    pair = await world.pair()
    await world.offered(pair)
    call_id = new_id()
    assert await world.offer(call_id, pair, decision=decision(now_ms())) is not None
    assert await world.matches.of(call_id) is None


async def test_decisions_are_forgotten_in_time(world: World) -> None:
    """Two nodes at once share the work; what is not old enough stays."""
    now = now_ms()
    old: list[str] = []
    young: list[str] = []
    for ago, calls in ((15 * DAY_MS, old), (13 * DAY_MS, young)):
        for _ in range(3):
            call_id = new_id()
            await world.offer(call_id, await world.pair(), decision=decision(now - ago))
            calls.append(call_id)
    nodes = [Retention([Kept(world.matches.forget, 14 * DAY_MS)], lambda: now) for _ in range(2)]
    await asyncio.gather(*(node.forget() for node in nodes))
    assert [await world.matches.of(call_id) for call_id in old] == [None] * 3
    assert None not in [await world.matches.of(call_id) for call_id in young]


async def test_no_more_than_asked_are_forgotten_at_once(world: World) -> None:
    """A long outage must not end in a long lock."""
    for _ in range(3):
        await world.offer(new_id(), await world.pair(), decision=decision(1000))
    assert await world.matches.forget(2000, limit=2) == 2
    assert await world.matches.forget(2000, limit=2) == 1
