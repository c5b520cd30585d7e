"""Whether a new account may be that of somebody who was banned: what tells, and what does not."""

from collections.abc import Sequence
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.clock import DAY_MS
from db.postgres.suspicions import Resemblance, SharedMark
from services.returning import DEFAULT_RULE, collective, suspicion, suspicions, weights

NOW = 1_800_000_000_000
ACCOUNTS = 10_000
KINDS = (
    "email",
    "mailbox",
    "phone",
    "device",
    "network",
    "photo",
    "client",
    "name",
    "person",
    "age",
    "of_tomorrow",
)
MARKS = st.builds(SharedMark, st.sampled_from(KINDS), st.integers(0, 20_000))
AGO = st.integers(-60 * DAY_MS, 400 * DAY_MS)


def like(*marks: SharedMark, opened_after: int = DAY_MS, age: int = 0, avoiders: int = 1) -> Resemblance:
    opened_at = NOW + opened_after
    return Resemblance(
        of_user_id="ben",
        marks=marks,
        banned_at=NOW,
        opened_at=opened_at,
        seen_at=opened_at + age,
        avoiders=avoiders,
    )


@pytest.mark.parametrize("proof", ["device", "mailbox", "phone", "photo"])
def test_a_proof_alone_is_enough_however_late(proof: str) -> None:
    found = suspicion(like(SharedMark(proof, 1), opened_after=300 * DAY_MS), ACCOUNTS)
    assert found is not None
    assert (found.suspect, found.kind, found.of_user_id) == (True, proof, "ben")


def test_an_address_that_anybody_could_give_tells_nothing() -> None:
    """Else who signs up with another's and is banned makes a suspect of them."""
    assert suspicion(like(SharedMark("email", 1)), ACCOUNTS) is None
    some = like(SharedMark("client", 500), SharedMark("name", 50))
    both = like(*some.marks, SharedMark("email", 1))
    assert suspicion(both, ACCOUNTS) == suspicion(some, ACCOUNTS)


def test_what_a_crowd_has_in_common_is_no_proof() -> None:
    """A device id that an app gives to everybody; of fewer it tells something, and not enough by itself."""
    assert suspicion(like(SharedMark("device", 9_000)), ACCOUNTS) is None
    some = suspicion(like(SharedMark("device", 6)), ACCOUNTS)
    assert some is not None
    assert not some.suspect


@given(
    st.lists(st.builds(SharedMark, st.just("network"), st.integers(0, 20_000))),
    st.integers(0, 1_000_000),
    st.one_of(st.just(0), AGO),
)
def test_a_network_alone_never_tells_anything(
    marks: list[SharedMark], accounts: int, opened_after: int
) -> None:
    """However rare, and however soon after the ban."""
    assert suspicion(like(*marks, opened_after=opened_after), accounts) is None


@given(st.lists(MARKS, max_size=6), st.lists(MARKS, max_size=6), st.integers(0, 1_000_000), AGO)
def test_more_marks_in_common_never_weigh_less(
    marks: list[SharedMark], more: list[SharedMark], accounts: int, opened_after: int
) -> None:
    def weight(marks: Sequence[SharedMark]) -> float:
        return sum(weights(like(*marks, opened_after=opened_after), accounts).values())

    def degree(marks: Sequence[SharedMark]) -> int:
        found = suspicion(like(*marks, opened_after=opened_after), accounts)
        return 0 if found is None else 1 + found.suspect

    assert weight(marks) <= weight([*marks, *more]) + 1e-9
    assert degree(marks) <= degree([*marks, *more])


@given(st.sampled_from(KINDS), st.integers(1, 5_000), st.integers(0, 5_000), AGO)
def test_a_mark_that_more_people_bear_never_weighs_more(
    kind: str, bearers: int, more: int, opened_after: int
) -> None:
    rare, common = (like(SharedMark(kind, n), opened_after=opened_after) for n in (bearers, bearers + more))
    assert sum(weights(rare, ACCOUNTS).values()) >= sum(weights(common, ACCOUNTS).values())


@pytest.mark.parametrize("opened_after", [-5 * DAY_MS, 0])
def test_what_strangers_see_of_somebody_makes_no_suspect_of_them(opened_after: int) -> None:
    """Or whoever has talked with her could take her name, age and kind of phone, and be banned under them."""
    seen = SharedMark("name", 1), SharedMark("age", 900), SharedMark("client", 200)
    found = suspicion(like(*seen, opened_after=opened_after), ACCOUNTS)
    assert found is not None
    assert not found.suspect
    own = suspicion(like(*seen, SharedMark("network", 2), opened_after=opened_after), ACCOUNTS)
    assert own is not None
    assert own.suspect


def test_a_home_and_a_phone_tell_more_than_a_campus_and_the_same_phone() -> None:
    """And a campus, where a thousand are behind one network, is not enough for a suspect."""
    phone = SharedMark("client", 400)
    home = suspicion(like(SharedMark("network", 2), phone), ACCOUNTS)
    campus = suspicion(like(SharedMark("network", 1_000), phone), ACCOUNTS)
    assert home is not None
    assert campus is not None
    assert (home.suspect, campus.suspect) == (True, False)
    assert home.shared == ("client", "network", "soon")


def test_the_sooner_after_the_ban_the_more_it_weighs() -> None:
    """Before the ban nothing; and what has faded is not named."""
    marks = SharedMark("network", 2), SharedMark("client", 30)
    at = [suspicion(like(*marks, opened_after=days * DAY_MS), ACCOUNTS) for days in (-5, 0, 1, 30)]
    before, first, second, late = [found.weight if found else 0.0 for found in at]
    assert before == pytest.approx(late, abs=0.01)
    assert late < second < first
    assert at[3] is not None
    assert "soon" not in at[3].shared


