"""Cursors of each kind: what was written is read back, and nothing that a client makes up does harm."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.wire.cursors import BY_ID, BY_SEQ, BY_TIME, Cursors

KINDS: tuple[Cursors[Any], ...] = (BY_ID, BY_SEQ, BY_TIME)
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


@given(cursor=st.text(max_size=40) | st.binary(max_size=24).map(lambda raw: raw.hex()))
def test_a_made_up_cursor_is_read_or_refused(cursor: str) -> None:
    for kind in KINDS:
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
