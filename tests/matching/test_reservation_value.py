"""What each who waits has reason to expect, what they ask for, and what sweeps make of it."""

import random
from itertools import chain, pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from core.ticket import Market, Ticket, Wait
from matching.candidate_pairs import CandidatePairs, Pair, both_ends
from matching.curve import Curve
from matching.policy import Policy
from matching.reservation_value import ReservationValues
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness
from tests.matching.people import T0, ticket

POLICY = Policy(patience_ms=60_000)
NOBODY: frozenset[str] = frozenset()


def crowd(number: int, seconds: int, seed: int = 1) -> list[Ticket]:
    """People of all kinds who came over so many seconds, until T0."""
    chance = random.Random(seed)
    return [
        ticket(
            joined_at=T0 - 1000 * seconds * n // number,
            age=chance.randint(20, 40),
            gender=chance.choice(("female", "male")),
            intent=chance.choice(("casual", "friends", "serious", "networking")),
            country=chance.choice(("DE", "FR", "ES")),
            languages=[chance.choice(("en", "de"))],
        )
        for n in range(number)
    ]


def values_of(arrivals: list[Ticket], **seen: Any) -> ReservationValues:
    reservation_values = POLICY.reservation_values()
    reservation_values.see(Market(arrivals=tuple(arrivals), **seen), T0)
    return reservation_values


def see(candidate_pairs: CandidatePairs, waiting: list[Ticket]) -> None:
    for new in candidate_pairs.see(waiting):
        candidate_pairs.add(new)


def pairs(candidate_pairs: CandidatePairs, now: int, reservation_values: ReservationValues) -> list[Pair]:
    return list(chain.from_iterable(candidate_pairs.worth_matching(now, reservation_values)))


def test_a_curve_solves_its_equation() -> None:
    """The sum of what may come less what waiting costs, against small steps; never below 0, never falling."""
    chance = random.Random(7)
    cases = ((0.05, 0.01, 0.0), (0.5, 0.01, 0.0), (0.02, 0.2, 0.0), (1.0, 0.0, 0.0), (0.05, 0.01, 0.3))
    for rate, cost, called in cases:
        scores = [chance.random() for _ in range(12)]
        curve, value, step = Curve(scores, rate, cost, called), 0.0, 0.001
        for n in range(20_000):
            if n % 1_000 == 0:
                assert curve.at(n * step) == pytest.approx(value, abs=2e-3)
            gain = rate * sum(score - value for score in scores if score > value) - cost
            gain += called * (sum(scores) / len(scores) - value)
            value += step * max(0.0, gain)
        points = [curve.at(r) for r in range(-5, 100)]
        assert points[0] == 0
        assert all(before <= after for before, after in pairwise(points))


def test_a_curve_solves_its_equation_where_people_leave() -> None:
    """It may fall with time left then, down to nothing; also of equal scores, and where nobody comes."""
    chance = random.Random(3)
    for _ in range(30):
        scores = [round(chance.random() * 1.5, 1) for _ in range(chance.randint(0, 12))]
        rate, cost = chance.choice((0.02, 0.2, 1.0)), chance.choice((0.0, 0.008, 0.2))
        called, departure = chance.choice((0.0, 0.3)), chance.choice((0.0, 1.5))
        leaving = [(n * 1.7, chance.choice((0.0, 0.05, 0.5, 5.0))) for n in range(chance.randint(1, 5))]
        curve = Curve(scores, rate, cost, called, leaving, departure)
        mean, value, step = sum(scores) / max(1, len(scores)), 0.0, 0.005
        for n in range(2_000):
            if n % 200 == 0:
                assert curve.at(n * step) == pytest.approx(value, abs=0.03)
            hazard = [each for since, each in leaving if since <= n * step][-1]
            gain = rate * sum(score - value for score in scores if score > value) - cost
            gain += called * (mean - value) - hazard * (departure + value)
            value = max(0.0, value + step * gain)


def test_where_nobody_comes_every_permitted_pair_is_matched() -> None:
    """Two lone strangers who hardly fit have nothing to wait for."""
    ana, ben = ticket(intent="serious", languages=["de"]), ticket(intent="casual", age=50)
    lonely = values_of([ana, ben])
    assert lonely.asked(ana, ben, T0) <= 0
    assert POLICY.survey(ana, [ben], NOBODY, T0, lonely).choices


