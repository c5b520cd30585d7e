"""What both stores of tickets promise."""

import asyncio

from msgspec.structs import replace
from redis.asyncio import Redis

from core.ticket import Claim, Claimed, Departure, Ticket, claims_channel
from db.redis.bus import Bus
from db.redis.multiplexed import RedisClient
from db.redis.queue_keys import prefix
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.people import T0, again, give_back, new_id, put, ticket
from tests.patience import PATIENCE_S


def claim_of(first: Ticket, second: Ticket, now: int = T0 + 1000) -> Claim:
    return Claim(call_id=new_id(), first=first, second=second, claimed_at=now)


async def test_a_ticket_is_kept_as_it_is(store: TicketStore) -> None:
    """Everything on a ticket comes back: the card, the wishes, the values."""
    ana = ticket(city="Köln", wished_languages=("de",), countries=("DE",), values={"calm": 0.6, "fun": -0.8})
    await put(store, ana)
    assert await store.of(ana.user_id) == ana
    assert list(await store.everyone("video")) == [ana]


async def test_joining_again_gives_the_same_ticket(store: TicketStore) -> None:
    """Five joins at once leave one ticket, the first."""
    ana = ticket()
    tickets = [ana, *(again(ana) for _ in range(4))]
    placed = await asyncio.gather(*(store.join(one, T0 + 10_000) for one in tickets))
    assert len({one.id for one in placed if one is not None}) == 1
    assert None not in placed
    assert await store.waiting("video") == 1


async def test_modes_wait_apart(store: TicketStore) -> None:
    """Tickets for voice are not counted among those for video."""
    await put(store, ticket(mode="voice"), ticket(mode="video"), ticket(mode="video"))
    assert (await store.waiting("voice"), await store.waiting("video")) == (1, 2)


async def test_candidates_fit_by_gender_both_ways(store: TicketStore) -> None:
    """Those who seek one's gender and are of a gender one seeks."""
    ana = ticket(gender="female", genders=("male", "other"))
    ben = ticket(gender="male", genders=("female",), joined_at=T0 + 2)
    cal = ticket(gender="male", genders=("male",), joined_at=T0 + 3)
    dee = ticket(gender="female", genders=("female", "male"), joined_at=T0 + 4)
    eli = ticket(gender="other", genders=("other", "female"), joined_at=T0 + 1)
    fay = ticket(gender="other", genders=("female",), joined_at=T0 + 5)
    await put(store, ben, cal, dee, eli, fay)
    assert {t.id for t in await store.candidates(ana, 10)} == {ben.id, eli.id, fay.id}


async def test_of_many_candidates_the_first_and_the_last_are_read(store: TicketStore) -> None:
    """As many as asked: those in the middle were among the last, and will be among the first."""
    men = [ticket(gender="male", joined_at=T0 + n) for n in range(9)]
    await put(store, *men)
    ana = ticket(gender="female", genders=("male",))
    assert {t.id for t in await store.candidates(ana, 4)} == {men[n].id for n in (0, 1, 7, 8)}
    assert {t.id for t in await store.candidates(ana, 9)} == {man.id for man in men}


async def test_a_census_counts_all_and_draws_some(store: TicketStore) -> None:
    """Pools are told apart; who asks is not among the others, waiting or not."""
    ana = ticket(gender="female", genders=("male", "female"))
    men = [ticket(gender="male", genders=("female",)) for _ in range(20)]
    women = [ticket(gender="female", genders=("female",)) for _ in range(3)]
    await put(store, *men, *women, ticket(gender="male", genders=("male",)), ticket(mode="voice"))
    for present in (False, True):
        census = await store.census(ana, 10)
        assert census.waiting == 24
        assert [(pool.number, len(pool.drawn)) for pool in census.pools] == [(20, 5), (3, 3)]
        assert {t.id for t in census.pools[0].drawn} < {man.id for man in men}
        assert {t.id for t in census.pools[1].drawn} == {woman.id for woman in women}
        assert census.drawn == 8
        if not present:
            await put(store, ana)
    assert (await store.census(ana, 100)).drawn is None


