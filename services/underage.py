"""Somebody who has said that they are under 18 does not get in by another birth date, for a time.

What is remembered of a refused sign-up are marks that nobody can read: of the device, and of the email
address and of the username, each together with the network. A network alone is no mark, because many people
share one; an address or a name alone is none either, or anybody could keep its owner out.
"""

import hmac
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from core.clock import today
from core.errors import Underage
from core.keys import SigningKey
from db.redis.underage import RefusedAges
from services.account_rules import adult
from services.marks import mailbox


class Applicant(Struct, frozen=True, kw_only=True):
    """By what somebody who signs up is known again."""

    username: str
    email: str | None
    device_id: str | None


def signs(who: Applicant, network: str) -> list[str]:
    """What makes another sign-up one of the same person, each of it by itself. Pure."""
    device = [f"device {who.device_id}"] if who.device_id is not None else []
    email = [f"email {mailbox(who.email)} from {network}"] if who.email is not None else []
    return [*device, *email, f"username {who.username.casefold()} from {network}"]


class Minors:
    """Refuses those who are under 18, and those who were a short time ago."""

    def __init__(self, store: RefusedAges, keys: tuple[SigningKey, ...], *, kept_ms: int) -> None:
        self._store, self._keys, self._kept_ms = store, keys, kept_ms

    async def adult(self, birth_date: date, who: Applicant, network: str, now: int) -> date:
        """The birth date. Raises `Underage`, `InvalidRequest`."""
        found = signs(who, network)
        if await self._store.any_of(list(self._marks(found))):
            raise Underage
        try:
            return adult(birth_date, today(now))
        except Underage:
            await self._store.remember(list(self._marks(found, self._keys[:1])), self._kept_ms)
            raise

    def _marks(self, found: list[str], keys: tuple[SigningKey, ...] | None = None) -> Iterator[str]:
        """Of each sign with each key: one that the previous secret has marked is known too."""
        for key in keys or self._keys:
            for sign in found:
                yield hmac.digest(key.value, sign.encode(), "sha256").hex()
