"""Why these two: what is kept of a decision, and deciding it again, by search and by sweep."""

import random
from collections.abc import Sequence

import msgspec
import pytest

from core.ticket import Claim, Claimed, Market, MatchDecision, Ticket, claimed
from matching.policy import Choice, Policy, Survey
from matching.recorder import Recorder
from matching.replay import replay
from matching.score import Weights
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness
from tests.matching.people import T0, new_id, ticket

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def harness(store: TicketStore) -> Harness:
    return Harness(store)


def decision_of(claim: Claim | None) -> MatchDecision:
    assert claim is not None
    assert claim.decision is not None
    return claim.decision


async def test_a_search_is_decided_again(harness: Harness) -> None:
    """The scores are those that were decided by, in their parts; the reasons add up to who was considered."""
    people = harness.people
    intents = ("serious", "friends", "casual")
    users = [people.add(gender="male", intent=i, country="DE", age=a) for i in intents for a in (25, 30, 41)]
    for user in users:
        await harness.join(user)
        harness.clock.pass_ms(700)
    ana = people.add(intent="serious", country="DE", age=26)
    claim = await harness.matchmaker.seek(await harness.join(ana, age_max=40))
    told = replay(new_id(), decision_of(claim))
    assert claim is not None
    assert told.road == "search"
    assert told.reproduced
    assert told.seeker.user_id == ana
    assert [c.outcome for c in told.candidates] == ["won"] + ["lower"] * (len(told.candidates) - 1)
    assert told.candidates[0].user_id == claim.first.user_id == users[0]
    assert told.candidates[0].waited_ms == 9 * 700
    assert (told.considered, told.removed["age"]) == (9, 3)
    assert len(told.candidates) + sum(told.removed.values()) == told.considered
    for candidate in told.candidates:
        assert candidate.score == pytest.approx(candidate.decided_score, abs=1e-12)
        assert sum(candidate.parts.values()) == pytest.approx(candidate.score)
        assert candidate.gain == pytest.approx(
            candidate.score - harness.policy.stance.regard * candidate.asked
        )
    gains = [candidate.gain for candidate in told.candidates]
    assert gains == sorted(gains, reverse=True)
    assert f"Of 9 considered, {len(gains)} could be offered" in told.why


