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


@pytest.mark.parametrize("now", [NOW, None])
def test_keys_of_one_millisecond_sort_as_they_were_made(
    now: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that nobody sets: an eighth of a microsecond later, or days."""
    made = [0, *(128 << shift for shift in range(42)), (128 << 42) - 1]
    clock = SimpleNamespace(time_ns=lambda: NOW * 1_000_000, monotonic_ns=iter(made).__next__)
    with monkeypatch.context() as patch:
        patch.setattr("core.ids.time", clock)
        patch.setattr("core.ids._BEGINNING", 0)
        keys = [new_id(now) for _ in made]
    assert sorted(keys) == keys
    assert {made_at(key) for key in keys} == {NOW}
    assert {(UUID(key).version, UUID(key).variant) for key in keys} == {(7, "specified in RFC 4122")}


def test_keys_made_at_once_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """By chance, as two processes may make them."""
    with monkeypatch.context() as patch:
        patch.setattr("core.ids.time", SimpleNamespace(monotonic_ns=lambda: 0))
        assert new_id(NOW) != new_id(NOW)


def test_the_earliest_key_comes_before_what_a_late_clock_made() -> None:
    """And so is a bound for an index, in the form in which the database has keys."""
    bound = earliest(NOW)
    assert str(UUID(bound)) == bound
    assert bound <= new_id(NOW - CLOCK_SKEW_MS) <= new_id(NOW)
    assert bound > new_id(NOW - CLOCK_SKEW_MS - 1)


def test_before_the_epoch_there_is_no_earlier_key() -> None:
    assert made_at(earliest(0)) == 0
