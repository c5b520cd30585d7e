"""The rules of who may meet whom, and how well two people fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings
from core.ticket import Ticket
from matching.policy import Choice, Policy
from matching.rules import obstacle, permitted
from matching.score import Weights, closeness
from realtime.matchmaking.queue import unit
from tests.matching.people import T0, ticket

NOBODY: frozenset[str] = frozenset()
NOBODY_COMES = Policy().reservation_values()  # nobody came lately: nothing to expect


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"gender": "female", "genders": ("male",)}, {"gender": "male", "genders": ("female",)}, None),
        ({"gender": "female", "genders": ("male",)}, {"gender": "female"}, "gender"),
        ({"age": 30, "age_max": 35}, {"age": 36}, "age"),
        ({"age": 30, "age_max": 36}, {"age": 36}, None),
        ({"age": 30, "age_min": 27}, {"age": 26}, "age"),
        ({"mode": "voice"}, {"mode": "video"}, "mode"),
        ({"age": 17, "age_min": 1}, {"age": 17, "age_min": 1}, "adult"),
        ({"device": "a phone"}, {"device": "a phone"}, "device"),
        ({"device": ""}, {"device": ""}, None),
        ({"user_id": "ana"}, {"user_id": "ana"}, "account"),
        ({"tier": "suspect"}, {"tier": "neutral"}, "trust"),
        ({"tier": "suspect"}, {"tier": "suspect"}, None),
        ({"tier": "trusted"}, {"tier": "neutral"}, None),
        ({"languages": ["de"]}, {"languages": ["fr"]}, None),
    ],
)
def test_hard_rules_hold_both_ways(one: dict[str, Any], other: dict[str, Any], reason: str | None) -> None:
    """A rule forbids a pair, whichever of the two asks."""
    ana, ben = ticket(**one), ticket(**other)
    assert (obstacle(ana, ben), obstacle(ben, ana)) == (reason, reason)
    assert permitted(ana, [ben, ben]) == ([] if reason else [ben, ben])
    assert permitted(ben, [ana]) == ([] if reason else [ana])


def test_a_common_language_is_a_rule_where_the_operator_says_so() -> None:
    ana, ben = ticket(languages=["de"]), ticket(languages=["fr"])
    assert (obstacle(ana, ben, common_language=True), obstacle(ana, ben)) == ("language", None)
    assert obstacle(ana, ticket(languages=["fr", "de"]), common_language=True) is None


ACCOUNTS = ("ana", "ben", "cal")
ANYBODY = st.builds(
    ticket,
    user_id=st.sampled_from(ACCOUNTS),
    gender=st.sampled_from(("female", "male")),
    genders=st.sampled_from((("female",), ("male",), ("female", "male"))),
    age=st.integers(16, 21),
    age_min=st.integers(1, 20),
    age_max=st.integers(17, 22),
    mode=st.sampled_from(("video", "video", "voice")),
    device=st.sampled_from(("", "", "a phone")),
    tier=st.sampled_from(("neutral", "trusted", "suspect")),
    languages=st.sampled_from((["de"], ["fr"], ["de", "fr"])),
)


@given(ANYBODY, st.lists(ANYBODY, max_size=12), st.booleans())
def test_of_many_those_are_permitted_between_whom_no_rule_stands(
    one: Ticket, others: list[Ticket], common_language: bool
) -> None:
    """In their order."""
    allowed = [each for each in others if obstacle(one, each, common_language=common_language) is None]
    assert permitted(one, others, common_language=common_language) == allowed


def test_those_to_avoid_are_never_ranked() -> None:
    """A block, or a meeting not long ago, outweighs any score."""
    ana, ben, cal = ticket(country="DE"), ticket(country="DE"), ticket(intent="serious")
    ranked = Policy().survey(ana, [ben, cal], frozenset({ben.user_id}), T0, NOBODY_COMES).choices
    assert [choice.ticket for choice in ranked] == [cal]


@pytest.mark.parametrize(
    ("wish", "at_ms"),
    [
        ({"countries": ("DE",)}, 5_000),
        ({"intents": ("serious",)}, 10_000),
        ({"wished_languages": ("de",)}, 20_000),
    ],
)
def test_wishes_relax_with_waiting(wish: dict[str, Any], at_ms: int) -> None:
    """A wish holds until its time has come, whichever of the two wished."""
    ana, ben = ticket(**wish), ticket(country="FR", intent="casual", languages=["fr"])
    policy = Policy()
    for seeker, other in ((ana, ben), (ben, ana)):
        assert not policy.survey(seeker, [other], NOBODY, T0 + at_ms - 1, NOBODY_COMES).choices
        assert policy.survey(seeker, [other], NOBODY, T0 + at_ms, NOBODY_COMES).choices
    assert list(policy.relaxes(ana, T0).values()) == [at_ms]
    assert not policy.relaxed(ana, T0 + at_ms - 1)
    assert policy.relaxed(ana, T0 + at_ms)


def test_the_best_fit_comes_first_and_of_equals_the_oldest() -> None:
    """Intent, language, country, values and age all count."""
    ana = ticket(intent="serious", country="DE", languages=["de"], values={"calm": 1.0}, age=30)
    alike: dict[str, Any] = {
        "intent": "serious",
        "country": "DE",
        "languages": ["de"],
        "values": {"calm": 1.0},
        "age": 30,
    }
    best = ticket(**alike)
    later = ticket(**alike, joined_at=T0 + 1)
    worse = [
        ticket(**{**alike, **change})
        for change in ({"intent": "casual"}, {"country": "FR"}, {"languages": ["fr"]}, {"age": 40})
    ]
    opposite = ticket(**{**alike, "values": {"calm": -1.0}})
    ranked = (
        Policy(shares=Weights(wait=0).shares())
        .survey(ana, [*worse, opposite, later, best], NOBODY, T0, NOBODY_COMES)
        .choices
    )
    assert [choice.ticket for choice in ranked[:2]] == [best, later]
    assert len(ranked) == 7


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 99))
def test_of_those_who_are_as_good_as_the_best_another_comes_first_for_each(
    hairs: list[int], who: int
) -> None:
    """Nobody is lost, and whoever is worse by more than a hair stays where they were."""
    policy = Policy()
    scores = sorted((0.9 - hair / 10_000 for hair in hairs), reverse=True)
    choices = [Choice(ticket(), score, 0.0) for score in scores]
    spread = policy.spread(choices, ticket(id=f"seeker {who}"))
    alike = [choice for choice in choices if choice.score >= scores[0] - 0.001]
    assert sorted(spread[: len(alike)], key=policy.order) == sorted(alike, key=policy.order)
    assert spread[len(alike) :] == choices[len(alike) :]


def test_seekers_begin_with_different_people() -> None:
    """As far as there are as many who are alike."""
    policy, choices = Policy(), [Choice(ticket(), 0.5, 0.0) for _ in range(8)]
    firsts = {policy.spread(choices, ticket(id=f"seeker {nth}"))[0].ticket.id for nth in range(100)}
    assert firsts == {choice.ticket.id for choice in choices}
    assert policy.spread([], ticket()) == []


def test_a_score_is_the_sum_of_its_parts_whoever_asks() -> None:
    """What is told to people is what was decided by; a perfect fit is worth 1."""
    ana, ben = ticket(country="DE", values={"calm": 1.0}), ticket(country="DE", values={"calm": 1.0})
    cal = ticket(age=50, intent="casual", tier="trusted")
    policy = Policy()
    for one, other in ((ana, ben), (ana, cal), (cal, ben)):
        (chosen,) = policy.survey(one, [other], NOBODY, T0 + 60_000, NOBODY_COMES).choices
        (back,) = policy.survey(other, [one], NOBODY, T0 + 60_000, NOBODY_COMES).choices
        (told,) = policy.consider(one, [other], NOBODY, T0 + 60_000, NOBODY_COMES)
        assert chosen.score == pytest.approx(told.score) == pytest.approx(back.score)
    (perfect,) = policy.survey(ana, [ben], NOBODY, T0 + 300_000, NOBODY_COMES).choices
    assert perfect.score == pytest.approx(1)


def test_values_are_close_when_people_care_for_the_same() -> None:
    """Strengths count by how far they are from indifference; nothing known is neither close nor far."""
    calm, wild, merry, vague, silent = (
        ticket(values=unit(strengths))
        for strengths in ({"calm": 100, "fun": 0}, {"fun": 100, "calm": 0}, {"fun": 100}, {"calm": 50}, {})
    )
    assert closeness(calm, calm) == pytest.approx(1)
    assert closeness(calm, wild) == pytest.approx(0)
    assert closeness(calm, merry) == closeness(merry, calm) == pytest.approx((1 - 0.5**0.5) / 2)
    assert closeness(calm, vague) == closeness(calm, silent) == 0.5


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=12))
def test_values_are_as_close_whichever_way_it_is_computed(strengths: list[tuple[int, int]]) -> None:
    """Of the same keys, and of more where nothing is known: the cosine."""
    one, other = (
        ticket(values=unit({f"v{n}": pair[side] for n, pair in enumerate(strengths)})) for side in (0, 1)
    )
    cosine = sum(strength * other.values.get(key, 0.0) for key, strength in one.values.items())
    known = one.values and other.values
    assert closeness(one, other) == pytest.approx((1 + cosine) / 2 if known else 0.5, abs=1e-12)


@given(
    st.tuples(*[st.tuples(st.integers(18, 60), st.sampled_from("ab"), st.integers(0, 100))] * 2),
    st.floats(0, 1),
    st.integers(0, 400_000),
)
def test_a_score_is_exact_where_it_is_enough(people: Any, least: float, waited_ms: int) -> None:
    """What is below what is asked for is so by any way to compute it; all else is the sum of its parts."""
    policy = Policy()
    one, other = (
        ticket(age=age, intent=word, languages=[word], country=word, values=unit({"v": strength, word: 80}))
        for age, word, strength in people
    )
    now = T0 + waited_ms
    whole = sum(policy.consider(one, [other], NOBODY, now, NOBODY_COMES)[0].parts.values())
    assert policy.score(one, other, now) == pytest.approx(whole, abs=1e-12)
    told = policy.scores(one, now)(other, least)
    assert told == policy.score(one, other, now) or max(told, whole) < least


def test_the_policy_is_what_the_operator_has_set() -> None:
    """Untouched settings are the policy that the benchmark measures; a weight of 0 counts for nothing."""
    assert Policy.of(Settings()) == Policy()
    weights = {name: 0.0 for name in Settings.__struct_fields__ if name.startswith("match_weight_")}
    chosen: dict[str, Any] = {
        **weights,
        "match_weight_age": 3.0,
        "match_wait_cost": 0.5,
        "match_departure_cost": 0.25,
        "relax_intents_s": 0,
        "queue_s": 60,
    }
    policy = Policy.of(Settings(**chosen, match_last_call="off"))
    assert policy.stance.last_call_ms == 0
    assert (policy.shares.age, policy.shares.intent) == (1, 0)
    assert (policy.stance.cost, policy.stance.departure) == (0.5, 0.25)
    assert (policy.relaxation["intents"], policy.patience_ms) == (0, 60_000)
    ana, ben = ticket(age=30, intent="serious", intents=("serious",)), ticket(age=30, intent="casual")
    assert policy.removed(ana, ben, NOBODY, T0) is None
    assert policy.score(ana, ben, T0) == 1
