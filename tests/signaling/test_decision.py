"""Which of the two decides, and when: tables for each policy, and properties that hold for all."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import Decider, DecisionPolicy, Gender
from signaling.decision import agreed, decider

POLICIES = get_args(DecisionPolicy)
GENDERS = get_args(Gender)
MIRROR: dict[Decider, Decider] = {"you": "peer", "peer": "you", "both": "both", "either": "either"}

Genders = tuple[Gender, Gender]
Vote = bool | None
Votes = tuple[Vote, Vote]

policies = st.sampled_from(POLICIES)
pairs = st.tuples(st.sampled_from(GENDERS), st.sampled_from(GENDERS))
votes = st.sampled_from([None, True, False])
both_votes = st.tuples(votes, votes)


@pytest.mark.parametrize(("own", "peer"), list(product(GENDERS, GENDERS)))
def test_female_decides(own: Gender, peer: Gender) -> None:
    """In a female-male pair she alone; in every other pair both."""
    expected = {("female", "male"): "you", ("male", "female"): "peer"}.get((own, peer), "both")
    assert decider("female_decides", own, peer) == expected


@pytest.mark.parametrize(("own", "peer"), list(product(GENDERS, GENDERS)))
def test_mutual_and_either_do_not_look_at_genders(own: Gender, peer: Gender) -> None:
    """Both must say yes, or one is enough."""
    assert decider("mutual", own, peer) == "both"
    assert decider("either", own, peer) == "either"


Y, N, NOT_YET = True, False, None
FEMALE, MALE = ("female", "male"), ("male", "female")


@pytest.mark.parametrize(
    ("policy", "genders", "connecting"),
    [
        ("female_decides", FEMALE, {(Y, Y), (Y, N), (Y, NOT_YET)}),
        ("female_decides", MALE, {(Y, Y), (N, Y), (NOT_YET, Y)}),
        ("female_decides", ("female", "female"), {(Y, Y)}),
        ("female_decides", ("other", "male"), {(Y, Y)}),
        ("mutual", FEMALE, {(Y, Y)}),
        ("either", FEMALE, {(Y, Y), (Y, N), (Y, NOT_YET), (N, Y), (NOT_YET, Y)}),
    ],
)
def test_the_votes_that_connect(policy: DecisionPolicy, genders: Genders, connecting: set[Votes]) -> None:
    """All nine states of two votes."""
    said: tuple[Vote, ...] = (Y, N, NOT_YET)
    assert {both for both in product(said, said) if agreed(policy, genders, both)} == connecting


@given(policies, pairs)
def test_each_sees_the_mirror_of_what_the_other_sees(policy: DecisionPolicy, pair: Genders) -> None:
    """`you` for one is `peer` for the other."""
    own, peer = pair
    assert decider(policy, peer, own) == MIRROR[decider(policy, own, peer)]


@given(policies, pairs, both_votes)
def test_it_is_decided_alike_from_either_side(policy: DecisionPolicy, pair: Genders, said: Votes) -> None:
    """The order of the two does not matter."""
    assert agreed(policy, pair, said) == agreed(policy, (pair[1], pair[0]), (said[1], said[0]))


@given(policies, pairs, both_votes)
def test_a_refusal_looks_like_silence(policy: DecisionPolicy, pair: Genders, said: Votes) -> None:
    """Sealed: a no and no vote yet are the same to the outcome, so a refusal never closes a decision."""
    silent = (said[0] or None, said[1] or None)
    assert agreed(policy, pair, said) == agreed(policy, pair, silent)


@given(policies, pairs, both_votes)
def test_nobody_is_connected_unasked(policy: DecisionPolicy, pair: Genders, said: Votes) -> None:
    """Connecting takes a yes, and all who decide having said yes is enough."""
    assert not agreed(policy, pair, said) or True in said
    assert agreed(policy, pair, (True, True))


@given(policies, pairs, votes, votes, votes)
def test_who_has_no_say_changes_nothing(
    policy: DecisionPolicy, pair: Genders, mine: Vote, before: Vote, after: Vote
) -> None:
    """The vote of one to whom the other decides is not looked at."""
    if decider(policy, *pair) == "you":
        assert agreed(policy, pair, (mine, before)) == agreed(policy, pair, (mine, after))
