"""Who we are, for APNs: a token that is signed by a key of the operator's team, and good for an hour."""

from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from core.clock import Clock
from services.ports import AskAgain

# Apple refuses one that is older than an hour, and whoever makes one more often than each 20 minutes.
_RENEWED_MS, _LEAST_MS = 50 * 60_000, 20 * 60_000


class ApnsAccount(Struct, frozen=True, kw_only=True):
    """The team, its key, and the app that is pushed to: its bundle's id."""

    key: ec.EllipticCurvePrivateKey
    key_id: str
    team_id: str
    topic: str


def apns_key(given: str) -> ec.EllipticCurvePrivateKey:
    """In this file, as Apple gives it, or in this text. Raises `OSError`, which names the setting."""
    try:
        # An environment may have the text in one line.
        text = given.replace("\\n", "\n") if "PRIVATE KEY" in given else Path(given).read_text("ascii")
        key = load_pem_private_key(text.encode(), None)
    except OSError as error:
        raise OSError(f"PUSH_APNS: {given} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):  # what is none, or sealed
        raise OSError("PUSH_APNS: this is no key for APNs, as Apple gives it (.p8)") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise OSError("PUSH_APNS: this is another kind of key than Apple gives for APNs (.p8)")
    return key


class ApnsToken:
    """The one that this process has now."""

    def __init__(self, account: ApnsAccount, clock: Clock) -> None:
        self._account, self._clock = account, clock
        self._token, self._made = "", 0

    def current(self) -> str:
        """It is good for some minutes at least."""
        if not self._token or self._age_ms() >= _RENEWED_MS:
            self._make()
        return self._token

    def other_than(self, refused: str) -> str:
        """Another one than that, which was too old for Apple; one, however many were refused with the same.

        Raises `AskAgain` while it is too young to make another.
        """
        if self._token == refused:
            left_ms = _LEAST_MS - self._age_ms()
            if left_ms > 0:
                raise AskAgain("APNs takes a new token of ours for an old one.", after_ms=left_ms)
            self._make()
        return self._token

    def _age_ms(self) -> int:
        return self._clock() - self._made

    def _make(self) -> None:
        account, self._made = self._account, self._clock()
        claims = {"iss": account.team_id, "iat": self._made // 1000}
        self._token = jwt.encode(claims, account.key, "ES256", headers={"kid": account.key_id})
