"""Codes that hold for half a minute: signed by us, for one thing, at one time."""

import pytest

from core.ids import new_id
from core.keys import Keyring
from core.signed_codes import LONGEST_CODE, NotOurs, SignedCodes

NOW = 1_800_000_000_500


def codes(secret: str = "one", previous: str = "") -> SignedCodes:
    return SignedCodes(Keyring(secret, previous).keys("code of a reward"))


def test_a_code_says_what_it_is_for_and_holds_for_half_a_minute() -> None:
    subject, own = new_id(), codes()
    code = own.write(subject, NOW)
    assert code.expires_at == 1_800_000_030_000
    assert len(code.text) <= LONGEST_CODE
    fresh = {s: own.read(code.text, NOW + s * 1000).fresh for s in (-6, -5, 0, 30, 34, 35)}
    assert fresh == {-6: False, -5: True, 0: True, 30: True, 34: True, 35: False}
    assert own.read(code.text, NOW).subject == subject


def test_codes_change_with_time() -> None:
    subject, own = new_id(), codes()
    assert own.write(subject, NOW).text != own.write(subject, NOW + 1000).text


def test_what_somebody_else_has_signed_is_none_of_ours() -> None:
    """Another secret, another purpose, another subject under the same signature."""
    subject, other, own = new_id(), new_id(), codes()
    code, others = own.write(subject, NOW).text, own.write(other, NOW).text
    purpose = SignedCodes(Keyring("one").keys("access token")).write(subject, NOW).text
    mixed = code[:40] + others[40:]
    wrong = [codes("two").write(subject, NOW).text, purpose, mixed, code[:-1], code + "A", code.lower(), ""]
    for text in (*wrong, "ä" * len(code), code[:20] + "ä" + code[21:], "X" + code[1:]):
        with pytest.raises(NotOurs):
            own.read(text, NOW)


def test_a_code_of_the_secret_before_counts_still() -> None:
    subject = new_id()
    before = codes("old").write(subject, NOW).text
    assert codes("new", "old").read(before, NOW).subject == subject
    with pytest.raises(NotOurs):
        codes("new").read(before, NOW)
