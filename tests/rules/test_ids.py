"""Keys carry the time at which they were made, and sort by it."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from core.ids import CLOCK_SKEW_MS, earliest, made_at, new_id

NOW = 1_800_000_000_000


@pytest.mark.parametrize("at", [0, 1, NOW, (1 << 48) - 1])
def test_a_key_knows_when_it_was_made(at: int) -> None:
    assert made_at(new_id(at)) == at


def test_a_key_is_a_uuid_of_version_7() -> None:
    """RFC 9562; two of the same moment differ."""
    key = UUID(new_id(NOW))
    assert (key.version, key.variant) == (7, "specified in RFC 4122")
    assert new_id(NOW) != new_id(NOW)


def test_keys_sort_by_time() -> None:
    keys = [new_id(NOW + n) for n in range(20)]
    assert sorted(keys) == keys


def test_keys_of_one_clock_sort_within_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made a quarter of a microsecond later comes later."""
    times = [NOW * 1_000_000 + ns for ns in range(0, 3_000_000, 250)]
    with monkeypatch.context() as patch:
        patch.setattr("core.ids.time", SimpleNamespace(time_ns=iter(times).__next__))
        keys = [new_id() for _ in times]
    assert sorted(keys) == keys
    assert {UUID(key).version for key in keys} == {7}
    assert [made_at(key) for key in keys] == [at // 1_000_000 for at in times]


def test_the_earliest_key_comes_before_what_a_late_clock_made() -> None:
    """And so is a bound for an index, in the form in which the database has keys."""
    bound = earliest(NOW)
    assert str(UUID(bound)) == bound
    assert bound <= new_id(NOW - CLOCK_SKEW_MS) <= new_id(NOW)
    assert bound > new_id(NOW - CLOCK_SKEW_MS - 1)


def test_before_the_epoch_there_is_no_earlier_key() -> None:
    assert made_at(earliest(0)) == 0
