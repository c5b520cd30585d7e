"""The code that a place shows on a screen: of this place, for half a minute, signed. Pure.

`rc1.<place>.<window>.<signature>`: the place's id and the number of the window in time, in hexadecimal
digits; the signature is HMAC-SHA256, cut to 16 bytes, over both and the `version` of the place's codes:
another version voids whatever was copied. A reader takes the windows beside its own too, for clocks that
differ.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from core.keys import SigningKey

WINDOW_MS: Final = 30_000
_BESIDE: Final = 1
_SIGNATURE_BYTES: Final = 16
_CODE: Final = re.compile(r"(?:.*[/#=])?rc1\.([0-9a-f]{32})\.([0-9a-f]{1,12})\.([0-9a-f]{32})", re.DOTALL)


class PlaceCode(Struct, frozen=True):
    """A code, and when the next one is to be shown, in ms."""

    text: str
    until: int


def shown(key: SigningKey, location_id: str, version: int, now: int) -> PlaceCode:
    """The code of this place for now."""
    window = now // WINDOW_MS
    signature = _signature(key, location_id, version, window)
    text = f"rc1.{UUID(location_id).hex}.{window:x}.{signature.hex()}"
    return PlaceCode(text, (window + 1) * WINDOW_MS)


def is_of(code: str, keys: Sequence[SigningKey], location_id: str, version: int, at: int) -> bool:
    """Whether the place showed this code then. It may be the end of an address."""
    found = _CODE.fullmatch(code)
    if found is None or found[1] != UUID(location_id).hex:
        return False
    window, signature = int(found[2], 16), bytes.fromhex(found[3])
    if abs(window - at // WINDOW_MS) > _BESIDE:
        return False
    # All are tried, whichever fits: how long it takes tells nothing.
    fits = [hmac.compare_digest(signature, _signature(key, location_id, version, window)) for key in keys]
    return any(fits)


def _signature(key: SigningKey, location_id: str, version: int, window: int) -> bytes:
    said = UUID(location_id).bytes + version.to_bytes(4) + window.to_bytes(8)
    return hmac.digest(key.value, said, "sha256")[:_SIGNATURE_BYTES]
