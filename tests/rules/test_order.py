"""What the order of tests and their coverage name is there: after a renaming they would be void."""

from pathlib import Path

from tests.covered import TESTS
from tests.order import LONGEST_FIRST, WAITING

PROJECT = Path(__file__).parents[2]


def test_what_is_named_is_there() -> None:
    assert [name for name in (*LONGEST_FIRST, *WAITING, *TESTS) if not (PROJECT / name).exists()] == []
