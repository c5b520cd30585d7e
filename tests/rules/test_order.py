"""What the order of tests and their coverage name is there, and a shuffled order can be repeated."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.covered import TESTS
from tests.order import LONGEST_FIRST, ORDER, WAITING, put, settle, told

PROJECT = Path(__file__).parents[2]


def test_what_is_named_is_there() -> None:
    assert [name for name in (*LONGEST_FIRST, *WAITING, *TESTS) if not (PROJECT / name).exists()] == []


def ordered(how: str, tests: list[str], patch: pytest.MonkeyPatch) -> list[str]:
    patch.setenv(ORDER, how)
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in tests]
    put(items)
    return [item.nodeid for item in items]


def test_tests_can_be_run_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules stay together; a seed repeats itself, of some of the tests too, and another one is another."""
    usual = [f"{module}.py::test_{n}" for module in "abc" for n in range(20)]
    assert ordered("", usual, monkeypatch) == usual
    assert ordered("reversed", usual, monkeypatch) == usual[::-1]
    shuffled = ordered("random:7", usual, monkeypatch)
    assert shuffled not in (usual, ordered("random:8", usual, monkeypatch))
    modules = [name[0] for name in shuffled]
    assert sum(one != other for one, other in pairwise(modules)) == 2
    some = [name for name in shuffled if name.endswith("7")]
    assert ordered("random:7", some[::-1], monkeypatch) == some


def test_a_seed_is_drawn_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ORDER, "random")
    settle()
    assert told().startswith("ORDER=random:")
    drawn = told()
    settle()
    assert told() == drawn
    monkeypatch.setenv(ORDER, "backwards")
    with pytest.raises(pytest.UsageError, match="ORDER"):
        settle()
