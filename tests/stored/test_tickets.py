"""Tickets, claims and decisions of other versions: read where they can be, and else in nobody's way."""

from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from core.errors import NotFound
from core.ticket import Claim, Departure, MatchDecision, Ticket
from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets, places
from matching.policy import Policy
from matching.recorder import Recorder
from matching.replay import replay
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness
from tests.matching.people import T0, again, new_id, put, ticket
from tests.stored.versions import (
    GARBLED,
    NEW_WORD,
    first,
    garble,
    newer_claim,
    newer_decision,
    newer_ticket,
    replace_ticket,
)
from tests.stores.world import World

MINUTE_MS = 60_000


def claim_of(one: Ticket, other: Ticket) -> Claim:
    policy = Policy()
    survey = policy.survey(one, [other], frozenset(), T0, policy.reservation_values())
    decision = Recorder(policy, 8).record(
        "search", one, survey, survey.choices[0], avoid=(), taken=(), now=T0
    )
    return Claim(call_id=new_id(), first=other, second=one, claimed_at=T0 + 1_000, decision=decision)


def of_the_first_version(name: str) -> Ticket:
    return msgspec.msgpack.decode(first(f"ticket_{name}.msgpack"), type=Ticket)


async def test_tickets_of_the_first_version_are_read_and_matched(redis_client: RedisClient) -> None:
    """Two that it has left in the queue, byte by byte, and their claim."""
    store, other = (RedisTickets(redis_client, region) for region in [new_id()] * 2)
    ana, ben = (of_the_first_version(name) for name in ("ana", "ben"))
    await put(store, ana, ben)
    for name, one in (("ana", ana), ("ben", ben)):
        await replace_ticket(other, one, first(f"ticket_{name}.msgpack"))
    assert [t.card.city for t in await other.everyone("video")] == ["Köln", "Köln"]
    assert [t.card.shown().display_name for t in await other.candidates(ana, 10)] == ["Ben"]
    claim = msgspec.msgpack.decode(first("claim.msgpack"), type=Claim)
    assert (claim.first, claim.second) == (ben, ana)
    assert (await other.claim(claim)).outcome == "both"
    await other._ask("HSET", "claims", claim.call_id, first("claim.msgpack"))
    assert list(await other.unfinished(claim.claimed_at)) == [claim]
    await other.settle(claim)


def test_a_decision_of_the_first_version_is_decided_again() -> None:
    decision = msgspec.msgpack.decode(first("decision.msgpack"), type=MatchDecision)
    told = replay("call", decision)
    assert (told.road, told.reproduced, told.candidates[0].outcome) == ("search", True, "won")


def test_what_is_written_now_the_first_version_reads() -> None:
    """It knows no field but its own, and its names have not changed: nodes are replaced one by one."""
    for name in ("ana", "ben"):
        before = msgspec.msgpack.decode(first(f"ticket_{name}.msgpack"))
        now = msgspec.msgpack.decode(msgspec.msgpack.encode(of_the_first_version(name)))
        assert now == {**before, "version": 1, "traits": [], "offered": [0, 0], "haunts": []}
    claim = msgspec.msgpack.decode(first("claim.msgpack"), type=Claim)
    now = msgspec.msgpack.decode(msgspec.msgpack.encode(claim))
    assert now.keys() - {"version", "again"} == msgspec.msgpack.decode(first("claim.msgpack")).keys()


async def test_a_newer_ticket_is_read_and_fits_those_it_says(redis_client: RedisClient) -> None:
    """It seeks a gender more than there are today, among others; its own is one that nobody here seeks."""
    store = RedisTickets(redis_client, new_id())
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(gender="male", joined_at=T0 + 1)
    await put(store, ana, ben, cal)
    await replace_ticket(store, ben, newer_ticket(ben))
    read = {t.id: t for t in await store.everyone("video")}
    assert read[ben.id].card.gender == read[ben.id].tier == NEW_WORD
    assert read[ben.id].card.shown().gender == NEW_WORD
    assert {t.id for t in (await store.market("video")).arrivals} == {ana.id, ben.id, cal.id}
    policy = Policy()
    survey = policy.survey(ana, [read[ben.id], cal], frozenset(), T0, policy.reservation_values())
    assert [choice.ticket.id for choice in survey.choices] == [cal.id]
    assert survey.removed == {"gender": 1}
    assert NEW_WORD in places(read[ben.id])


