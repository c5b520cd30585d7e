"""Which one-time codes count, by the examples of RFC 6238 (appendix B, its last six digits)."""

import re
from base64 import b32encode
from urllib.parse import unquote

import pytest

from services.one_time_codes import address, qr_code, step_of

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


def test_the_qr_code_is_a_picture_that_can_be_read_on_any_ground() -> None:
    """White with four empty rows around it, and at its left the first line of two corners."""
    kind, _, svg = unquote(qr_code(address(SECRET, "ana_b"))).partition(",")
    assert kind == "data:image/svg+xml;charset=utf-8"
    [side] = {int(side) for side in re.findall(r"viewBox='0 0 (\d+) \d+'", svg)}
    assert f"<path fill='#fff' d='M0 0h{side}v{side}h-{side}z'/>" in svg
    first = re.search(r"stroke='#000' d='M4 4\.5h7(.*?)h7m-", svg)
    assert first, svg
    assert 7 + 7 + sum(map(int, re.findall(r"\d+", first[1]))) == side - 2 * 4
