"""What can be a chat message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract.chat import ChatSend, Message
from core.errors import AppError, Expired, Forbidden, Gone, InvalidRequest, PayloadTooLarge
from core.ids import new_id
from services.message_rules import check_message, is_deleted, is_edited, is_storable

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
        ({"content": " \n\u3000"}, InvalidRequest, "content"),
        ({"content": "a\0b"}, InvalidRequest, "content"),
        ({"client_id": "\ud800"}, InvalidRequest, "client_id"),
        ({"type": "image"}, InvalidRequest, "media_id"),
        ({"media_id": new_id()}, InvalidRequest, "media_id"),
        ({"type": "file", "media_id": new_id(), "content": "a\0b"}, InvalidRequest, "content"),
    ],
    ids=["long", "empty", "blank", "NUL", "half a pair", "a picture", "text with media", "NUL beside a file"],
)
def test_what_cannot_be_a_message_is_refused_by_its_field(
    said: dict[str, Any], error: type[AppError], field: str
) -> None:
    with pytest.raises(error) as refused:
        check_message(hello(**said), LONGEST)
    assert refused.value.details == {"field": field}


@pytest.mark.parametrize("content", [None, "", "Look"])
def test_beside_a_media_something_may_be_written(content: str | None) -> None:
    check_message(hello(type="image", media_id=new_id(), content=content), LONGEST)


def message(**said: Any) -> Message:
    ids = {"id": "m", "room_id": "r", "seq": 1, "sender_id": "ana", "client_id": "1"}
    return Message(**{**ids, "type": "text", "content": "hello", "created_at": "2026-01-01", **said})


DELETED = {"content": None, "deleted_at": "2026-01-01"}


@pytest.mark.parametrize(
    ("said", "by", "content", "age_ms", "ended", "outcome"),
    [
        ({}, "ana", "hi", 1000, False, True),
        ({}, "ana", "hi", 1001, False, Expired),
        ({}, "ana", "hello", 1001, False, False),
        ({}, "ana", "hello", 0, True, False),
        ({}, "ana", "hi", 0, True, Gone),
        ({}, "ben", "hi", 0, False, Forbidden),
        ({"type": "system", "sender_id": None}, "ana", "hi", 0, False, Forbidden),
        (DELETED, "ana", "hi", 0, False, Gone),
        (DELETED, "ana", None, 0, False, Gone),
        (DELETED, "ben", "hi", 0, False, Forbidden),
    ],
)
def test_who_edits_what_until_when(
    said: dict[str, Any], by: str, content: str | None, age_ms: int, ended: bool, outcome: Any
) -> None:
    """A repeat has no effect and is no error; the window is a second here."""
    given: dict[str, Any] = {"age_ms": age_ms, "window_ms": 1000, "ended": ended}
    if isinstance(outcome, bool):
        assert is_edited(message(**said), by, content, **given) == outcome
    else:
        with pytest.raises(outcome):
            is_edited(message(**said), by, content, **given)


@pytest.mark.parametrize(
    ("said", "by", "age_ms", "outcome"),
    [
        ({}, "ana", 1000, True),
        ({}, "ana", 1001, Expired),
        ({}, "ben", 0, Forbidden),
        (DELETED, "ana", 1001, False),
        (DELETED, "ben", 0, Forbidden),
    ],
)
def test_who_deletes_what_until_when(said: dict[str, Any], by: str, age_ms: int, outcome: Any) -> None:
    if isinstance(outcome, bool):
        assert is_deleted(message(**said), by, age_ms=age_ms, window_ms=1000) == outcome
    else:
        with pytest.raises(outcome):
            is_deleted(message(**said), by, age_ms=age_ms, window_ms=1000)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\0\ud800\udfff"))))
def test_storable_is_all_but_nul_and_halves_of_pairs(text: str) -> None:
    """Character by character, as Unicode numbers them."""
    assert is_storable(text) == all(ord(c) != 0 and not 0xD800 <= ord(c) <= 0xDFFF for c in text)
