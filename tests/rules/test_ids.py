"""Identifiers: UUIDv7, which sort by time."""

from uuid import UUID

from core.ids import is_id, new_id

NOW = 1_772_323_199_999


def test_an_id_says_when_it_was_made() -> None:
    """In its first 48 bits, so that keys sort by time; version and variant are those of RFC 9562."""
    made = UUID(new_id(NOW))
    assert (made.int >> 80, made.version, made.variant) == (NOW, 7, "specified in RFC 4122")
    assert new_id(NOW) < new_id(NOW + 1)
    assert new_id(NOW) != new_id(NOW)


def test_a_key_has_one_spelling() -> None:
    made = new_id()
    assert is_id(made)
    for wrong in (made.upper(), f"{made}\n", f"{{{made}}}", made.replace("-", ""), "", "nonsense"):
        assert not is_id(wrong)
