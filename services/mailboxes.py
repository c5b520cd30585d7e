"""How much mail people may have sent to a mailbox, their own or another one. Whether there is mail at all.

All ways to write an address that are known to reach one mailbox count as one.
"""

import hashlib
from typing import Literal

from core.errors import RateLimited, Unavailable
from core.limits import Rate
from services.marks import mailbox
from services.ports import Limiter

Reason = Literal["verify", "reset"]


class NoMail(Unavailable):
    """This server sends no mail: ask its operator."""


class Mailboxes:
    """Counts. `there`: this server sends mail."""

    def __init__(self, limiter: Limiter, rate: Rate, *, there: bool) -> None:
        self._limiter, self._rate, self.there = limiter, rate, there

    def need(self) -> None:
        """Raises `NoMail` where there is none."""
        if not self.there:
            raise NoMail

    async def may(self, reason: Reason, email: str, now: int) -> bool:
        """Count one more mail for this reason; whether it is not too much."""
        return not await self._wait_ms(reason, email, now)

    async def count(self, reason: Reason, email: str, now: int) -> None:
        """The same. Raises `RateLimited`."""
        if wait_ms := await self._wait_ms(reason, email, now):
            raise RateLimited("Much was sent to this address already: look there.", retry_after_ms=wait_ms)

    async def _wait_ms(self, reason: Reason, email: str, now: int) -> int:
        name = hashlib.sha256(mailbox(email).encode()).hexdigest()
        key, rate = f"mailbox:{reason}:{name}", self._rate
        return await self._limiter.take(key, rate_per_s=rate.per_s, burst=rate.burst, now=now)
