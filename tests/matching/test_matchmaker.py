"""Who waits is found a partner: on joining, by the sweep, and after a node died between two steps."""

import asyncio

import pytest
from redis.asyncio import Redis

from core.contract.queue import Preferences, QueueLeft, QueueUpdated
from core.ticket import Claim
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.house import Harness
from tests.matching.people import T0, new_id


@pytest.fixture
def house(store: TicketStore) -> Harness:
    return Harness(store)


async def test_two_strangers_are_matched_at_once(house: Harness) -> None:
    """No sweep is needed: the second to join finds the first."""
    ana, ben = house.people.add(), house.people.add(gender="male")
    async with house.matching():
        await house.join(ana)
        await house.join(ben)
        await house.until_pairs(1)
    assert house.pairs() == [frozenset((ana, ben))]
    assert await house.tickets.waiting("video") == 0


async def test_two_who_must_not_meet_are_left_waiting(house: Harness) -> None:
    """A block keeps them apart; the next who comes is for the one who has waited longer."""
    ana, ben, cal = (house.people.add() for _ in range(3))
    house.people.keep_apart(ana, ben)
    for user in (ana, ben):
        ticket = await house.join(user)
        house.clock.pass_ms(1)
        assert await house.matchmaker.seek(ticket) is None
    claim = await house.matchmaker.seek(await house.join(cal))
    assert claim is not None
    assert claim.first.user_id == ana


async def test_the_best_fit_is_chosen(house: Harness) -> None:
    """Not the first in the queue."""
    await house.join(house.people.add(intent="casual", country="FR"))
    best = house.people.add(intent="serious", country="DE")
    await house.join(best)
    ana = house.people.add(intent="serious", country="DE")
    claim = await house.matchmaker.seek(await house.join(ana))
    assert claim is not None
    assert claim.first.user_id == best


async def test_the_sweep_matches_when_a_wish_relaxes(house: Harness) -> None:
    """Not before its time, and without anybody joining."""
    ana, ben = house.people.add(), house.people.add(country="FR")
    assert await house.matchmaker.seek(await house.join(ana, countries=["DE"])) is None
    assert await house.matchmaker.seek(await house.join(ben)) is None
    house.clock.pass_ms(4_000)
    await house.sweep("video")
    assert not house.pairs()
    house.clock.pass_ms(1_000)
    await house.sweep("video")
    assert house.pairs() == [frozenset((ana, ben))]


async def test_patience_ends(house: Harness) -> None:
    """After `queue_s` the ticket goes, and its user is told once."""
    ana = house.people.add()
    ticket = await house.join(ana)
    await house.queue.renew([ana])
    house.clock.pass_ms(299_999)
    await house.queue.renew([ana])
    await house.sweep("video")
    assert not house.events.by(ana, QueueLeft)
    house.clock.pass_ms(1)
    await house.sweep("video")
    await house.sweep("video")
    assert house.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="timed_out")]
    assert await house.tickets.waiting("video") == 0


async def test_who_has_no_connection_left_is_taken_out(house: Harness) -> None:
    """When the lease that nobody renews is over."""
    ana, ben = house.people.add(), house.people.add(country="FR")
    ticket = await house.join(ana)
    await house.join(ben, countries=["DE"])
    house.clock.pass_ms(6_000)
    await house.queue.renew([ben])
    house.clock.pass_ms(4_000)
    await house.sweep("video")
    assert house.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="disconnected")]
    assert not house.events.by(ben, QueueLeft)


async def test_updates_come_every_few_seconds(house: Harness) -> None:
    """How many wait, for how long, and which wishes no longer count."""
    ana = house.people.add()
    await house.join(ana, countries=["DE"], languages=["de"])
    for _ in range(14):  # sweeps of half a second: seven seconds
        house.clock.pass_ms(500)
        await house.queue.renew([ana])
        await house.sweep("video")
    updates = house.events.by(ana, QueueUpdated)
    assert [(u.waited_ms, u.waiting, u.relaxed) for u in updates] == [
        (3_000, 1, []),
        (6_000, 1, ["countries"]),
    ]


async def test_a_sweep_that_comes_late_skips_nobody(house: Harness) -> None:
    """Who came after the last news has them too, once they have waited long enough for news."""
    await house.sweep("video")
    house.clock.pass_ms(500)
    ana = house.people.add()
    await house.join(ana)
    house.clock.pass_ms(3_500)
    await house.queue.renew([ana])
    await house.sweep("video")
    assert [u.waited_ms for u in house.events.by(ana, QueueUpdated)] == [3_500]


async def test_a_claim_left_by_a_dead_node_is_finished(house: Harness) -> None:
    """It died between the claim and the offer; any sweep makes the offer, once."""
    ana, ben = house.people.add(), house.people.add()
    claim = Claim(call_id=new_id(), first=await house.join(ana), second=await house.join(ben), claimed_at=T0)
    assert await house.tickets.claim(claim) == "both"
    await house.sweep("video")
    assert not house.pairs()
    house.clock.pass_ms(3_000)
    await house.sweep("video")
    await house.sweep("voice")
    assert house.pairs() == [frozenset((ana, ben))]
    assert not await house.tickets.unfinished(house.clock())


async def test_an_outage_while_the_offer_is_made_loses_nobody(house: Harness) -> None:
    """The matchmaker goes on, and the claim is finished later."""
    users = [house.people.add() for _ in range(4)]
    house.nodes[0].offers.fails = [ConnectionError("Postgres is away")]
    async with house.matching():
        for user in users:
            await house.join(user)
        await house.until_pairs(1)
        house.clock.pass_ms(3_000)
        await house.sweep("video")
        await house.until_pairs(2)
    assert frozenset().union(*house.pairs()) == set(users)


async def test_two_nodes_do_not_sweep_the_same(redis: Redis) -> None:
    """The turn is one node's until it ends, and nobody sweeps again before the rest is over."""
    house = Harness(RedisTickets(redis, new_id()), nodes=3)
    swept = await asyncio.gather(*(node.sweeper.in_turn("video") for node in house.nodes))
    assert sorted(swept) == [False, False, True]
    assert not await house.nodes[0].sweeper.in_turn("video")
    assert await house.nodes[1].sweeper.in_turn("voice")


@pytest.mark.parametrize(("nodes", "number"), [(1, 200), (3, 200)])
async def test_all_join_at_once(redis: Redis, nodes: int, number: int) -> None:
    """From many connections over several matchmakers: everyone is offered to one other, nobody to two."""
    for _ in range(3):
        house = Harness(RedisTickets(redis, new_id()), nodes)
        users = [house.people.add(gender="female" if n % 2 else "male") for n in range(number)]
        queues = [house.nodes[n % nodes].queue for n in range(number)]
        async with house.matching():
            joins = (q.enqueue(u, u, "video", Preferences()) for q, u in zip(queues, users, strict=True))
            await asyncio.gather(*joins)
            await house.until_pairs(number // 2, within_s=30)
        assert len(house.pairs()) == number // 2
        assert frozenset().union(*house.pairs()) == set(users)
        assert await house.tickets.waiting("video") == 0
