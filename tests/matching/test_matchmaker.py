"""A partner is found: on joining, by the sweep, and after a node died between two steps."""

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from core.contract.queue import Preferences, QueueLeft, QueueUpdated
from core.ticket import Claim, Claimed, Ticket
from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.search_queue import Joined
from realtime.matchmaking.sweep import Rhythm
from tests.matching.harness import Harness, MatchingNode
from tests.matching.people import T0, new_id
from tests.patience import PATIENCE_S


def seen(*tickets: Ticket) -> Sequence[bytes]:
    return [ticket.id.encode() for ticket in tickets]


@pytest.fixture
def harness(store: TicketStore) -> Harness:
    return Harness(store)


async def test_two_strangers_are_matched_at_once(harness: Harness) -> None:
    """No sweep is needed: the second to join finds the first."""
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    async with harness.matching():
        await harness.join(ana)
        await harness.join(ben)
        await harness.until_pairs(1)
    assert harness.pairs() == [frozenset((ana, ben))]
    assert await harness.tickets.waiting("video") == 0


async def test_two_who_must_not_meet_are_left_waiting(harness: Harness) -> None:
    """A block keeps them apart; the next who comes is for the one who has waited longer."""
    ana, ben, cal = (harness.people.add() for _ in range(3))
    harness.people.keep_apart(ana, ben)
    for user in (ana, ben):
        ticket = await harness.join(user)
        harness.clock.pass_ms(1)
        assert await harness.matchmaker.seek(ticket) is None
    claim = await harness.matchmaker.seek(await harness.join(cal))
    assert claim is not None
    assert claim.first.user_id == ana


async def test_the_best_fit_is_chosen(harness: Harness) -> None:
    """Not the first in the queue."""
    await harness.join(harness.people.add(intent="casual", country="FR"))
    best = harness.people.add(intent="serious", country="DE")
    await harness.join(best)
    ana = harness.people.add(intent="serious", country="DE")
    claim = await harness.matchmaker.seek(await harness.join(ana))
    assert claim is not None
    assert claim.first.user_id == best


async def test_of_a_long_queue_more_are_looked_at_if_none_of_the_first_will_do(harness: Harness) -> None:
    """Who stands in the middle is found at once, and does not wait for a sweep."""
    for nth in range(100):
        await harness.join(harness.people.add(gender="male", country="DE" if nth == 40 else "FR"))
    ana = harness.people.add(gender="female")
    claim = await harness.matchmaker.seek(await harness.join(ana, countries=["DE"]))
    assert claim is not None
    assert claim.first.card.country == "DE"


async def test_the_sweep_matches_when_a_wish_relaxes(harness: Harness) -> None:
    """Not before its time, and without anybody joining."""
    ana, ben = harness.people.add(), harness.people.add(country="FR")
    assert await harness.matchmaker.seek(await harness.join(ana, countries=["DE"])) is None
    assert await harness.matchmaker.seek(await harness.join(ben)) is None
    harness.clock.pass_ms(4_000)
    await harness.sweep("video")
    assert not harness.pairs()
    harness.clock.pass_ms(1_000)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_who_has_just_joined_is_left_to_their_search(store: TicketStore) -> None:
    """A sweep judges nobody in the second in which a search of their own does; after that it matches them."""
    harness = Harness(store, rhythm=Rhythm(search_ms=1_000))
    for user in (ana := harness.people.add(), ben := harness.people.add(gender="male")):
        await harness.join(user)
    await harness.sweep("video")
    harness.clock.pass_ms(999)
    await harness.sweep("video")
    assert harness.pairs() == []
    harness.clock.pass_ms(1)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_a_last_call_reaches_who_has_just_joined(store: TicketStore) -> None:
    """Though the sweep has not judged them yet."""
    harness = Harness(store, rhythm=Rhythm(search_ms=1_000))
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    await harness.join(ana)
    harness.clock.pass_ms(299_500)
    await harness.queue.renew([ana])
    await harness.join(ben)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_of_two_who_join_at_once_only_the_later_one_seeks_the_other(harness: Harness) -> None:
    """However late their searches come: else both would claim each other, on two nodes in vain."""
    for user in (ana := harness.people.add(), ben := harness.people.add(gender="male")):
        await harness.join(user)
    (first, seen), (second, seen_too) = [await harness.nodes[0].search_queue.next() for _ in range(2)]
    harness.clock.pass_ms(200)
    assert await harness.matchmaker.seek(first, joined=seen) is None
    claim = await harness.matchmaker.seek(second, joined=seen_too)
    assert claim is not None
    assert (claim.first.user_id, claim.second.user_id) == (ana, ben)


