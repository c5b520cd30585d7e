"""Keys for one purpose each, derived from the operator's secrets (HKDF-SHA256, RFC 5869). Pure.

From one key no other can be found, and what is signed for one purpose is not valid for another. What was
signed with the previous secret still counts, so that a secret can be changed while people are signed in.

What is stored for long is sealed with `DATA_KEYS`, once the operator has begun with that, and what is found
by a keyed hash is hashed with keys that are kept in the database, sealed with those. So neither depends on
`SECRET` any more (docs/security.md).
"""

import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, get_args, overload

from msgspec import Struct

from core.settings import Settings

# What is stored, and has to be opened or found for long.
Lasting = Literal[
    "one-time codes",
    "sent codes",
    "logins",
    "media at rest",
    "marks of accounts",
    "evidence",
    "jobs",
    "addresses",
    "fields",
]
# A new use of a secret is a new purpose.
Purpose = (
    Lasting
    | Literal[
        "access token",
        "device token",
        "place in a stream",
        "refused ages",
        "address of a media",
        "address of a file",
        "address of an upload",
        "address of an export",
        "code of a place",
        "code of a reward",
        "marks of places",
        "password of a demo",
        "invitation",
    ]
)
LASTING: tuple[Lasting, ...] = get_args(Lasting)
# By these something is found that nobody can look for by another key.
HASHES: tuple[Lasting, ...] = ("logins", "marks of accounts", "addresses")

_SALT = b"realtime-connect"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,14}")  # never as long as what names a secret
_SHORTEST = 32


class SigningKey(Struct, frozen=True):
    """`kid` names the secret from which it was derived, without telling anything about it."""

    kid: str
    value: bytes


class DataKey(Struct, frozen=True):
    """One of `DATA_KEYS`. `proof` tells whether somebody has the same, and nothing about it."""

    id: str
    text: str

    @property
    def proof(self) -> bytes:
        """16 bytes that only this key gives."""
        return _derived(self.text.encode(), "proof")[:16]

    @property
    def name(self) -> str:
        """Its id, and by which another key of that id has another name."""
        return f"{self.id}:{self.proof.hex()}"


class Keys(Sequence[SigningKey]):
    """The keys for a purpose as they are now: a node learns of others while it runs."""

    def __init__(self, now: Callable[[], tuple[SigningKey, ...]]) -> None:
        self._now = now

    @overload
    def __getitem__(self, index: int) -> SigningKey: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SigningKey]: ...
    def __getitem__(self, index: int | slice) -> SigningKey | Sequence[SigningKey]:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._now())


class Keyring:
    """The operator's secret and, while it is being changed, the previous one; keys for data, if there are.

    Those seal once the operator has begun with them, and until then they only open: so that a node writes
    nothing that another one cannot read.
    """

    def __init__(self, secret: str, previous: str = "", *, data: Sequence[DataKey] = ()) -> None:
        self._secrets = [text.encode() for text in (secret, previous) if text]
        self.data = tuple(data)
        self._begun: Collection[str] = ()
        self._kept: Mapping[Lasting, tuple[SigningKey, ...]] = {}
        self._made: dict[tuple[str, Purpose], tuple[SigningKey, ...]] = {}

    @classmethod
    def of(cls, settings: Settings) -> "Keyring":
        """As the operator has set them."""
        return cls(settings.secret, settings.secret_previous, data=data_keys(settings.data_keys))

    @property
    def kids(self) -> str:
        """Names the secret in force, and the previous one."""
        return " ".join(_derived(secret, "kid")[:8].hex() for secret in self._secrets)

    def keys(self, purpose: Purpose) -> tuple[SigningKey, ...]:
        """The keys for this purpose: the first one signs, all of them verify."""
        return tuple(SigningKey(_derived(s, "kid")[:8].hex(), _derived(s, purpose)) for s in self._secrets)

    def hashing(self, purpose: Lasting) -> Keys:
        """By which something is found that is stored for long: the first one writes.

        Where the database keeps some, SECRET gives none: nothing is ever hashed with it again.
        """
        return Keys(lambda: self._once("hash", purpose, self._hashing))

    def sealing(self, purpose: Lasting) -> Keys:
        """By which something is sealed that is stored for long: the first one seals, all of them open."""
        return Keys(lambda: self._once("seal", purpose, self._sealing))

    def learn(self, begun: Collection[str], kept: Mapping[Lasting, tuple[SigningKey, ...]]) -> None:
        """What the database has: with which of the data keys was `begun`, and what keys are `kept` there."""
        self._begun, self._kept, self._made = begun, kept, {}

    @property
    def writes(self) -> str | None:
        """The id of the data key that seals; None: none does yet."""
        return next((key.id for key in self.data if key.id in self._begun), None)

    def of_data(self, purpose: Lasting | Literal["kept keys"]) -> tuple[SigningKey, ...]:
        """Those of `DATA_KEYS` alone, first those with which was begun."""
        ordered = sorted(self.data, key=lambda key: key.id not in self._begun)
        return tuple(SigningKey(key.id, _derived(key.text.encode(), purpose)) for key in ordered)

    def _once(
        self, use: str, purpose: Lasting, make: Callable[[Lasting], tuple[SigningKey, ...]]
    ) -> tuple[SigningKey, ...]:
        if (found := self._made.get((use, purpose))) is None:
            found = self._made[use, purpose] = make(purpose)
        return found

    def _hashing(self, purpose: Lasting) -> tuple[SigningKey, ...]:
        return self._kept.get(purpose) or self.keys(purpose)

    def _sealing(self, purpose: Lasting) -> tuple[SigningKey, ...]:
        data, others = self.of_data(purpose), self._hashing(purpose)
        return (*data, *others) if self.writes else (*others, *data)


def data_keys(text: str) -> tuple[DataKey, ...]:
    """`DATA_KEYS` read: `id:key,id:key`. Raises ValueError, which never repeats a key."""
    keys = tuple(_data_key(part.strip()) for part in text.split(",")) if text.strip() else ()
    ids = [key.id for key in keys]
    if twice := next((id_ for id_ in ids if ids.count(id_) > 1), None):
        raise ValueError(f"two keys have the id {twice!r}")
    if len({key.text for key in keys}) < len(keys):
        raise ValueError("two ids have the same key")
    return keys


def _data_key(part: str) -> DataKey:
    id_, colon, text = part.partition(":")
    if not colon or not _ID.fullmatch(id_):
        raise ValueError(
            "has to be id:key, several separated by commas; an id is up to 15 of a-z, 0-9, - and _"
        )
    if len(text) < _SHORTEST:
        raise ValueError(f"the key {id_!r} has to have at least {_SHORTEST} random characters")
    return DataKey(id_, text)


def _derived(secret: bytes, info: str) -> bytes:
    """32 bytes by HKDF: one step of extraction, one of expansion."""
    extracted = hmac.digest(_SALT, secret, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")
