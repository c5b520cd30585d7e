"""What says something, and what only looks as if it did."""

import pytest
from msgspec import ValidationError, convert

from core.contract.comments import NewComment
from core.contract.locations import Name
from core.errors import InvalidRequest
from core.worded import worded
from services.each_once import each_once


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u200b \u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u2800",
        "\u3164",
        "\u202e",
        "\x01",
    ],
)
def test_what_shows_nothing_says_nothing(text: str) -> None:
    """A caption becomes none; a comment and a name are refused."""
    assert worded(text) is None
    for kind, said in ((NewComment, {"content": text}), (Name, text)):
        with pytest.raises(ValidationError):
            convert(said, kind)


@pytest.mark.parametrize("text", ["a", " .", "\u200ba", "क्ष", "❤️", "👩\u200d🚀", "\u200f\u05e9\u05dc"])
def test_a_sign_is_enough(text: str) -> None:
    """Whatever joins it to others, or turns the direction of writing."""
    assert worded(text) == text
    assert convert({"content": text}, NewComment).content == text


def test_nothing_is_named_twice() -> None:
    """None, and nothing at all, is named once too."""
    for ids in (None, [], ["a"], ["a", "b"]):
        each_once("location_ids", ids)
    with pytest.raises(InvalidRequest) as refused:
        each_once("location_ids", ["a", "b", "a"])
    assert refused.value.details == {"field": "location_ids"}