async def test_the_market_shows_who_came_who_waits_and_how_long_it_took(store: TicketStore) -> None:
    """The latest to join first; the stock by pool; the waits of those matched and of those who gave up."""
    ana = ticket(gender="female", genders=("male", "other"))
    ben, cal, dan = (ticket(gender="male", genders=("female",), joined_at=T0 + n) for n in (1, 2, 3))
    await put(store, ana, ben, cal, dan, ticket(mode="voice"))
    await store.claim(claim_of(ana, ben))
    await store.leave(cal.user_id, "timed_out", cal.id, at=T0 + 60_000)
    market = await store.market("video")
    assert [t.id for t in market.arrivals] == [dan.id, cal.id, ben.id, ana.id]
    assert market.arrivals[0] is dan, "read again, and to be compared anew"
    assert {pool: n for pool, n in market.stock.items() if n} == {("male", "female"): 1}
    assert sorted((w.kind, w.waited_ms or 0) for w in market.waits) == [
        ("female:male female:other", 1_000),
        ("male:female", 0),
        ("male:female", 999),
    ]


async def test_who_comes_and_goes_all_the_time_is_one_arrival(store: TicketStore) -> None:
    """Nobody makes others believe that many come; after half a minute it counts anew."""
    ana = ticket()
    for ms in (0, 1_000, 2_000, 40_000):
        one = again(ana, joined_at=T0 + ms)
        assert await store.join(one, T0 + 90_000) == one
        await store.leave(ana.user_id, "left")
    assert [t.joined_at - T0 for t in (await store.market("video")).arrivals] == [40_000, 0]


