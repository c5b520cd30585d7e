"""Which codes of an authenticator app count (TOTP, RFC 6238). Pure: time is an argument.

A code is of six digits and belongs to a time step of 30 s. That of the step before and of the next one count
too, because clocks differ and people type slowly.
"""

import hmac

import segno
from pyotp import TOTP

ISSUER = "Realtime Connect"
_STEP_MS = 30_000
_AROUND = (0, -1, 1)


def step_of(code: str, secret: str, now: int) -> int | None:
    """The time step to which this code belongs; None if it fits none that counts."""
    this, codes = now // _STEP_MS, TOTP(secret)
    given = "".join(code.split()).encode()
    for step in (this + away for away in _AROUND):
        if hmac.compare_digest(codes.at(step * _STEP_MS // 1000).encode(), given):
            return step
    return None


def address(secret: str, username: str) -> str:
    """What an authenticator app reads from a QR code: `otpauth://totp/…`."""
    return TOTP(secret, name=username, issuer=ISSUER).provisioning_uri()


def qr_code(url: str) -> str:
    """It as a QR code, dark on white whatever is around it: the `data:` address of an SVG."""
    code = segno.make_qr(url, error="m", boost_error=False)
    return code.svg_data_uri(border=4, light="#fff", omitsize=True, encode_minimal=True)