async def test_a_newer_claim_is_finished(redis_client: RedisClient) -> None:
    """Its node died; what led to it is kept with the words that only newer ones know, and told to admins."""
    store, ana, ben = RedisTickets(redis_client, new_id()), ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    assert (await store.claim(claim)).outcome == "both"
    await store._ask("HSET", "claims", claim.call_id, newer_claim(claim))
    (read,) = await store.unfinished(claim.claimed_at)
    assert (read.call_id, read.first.id, read.first.card.gender) == (claim.call_id, ben.id, NEW_WORD)
    assert read.decision is not None
    assert read.decision.road == NEW_WORD
    await store.settle(read)
    assert not await store.unfinished(claim.claimed_at)


def test_a_newer_decision_is_told_as_far_as_it_is_known() -> None:
    raw = newer_decision(msgspec.msgpack.decode(first("decision.msgpack")))
    told = replay("call", msgspec.msgpack.decode(msgspec.msgpack.encode(raw), type=MatchDecision))
    assert (told.road, told.reproduced) == (NEW_WORD, False)
    assert told.candidates


async def test_a_ticket_that_cannot_be_read_is_nobodys_match_and_nobodys_obstacle(store: TicketStore) -> None:
    """It is counted, as it waits; readers of the queue get the others."""
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(gender="male", joined_at=T0 + 1)
    await put(store, ana, ben, cal)
    await garble(store, ben)
    assert await store.waiting("video") == 3
    assert {t.id for t in await store.everyone("video")} == {ana.id, cal.id}
    assert cal.id in {t.id for t in await store.candidates(ana, 10)}
    assert ben.id not in {t.id for t in await store.candidates(ana, 10)}
    assert ben.id not in {t.id for t in (await store.market("video")).arrivals}
    census = await store.census(ana, 100)
    assert census.waiting == 2
    assert ben.id not in {t.id for pool in census.pools for t in pool.drawn}
    assert await store.of(ben.user_id) is None
    gone = Departure(ticket_id=ben.id, user_id=ben.user_id, reason="disconnected")
    await store.renew([ana.user_id, cal.user_id], T0 + 90_000)
    assert list(await store.lapse(T0 + 20_000)) == [gone]


async def test_departures_and_waits_of_other_versions_stop_nothing(
    redis: Redis, redis_client: RedisClient
) -> None:
    """With words that are of no use here, or without those that are."""
    region = new_id()
    store, ana = RedisTickets(redis_client, region), ticket()
    prefix, user = f"queue:{{{region}}}", new_id()
    notes: Any = {ana.id: f"{user} {NEW_WORD} and more", new_id(): "who"}
    await redis.hset(f"{prefix}:gone", mapping=notes)
    await redis.lpush(f"{prefix}:video:waits", "5 video video:male:female", "soon", "1.5s video")
    assert [(d.user_id, d.reason) for d in await store.lapse(T0)] == [(user, NEW_WORD)]
    assert [wait.waited_ms for wait in (await store.market("video")).waits] == [5]


async def test_whoever_has_a_ticket_that_cannot_be_read_joins_with_another(store: TicketStore) -> None:
    """Their other device is on a newer node: the place goes to the one that asks now, which all can read."""
    ana = ticket()
    await put(store, ana)
    await garble(store, ana)
    anew = again(ana)
    assert await store.join(anew, T0 + 10_000) is None
    assert await store.join(anew, T0 + 10_000) == anew
    assert [t.id for t in await store.everyone("video")] == [anew.id]
    assert [(d.ticket_id, d.reason) for d in await store.lapse(T0)] == [(ana.id, "left")]


