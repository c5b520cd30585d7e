"""The key by which push services know us."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from core import base64url
from core.web_push_key import new_line, point, private_key, public_key


def test_browsers_subscribe_with_the_public_one() -> None:
    """RFC 8291's example of a pair."""
    assert public_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94") == (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )


def test_what_is_printed_serves_with_padding_and_without() -> None:
    line = new_line().rstrip("\n")
    assert len(base64url.read(line)) == 32
    one, other = private_key(line), private_key(f"{line}=")
    assert point(one.public_key()) == point(other.public_key())
    assert isinstance(one.curve, ec.SECP256R1)


@pytest.mark.parametrize("wrong", ["", "AAAA", "é" * 43])
def test_nothing_else_does(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        private_key(wrong)
