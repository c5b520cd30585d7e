"""Cursors: what a page gives is read back, and anything else that a client makes up is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.wire.cursors import BY_ID, BY_SEQ, BY_TIME, Cursors

ID = "01935d2e-8f3a-7000-8000-000000000001"


def test_a_cursor_stands_on_its_key() -> None:
    assert BY_ID.read(BY_ID.write(ID)) == ID
    assert BY_SEQ.read(BY_SEQ.write(2**53 - 1)) == 2**53 - 1
    assert BY_TIME.read(BY_TIME.write((1_767_225_600_000, ID))) == (1_767_225_600_000, ID)
    assert BY_ID.read(None) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "AAAA", BY_SEQ.write(1) + "A", BY_ID.write(ID)[:-1], "a b+/="]
)
def test_what_no_page_gave_is_refused(cursor: str) -> None:
    """Whatever is wrong with it: its letters or its length."""
    for kind in (BY_SEQ, BY_TIME):
        with pytest.raises(InvalidRequest):
            kind.read(cursor)


@given(st.binary(min_size=24, max_size=24))
def test_a_made_up_key_is_within_what_the_store_can_keep(raw: bytes) -> None:
    plain = Cursors(24, bytes, bytes)
    found = BY_TIME.read(plain.write(raw))
    assert found is not None
    assert 0 <= found[0] < 2**47
    seq = BY_SEQ.read(Cursors(8, bytes, bytes).write(raw[:8]))
    assert seq is not None
    assert 0 <= seq < 2**53
