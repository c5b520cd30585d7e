"""Cursors of each kind: what was written is read back, and nothing that a client makes up does harm."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.wire.cursors import BY_ID, BY_ID_SINCE, BY_MOMENT, BY_SEQ, BY_TIME, Cursors

KINDS: tuple[Cursors[Any], ...] = (BY_ID, BY_SEQ, BY_TIME)
SINCE: tuple[Cursors[Any], ...] = (BY_MOMENT, BY_ID_SINCE)
IDS = st.uuids().map(str)


@given(key=IDS)
def test_an_id_is_read_back(key: str) -> None:
    assert BY_ID.read(BY_ID.write(key)) == key


@given(key=st.integers(0, 2**53 - 1))
def test_a_number_is_read_back(key: int) -> None:
    assert BY_SEQ.read(BY_SEQ.write(key)) == key


@given(key=st.tuples(st.integers(0, 2**47 - 1), IDS))
def test_a_time_is_read_back(key: tuple[int, str]) -> None:
    assert BY_TIME.read(BY_TIME.write(key)) == key


@given(history=st.integers(-(2**63), 2**63 - 1), seen=st.integers(0, 2**62 - 1), last=IDS)
def test_a_moment_is_read_back(history: int, seen: int, last: str) -> None:
    assert BY_MOMENT.read(BY_MOMENT.write((history, seen))) == (history, seen)
    assert BY_ID_SINCE.read(BY_ID_SINCE.write((history, seen, last))) == (history, seen, last)


def test_who_refuses_a_cursor_names_its_field() -> None:
    with pytest.raises(InvalidRequest, match="`changed_since`"):
        BY_MOMENT.read("nonsense", "changed_since")


@given(cursor=st.text(max_size=40) | st.binary(max_size=32).map(lambda raw: raw.hex()))
def test_a_made_up_cursor_is_read_or_refused(cursor: str) -> None:
    for kind in (*KINDS, *SINCE):
        with suppress(InvalidRequest):
            assert kind.read(cursor) is not None


def test_no_cursor_is_the_beginning() -> None:
    assert [kind.read(None) for kind in KINDS] == [None, None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_of_another_list_is_refused(kind: Cursors[Any]) -> None:
    """Where its key has another length."""
    others = (BY_ID.write(str(UUID(int=1))), BY_SEQ.write(1), BY_TIME.write((1, str(UUID(int=1)))))
    read = []
    for cursor in others:
        with suppress(InvalidRequest):
            read.append(kind.read(cursor))
    assert len(read) == 1
