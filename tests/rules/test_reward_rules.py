"""What earns which reward, and why one is not redeemed."""

from typing import Any

import pytest

from core.happenings import (
    CheckedIn,
    FirstCall,
    Happening,
    KeptConnection,
    LevelIs,
    MentorSession,
    MilestoneReached,
    StreakIs,
)
from core.reward_rules import Due, RewardFacts, Rule, Terms, due, mistake, why_not

NOW = 1_800_000_000_000


def rule(kind: Any, **terms: Any) -> Rule:
    return Rule(id="r", kind=kind, **terms)


def at_gym(nth: int, nth_at: int) -> CheckedIn:
    return CheckedIn(at="gym", nth=nth, nth_at=nth_at)


@pytest.mark.parametrize(
    ("asks", "happens", "occasion"),
    [
        (rule("check_in", every=5), at_gym(10, 1), "2"),
        (rule("check_in", every=5), at_gym(11, 5), None),
        (rule("check_in", every=5, at="gym"), at_gym(11, 5), "1"),
        (rule("check_in", every=5, at="gym"), at_gym(10, 4), None),
        (rule("check_in", every=5, at="coffee"), at_gym(10, 5), None),
        (rule("check_in"), at_gym(1, 1), "1"),
        (rule("check_in", every=5), at_gym(0, 0), None),
        (rule("kept_connection", every=3), KeptConnection(6), "2"),
        (rule("mentor_session", every=3), MentorSession(4), None),
        (rule("mentor_session"), MentorSession(4), "4"),
        (rule("streak", reaches=7), StreakIs(6), None),
        (rule("streak", reaches=7), StreakIs(7), ""),
        (rule("streak", reaches=7), StreakIs(12), ""),
        (rule("level", reaches=3), LevelIs(2), None),
        (rule("level", reaches=3), LevelIs(3), ""),
        (rule("streak", reaches=3), LevelIs(5), None),
        (rule("milestone", milestone="ten"), MilestoneReached("ten"), ""),
        (rule("milestone", milestone="ten"), MilestoneReached("two"), None),
        (rule("first_call"), FirstCall(), ""),
        (rule("first_call"), KeptConnection(1), None),
    ],
)
def test_what_a_rule_owes(asks: Rule, happens: Happening, occasion: str | None) -> None:
    """And for which occasion, by which it owes nothing twice."""
    assert due([asks], [happens]) == ([] if occasion is None else [Due("r", occasion)])


def test_several_rules_are_owed_in_one_order() -> None:
    """Whoever locks them does so in the same, and what happens twice at once is owed once."""
    rules = [Rule(id=name, kind="streak", reaches=1) for name in "cab"]
    assert [each.rule_id for each in due(rules, [StreakIs(1), StreakIs(2)])] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(kind="streak", reaches=7), None),
        (Terms(kind="level", reaches=5), None),
        (Terms(kind="milestone", milestone="ten"), None),
        (Terms(kind="check_in", every=9, at="gym"), None),
        (Terms(kind="first_call"), None),
        (Terms(kind="first_call", every=2), "every"),
        (Terms(kind="mentor_session", at="gym"), "at"),
        (Terms(kind="streak"), "reaches"),
        (Terms(kind="check_in", reaches=3), "reaches"),
        (Terms(kind="level", reaches=1), "reaches"),
        (Terms(kind="level", reaches=6), "reaches"),
        (Terms(kind="milestone"), "milestone"),
        (Terms(kind="check_in", milestone="ten"), "milestone"),
    ],
)
def test_a_rule_that_makes_no_sense_names_the_field(terms: Terms, field: str | None) -> None:
    wrong = mistake(terms)
    assert (wrong and wrong[0]) == field


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"partner_id": "here", "expires_at": NOW + 1}, None),
        ({"partner_id": "there"}, "other_partner"),
        ({"expires_at": NOW}, "expired"),
        ({"type": "badge"}, "not_redeemable"),
        ({"redeemed_at": NOW - 1, "expires_at": NOW}, "already_redeemed"),
        ({"redeemed_at": NOW - 2, "reversed_at": NOW - 1}, "reversed"),
        ({"user_id": "sam"}, "own_reward"),
    ],
)
def test_why_a_reward_is_not_redeemed(facts: dict[str, Any], reason: str | None) -> None:
    reward = RewardFacts(**{"user_id": "ana", "type": "coffee", **facts})
    assert why_not(reward, "here", "sam", NOW) == reason
