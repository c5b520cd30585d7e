"""Limits on people who are not signed in: on guessing passwords and on opening accounts. Decides what is
counted; `Limiter` counts.

The limit on guesses at one login from one network is low; the one on a network for all logins is higher. The
one on a login from anywhere is so high that strangers can hardly use it up, because that would keep its owner
out. A device on which the owner has signed in before is counted by itself, so strangers' guesses do not count
against it. A right password gives back what it took. So does a sign-up that fails, for the limit on its
device.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct

from core.errors import AppError, RateLimited
from core.limits import LIMITS, Rate
from core.settings import Settings
from core.tokens import Device
from services.ports import Limiter


class Rates(Struct, frozen=True, kw_only=True):
    """The limits on people who are not signed in yet."""

    register: Rate
    register_device: Rate
    login: Rate
    guesses: Rate
    account_login: Rate
    code: Rate
    number_codes: Rate

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        """As the operator has set them."""
        rates = {name: LIMITS[name].rate(settings) for name in LIMITS}
        return cls(
            register=rates["register"],
            register_device=rates["register_device"],
            login=rates["login"],
            guesses=rates["guesses"],
            account_login=rates["account_login"],
            code=rates["totp"],
            number_codes=rates["number_codes"],
        )


class SignInLimits:
    """Counts what strangers try. All methods raise `RateLimited`."""

    def __init__(self, limiter: Limiter, rates: Rates) -> None:
        self._limiter, self._rates = limiter, rates

    async def sign_up(self, network: str, now: int) -> None:
        """Count one more request from this network to open an account."""
        await self._take([(f"register:{network}", self._rates.register)], now)

    @asynccontextmanager
    async def new_account(self, device_id: str | None, now: int) -> AsyncIterator[None]:
        """Count one more account on this device, unless the block fails."""
        limits = self._of_device(device_id)
        await self._take(limits, now)
        try:
            yield
        except AppError:
            await self._give_back(limits, now)
            raise

    async def no_account(self, device_id: str | None, now: int) -> None:
        """What was counted has opened none: another copy of the same request has."""
        await self._give_back(self._of_device(device_id), now)

    @asynccontextmanager
    async def password(self, login: str, network: str, known: Device | None, now: int) -> AsyncIterator[None]:
        """Count one more guess at this login's password, unless the block succeeds.

        `known` is the device, if the login's owner has signed in there before.
        """
        rates, name = self._rates, _digest(login.casefold())
        limits = [
            (f"login:{network}", rates.login),
            (f"login:{name}:{network}", rates.guesses),
            (f"account:{name}", rates.account_login),
        ]
        if known is not None:
            limits = [(f"device:{known.id}", rates.guesses)]
        await self._take(limits, now)
        yield
        await self._give_back(limits, now)

    @asynccontextmanager
    async def code(self, user_id: str, now: int) -> AsyncIterator[None]:
        """Count one more guess at a one-time code of this account, unless the block succeeds.

        From everywhere: only who has the password comes so far.
        """
        limits = [(f"totp:{user_id}", self._rates.code)]
        await self._take(limits, now)
        yield
        await self._give_back(limits, now)

    async def code_for(self, phone: str, known: Device | None, now: int) -> None:
        """Count one more code for this number; those for a known device of its owner apart."""
        name = _digest(phone) if known is None else f"device:{known.id}"
        await self._take([(f"number-codes:{name}", self._rates.number_codes)], now)

    @asynccontextmanager
    async def shown(self, network: str, known: Device | None, now: int) -> AsyncIterator[None]:
        """Count one more thing that a network shows to be somebody and is wrong, unless the block succeeds.

        How many wrong codes may be shown for one that was sent is counted with that.
        """
        rates = self._rates
        limits = [(f"login:{network}", rates.login)]
        if known is not None:
            limits = [(f"device:{known.id}", rates.guesses)]
        await self._take(limits, now)
        yield
        await self._give_back(limits, now)

    def _of_device(self, device_id: str | None) -> list[tuple[str, Rate]]:
        if device_id is None:
            return []
        return [(f"register-device:{_digest(device_id)}", self._rates.register_device)]

    async def _take(self, limits: Sequence[tuple[str, Rate]], now: int) -> None:
        for key, rate in limits:
            wait_ms = await self._limiter.take(key, rate_per_s=rate.per_s, burst=rate.burst, now=now)
            if wait_ms:
                raise RateLimited(retry_after_ms=wait_ms)

    async def _give_back(self, limits: Sequence[tuple[str, Rate]], now: int) -> None:
        for key, rate in limits:
            await self._limiter.take(key, rate_per_s=rate.per_s, burst=rate.burst, cost=-1, now=now)


def _digest(text: str) -> str:
    """A key of bounded length that does not show the login."""
    return hashlib.sha256(text.encode()).hexdigest()