async def test_a_claim_takes_both(store: TicketStore) -> None:
    """Both are out of every pool, and the claim is on record until it is settled."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    assert (await store.claim(claim)).outcome == "both"
    assert await store.waiting("video") == 0
    assert not await store.candidates(ticket(), 10)
    assert await store.of(ana.user_id) == ana
    assert list(await store.unfinished(claim.claimed_at)) == [claim]
    assert not await store.unfinished(claim.claimed_at - 1)
    await store.settle(claim)
    assert not await store.unfinished(claim.claimed_at)
    assert await store.of(ana.user_id) is None


async def test_a_claim_takes_two_or_none(store: TicketStore) -> None:
    """Nobody is claimed twice, and the one who could be had is left where they were."""
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(gender="male")
    await put(store, ana, ben, cal)
    assert (await store.claim(claim_of(ana, ben))).outcome == "both"
    assert (await store.claim(claim_of(cal, ana))).outcome == "second_gone"
    assert (await store.claim(claim_of(ben, cal))).outcome == "first_gone"
    assert [t.id for t in await store.everyone("video")] == [cal.id]


async def test_a_claim_takes_the_first_of_those_named_who_still_waits(store: TicketStore) -> None:
    """With whole tickets on record, and says who was gone; a seeker who is gone takes nobody."""
    ana, ben, cal, dan, eli, fay = (ticket(city=f"City {n}") for n in range(6))
    await put(store, ana, ben, cal, dan, eli, fay)
    await store.leave(ben.user_id, "left")
    await store.leave(cal.user_id, "left")
    claim = claim_of(ben, ana)
    taken = replace(claim, first=dan)
    assert await store.claim(claim, [cal, dan, eli]) == Claimed("both", taken, [ben.id, cal.id])
    assert list(await store.unfinished(claim.claimed_at)) == [taken]
    assert [t.id for t in await store.everyone("video")] == [eli.id, fay.id]
    late = claim_of(ben, fay)
    assert await store.claim(late, [dan]) == Claimed("first_gone", late, [ben.id, dan.id])
    gone = claim_of(eli, ana)
    assert await store.claim(gone, [fay]) == Claimed("second_gone", gone, (ana.id,))
    assert [t.id for t in await store.everyone("video")] == [eli.id, fay.id]


async def test_a_claim_is_said_to_other_nodes_if_it_takes_two(redis_client: RedisClient) -> None:
    region = new_id()
    store, heard, said = RedisTickets(redis_client, region), list[bytes](), asyncio.Event()
    ana, ben, cal, dan = (ticket() for _ in range(4))

    def hear(message: bytes) -> None:
        heard.append(message)
        said.set()

    async with asyncio.timeout(PATIENCE_S), Bus(redis_client, new_id()) as bus:
        await bus.subscribe(claims_channel(region), hear)
        await put(store, ana, ben, cal, dan)
        await store.claim(claim_of(ana, ben))
        await store.claim(claim_of(ben, cal), aloud=True)
        await store.claim(claim_of(ana, cal), [dan], aloud=True)
        await said.wait()
    assert heard == [f"{dan.id} {cal.id}".encode()]


async def test_what_is_asked_at_once_is_done_to_each(store: TicketStore) -> None:
    """Several joins are one script, and several claims are settled by one."""
    people = [ticket(gender="male" if n % 2 else "female") for n in range(6)]
    went = (await store.before(people[0].user_id)).out
    await put(store, people[5])
    await store.leave(people[5].user_id, "left")
    late = again(people[5])
    asked = [*((one, went) for one in people[:5]), (again(people[1]), went), (late, "another"), (late, None)]
    placed = await asyncio.gather(*(store.join(one, T0 + 10_000, out) for one, out in asked))
    assert placed == [*people[:5], people[1], None, late]
    assert list(await store.everyone("video")) == [*people[:5], late]
    claims = [claim_of(people[0], people[1]), claim_of(people[2], people[3])]
    for claim in claims:
        await store.claim(claim)
    await asyncio.gather(*(store.settle(claim) for claim in claims))
    assert not await store.unfinished(T0 + 10_000)
    assert [await store.of(one.user_id) for one in people] == [*4 * [None], people[4], late]
    for claim in claims:
        for one in (claim.first, claim.second):
            assert (await store.before(one.user_id)).out == claim.call_id


async def test_a_claim_needs_the_very_ticket(store: TicketStore) -> None:
    """A user who left and joined anew with other wishes is not claimed by the ticket that was read before."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    await store.leave(ana.user_id, "left")
    await put(store, again(ana, age_max=40))
    assert (await store.claim(claim_of(ana, ben))).outcome == "first_gone"


async def test_a_ticket_counts_only_on_a_lease(store: TicketStore) -> None:
    """Without a connection that renews it, a ticket cannot be claimed; renewed, it can."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben, lease_ms=500)
    await store.renew([ben.user_id], T0 + 5_000)
    assert (await store.claim(claim_of(ana, ben))).outcome == "first_gone"
    await store.renew([ana.user_id, "nobody"], T0 + 5_000)
    assert (await store.claim(claim_of(ana, ben))).outcome == "both"


async def test_a_lease_is_never_shortened(store: TicketStore) -> None:
    """Two nodes that hold connections of one user renew in any order."""
    ana = ticket()
    await put(store, ana)
    await store.renew([ana.user_id], T0 + 1)
    assert not await store.lapse(T0 + 9_999)


async def test_who_is_not_there_any_more_is_taken_out(store: TicketStore) -> None:
    """The departure is reported until somebody has told the user's devices."""
    ana, ben = ticket(), ticket()
    await put(store, ana, ben)
    await store.renew([ben.user_id], T0 + 20_000)
    gone = Departure(ticket_id=ana.id, user_id=ana.user_id, reason="disconnected")
    assert list(await store.lapse(T0 + 10_000)) == [gone]
    assert list(await store.lapse(T0 + 10_000)) == [gone]
    await store.told([gone])
    assert not await store.lapse(T0 + 10_000)
    assert [t.id for t in await store.everyone("video")] == [ben.id]