def refused_claims(node: MatchingNode) -> float:
    """Those that were made in vain."""
    reasons, name = ("first_gone", "second_gone"), "realtime_matching_refused_claims_total"
    return sum(node.registry.get_sample_value(name, {"reason": why}) or 0 for why in reasons)


async def test_once_another_node_was_faster_searches_look_again(store: TicketStore) -> None:
    """What a join has seen is tried as it is only for as long as nobody else takes it."""
    harness = Harness(store, nodes=2)
    here, there = harness.nodes
    for _ in range(6):
        await harness.join(harness.people.add())
    seekers = [await here.search_queue.next() for _ in range(6)]
    assert await there.matchmaker.seek(seekers[1][0]) is not None
    harness.clock.pass_ms(200)
    claims = [await here.matchmaker.seek(ticket, joined=joined) for ticket, joined in seekers]
    assert sum(claim is not None for claim in claims) == 2
    assert refused_claims(here) == 1


async def test_whom_another_node_says_to_have_claimed_is_not_tried(store: TicketStore) -> None:
    """However long ago a join has seen them: each in vain costs as much as one that takes two."""
    harness = Harness(store, nodes=2)
    here, there = harness.nodes
    for _ in range(6):
        await harness.join(harness.people.add())
    seekers = [await here.search_queue.next() for _ in range(6)]
    claim = await there.matchmaker.seek(seekers[1][0])
    assert claim is not None
    harness.clock.pass_ms(200)
    here.matchmaker.claimed(f"{claim.first.id} {claim.second.id}".encode())
    claims = [await here.matchmaker.seek(ticket, joined=joined) for ticket, joined in seekers]
    assert sum(claim is not None for claim in claims) == 2
    assert refused_claims(here) == 0


