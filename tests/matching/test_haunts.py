"""People who go to the same places: how much that counts, whom it concerns, and what nobody learns of it."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.contract.calls import CallOffered
from core.keys import SigningKey
from core.settings import Settings
from core.ticket import Census, Market, Pool, Ticket
from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets
from matching.haunts import KEPT, LEAST, MOST, familiar, marks_by, unmarked
from matching.policy import Policy
from matching.why_waiting import judge
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness
from tests.matching.people import T0, new_id, put, ticket

NOBODY: frozenset[str] = frozenset()
POLICY, WITHOUT = Policy(), Policy.of(Settings(match_weight_places=0))
NOBODY_COMES = POLICY.reservation_values()
KEY, ANOTHER = ((SigningKey("k", bytes([n]) * 32),) for n in (1, 2))
MARKS = st.lists(st.integers(1_000, 1_008), unique=True, max_size=8).map(tuple)
PEOPLE = st.builds(
    ticket,
    age=st.integers(18, 60),
    intent=st.sampled_from(("casual", "friends")),
    country=st.sampled_from(("DE", "FR", None)),
    joined_at=st.integers(T0 - 60_000, T0),
    haunts=MARKS,
)


@given(st.lists(st.uuids(version=4), unique=True, max_size=KEPT), st.randoms())
def test_marks_are_the_same_for_the_same_places_and_by_the_same_key_alone(
    places: list[UUID], chance: Any
) -> None:
    """However they are read; what somebody makes by a key of their own says nothing."""
    ids = [str(place) for place in places]
    marks = marks_by(KEY)(ids)
    assert len(set(marks)) == len(ids)
    chance.shuffle(ids)
    assert marks_by(KEY)(ids) == marks
    assert not set(marks) & set(marks_by(ANOTHER)(ids))


@given(MARKS, MARKS)
def test_three_count_and_more_than_five_count_no_more(mine: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    """For both alike, and in whatever order they stand."""
    common = sum(mark in theirs for mark in mine)
    worth = {0: 0, 1: 0, 2: 0, 3: 0.6, 4: 0.8}.get(common, 1)
    assert familiar(frozenset(mine), theirs) == familiar(frozenset(theirs), mine) == worth


@given(PEOPLE, PEOPLE, st.floats(0, 1.2), st.integers(0, 400_000))
def test_it_takes_nothing_from_anybody(one: Ticket, other: Ticket, least: float, waited_ms: int) -> None:
    """A pair has what it has without it, to the last bit, and more if the two go to the same places."""
    now = T0 + waited_ms
    more = POLICY.shares.places * familiar(frozenset(one.haunts), other.haunts)
    assert POLICY.score(one, other, now) == WITHOUT.score(one, other, now) + more
    whole = sum(POLICY.consider(one, [other], NOBODY, now, NOBODY_COMES)[0].parts.values())
    told = POLICY.scores(one, now)(other, least)
    assert abs(POLICY.score(one, other, now) - whole) < 1e-12
    assert told == POLICY.score(one, other, now) or max(told, whole) < least


@given(PEOPLE, st.lists(PEOPLE, max_size=6), st.permutations(range(1_000, 1_009)))
def test_a_record_says_how_many_and_never_which(
    seeker: Ticket, others: list[Ticket], elsewhere: list[int]
) -> None:
    """It is the same of people who are alike and go to other places, and the score comes of it again."""

    def moved(one: Ticket) -> Ticket:
        return replace(one, haunts=tuple(elsewhere[mark - 1_000] + 7_000 for mark in one.haunts))

    own, kept = unmarked(seeker, others)
    assert unmarked(moved(seeker), [moved(each) for each in others]) == (own, kept)
    assert all(mark < MOST for each in (own, *kept) for mark in each.haunts)
    for other, each in zip(others, kept, strict=True):
        assert POLICY.score(own, each, T0) == POLICY.score(seeker, other, T0)
        assert each == replace(other.lean, haunts=each.haunts)


@given(PEOPLE, st.lists(PEOPLE, max_size=6), st.floats(0.3, 1.1))
def test_who_asks_why_they_wait_learns_nothing_of_it(one: Ticket, others: list[Ticket], asked: float) -> None:
    """What they are told is the same wherever anybody goes."""

    class Asking:
        def asked(self, one: Ticket, other: Ticket, now: int) -> float:
            return asked

    def told(one: Ticket, others: list[Ticket]) -> Any:
        census = Census(len(others), (Pool(len(others), tuple(others)),))
        return judge(POLICY, one, census, NOBODY, T0, Asking())

    nowhere = [replace(other, haunts=()) for other in others]
    assert told(one, others) == told(replace(one, haunts=()), nowhere)


@given(st.lists(PEOPLE, min_size=8, max_size=16), st.integers(0, 20_000))
def test_nobody_is_asked_for_more(people: list[Ticket], after_ms: int) -> None:
    """What a match has to be worth is the same wherever those go who came lately."""

    def asked(people: list[Ticket]) -> list[float]:
        values = POLICY.reservation_values()
        values.see(Market(arrivals=tuple(people)), T0)
        return [values.asked(people[0], other, T0 + after_ms) for other in people[1:]]

    assert asked(people) == asked([replace(one, haunts=()) for one in people])


async def test_who_goes_to_the_same_places_is_offered_first(store: TicketStore) -> None:
    """Ben has waited longer, and Cal goes where Ana goes. Of what Ana is shown nothing speaks of places."""
    harness = Harness(store)
    people, same = harness.people, tuple(range(9_001, 9_001 + LEAST))
    ben, cal, ana = (people.add(gender=gender) for gender in ("male", "male", "female"))
    for user, haunts in ((ben, same[:-1]), (cal, (*same, 9_100)), (ana, same)):
        people.accounts[user] = replace(people.accounts[user], haunts=haunts)
    for user in (ben, cal):
        await harness.join(user)
    claim = await harness.matchmaker.seek(await harness.join(ana))
    assert claim is not None
    assert claim.first.user_id == cal
    assert claim.first.haunts == (*same, 9_100)  # as they were when Cal joined
    assert claim.decision is not None
    assert [c.ticket.haunts for c in claim.decision.contenders] == [(0, 1, 2), ()]
    shown = {"call_id", "origin", "mode", "peer", "auto_accept", "expires_at", "expires_in_ms", "icebreaker"}
    assert set(CallOffered.__struct_fields__) <= shown


async def three(harness: Harness) -> tuple[str, str, str]:
    """Ben, who is as old as Ana, Cal, who goes where Ana goes, and Ana. Ben and Cal wait, and do not meet."""
    people, same = harness.people, tuple(range(9_001, 9_001 + LEAST))
    who = (("male", 30), ("male", 33), ("female", 30))
    ben, cal, ana = (people.add(gender=gender, age=age, country="FR") for gender, age in who)
    people.keep_apart(ben, cal)
    for user in (cal, ana):
        people.accounts[user] = replace(people.accounts[user], haunts=same)
    for user in (ben, cal):
        await harness.join(user)
    return ben, cal, ana


def want_it_no_more(harness: Harness, user_id: str) -> None:
    accounts = harness.people.accounts
    accounts[user_id] = replace(accounts[user_id], haunts=())


@pytest.mark.parametrize("whose", ["cal", "ana"])
async def test_who_wants_it_no_more_is_not_matched_by_it_from_then_on(store: TicketStore, whose: str) -> None:
    """Though both wait with their marks: who is as old is offered. The record knows no marks either."""
    harness = Harness(store)
    ben, cal, ana = await three(harness)
    ticket = await harness.join(ana)
    want_it_no_more(harness, {"cal": cal, "ana": ana}[whose])
    claim = await harness.matchmaker.seek(ticket)
    assert claim is not None
    assert claim.first.user_id == ben
    assert claim.decision is not None
    assert not any(contender.ticket.haunts for contender in claim.decision.contenders)


@pytest.mark.parametrize("whose", ["cal", "ana", "nobody"])
async def test_the_sweep_forgets_it_of_those_whom_it_has_judged(store: TicketStore, whose: str) -> None:
    """Ana's wish keeps her from both, until it relaxes."""
    harness = Harness(store)
    ben, cal, ana = await three(harness)
    await harness.join(ana, countries=["DE"])
    await harness.sweep("video")
    assert harness.pairs() == []
    if whose != "nobody":
        want_it_no_more(harness, {"cal": cal, "ana": ana}[whose])
    harness.clock.pass_ms(5_000)
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, cal if whose == "nobody" else ben))]


async def test_where_somebody_goes_is_known_while_they_wait_and_no_longer(redis_client: RedisClient) -> None:
    """It is read of their place in the queue, and not of the latest who came, who are kept after that."""
    region, ana = new_id(), ticket(haunts=(1 << 40, 1 << 41, 1 << 42))
    await put(RedisTickets(redis_client, region), ana)
    another = RedisTickets(redis_client, region)  # a node that has not seen them join
    assert (await another.market("video")).arrivals == (replace(ana, haunts=()),)
    assert await another.of(ana.user_id) == ana