async def test_who_had_to_be_avoided_or_was_taken_is_named(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better ones whom the winner was preferred to for another reason than the score."""
    blocked, taken, third = (harness.people.add(gender="male") for _ in range(3))
    for user in (blocked, taken, third):
        await harness.join(user)
        harness.clock.pass_ms(10)
    ana = harness.people.add()
    harness.people.keep_apart(ana, blocked)
    claim_it = harness.tickets.claim

    async def slower_once(claim: Claim, instead: Sequence[Ticket], *, aloud: bool) -> Claimed:
        if claim.first.user_id == taken:
            return claimed(claim, [claim.first], 1)
        return await claim_it(claim, instead, aloud=aloud)

    monkeypatch.setattr(harness.tickets, "claim", slower_once)
    told = replay(new_id(), decision_of(await harness.matchmaker.seek(await harness.join(ana))))
    outcomes = [(candidate.user_id, candidate.outcome) for candidate in told.candidates]
    assert outcomes == [(blocked, "avoided"), (taken, "taken"), (third, "won")]
    assert "1 must not meet the seeker; 1 had been taken" in told.why


async def test_who_is_taken_since_better_ones_were_gone_is_recorded_as_the_winner(harness: Harness) -> None:
    """Also by a node that finds the claim unfinished."""
    men = [await harness.join(harness.people.add(gender="male")) for _ in range(5)]
    ana = await harness.join(harness.people.add())
    choices = [Choice(man, 0.9 - nth / 10, 0.1) for nth, man in enumerate(men)]
    decision = Recorder(harness.policy, 2).record(
        "search",
        ana,
        Survey(choices=choices, removed={}),
        choices[1],
        avoid={men[0].user_id},
        taken=(),
        now=T0,
        instead=choices[2:4],
    )
    claim = Claim(call_id=new_id(), first=men[1], second=ana, claimed_at=T0, decision=decision)
    await harness.queue.remove(men[1].user_id, "left")
    assert (await harness.tickets.claim(claim, men[2:4])).claim.first == men[2]
    await harness.matchmaker.finish(await harness.tickets.unfinished(T0))
    (made,) = harness.nodes[0].offers.made.values()
    assert made.first == men[2]
    fates = [(contender.ticket.id, contender.fate) for contender in decision_of(made).contenders]
    expected = ("avoided", "taken", "won", "lower")
    assert fates == [(man.id, fate) for man, fate in zip(men, expected, strict=False)]


async def test_a_sweep_is_decided_again(harness: Harness) -> None:
    """What waiting made possible: a wish has relaxed, and the best of those who wait wins."""
    ben, cem = harness.people.add(gender="male", age=50), harness.people.add(gender="male", age=30)
    for user in (ben, cem):
        await harness.join(user, genders=["female"])
    eve, ana = harness.people.add(age=30), harness.people.add(age=30)
    harness.people.keep_apart(ana, eve)
    await harness.join(ana, countries=["DE"])
    harness.clock.pass_ms(5_000)
    await harness.queue.renew([ana, ben, cem])
    await harness.sweep("video")
    (claim,) = harness.nodes[0].offers.made.values()
    told = replay(claim.call_id, decision_of(claim))
    assert {claim.first.user_id, claim.second.user_id} == {ana, cem}
    assert (told.road, told.reproduced, told.seeker.user_id) == ("sweep", True, ana)
    assert [(c.user_id, c.outcome) for c in told.candidates] == [(cem, "won"), (ben, "lower")]
    assert told.considered == 2


async def test_a_decision_outlives_the_node_that_made_it(harness: Harness) -> None:
    """It died after the claim: the node that finishes the claim has the decision too."""
    await harness.join(harness.people.add(gender="male"))
    harness.nodes[0].offers.fails.append(ValueError("the node dies here"))
    with pytest.raises(ValueError, match="dies here"):
        await harness.matchmaker.seek(await harness.join(harness.people.add()))
    (left,) = await harness.tickets.unfinished(T0 + 60_000)
    assert replay(left.call_id, decision_of(left)).reproduced


def test_what_is_kept_is_what_was_judged_by() -> None:
    """No name, text, picture or device; and no more people than were asked for."""
    policy = Policy()
    seeker = ticket(gender="female")
    others = [
        ticket(gender="male", display_name="Ben Secret", bio="My secret", city="Secret", photo_url="/secret")
        for _ in range(100)
    ]
    survey = policy.survey(seeker, others, NOBODY, T0, policy.reservation_values())
    record = Recorder(policy, 8).record
    first = record("search", seeker, survey, survey.choices[0], avoid=(), taken=(), now=T0)
    assert len(first.contenders) == 8
    assert b"ecret" not in msgspec.msgpack.encode(first)
    assert all(contender.ticket.device == "" for contender in first.contenders)
    # A hundred who had to be avoided before the winner do not make the record grow without end.
    avoid = {choice.ticket.user_id for choice in survey.choices[:-1]}
    last = record("search", seeker, survey, survey.choices[-1], avoid=avoid, taken=(), now=T0)
    assert len(last.contenders) == 32
    assert [contender.fate for contender in last.contenders] == ["avoided"] * 31 + ["won"]
    assert last.considered == 100
    told = replay(new_id(), last)
    assert told.candidates[-1].user_id == survey.choices[-1].ticket.user_id


def test_a_policy_that_has_changed_since_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code, that is: weights and times are those of then."""
    policy = Policy()
    seeker, other = ticket(), ticket()
    survey = policy.survey(seeker, [other], NOBODY, T0, policy.reservation_values())
    kept = Recorder(policy, 8).record("search", seeker, survey, survey.choices[0], avoid=(), taken=(), now=T0)
    assert replay(new_id(), kept).reproduced
    worse = msgspec.structs.replace(kept.contenders[0], score=0.1)
    assert not replay(new_id(), msgspec.structs.replace(kept, contenders=(worse,))).reproduced


def test_a_sweep_that_had_not_come_to_a_better_one_says_so() -> None:
    """It looks at pairs in turns; what was gone by then is told apart."""
    policy, seeker = Policy(), ticket(intent="serious")
    best, second, third = ticket(intent="serious"), ticket(intent="serious", age=31), ticket()
    survey = policy.survey(seeker, [third, second, best], NOBODY, T0, policy.reservation_values())
    kept = Recorder(policy, 8).record(
        "sweep", seeker, survey, survey.choices[2], avoid=(), taken={second.id}, now=T0
    )
    assert [(c.ticket.id, c.fate) for c in kept.contenders] == [
        (best.id, "unseen"),
        (second.id, "taken"),
        (third.id, "won"),
    ]
    assert "1 had been taken; 1 had not had their turn in the sweep" in replay(new_id(), kept).why


@pytest.mark.parametrize("seed", range(5))
def test_every_score_is_the_one_that_was_decided_by(seed: int) -> None:
    """Whatever people are like, after the way through the store, and though a market asked for something."""
    chance = random.Random(seed)
    names = ("calm", "fun", "home", "work")
    people = [
        ticket(
            joined_at=T0 - chance.randrange(60_000),
            age=chance.randint(18, 60),
            intent=chance.choice(("casual", "friends", "serious", "networking")),
            country=chance.choice(("DE", "FR", None)),
            languages=chance.sample(("en", "de", "fr"), 2),
            values={name: chance.gauss(0, 0.5) for name in names if chance.random() < 0.7},
            tier=chance.choice(("neutral", "trusted")),
            haunts=tuple(chance.sample(range(900, 910), chance.choice((0, 2, 8)))),
        )
        for _ in range(80)
    ]
    policy = Policy(shares=Weights(**{n: chance.random() for n in Weights.__struct_fields__}).shares())
    reservation_values = policy.reservation_values()
    reservation_values.see(Market(arrivals=tuple(people)), T0)
    now = T0 + chance.randrange(20_000)
    survey = policy.survey(people[0], people[1:], NOBODY, now, reservation_values)
    kept = Recorder(policy, 80).record(
        "search", people[0], survey, survey.choices[0], avoid=(), taken=(), now=now
    )
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=MatchDecision)
    told = replay(new_id(), stored)
    assert len(told.candidates) == len(survey.choices) > 0
    for candidate, choice in zip(told.candidates, survey.choices, strict=True):
        assert candidate.decided_score == choice.score
        assert candidate.score == pytest.approx(choice.score, abs=1e-12)
        assert sum(candidate.parts.values()) == pytest.approx(candidate.score, abs=1e-12)
    assert told.reproduced
