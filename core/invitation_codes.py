"""The code of an invitation: its id and a signature, so that nothing by which one could join is stored. Pure.

In characters that a URL has: 16 bytes of the id, and 16 of HMAC-SHA256 over it. Who has it may join as long
as the invitation stands, which the database says.
"""

import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core import base64url
from core.keys import SigningKey

_BYTES: Final = 16


def written(key: SigningKey, invitation_id: str) -> str:
    """The code of this invitation."""
    said = UUID(invitation_id).bytes
    return base64url.written(said + _signature(key, said))


def read(code: str, keys: Sequence[SigningKey]) -> str | None:
    """The id of the invitation; None: it is no code of ours. It may be the end of an address."""
    text = code.rpartition("/")[2]
    try:
        box = base64url.read(text)
    except ValueError:
        return None
    said, signature = box[:_BYTES], box[_BYTES:]
    # All are tried, whichever fits: how long it takes tells nothing.
    fits = [hmac.compare_digest(signature, _signature(key, said)) for key in keys]
    return str(UUID(bytes=said)) if any(fits) and len(said) == _BYTES else None


def _signature(key: SigningKey, said: bytes) -> bytes:
    return hmac.digest(key.value, said, "sha256")[:_BYTES]