async def test_leaving(store: TicketStore) -> None:
    """One leaves once; a named ticket only if it is still that one; a claimed one not at all."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    assert await store.leave(ana.user_id, "timed_out", new_id()) is None
    left = await store.leave(ana.user_id, "timed_out", ana.id)
    assert left == Departure(ticket_id=ana.id, user_id=ana.user_id, reason="timed_out")
    assert await store.leave(ana.user_id, "left") is None
    assert list(await store.lapse(T0)) == [left]
    await put(store, ana)
    await store.claim(claim_of(ana, ben))
    assert await store.leave(ben.user_id, "left") is None


async def test_a_ticket_comes_back_at_its_old_place(store: TicketStore) -> None:
    """After a refused fence (before the claim is settled) and after a declined offer (after it)."""
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(joined_at=T0 + 9)
    await put(store, ana, ben, cal)
    claim = claim_of(ana, ben)
    await store.claim(claim)
    assert await give_back(store, ana, claim.call_id, T0 + 10_000) == ana
    await store.settle(claim)
    assert await store.of(ben.user_id) is None
    assert await give_back(store, ben, claim.call_id, T0 + 10_000) == ben
    assert {t.id for t in (await store.everyone("video"))[:2]} == {ana.id, ben.id}
    assert (await store.claim(claim_of(ana, ben))).outcome == "both"


async def test_a_ticket_comes_back_once_for_each_call(store: TicketStore) -> None:
    """A step repeated after a crash takes nobody out of the claim or call they are in by then."""
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(gender="male")
    await put(store, ana, ben, cal)
    refused, better = claim_of(ana, ben), claim_of(ana, cal)
    await store.claim(refused)
    await give_back(store, ana, refused.call_id, T0 + 10_000)
    assert (await store.claim(better)).outcome == "both"
    await give_back(store, ana, refused.call_id, T0 + 10_000)
    await store.settle(refused)
    assert await store.waiting("video") == 0
    await store.settle(better)
    await give_back(store, ana, refused.call_id, T0 + 10_000)
    assert await store.of(ana.user_id) is None


async def test_a_refused_claim_ends_and_gives_back_at_once(store: TicketStore) -> None:
    """Only who is not at fault; and once, however often it is said."""
    ana, ben, cal = ticket(), ticket(gender="male"), ticket(gender="male")
    await put(store, ana, ben, cal)
    refused, better = claim_of(ana, ben), claim_of(ana, cal)
    await store.claim(refused)
    assert list(await store.refuse(refused, [ana], T0 + 10_000)) == [ana]
    assert await store.of(ben.user_id) is None
    assert list(await store.unfinished(T0 + 10_000)) == []
    assert (await store.claim(better)).outcome == "both"
    await store.refuse(refused, [ana], T0 + 10_000)
    assert await store.waiting("video") == 0


async def test_who_leaves_while_claimed_is_not_given_back(store: TicketStore) -> None:
    """However the claim fails, unless they join or skip after that; and they are told once."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    first, second = claim_of(ana, ben), claim_of(ana, ben)
    await store.claim(first)
    assert await store.leave(ana.user_id, "left") is None
    assert await store.join(again(ana), T0 + 10_000) == ana
    assert list(await store.refuse(first, [ana, ben], T0 + 10_000)) == [ana, ben]
    await store.claim(second)
    assert await store.leave(ana.user_id, "timed_out", ana.id) is None
    assert await store.leave(ben.user_id, "left") is None
    assert await store.leave(ana.user_id, "left") is None
    await store.settle(second)
    skipped = again(ben, joined_at=T0 + 500)
    assert await give_back(store, ana, second.call_id, T0 + 10_000) is None
    assert await give_back(store, ben, second.call_id, T0 + 10_000) is None
    assert await give_back(store, skipped, second.call_id, T0 + 10_000) == skipped
    assert list(await store.lapse(T0)) == []
    newer = again(ana)
    await put(store, newer)
    third = claim_of(newer, skipped)
    await store.claim(third)
    assert await store.leave(ana.user_id, "left") is None
    assert list(await store.refuse(third, [newer, skipped], T0 + 10_000)) == [None, skipped]
    assert await store.of(ana.user_id) is None
    assert [one.id for one in await store.everyone("video")] == [skipped.id]
    left = Departure(ticket_id=newer.id, user_id=ana.user_id, reason="left")
    assert list(await store.lapse(T0)) == [left]


