"""Bytes as text that an address has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import base64url


@given(st.binary(max_size=80))
def test_what_was_written_is_read(data: bytes) -> None:
    text = base64url.written(data)
    assert not set(text) & set("=+/")
    assert base64url.read(text) == data
    assert base64url.read(text + "=" * (-len(text) % 4)) == data, "padded by another"


@pytest.mark.parametrize("wrong", ["A", "AA A", "A=AA", "é" * 4, "AAA\n"])
def test_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url.read(wrong)
