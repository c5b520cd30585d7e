"""The rule of who may see whom, case by case. `tests/stores/test_visibility.py` compares its twin in SQL."""

import pytest
from msgspec.structs import replace

from core.visibility import Ban, UserFacts, can_find, can_meet, can_name, can_see, sees_card, sees_profile

NOW = 1_800_000_000_000
ANA, BEN = UserFacts(id="ana"), UserFacts(id="ben")


@pytest.mark.parametrize(
    ("ban", "holds"),
    [
        (Ban(), True),
        (Ban(until=NOW + 1), True),
        (Ban(until=NOW), False),
        (Ban(begins_at=NOW), True),
        (Ban(begins_at=NOW + 1), False),
        (Ban(begins_at=NOW + 1, until=NOW - 1), False),
        (Ban(lifted=True), False),
    ],
)
def test_a_ban_hides_its_user_while_it_holds(ban: Ban, holds: bool) -> None:
    """From everybody, themselves too; those who are banned may see others, if anybody asks."""
    banned = replace(BEN, bans=(Ban(lifted=True), ban))
    assert can_see(ANA, banned, NOW) is not holds
    assert can_see(banned, banned, NOW) is not holds
    assert can_see(banned, ANA, NOW)
    assert can_meet(ANA, banned, NOW) is not holds


def test_a_block_hides_each_from_the_other() -> None:
    blocker = replace(ANA, blocks=frozenset({BEN.id}))
    assert not can_see(blocker, BEN, NOW)
    assert not can_see(BEN, blocker, NOW)
    assert can_see(blocker, blocker, NOW)


def test_who_hides_from_contacts_is_neither_found_by_them_nor_offered_to_them() -> None:
    """Whoever of the two has the other's number. Only who hides is not found."""
    hiding = replace(BEN, hides=True, findable=True, by_phone=True)
    for ana, ben in (
        (replace(ANA, contacts=frozenset({BEN.id}), findable=True), hiding),
        (replace(ANA, findable=True), replace(hiding, contacts=frozenset({ANA.id}))),
    ):
        assert not can_meet(ana, ben, NOW)
        assert not can_meet(ben, ana, NOW)
        assert not can_find(ana, ben)
        assert can_find(ben, ana)
        assert can_see(ana, ben, NOW)
    assert can_meet(ANA, hiding, NOW)
    assert can_find(ANA, hiding)


def test_who_allows_it_is_found_by_who_has_their_number() -> None:
    ana = replace(ANA, contacts=frozenset({BEN.id}))
    assert can_find(ana, replace(BEN, by_phone=True))
    assert not can_find(ana, BEN)
    assert not can_find(ANA, replace(BEN, by_phone=True))


def test_nobody_sees_who_is_erased() -> None:
    erased = replace(BEN, erased=True)
    assert not can_see(ANA, erased, NOW)
    assert not can_meet(erased, ANA, NOW)


def test_a_list_shows_the_card_of_those_one_is_connected_with_and_may_see() -> None:
    friend = replace(ANA, connected=frozenset({BEN.id}))
    assert sees_card(friend, BEN, NOW)
    assert not sees_card(ANA, BEN, NOW)
    assert not sees_card(friend, replace(BEN, bans=(Ban(),)), NOW)


def test_who_may_be_somebody_that_one_has_blocked_or_reported_is_as_good_as_blocked() -> None:
    """For as long as the two are not connected: then they have met under this name, and said yes."""
    cal = replace(BEN, id="cal", suspected=frozenset({BEN.id}))
    for ana in (replace(ANA, blocks=frozenset({BEN.id})), replace(ANA, reports=frozenset({BEN.id}))):
        assert not can_see(ana, cal, NOW)
        assert not can_see(cal, ana, NOW)
        friends = replace(ana, connected=frozenset({cal.id})), replace(cal, connected=frozenset({ana.id}))
        assert can_meet(*friends, NOW)
        assert can_meet(ana, replace(cal, suspected=frozenset()), NOW)
        assert can_name(ana, cal, NOW), "to block and report, which an id that is not there is not"
        assert can_name(cal, ana, NOW)
    assert not can_name(replace(ANA, blocks=frozenset({cal.id})), cal, NOW)
    assert not can_name(ANA, replace(cal, bans=(Ban(),)), NOW)
    assert can_meet(ANA, cal, NOW)
    himself = replace(cal, reports=frozenset({BEN.id}))
    assert can_see(himself, himself, NOW)


def test_a_profile_is_for_those_who_have_met() -> None:
    """Not for whoever knows an id; nor for them any more, when it may not be seen. One's own is there."""
    met = replace(ANA, met=frozenset({"ben"}))
    assert sees_profile(met, BEN, NOW)
    assert sees_profile(ANA, ANA, NOW)
    assert not sees_profile(ANA, BEN, NOW)
    assert not sees_profile(met, replace(BEN, blocks=frozenset({"ana"})), NOW)
