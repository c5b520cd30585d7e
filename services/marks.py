"""Marks: what an account is seen with, as keyed hashes. Pure.

By them somebody who was banned is known again (`services.returning`). Nothing can be read from a mark: who
has the database and not the operator's secret cannot even try whether an address fits. While the secret is
being changed, each mark is made with both keys, so that those who were banned before are still known.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_network
from typing import Literal

from msgspec import Struct

from core.keys import SigningKey
from db.postgres.marks import Known, Mark

Kind = Literal["email", "mailbox", "phone", "device", "network", "photo", "client", "name", "person", "age"]
_SAME: Mapping[Kind, Kind] = {"mailbox": "email"}  # what is hashed of both is the same
_BYTES = 16
_AGE_YEARS = 5
_MINOR = re.compile(r"(\d+)(?:[._]\d+)+")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_NO_LETTER = re.compile(r"[\W\d_]+")
_REPEATED = re.compile(r"(.)\1+")
_LOOKALIKES = str.maketrans("013457$@", "oieastsa")
_SHORTEST_NAME = 3


class Sighting(Struct, frozen=True, kw_only=True):
    """An account, and what it was seen with just now.

    `network` is an address, or an IPv6 /64 (`core.proxies.network_of`). `device_ids` are the client's own,
    `device_marks` those in signed device tokens. `client` is its `client_print`.
    """

    user_id: str
    network: str | None = None
    device_ids: tuple[str, ...] = ()
    device_marks: tuple[str, ...] = ()
    client: tuple[str, ...] = ()


class Mailboxes(Struct, frozen=True, kw_only=True):
    """How a provider reads what is before the `@`: what follows `tag` and what is `ignored` is nothing."""

    domain: str
    tag: str = "+"
    ignored: str = ""


_GMAIL = Mailboxes(domain="gmail.com", ignored=".")
_PROTON = Mailboxes(domain="proton.me", ignored="._-")
_ICLOUD = Mailboxes(domain="icloud.com")
PROVIDERS: Mapping[str, Mailboxes] = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "proton.me": _PROTON,
    "protonmail.com": _PROTON,
    "pm.me": _PROTON,
    "icloud.com": _ICLOUD,
    "me.com": _ICLOUD,
    "mac.com": _ICLOUD,
    "yahoo.com": Mailboxes(domain="yahoo.com", tag="-"),
    "ymail.com": Mailboxes(domain="yahoo.com", tag="-"),
}


def mailbox(email: str) -> str:
    """The address under which all the ways to write it reach one mailbox, as far as its provider is known."""
    plain = unicodedata.normalize("NFKC", email)  # as mail programs read letters of full width
    local, _, domain = plain.strip().lower().rpartition("@")
    domain = _in_ascii(domain)
    provider = PROVIDERS.get(domain) or Mailboxes(domain=domain)
    own = local.partition(provider.tag)[0] or local
    return f"{own.translate({ord(sign): None for sign in provider.ignored}) or own}@{provider.domain}"


def _in_ascii(domain: str) -> str:
    """As the network knows it: `bücher.example` is `xn--bcher-kva.example`."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:  # none that could be reached
        return domain


def likeness(name: str) -> str | None:
    """What is left of a name that may be written in many ways, as `B3n_Miller99` and `ben.miiller`.

    None: too little. Without accents, case, digits at its ends, signs between letters, repeated letters.
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    letters = _NO_LETTER.sub("", _EDGES.sub("", plain).translate(_LOOKALIKES))
    short = _REPEATED.sub(r"\1", letters)
    return short if len(short) >= _SHORTEST_NAME else None


@lru_cache(maxsize=1024)
def client_print(*said: str | None) -> tuple[str, ...]:
    """What a client says of itself, without what changes with each update."""
    return tuple(_MINOR.sub(r"\1", word.strip()) for word in said if word and word.strip())


class Marker:
    """Makes marks with these keys, of which the first is the one in force."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = keys

    def email(self, address: str) -> tuple[bytes, ...]:
        """The marks that the mailbox of this address may have."""
        return tuple(mark.value for mark in self._marks("email", mailbox(address)))

    def phone(self, number: str) -> tuple[bytes, ...]:
        """The marks that this number may have."""
        return tuple(mark.value for mark in self._marks("phone", number))

    def marks(self, sighting: Sighting, known: Known) -> frozenset[Mark]:
        """All marks of an account that is seen so."""
        return frozenset(
            mark for kind, text in (*_seen(sighting), *_said(known)) for mark in self._marks(kind, text)
        )

    def _marks(self, kind: Kind, text: str) -> Iterator[Mark]:
        for key in self._keys:
            said = f"{_SAME.get(kind, kind)}\n{text}".encode()
            yield Mark(kind, hmac.digest(key.value, said, "sha256")[:_BYTES])


def _seen(sighting: Sighting) -> Iterator[tuple[Kind, str]]:
    yield from (("device", f"id\n{device}") for device in sighting.device_ids)
    yield from (("device", f"token\n{device}") for device in sighting.device_marks)
    if sighting.network:
        yield from (("network", network) for network in _networks(sighting.network))
    if sighting.client:
        yield "client", "\n".join(sighting.client)


def _said(known: Known) -> Iterator[tuple[Kind, str]]:
    if known.email:
        yield "email", mailbox(known.email)  # anybody can give it: it keeps the address from signing up again
        if known.email_verified:
            yield "mailbox", mailbox(known.email)  # what is compared
    names = (known.display_name, known.username or "", (known.email or "").partition("@")[0])
    yield from {("name", short): None for name in names if (short := likeness(name))}
    yield "person", f"{known.birth_date} {known.gender}"
    for shift in (0, _AGE_YEARS // 2):  # who makes themselves a little older stays in one of the two bands
        yield "age", f"{shift} {(known.birth_date.year + shift) // _AGE_YEARS} {known.gender}"


def _networks(network: str) -> tuple[str, ...]:
    """The network, and the one around it: a /24 or a /48."""
    try:
        near = ip_network(network)
    except ValueError:
        return ()
    return str(near), str(near.supernet(new_prefix=24 if near.version == 4 else 48))
