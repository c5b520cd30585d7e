"""What a client sends is taken exactly, or refused with the name of the field."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract import check_ins, comments, locations, mentors, partners, redemptions, reward_rules
from core.contract.calls import CallReport, CallSignal
from core.contract.presence import PresenceWatch
from core.contract.queue import QueueJoin
from core.contract.session import ConnectAuth
from core.errors import AppError, InvalidRequest, PayloadTooLarge
from core.wire.decode import decode, decode_json
from core.wire.message import Command

CALL = "0190a000-0000-7000-8000-000000000000"


def refusal(data: object, kind: Any = QueueJoin) -> AppError:
    """The error that this message gets."""
    with pytest.raises(AppError) as caught:
        decode(data, kind)
    return caught.value


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "mode"),
        ({"mode": "smoke"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"mode": b"voice"}, "mode"),
        ({"mode": "voice", "colour": 1}, "colour"),
        ({"mode": "voice", "preferences": {"age_min": 17}}, "preferences.age_min"),
        ({"mode": "voice", "preferences": {"age_min": "20"}}, "preferences.age_min"),
        ({"mode": "voice", "preferences": {"age_min": 20.0}}, "preferences.age_min"),
        ({"mode": "voice", "preferences": {"age_min": True}}, "preferences.age_min"),
        ({"mode": "voice", "preferences": {"genders": ["male", "x"]}}, "preferences.genders[1]"),
        ({"mode": "voice", "preferences": {"genders": []}}, "preferences.genders"),
        ({"mode": "voice", "preferences": {"shoe size": 44}}, "preferences.shoe size"),
        ({"mode": "voice", "preferences": {"languages": ["en\n"]}}, "preferences.languages[0]"),
        ({"mode": "voi\0ce"}, "mode"),
        ({"mode": "\ud800"}, "mode"),
        (
            {"mode": "voice", "preferences": {"languages": ["en"], "genders": ["male", "\ud800"]}},
            "preferences.genders[1]",
        ),
    ],
)
def test_a_wrong_field_is_named(data: object, field: str) -> None:
    """The path of the field is in `details` and in the sentence, without words of the decoder."""
    error = refusal(data)
    assert isinstance(error, InvalidRequest)
    assert error.details == {"field": field}
    assert error.message.startswith(f"`{field}` ")
    assert "$" not in error.message
    assert "regex" not in error.message


def test_a_device_is_none_with_a_newline_behind() -> None:
    """What is announced to one device has a line for its name."""
    assert decode({"token": "t", "device_id": "her phone"}, ConnectAuth).device_id == "her phone"
    error = refusal({"token": "t", "device_id": "her phone\n"}, ConnectAuth)
    assert error.details == {"field": "device_id"}


def test_a_key_is_no_key_with_a_newline_behind() -> None:
    """What matches a pattern but for a final newline would be an error in PostgreSQL."""
    assert refusal({"call_id": f"{CALL}\n", "epoch": 0}, CallSignal).details == {"field": "call_id"}


@pytest.mark.parametrize(
    ("data", "kind", "field"),
    [
        ({"call_id": CALL, "reason": "spam", "note": "x" * 2001}, CallReport, "note"),
        ({"user_ids": [CALL] * 201}, PresenceWatch, "user_ids"),
    ],
)
def test_a_field_too_long_has_a_code_of_its_own(data: object, kind: Any, field: str) -> None:
    """Texts and lists alike."""
    error = refusal(data, kind)
    assert isinstance(error, PayloadTooLarge)
    assert error.details == {"field": field}


@pytest.mark.parametrize("data", [None, 1, "x", [], [{"mode": "voice"}]])
def test_a_message_is_an_object(data: object) -> None:
    """No field can be named when the whole is wrong."""
    error = refusal(data)
    assert (error.code, error.details) == ("invalid_request", None)


def test_the_name_of_a_field_is_repeated_at_no_length() -> None:
    """A client cannot make the answer as long as its message."""
    assert len(refusal({"x" * 60_000: 1}).message) < 300


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nope",
        b"\xff{}",
        b'{"mode": "\xff"}',
        b"{} {}",
        b"NaN",
        b"1e999",
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_is_an_invalid_request(raw: bytes) -> None:
    """Malformed, truncated, bad UTF-8, too deep."""
    with pytest.raises(InvalidRequest):
        decode_json(raw, QueueJoin)


def test_json_is_read() -> None:
    """The same Struct from bytes as from parsed values."""
    data = {"mode": "video", "preferences": {"genders": ["female"], "age_min": 30}}
    assert decode_json(json.dumps(data).encode(), QueueJoin) == decode(data, QueueJoin)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(), max_size=9) | st.sampled_from(["mode", "call_id"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(data=JSON, event=st.sampled_from(sorted(Command.registry)))
def test_nothing_else_than_an_error_of_the_catalogue(data: object, event: str) -> None:
    """Whatever arrives, for whichever command."""
    kind = Command.registry[event]
    with contextlib.suppress(InvalidRequest, PayloadTooLarge):
        assert isinstance(decode(data, kind), kind)


@given(raw=st.binary(max_size=200) | JSON.map(lambda d: repr(d).encode("utf-8", "replace")))
def test_bytes_give_a_struct_or_an_error(raw: bytes) -> None:
    """No body brings the decoder down."""
    with contextlib.suppress(InvalidRequest, PayloadTooLarge):
        decode_json(raw, QueueJoin)


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [
        (comments.NewComment, "content", " \n"),
        (locations.NewLocation, "name", " "),
        (locations.LocationPatch, "address", " "),
        (locations.LocationPatch, "city", "\t"),
        (locations.LocationPatch, "amenities", [" "]),
        (partners.PartnerPatch, "name", " "),
        (reward_rules.RulePatch, "title", " "),
        (reward_rules.RulePatch, "milestone", "ten_check_ins"),
        (mentors.MentorPatch, "title", " "),
        (mentors.MentorPatch, "bio", " "),
        (mentors.MentorPatch, "specialization", [" "]),
        (check_ins.Flag, "reason", " "),
        (redemptions.Reversal, "reason", " "),
    ],
)
def test_what_has_to_be_said_says_something(kind: Any, field: str, said: Any) -> None:
    """A place without a name to see, a reason that gives none or a milestone that is none helps nobody."""
    named = (refusal({field: said}, kind).details or {}).get("field", "")
    assert named.partition("[")[0] == field