def test_born_on_the_same_day_is_not_counted_twice() -> None:
    both = weights(like(SharedMark("person", 3), SharedMark("age", 2_000)), ACCOUNTS)
    assert both == weights(like(SharedMark("person", 3)), ACCOUNTS)


def test_among_a_handful_of_accounts_little_is_rare() -> None:
    """Nobody is a suspect there for what half of them have in common."""
    marks = SharedMark("network", 5), SharedMark("client", 5), SharedMark("person", 3)
    assert suspicion(like(*marks, opened_after=0), 6) is None
    assert suspicion(like(*marks), 0) is None
    namesake = SharedMark("name", 1), SharedMark("person", 20), SharedMark("network", 40)
    found = suspicion(like(*namesake, opened_after=0), 50)
    assert found is None or not found.suspect
    certain = like(SharedMark("device", 1))
    assert (sure := suspicion(certain, 3, DEFAULT_RULE)) is not None
    assert sure.suspect


def test_a_newcomer_as_old_as_somebody_banned_is_kept_apart_for_weeks_and_no_suspect() -> None:
    """Of the same day too, whatever else is shared and tells nothing; a month later, or before, nothing."""
    for age in (SharedMark("age", 900), SharedMark("person", 900)):
        for days, apart in ((-1, False), (0, True), (30, True), (31, False)):
            found = suspicion(like(age, opened_after=days * DAY_MS), ACCOUNTS)
            assert (found is not None) is apart, days
            assert found is None or (found.kind, found.suspect, found.weight) == ("age", False, 0)
    assert suspicion(like(SharedMark("network", 9_000)), ACCOUNTS) is None
    assert suspicion(like(SharedMark("age", 900), age=30 * DAY_MS), ACCOUNTS) is not None
    assert suspicion(like(SharedMark("age", 900), age=31 * DAY_MS), ACCOUNTS) is None


@given(st.lists(st.integers(0, 400), max_size=50), st.integers(0, 300))
def test_to_be_as_old_keeps_nobody_from_more_than_a_fiftieth(avoiders: list[int], proven: int) -> None:
    """Whatever weighs by itself counts beside that, and one whom too many avoid is in nobody's way."""
    as_old = [like(SharedMark("age", 900), avoiders=each) for each in avoiders]
    proof = like(SharedMark("device", 1), avoiders=proven)
    found = suspicions([*as_old, proof], ACCOUNTS)
    assert [each.kind for each in found if each.suspect] == ["device"]
    room, kept = ACCOUNTS // 50, 0
    for each in avoiders:
        if each <= room:
            room, kept = room - each, kept + 1
    assert len(found) == kept + 1


@given(MARKS, st.lists(MARKS), st.integers(0, 100_000), AGO)
def test_to_be_as_old_keeps_nobody_apart_where_many_are_or_few_are_there(
    mark: SharedMark, more: list[SharedMark], accounts: int, opened_after: int
) -> None:
    """Where it does, there are a thousand accounts, of whom a quarter is so at most; it makes no suspect."""
    found = suspicion(like(mark, *more, opened_after=opened_after), accounts)
    if found is not None and found.weight == 0:
        alike = [each.bearers for each in (mark, *more) if each.kind in ("age", "person")]
        assert (found.kind, found.suspect) == ("age", False)
        assert accounts >= 1_000
        assert min(alike) <= accounts / 4


@given(st.lists(MARKS), st.integers(0, 100_000), AGO)
def test_what_newcomers_are_asked_takes_nothing_from_what_else_tells(
    marks: list[SharedMark], accounts: int, opened_after: int
) -> None:
    """Who is suspected without that rule is suspected just so with it."""
    without = replace(DEFAULT_RULE, newcomer_days=-1.0)
    resemblance = like(*marks, opened_after=opened_after)
    found = suspicion(resemblance, accounts, without)
    assert found is None or found == suspicion(resemblance, accounts)


SCHOOL = SharedMark("person", 30), SharedMark("client", 70), SharedMark("name", 60)


def test_what_many_have_in_common_is_not_rare_together() -> None:
    """Each part of it is, and makes a suspect of who is the only one to have all three."""
    one = like(*SCHOOL, opened_after=0)
    alone = suspicion(one, ACCOUNTS)
    assert alone is not None
    assert alone.suspect
    assert collective(one, ACCOUNTS) == ("client", "name", "person")
    found = suspicion(replace(one, together=30), ACCOUNTS)
    assert found is not None
    assert (found.suspect, found.shared, found.of_user_id) == (False, alone.shared, "ben")
    assert found.weight == pytest.approx(log(ACCOUNTS / 30) + DEFAULT_RULE.soon, abs=0.01)


def test_a_proof_is_one_whoever_else_bears_the_rest() -> None:
    certain = like(*SCHOOL, SharedMark("device", 1))
    assert collective(certain, ACCOUNTS) == ()
    assert suspicion(replace(certain, together=5_000), ACCOUNTS) == suspicion(certain, ACCOUNTS)


@given(st.lists(MARKS, max_size=6), st.integers(0, 1_000_000), st.integers(0, 5_000), AGO)
def test_that_others_bear_all_of_it_makes_nobody_a_suspect_and_keeps_apart_as_before(
    marks: list[SharedMark], accounts: int, together: int, opened_after: int
) -> None:
    """And who is no suspect by themselves need not be counted for it."""
    alone = like(*marks, opened_after=opened_after)
    before, after = (suspicion(each, accounts) for each in (alone, replace(alone, together=together)))
    assert (before is None) is (after is None)
    if before is not None and after is not None:
        assert after.shared == before.shared
        assert (after.suspect, after.weight) <= (before.suspect, before.weight)
        assert before.suspect or collective(alone, accounts) == ()