async def test_a_newer_ticket_wins_over_one_given_back(store: TicketStore) -> None:
    """A user who has joined again meanwhile keeps that place."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    await store.claim(claim)
    await store.settle(claim)
    newer = again(ana, joined_at=T0 + 500)
    await put(store, newer)
    assert await give_back(store, ana, claim.call_id, T0 + 10_000) == newer
    assert await store.waiting("video") == 1


async def test_joining_while_claimed_makes_no_second_ticket(store: TicketStore) -> None:
    """Between claim and offer one is still queued: the ticket is the same."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    await store.claim(claim_of(ana, ben))
    assert await store.join(again(ana), T0 + 10_000) == ana
    assert await store.waiting("video") == 0


async def test_each_region_has_a_queue_of_its_own(store: TicketStore) -> None:
    """Reached from the store of any other one, by its name."""
    region, ana, ben = new_id(), ticket(), ticket()
    await put(store, ana)
    await put(store.elsewhere(region), ben)
    assert await store.of(ben.user_id) is None
    assert await store.elsewhere(region).of(ana.user_id) is None
    assert await store.elsewhere(region).of(ben.user_id) == ben


async def test_a_claim_that_cannot_be_read_keeps_no_other_waiting(
    redis: Redis, redis_client: RedisClient
) -> None:
    """As one that a node of another version has left."""
    region = new_id()
    store, ana, ben = RedisTickets(redis_client, region), ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = claim_of(ana, ben)
    assert (await store.claim(claim)).outcome == "both"
    await redis.hset(f"queue:{{{region}}}:claims", "another", b"\xc1")
    await redis.zadd(f"queue:{{{region}}}:claimed", {"another": 0})
    assert await store.unfinished(claim.claimed_at) == (claim,)


async def test_of_traits_no_set_is_kept(redis: Redis, redis_client: RedisClient) -> None:
    """They are noted with the wait. Who is in such a set by the version before is taken out of it."""
    region = new_id()
    store, ana, ben = (
        RedisTickets(redis_client, region),
        ticket(traits=("client=phone",)),
        ticket(gender="male"),
    )
    await put(store, ana, ben)
    phones = f"{prefix(region)}:video:client=phone"
    assert not await redis.exists(phones)
    await redis.zadd(phones, {ana.id: T0})
    assert (await store.claim(claim_of(ana, ben))).outcome == "both"
    assert not await redis.exists(phones)
    assert {wait.traits for wait in (await store.market("video")).waits} == {(), ("client=phone",)}


async def test_one_node_at_a_time_sweeps_and_then_nobody_for_a_rest(redis_client: RedisClient) -> None:
    """Its turn stays its own, however late another one ends what it takes for its own."""
    store = RedisTickets(redis_client, new_id())
    await put(store, ticket(mode="voice"))
    assert (await store.take_turn("voice", "one", 60_000)).taken
    await store.end_turn("voice", "two", 0)
    assert not (await store.take_turn("voice", "two", 60_000)).taken
    await store.end_turn("voice", "one", 60_000)
    assert not (await store.take_turn("voice", "one", 60_000)).taken
    await store.end_turn("voice", "one", 0)
    assert (await store.take_turn("voice", "two", 60_000)).taken