async def test_a_claim_that_cannot_be_read_is_given_up_after_a_minute(store: TicketStore) -> None:
    """Until then a node that can may finish it; then the two are out of it, are told, and may join."""
    ana, ben, cal, dan = ticket(), ticket(gender="male"), ticket(), ticket(gender="male")
    await put(store, ana, ben, cal, dan)
    lost, other = claim_of(ana, ben), claim_of(cal, dan)
    assert {(await store.claim(each)).outcome for each in (lost, other)} == {"both"}
    await garble(store, lost)
    for late in (lost.claimed_at, lost.claimed_at + MINUTE_MS - 1):
        assert list(await store.unfinished(late)) == [other]
        assert not await store.lapse(T0)
    assert list(await store.unfinished(lost.claimed_at + MINUTE_MS)) == [other]
    gone = {(d.user_id, d.ticket_id, d.reason) for d in await store.lapse(T0)}
    assert gone == {(t.user_id, t.id, "disconnected") for t in (ana, ben)}
    anew = again(ana)
    assert await store.join(anew, T0 + 10_000) == anew
    assert await store.of(ben.user_id) is None
    await store.settle(other)


async def test_a_claim_that_was_given_up_is_kept_for_an_operator(
    redis: Redis, redis_client: RedisClient
) -> None:
    region = new_id()
    store, ana, ben = RedisTickets(redis_client, region), ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    await store.claim(claim)
    await store.give_up(claim)
    aside = f"queue:{{{region}}}:aside"
    assert await redis.lrange(aside, 0, -1) == [msgspec.msgpack.encode(claim)]
    assert await redis.pttl(aside) > MINUTE_MS
    left = {key.decode().rpartition(":")[2] async for key in redis.scan_iter(f"queue:{{{region}}}:*")}
    assert left.isdisjoint({"claims", "claimed", "held", "tickets", "places", "users", "leases"})


async def test_the_sweep_of_a_region_with_a_poisoned_ticket_matches_the_others(store: TicketStore) -> None:
    """One was enough to end all matching of its region, for as long as it was there."""
    harness = Harness(store)
    poisoned = ticket(gender="male", joined_at=T0 - 1)
    await put(store, poisoned)
    await garble(store, poisoned)
    ana, ben = harness.people.add(gender="female"), harness.people.add(gender="male")
    for user_id in (ana, ben):
        await harness.join(user_id)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_the_matchmaker_of_a_region_with_a_poisoned_ticket_matches_the_others(
    store: TicketStore,
) -> None:
    harness = Harness(store)
    poisoned = ticket(gender="male", joined_at=T0 - 1)
    await put(store, poisoned)
    await garble(store, poisoned)
    ana, ben = harness.people.add(gender="female"), harness.people.add(gender="male")
    async with harness.matching():
        for user_id in (ana, ben):
            await harness.join(user_id)
        await harness.until_pairs(1)
    assert harness.pairs() == [frozenset((ana, ben))]


@pytest.mark.parametrize("late_ms", [0, MINUTE_MS])
async def test_a_claim_that_always_fails_is_given_up_after_a_minute(store: TicketStore, late_ms: int) -> None:
    """The offer cannot be made, for whatever reason: the two whom it holds do not wait for ever."""
    harness = Harness(store)
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    assert (await store.claim(claim)).outcome == "both"
    harness.clock.pass_ms(1_000 + late_ms)
    harness.nodes[0].offers.fails = [RuntimeError("a bug")]
    await harness.matchmaker.finish(await store.unfinished(claim.claimed_at))
    assert bool(await store.unfinished(claim.claimed_at)) == (late_ms == 0)
    assert len(await store.lapse(T0)) == (2 if late_ms else 0)


async def test_a_decision_that_cannot_be_read_is_as_one_that_is_forgotten(world: World) -> None:
    """Admins hear that there is none, and the rest of what is on record is told as before."""
    ana, ben = ticket(), ticket(gender="male")
    decision = claim_of(ana, ben).decision
    assert decision is not None
    call_id = new_id()
    await world.offer(call_id, await world.pair(), decision=decision)
    assert await world.matches.of(call_id) == decision
    garbled = "UPDATE interaction.match_decisions SET body = $2 WHERE call_id = $1"
    await world.pool.execute(garbled, call_id, GARBLED)
    assert await world.matches.of(call_id) is None
    with pytest.raises(NotFound):
        replay(call_id, msgspec.structs.replace(decision, policy=b"\xc1"))
