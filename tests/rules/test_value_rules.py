"""What a value may look like, and when two are the same."""

import pytest

from core.contract.values import OwnValue
from core.errors import AppError, InvalidRequest, PayloadTooLarge
from services.value_rules import key_of, keyed


def value(name: str, category: str = "character") -> OwnValue:
    return OwnValue(category=category, name=name, strength=80)


def test_a_value_is_kept_in_plain_spelling_with_its_key() -> None:
    """What was written, but for spaces; the key says which others are the same."""
    [kept] = keyed([value("  Being   on time ")])
    assert kept.value == value("Being on time")
    assert kept.key == key_of("character", "Being on time")
    assert len(kept.key) == 16


def test_case_width_and_spaces_make_no_difference() -> None:
    """A category does."""
    assert key_of("character", "Honesty") == key_of("Character", " \uff28ONEST\uff39 ")
    assert key_of("character", "Honesty") != key_of("work", "Honesty")
    assert key_of("a b", "c") != key_of("a", "b c")


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ([value("Honesty"), value("Calm"), value("HONESTY ")], InvalidRequest, "values[2]"),
        ([value("Calm"), value("   ")], InvalidRequest, "values[1].name"),
        ([value("Calm", category="\u200b")], InvalidRequest, "values[0].category"),
        ([value("\u0958" * 60)], PayloadTooLarge, "values[0].name"),
    ],
    ids=["said twice", "nothing to see", "hides something", "NFC makes it longer"],
)
def test_the_one_that_cannot_be_kept_is_named(
    values: list[OwnValue], error: type[AppError], field: str
) -> None:
    with pytest.raises(error) as refused:
        keyed(values)
    assert refused.value.details == {"field": field}
