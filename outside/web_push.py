"""Notifications to browsers: Web Push (RFC 8030), for the browser alone (RFC 8291), in our name (RFC 8292).

Where to send is what a browser has said, so it may be anything: nothing is sent but over TLS to public
addresses, and we go nowhere else that we are sent to.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core import base64url
from core.clock import Clock
from core.errors import Unavailable
from core.web_push_key import CURVE, point
from db.postgres.devices import Target
from outside.answers import retry_later
from outside.fitting import fitting
from outside.public_addresses import NotPublic, PublicAddresses, check_public
from outside.shared_client import SharedClient
from services.ports import Pushed, Refused, Undeliverable

_RECORD = 4096  # what every push service takes (RFC 8030, 7.2)
_AROUND = 16 + 4 + 1 + 65 + 1 + 16  # salt, size, length, key; a delimiter and a tag
MOST_BYTES = _RECORD - _AROUND
_IDLE_S = 15  # clients name the services, and there may be many
_TOKEN_S = 12 * 3600  # at most a day (RFC 8292, 2)
_GONE = (404, 410)  # RFC 8030, 7.3; the older way to say so is the first
# What we said is wrong, and not who was to hear it: an operator mends that.
_OURS = (400, 401, 403, 413)


class WebPush:
    """Implements `services.ports.Push` for `web`. It has to be `close`d.

    `key`: ours, by which push services know us.
    """

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        *,
        contact: str,
        clock: Clock,
        timeout_s: float = 10,
        anywhere: bool = False,
        chance: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """`contact`: where push services reach us. `anywhere`: they may be on this machine, as in tests."""
        self._key, self._contact, self._clock = key, contact, clock
        self._anywhere, self._chance = anywhere, chance
        self._client = SharedClient(
            timeout_s=timeout_s, idle_s=_IDLE_S, resolver=None if anywhere else PublicAddresses
        )
        self._tokens: dict[str, tuple[str, int]] = {}

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken. Raises `Unavailable`, `Refused`, and `Undeliverable` where nobody is subscribed."""
        subscription = device.subscription or {}
        try:
            endpoint = str(subscription["endpoint"])
            body = encrypted(message(pushed), subscription["keys"], chance=self._chance)
            if not self._anywhere:
                check_public(endpoint)
        except (KeyError, ValueError) as error:
            raise Undeliverable(f"A subscription does not serve ({type(error).__name__}).") from None
        public = base64url.written(point(self._key.public_key()))
        headers = {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Authorization": f"vapid t={self._token(endpoint)}, k={public}",
            "TTL": str(pushed.ttl_s),
            "Urgency": "high" if pushed.urgent else "normal",
            "Topic": topic(pushed.topic),
        }
        try:
            async with self._client.posted(endpoint, data=body, headers=headers) as response:
                status, again = response.status, response.headers.get("Retry-After")
        except NotPublic:
            raise Undeliverable("A subscription leads to no public address.") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"A push service does not serve ({type(error).__name__}).") from None
        if status in _GONE:
            raise Undeliverable(f"A push service answers {status}.")
        if status in _OURS:
            raise Refused(f"A push service answers {status}: does it know PUSH_WEB_KEY and PUSH_CONTACT?")
        if not 200 <= status < 300:
            raise retry_later("A push service", status, again)

    async def close(self) -> None:
        """What is on its way is not waited for."""
        await self._client.close()

    def _token(self, endpoint: str) -> str:
        """Who we are, for that service; the same for as long as it is good for an hour."""
        parts, now_s = urlsplit(endpoint), self._clock() // 1000
        origin = f"{parts.scheme}://{parts.netloc}"
        token, until = self._tokens.get(origin, ("", 0))
        if until - now_s < _TOKEN_S // 12:
            until = now_s + _TOKEN_S
            claims = {"aud": origin, "exp": until, "sub": self._contact}
            token = jwt.encode(claims, self._key, algorithm="ES256")
            if len(self._tokens) > 100:
                self._tokens.clear()
            self._tokens[origin] = token, until
        return token


def message(pushed: Pushed) -> bytes:
    """What the page's service worker shows, with a body as long as every push service takes."""
    return fitting(lambda body: _said(pushed, body), pushed.body, MOST_BYTES)


def _said(pushed: Pushed, body: str) -> bytes:
    if pushed.closes:
        return msgspec.json.encode({"id": pushed.id, "close": pushed.closes})
    shown = {"id": pushed.id, "title": pushed.title, "body": body, "url": pushed.url, "tag": pushed.topic}
    return msgspec.json.encode(shown | ({} if pushed.kind == "notification" else {"kind": pushed.kind}))


def encrypted(
    message: bytes,
    keys: Mapping[str, Any],
    *,
    chance: Callable[[int], bytes] = os.urandom,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body for a browser with these `keys` (`p256dh`, `auth`), in one record. Raises `ValueError`.

    RFC 8291, 3.4, and RFC 8188, 2. `sender` and `chance`: in tests; a key is used for one message.
    """
    theirs, auth = base64url.read(keys["p256dh"]), base64url.read(keys["auth"])
    sender = sender or ec.generate_private_key(CURVE)
    ours = point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    material = _derived(auth, shared, b"WebPush: info\x00" + theirs + ours, 32)
    salt = chance(16)
    key = _derived(salt, material, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(salt, material, b"Content-Encoding: nonce\x00", 12)
    header = salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, message + b"\x02", None)


def topic(name: str) -> str:
    """At most 32 characters of base64url (RFC 8030, 5.4): of one topic a service keeps the newest."""
    return base64url.written(HKDF(SHA256(), 24, None, b"topic").derive(name.encode()))


def _derived(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