def test_where_many_come_more_is_asked_and_less_with_waiting() -> None:
    """In a stream a poor fit is left for later; near the end of patience nothing is asked."""
    busy = values_of(crowd(150, 15))
    ana, ben = ticket(intent="serious", languages=["de"]), ticket(intent="casual", age=50)
    asked = [busy.asked(ana, ben, T0 + waited) for waited in (0, 25_000, 50_000, 57_000)]
    assert asked[0] > 0.3
    assert asked == sorted(asked, reverse=True)
    assert asked[-1] <= 0
    assert not POLICY.survey(ana, [ben], NOBODY, T0, busy).choices
    assert POLICY.survey(ana, [ben], NOBODY, T0 + 57_000, busy).choices


def test_everyone_looked_at_may_be_offered_or_was_removed_for_a_reason() -> None:
    """By a rule, by a wish of either, or because more is asked of the pair by now."""
    ana = ticket(intent="serious", languages=["de"], country="DE", countries=("DE",))
    alike: dict[str, Any] = {"intent": "serious", "languages": ["de"], "country": "DE"}
    best, poor = ticket(**alike), ticket(intent="casual", age=50, country="DE")
    others = [best, poor, ticket(genders=("male",)), ticket(age_max=20), ticket(country="FR")]
    survey = POLICY.survey(ana, others, NOBODY, T0, values_of(crowd(150, 15)))
    assert [choice.ticket for choice in survey.choices] == [best]
    assert survey.removed == {"asked": 1, "gender": 1, "age": 1, "countries": 1}
    assert survey.considered == len(others)


def test_who_comes_again_soon_expects_what_they_did() -> None:
    """As after a skip: for half a minute, unless they are judged by something else by now."""
    ana, values = ticket(intent="serious", languages=["de"]), values_of(crowd(150, 15))

    def expects(after_ms: int, **changed: Any) -> float:
        now, others = T0 + after_ms, crowd(150, 15, seed=2)
        came = [replace(one, joined_at=one.joined_at + after_ms) for one in others]
        values.see(Market(arrivals=tuple(came)), now)
        return values.worth(replace(ana, id=f"after {after_ms}", joined_at=now, **changed), now)

    first = values.worth(ana, T0)
    assert expects(2_000) == expects(29_000) == first
    assert (later := expects(31_000)) != first
    assert expects(32_000, age_max=25) != later


def test_who_stands_in_a_long_line_asks_for_little() -> None:
    """What counts is what the scarce side may expect."""
    arrivals = crowd(150, 15)
    woman = ticket(gender="female", genders=("male",), intent="friends")
    man = ticket(gender="male", genders=("female",), intent="networking", languages=["xx"])
    stock = {("male", "female"): 300, ("female", "male"): 3}
    lopsided = values_of(arrivals, stock=stock)
    hers = lopsided.worth(woman, T0) - POLICY.stance.meeting
    assert lopsided.asked(woman, man, T0) == pytest.approx(hers, abs=0.02)
    assert lopsided.worth(woman, T0) > lopsided.worth(man, T0)


def test_where_many_give_up_there_is_less_to_hold_out_for() -> None:
    """Their last call would take those who hold out; without last calls it makes no difference."""
    arrivals, ana = crowd(150, 15), ticket(gender="female", genders=("male",))
    given_up = (Wait("male:female", None),) * 50
    calm, pressed = values_of(arrivals), values_of(arrivals, waits=given_up)
    assert pressed.worth(ana, T0) < calm.worth(ana, T0) - 0.01
    choosy = replace(POLICY, stance=replace(POLICY.stance, last_call_ms=0)).reservation_values()
    choosy.see(Market(arrivals=tuple(arrivals), waits=given_up), T0)
    assert choosy.worth(ana, T0) == calm.worth(ana, T0)
    assert not choosy.last_call(ana, T0 + POLICY.patience_ms)


