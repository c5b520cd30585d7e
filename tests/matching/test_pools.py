"""Where a ticket waits and where a seeker looks: everybody who may be met is found there, once."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Ticket, queue_of
from core.vocabulary import Mode
from matching.pools import band, pools_for, pools_of, shares
from matching.rules import obstacle
from tests.matching.people import ticket

GENDERS = ("female", "male", "other")
ages = st.integers(18, 120)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    low, high = sorted((draw(ages), draw(ages)))
    sought = draw(st.lists(st.sampled_from(GENDERS), min_size=1, unique=True))
    gender = draw(st.sampled_from(GENDERS))
    return ticket(age=draw(ages), gender=gender, genders=tuple(sought), age_min=low, age_max=high)


@given(one=tickets(), other=tickets())
def test_whoever_may_be_met_waits_in_one_of_the_pools_looked_at(one: Ticket, other: Ticket) -> None:
    """And nobody in two of them."""
    shared = set(pools_for(one)) & set(pools_of(other))
    assert len(shared) <= 1
    if obstacle(one, other) is None:
        assert shared


@given(one=tickets(), other=tickets(), mode=st.sampled_from(get_args(Mode)))
def test_a_probe_meets_probes_alone(one: Ticket, other: Ticket, mode: Mode) -> None:
    """Whoever both are and seek: they wait in different queues, and no rule lets them meet."""
    person, probe = replace(one, mode=mode), replace(other, mode=queue_of(mode, probe=True))
    assert person.mode != probe.mode
    assert obstacle(person, probe) is not None
    assert obstacle(probe, person) is not None
    assert (probe.probe, person.probe, probe.call_mode) == (True, False, mode)
    alike = obstacle(one, replace(other, mode=one.mode))
    assert obstacle(replace(one, mode=probe.mode), probe) == alike


def test_few_ages_are_looked_for_in_few_pools() -> None:
    """All ages in one pool for each gender."""
    assert pools_for(ticket(gender="male", genders=("female",), age_min=25, age_max=31)) == [
        "female:male:1",
        "female:male:2",
        "female:male:3",
    ]
    assert pools_for(ticket(gender="male", genders=("female", "other"))) == ["female:male", "other:male"]
    assert pools_of(ticket(gender="male", genders=("female",), age=18)) == ["male:female", "male:female:0"]
    assert band(61) < band(62) == band(120)


@given(sizes=st.lists(st.integers(0, 500), min_size=1, max_size=36), most=st.integers(1, 300))
def test_shares_are_fair_and_bounded(sizes: list[int], most: int) -> None:
    """No more than there are, all where they are few, and of each pool somebody."""
    read = shares(sizes, most)
    assert all(share <= size for share, size in zip(read, sizes, strict=True))
    assert all(share >= min(size, 2) for share, size in zip(read, sizes, strict=True)) or sum(sizes) <= most
    assert sum(read) <= max(most, 0) + 2 * len(sizes)
    if sum(sizes) <= most:
        assert list(read) == sizes
