"""Which one-time codes count, by the examples of RFC 6238 (appendix B, its last six digits)."""

from base64 import b32encode

import pytest

from services.one_time_codes import address, step_of

SECRET = b32encode(b"12345678901234567890").decode()
CODES = {1111111111: "050471", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("at_s", "code"), CODES.items())
def test_the_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    """Each in its time step, the one before and the one after, and no longer; spaces are no part of it."""
    step, start_ms = at_s // 30, at_s // 30 * 30_000
    for now in (start_ms - 30_000, start_ms, start_ms + 29_999, start_ms + 59_999):
        assert step_of(code, SECRET, now) == step
        assert step_of(f" {code[:3]} {code[3:]} ", SECRET, now) == step
    for now in (start_ms - 30_001, start_ms + 60_000):
        assert step_of(code, SECRET, now) is None


@pytest.mark.parametrize(
    "code", ["", "05047", "0504711", "050472", "\uff10\uff15\uff10\uff14\uff17\uff11", "abcdef"]
)
def test_nothing_else_is_a_code(code: str) -> None:
    assert step_of(code, SECRET, 1111111111_000) is None


def test_an_app_reads_the_address() -> None:
    told = address(SECRET, "ana_b")
    assert told == f"otpauth://totp/Realtime%20Connect:ana_b?secret={SECRET}&issuer=Realtime%20Connect"