def test_a_burst_is_no_stream() -> None:
    """200 came at once and nobody since: after some seconds nobody is expected."""
    burst = crowd(200, 1)
    reservation_values = values_of(burst)
    reservation_values.see(Market(arrivals=tuple(burst)), T0 + 5_001)
    assert reservation_values.worth(burst[0], T0 + 5_001) == 0


def test_who_came_before_a_clock_was_set_back_is_no_stream() -> None:
    """Else nobody who fits less well would be offered for as long as it went back."""
    busy = crowd(200, 20)
    reservation_values = values_of(busy)
    assert reservation_values.worth(busy[0], T0) > 0
    ana, ben = [ticket(joined_at=T0 - 60_000, **who) for who in ({}, {"intent": "casual", "age": 50})]
    reservation_values.see(Market(arrivals=(ben, ana, *busy)), T0 - 60_000)
    assert reservation_values.asked(ana, ben, T0 - 60_000) <= 0


def test_candidate_pairs_are_those_that_the_policy_would_match() -> None:
    """Judging each pair once gives what ranking everyone anew gives, at any time."""
    people = sorted(crowd(60, 60, seed=3), key=lambda t: t.joined_at)
    busy = values_of(crowd(150, 15))
    candidate_pairs = CandidatePairs(POLICY, 100)
    see(candidate_pairs, people)
    for now in (T0, T0 + 20_000, T0 + 40_000):
        found = {frozenset((p.one.id, p.other.id)): p.score for p in pairs(candidate_pairs, now, busy)}
        ranked = {
            frozenset((one.id, choice.ticket.id)): choice.score
            for one in people
            for choice in POLICY.survey(one, people, NOBODY, now, busy).choices
        }
        assert found == pytest.approx(ranked)
        assert found


def test_candidate_pairs_forget_who_left_and_who_is_kept_apart() -> None:
    """Those who are gone, and those whom the matchmaker may not match, are not proposed again."""
    ana, ben, cal = (ticket(joined_at=T0 + n) for n in range(3))
    candidate_pairs, lonely = CandidatePairs(POLICY, 100), POLICY.reservation_values()
    see(candidate_pairs, [ana, ben, cal])
    candidate_pairs.part(Pair(ana, cal, 1.0, 0.0))
    left = {frozenset((p.one.id, p.other.id)) for p in pairs(candidate_pairs, T0, lonely)}
    assert left == {frozenset((ana.id, ben.id)), frozenset((ben.id, cal.id))}
    see(candidate_pairs, [ana, cal])
    assert not pairs(candidate_pairs, T0, lonely)


def test_of_many_the_pairs_are_looked_at_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some at a time, and in the end each."""
    monkeypatch.setattr("matching.candidate_pairs._LOOKED_AT_ONCE", 2)
    people = [ticket(joined_at=T0 + n) for n in range(5)]
    candidate_pairs, lonely = CandidatePairs(POLICY, 100), POLICY.reservation_values()
    see(candidate_pairs, people)
    turns = [{pair.other.id for pair in pairs(candidate_pairs, T0, lonely)} for _ in range(3)]
    assert all(len(turn) <= 2 for turn in turns)
    assert set().union(*turns) == {person.id for person in people[1:]}


def test_of_a_long_queue_both_ends_are_read() -> None:
    """The first for fairness, the last for choice."""
    queue = {t.id: t for t in (ticket(joined_at=T0 + n) for n in range(7))}
    ids = list(queue)
    assert [t.id for t in both_ends(queue, 4)] == [ids[0], ids[1], ids[6], ids[5]]
    assert [t.id for t in both_ends(queue, 7)] == ids


async def test_a_crowd_that_joins_at_once_is_matched_within_seconds(store: TicketStore) -> None:
    """People of all kinds: choosy while they come, and nobody left waiting for more of them."""
    harness = Harness(store)
    users = [harness.people.add(age=20 + n % 20, gender="female" if n % 2 else "male") for n in range(60)]
    async with harness.matching():
        for user in users:
            await harness.join(user)
        for _ in range(14):
            harness.clock.pass_ms(500)
            await harness.sweep("video")
        await harness.until_pairs(30)
    assert frozenset().union(*harness.pairs()) == set(users)
