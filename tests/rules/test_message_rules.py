"""What can be a chat message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract.chat import ChatSend
from core.errors import AppError, InvalidRequest, PayloadTooLarge
from core.ids import new_id
from services.message_rules import check_message, is_storable

LONGEST = 10


def hello(**said: Any) -> ChatSend:
    return ChatSend(**{"room_id": new_id(), "client_id": "1", "content": "hello", **said})


@pytest.mark.parametrize("content", ["h", "x" * LONGEST, "\U0001f642" * LONGEST])
def test_a_text_may_be_as_long_as_allowed(content: str) -> None:
    """Counted in code points."""
    check_message(hello(content=content), LONGEST)


@pytest.mark.parametrize(
    ("said", "error", "field"),
    [
        ({"content": "x" * (LONGEST + 1)}, PayloadTooLarge, "content"),
        ({"content": ""}, InvalidRequest, "content"),
        ({"content": "a\0b"}, InvalidRequest, "content"),
        ({"client_id": "\ud800"}, InvalidRequest, "client_id"),
        ({"type": "image"}, InvalidRequest, "type"),
        ({"media_id": new_id()}, InvalidRequest, "media_id"),
    ],
    ids=["long", "empty", "NUL", "half a pair", "a picture", "text with media"],
)
def test_what_cannot_be_a_message_is_refused_by_its_field(
    said: dict[str, Any], error: type[AppError], field: str
) -> None:
    with pytest.raises(error) as refused:
        check_message(hello(**said), LONGEST)
    assert refused.value.details == {"field": field}


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\0\ud800\udfff"))))
def test_storable_is_all_but_nul_and_halves_of_pairs(text: str) -> None:
    """Character by character, as Unicode numbers them."""
    assert is_storable(text) == all(ord(c) != 0 and not 0xD800 <= ord(c) <= 0xDFFF for c in text)