@pytest.mark.parametrize("alone", [False, True])
async def test_whoever_was_slower_says_from_then_on_whom_it_claims(store: TicketStore, alone: bool) -> None:
    """One that searches alone spares the words, also where somebody has left meanwhile."""
    harness = Harness(store, nodes=2, alone=alone)
    here, there = harness.nodes
    said: list[bool] = []
    take = harness.tickets.claim

    async def heard(claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        said.append(aloud)
        return await take(claim, instead, aloud=aloud)

    harness.tickets.claim = heard  # type: ignore[method-assign]  # a look from outside
    for _ in range(6):
        await harness.join(harness.people.add())
    seekers = [await here.search_queue.next() for _ in range(6)]
    assert await there.matchmaker.seek(seekers[1][0]) is not None
    for seeker, joined in seekers:
        await here.matchmaker.seek(seeker, joined=joined)
    assert (said[:2], said[-1]) == ([False, False], not alone)


async def test_who_was_passed_over_for_a_claim_that_failed_is_searched_for_again(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon: other nodes search too, and the next sweep that looks at them comes a second later."""
    matchmaker, store = harness.matchmaker, harness.tickets
    gone, late = [await harness.join(harness.people.add()) for _ in range(2)]
    await store.leave(gone.user_id, "left")
    assert await matchmaker.seek(late, joined=Joined(frozenset(), seen(gone), T0)) is None
    await store.leave(late.user_id, "left")
    search_queue = harness.nodes[0].search_queue
    while search_queue:
        await search_queue.next()
    ben, ana = [await harness.join(harness.people.add()) for _ in range(2)]
    (_, his), (_, hers) = [await search_queue.next() for _ in range(2)]
    harness.clock.pass_ms(1)
    take, trying, may_end = store.claim, asyncio.Event(), asyncio.Event()

    async def slow(claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        trying.set()
        await may_end.wait()
        return await take(claim, instead, aloud=aloud)

    monkeypatch.setattr(store, "claim", slow)
    async with asyncio.timeout(PATIENCE_S), harness.matching():
        search_queue.add(ana, hers)
        await trying.wait()
        search_queue.add(ben, his)
        while search_queue:
            await asyncio.sleep(0)
        await store.leave(ana.user_id, "left")
        dan = harness.people.add()  # who does not search
        card = replace(ben.card, user_id=dan)
        await store.join(replace(ben, id=new_id(), user_id=dan, device=dan, card=card), T0 + 10_000)
        may_end.set()
        await harness.until_pairs(1)
    assert harness.pairs() == [frozenset((ben.user_id, dan))]


async def test_patience_ends(harness: Harness) -> None:
    """After `queue_s` the ticket goes, and its user is told once."""
    ana = harness.people.add()
    ticket = await harness.join(ana)
    await harness.queue.renew([ana])
    harness.clock.pass_ms(299_999)
    await harness.queue.renew([ana])
    await harness.sweep("video")
    assert not harness.events.by(ana, QueueLeft)
    harness.clock.pass_ms(1)
    await harness.sweep("video")
    await harness.sweep("video")
    assert harness.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="timed_out")]
    assert await harness.tickets.waiting("video") == 0


async def test_who_has_no_connection_left_is_taken_out(harness: Harness) -> None:
    """When the lease that nobody renews is over."""
    ana, ben = harness.people.add(), harness.people.add(country="FR")
    ticket = await harness.join(ana)
    await harness.join(ben, countries=["DE"])
    harness.clock.pass_ms(6_000)
    await harness.queue.renew([ben])
    harness.clock.pass_ms(4_000)
    await harness.sweep("video")
    assert harness.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="disconnected")]
    assert not harness.events.by(ben, QueueLeft)


async def test_updates_come_every_few_seconds(harness: Harness) -> None:
    """How many wait, for how long, and which wishes no longer count."""
    ana = harness.people.add()
    await harness.join(ana, countries=["DE"], languages=["de"])
    for _ in range(14):  # sweeps of half a second: seven seconds
        harness.clock.pass_ms(500)
        await harness.queue.renew([ana])
        await harness.sweep("video")
    updates = harness.events.by(ana, QueueUpdated)
    assert [(u.waited_ms, u.waiting, u.relaxed) for u in updates] == [
        (3_000, 1, []),
        (6_000, 1, ["countries"]),
    ]


async def test_who_has_waited_as_long_for_the_same_is_told_in_the_same_words(harness: Harness) -> None:
    """So they are put into words once, however many wait."""
    crowd = [harness.people.add() for _ in range(3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        harness.people.keep_apart(crowd[one], crowd[other])
    for each in crowd:
        await harness.join(each)
        harness.clock.pass_ms(100)
    for _ in range(7):
        harness.clock.pass_ms(500)
        await harness.queue.renew(crowd)
        await harness.sweep("video")
    told = [news for each in crowd for news in harness.events.by(each, QueueUpdated)]
    assert [(news.waiting, news.waited_ms) for news in told] == [(3, 3_000)] * 3
    assert len({id(news) for news in told}) == 1


async def test_a_sweep_that_comes_late_skips_nobody(harness: Harness) -> None:
    """Users who joined after the last news get news too, once they have waited long enough for it."""
    await harness.sweep("video")
    harness.clock.pass_ms(500)
    ana = harness.people.add()
    await harness.join(ana)
    harness.clock.pass_ms(3_500)
    await harness.queue.renew([ana])
    await harness.sweep("video")
    assert [u.waited_ms for u in harness.events.by(ana, QueueUpdated)] == [3_500]


async def test_a_claim_left_by_a_dead_node_is_finished(harness: Harness) -> None:
    """It died between the claim and the offer; any sweep makes the offer, once."""
    ana, ben = harness.people.add(), harness.people.add()
    claim = Claim(
        call_id=new_id(), first=await harness.join(ana), second=await harness.join(ben), claimed_at=T0
    )
    assert (await harness.tickets.claim(claim)).outcome == "both"
    await harness.sweep("video")
    assert not harness.pairs()
    harness.clock.pass_ms(3_000)
    await harness.sweep("video")
    await harness.sweep("voice")
    assert harness.pairs() == [frozenset((ana, ben))]
    assert not await harness.tickets.unfinished(harness.clock())


async def test_an_outage_while_the_offer_is_made_loses_nobody(harness: Harness) -> None:
    """The matchmaker goes on, and the claim is finished later."""
    users = [harness.people.add() for _ in range(4)]
    harness.nodes[0].offers.fails = [ConnectionError("Postgres is away")]
    async with harness.matching():
        for user in users:
            await harness.join(user)
        await harness.until_pairs(1)
        harness.clock.pass_ms(3_000)
        await harness.sweep("video")
        await harness.until_pairs(2)
    assert frozenset().union(*harness.pairs()) == set(users)


async def test_two_nodes_do_not_sweep_the_same(redis_client: RedisClient) -> None:
    """The turn is one node's until it ends, and nobody sweeps again before the rest is over."""
    hourly = Rhythm(sweep_ms=3_600_000, turn_ms=3_600_000)  # a busy machine sleeps through half a second
    harness = Harness(RedisTickets(redis_client, new_id()), nodes=3, rhythm=hourly)
    assert not await harness.nodes[0].sweeper.in_turn("video"), "there is nothing to sweep"
    await harness.join(harness.people.add())
    swept = await asyncio.gather(*(node.sweeper.in_turn("video") for node in harness.nodes))
    assert sorted(swept) == [False, False, True]
    assert not await harness.nodes[0].sweeper.in_turn("video")
    assert await harness.nodes[1].sweeper.in_turn("voice")


@pytest.mark.parametrize(("nodes", "number"), [(1, 200), (3, 200)])
async def test_all_join_at_once(redis_client: RedisClient, nodes: int, number: int) -> None:
    """From many connections over several matchmakers: everyone is offered to one other, nobody to two."""
    for _ in range(3):
        harness = Harness(RedisTickets(redis_client, new_id()), nodes)
        users = [harness.people.add(gender="female" if n % 2 else "male") for n in range(number)]
        queues = [harness.nodes[n % nodes].queue for n in range(number)]
        async with harness.matching():
            joins = (q.enqueue(u, u, "video", Preferences()) for q, u in zip(queues, users, strict=True))
            await asyncio.gather(*joins)
            await harness.until_pairs(number // 2)
        assert len(harness.pairs()) == number // 2
        assert frozenset().union(*harness.pairs()) == set(users)
        assert await harness.tickets.waiting("video") == 0


async def test_while_offers_are_made_others_are_searched_for(harness: Harness) -> None:
    """However many wait for their record: a claim is enough for the next search to begin."""
    node, may_end = harness.nodes[0], asyncio.Event()
    make = node.offers.make
    begun: list[Claim] = []

    async def slow(claim: Claim) -> bool:
        begun.append(claim)
        await may_end.wait()
        return await make(claim)

    node.offers.make = slow  # type: ignore[method-assign]  # a look from outside
    pairs = [(harness.people.add(gender="female"), harness.people.add(gender="male")) for _ in range(40)]
    async with asyncio.timeout(PATIENCE_S), harness.matching():
        for pair in pairs:
            for user in pair:
                await harness.join(user)
            while await harness.tickets.waiting("video"):
                await asyncio.sleep(0)
        while len(begun) < len(pairs):
            await asyncio.sleep(0)
        assert harness.pairs() == []
        may_end.set()
        await harness.until_pairs(len(pairs))
    assert {frozenset(pair) for pair in pairs} == set(harness.pairs())


async def test_whom_this_node_has_just_claimed_is_not_tried_again(harness: Harness) -> None:
    """Many join at once and see the same people: trying for those who are gone costs more than the rest."""
    ana, ben, cal = [await harness.join(harness.people.add()) for _ in range(3)]
    tried: list[Claim] = []
    take = harness.tickets.claim

    async def watched(claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        tried.append(claim)
        return await take(claim, instead, aloud=aloud)

    harness.tickets.claim = watched  # type: ignore[method-assign]  # a look from outside
    harness.clock.pass_ms(1)
    assert await harness.matchmaker.seek(ben, joined=Joined(frozenset(), seen(ana), T0)) is not None
    assert await harness.matchmaker.seek(cal, joined=Joined(frozenset(), seen(ana, ben), T0)) is None
    assert await harness.matchmaker.seek(ana, joined=Joined(frozenset(), seen(ben, cal), T0)) is None
    assert len(tried) == 1
