"""Codes and links that are sent to a phone or a mailbox: who shows one has that phone or mailbox.

A code to type is short, so it is asked for together with whom it was sent to, and only a few wrong ones may
be shown for it. A link holds a token that cannot be guessed, so it is found by that alone. Either is valid
for a while, serves once, and takes the place of the one before, which has to be some seconds old. What is
stored are keyed hashes, and what a code carries is sealed.

Checking a code does not use it up: what it is for does (`db.postgres.codes.use_within`), in its transaction.
So a code stays good where that fails, and of many who show a right one at once one has it.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from core.errors import Expired, RateLimited, Unauthenticated
from core.ids import new_id
from core.keys import Keyring, SigningKey
from core.seals import Seals
from core.settings import Settings
from db.postgres.codes import CodeStore, NewCode, Purpose, StoredCode, Within

_DIGITS: Final = 6


class Rule(Struct, frozen=True, kw_only=True):
    """What holds for the codes of a purpose: ms for which one is valid, and until it may be replaced.

    `typed`: of digits, of which `most_wrong` wrong ones may be shown; else a token in a link.
    """

    lasts_ms: int
    again_ms: int
    typed: bool = False
    most_wrong: int = 0


Rules = Mapping[Purpose, Rule]


def rules(settings: Settings) -> Rules:
    """As the operator has set them."""
    again_ms = settings.code_again_s * 1000
    phone = Rule(
        lasts_ms=settings.code_s * 1000, again_ms=again_ms, typed=True, most_wrong=settings.code_tries
    )
    return {
        "phone": phone,
        "email": Rule(lasts_ms=settings.email_link_h * 3_600_000, again_ms=again_ms),
        "password": Rule(lasts_ms=settings.reset_link_m * 60_000, again_ms=again_ms),
    }


class Issued(Struct, frozen=True):
    """A code that is to be sent, once `new` is stored. Nobody but who gets it may see the `text`."""

    new: NewCode
    text: str


class Shown(Struct, frozen=True):
    """A right code: whose it is (None: nobody's yet) and what it carries, as an address to be confirmed."""

    id: str
    user_id: str | None
    carried: str | None


class Codes:
    """Makes and checks them. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: CodeStore, keyring: Keyring, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._keys, self._seals = keyring.keys("sent codes"), Seals(keyring.sealing("sent codes"))

    def rule(self, purpose: Purpose) -> Rule:
        """What holds for codes of this purpose."""
        return self._rules[purpose]

    def new(
        self,
        purpose: Purpose,
        subject: str,
        now: int,
        *,
        user_id: str | None = None,
        carrying: str | None = None,
    ) -> Issued:
        """A code for this subject (a number, an account): one at a time is valid. It is not stored yet."""
        rule, id_ = self._rules[purpose], new_id(now)
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}" if rule.typed else secrets.token_urlsafe(32)
        new = NewCode(
            id=id_,
            purpose=purpose,
            subject=_subjects(self._keys, purpose, subject)[0],
            hash=_hashes(self._keys, purpose, subject if rule.typed else "", code)[0],
            user_id=user_id,
            carried=None if carrying is None else self._seals.seal(carrying.encode(), id_),
            expires_at=now + rule.lasts_ms,
            not_after=now - rule.again_ms,
        )
        return Issued(new, code)

    async def issue(self, issued: Issued, now: int, also: Within) -> None:
        """Store it, with what goes `also` into the transaction: that it is sent.

        Raises `RateLimited` where the one before is too young.
        """
        before = await self._store.issue(issued.new, now, also)
        if before is not None:
            raise too_soon(self._rules[issued.new.purpose], before, now)

    async def typed(self, purpose: Purpose, subject: str, code: str, now: int) -> Shown:
        """Somebody shows a code for this subject; a wrong one counts.

        Raises `Unauthenticated`: it is wrong, too many were, or it was used; `Expired`.
        """
        hashes = _hashes(self._keys, purpose, subject, "".join(code.split()))
        subjects, most = _subjects(self._keys, purpose, subject), self._rules[purpose].most_wrong
        stored = await self._store.tried(purpose, subjects, hashes, most_wrong=most)
        if stored is None or not stored.fits:
            raise WrongCode
        return self._valid(stored, now)

    async def linked(self, purpose: Purpose, token: str, now: int) -> Shown:
        """Somebody shows the token of a link. Raises `Unauthenticated`, `Expired`."""
        stored = await self._store.found(purpose, _hashes(self._keys, purpose, "", token))
        if stored is None or stored.used:
            raise WrongCode("This link does not serve any more: ask for another one.")
        return self._valid(stored, now)

    def _valid(self, stored: StoredCode, now: int) -> Shown:
        if stored.expires_at <= now:
            raise Expired("This has expired: ask for another one.")
        carried = stored.carried and self._seals.open(stored.carried, stored.id)
        if stored.carried and carried is None:
            raise WrongCode  # made with a secret that is gone
        return Shown(stored.id, stored.user_id, carried.decode() if carried else None)


class WrongCode(Unauthenticated):
    """This code is not right: look again, or ask for another one."""


def too_soon(rule: Rule, before: int, now: int) -> RateLimited:
    """What is said where one was issued at `before`, and it is too early for another."""
    wait_ms = max(1, before + rule.again_ms - now)
    return RateLimited("A code was sent just now: wait a moment.", retry_after_ms=wait_ms)


def _subjects(keys: tuple[SigningKey, ...], purpose: Purpose, subject: str) -> list[bytes]:
    """Whom a code is for, with each key."""
    return [hmac.digest(key.value, f"for\n{purpose}\n{subject}".encode(), "sha256") for key in keys]


def _hashes(keys: tuple[SigningKey, ...], purpose: Purpose, subject: str, code: str) -> list[bytes]:
    """What is stored of a code, with each key. The same digits for somebody else have another hash."""
    text = f"code\n{purpose}\n{subject}\n{code}".encode()
    return [hmac.digest(key.value, text, "sha256") for key in keys]
