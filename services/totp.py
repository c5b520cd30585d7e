"""One-time codes as a second factor of signing in. `services.one_time_codes` says which code counts.

Whoever has turned them on shows one at each sign-in, after the password. A code serves once. The code that
turns them on is the exception: it opens nothing, so the same one may still sign in.
"""

import structlog
from pyotp import random_base32

from core.contract.totp import TotpSecret
from core.errors import Conflict, Unauthenticated
from core.seals import Seals
from core.tokens import Access
from db.postgres.totp import Totp, TotpStore
from services.one_time_codes import address, qr_code, step_of
from services.sign_in_limits import SignInLimits

_log = structlog.get_logger()


class CodeNeeded(Unauthenticated):
    """Send the code that your authenticator app shows."""

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(message, details={"factor": "totp", **({"reason": reason} if reason else {})})


class OneTimeCodes:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(self, store: TotpStore, seals: Seals, limits: SignInLimits) -> None:
        self._store, self._seals, self._limits = store, seals, limits

    async def ask(self, access: Access, now: int) -> TotpSecret:
        """A new secret, which counts when a code of it was shown. Raises `Conflict` when codes are on."""
        secret, user_id = random_base32(), access.user_id
        username = await self._store.ask(user_id, self._seals.seal(secret.encode(), user_id), now)
        if username is None:
            raise Conflict("One-time codes are on: turn them off first.")
        return _given(secret, username)

    async def turn_on(self, access: Access, code: str, now: int) -> TotpSecret:
        """The app shows this code: from now on each sign-in takes one, and this session has shown one.

        Raises `Conflict` if no secret was asked for or codes are on, `CodeNeeded`, `RateLimited`.
        """
        known = await self._store.of(access.user_id)
        if known is None or known.is_on:
            raise Conflict("One-time codes are on already." if known else "Ask for a secret first.")
        secret, _ = await self._checked(access.user_id, known, code, now)
        if not await self._store.turn_on(access.user_id, access.session_id, known.secret, now):
            raise Conflict("Another secret was asked for meanwhile.")
        return _given(secret, known.username)

    async def turn_off(self, access: Access, code: str | None, now: int) -> None:
        """Each sign-in takes a password alone. Raises `CodeNeeded` if they are on, `RateLimited`."""
        shown = await self.shown(access.user_id, code, now)
        await self._store.drop(access.user_id, access.user_id, now, even_if_on=shown)

    async def shown(self, user_id: str, code: str | None, now: int) -> bool:
        """Whether a right code came along; False: none is needed. A code serves once.

        Raises `CodeNeeded` without one or with a wrong one, `RateLimited`.
        """
        known = await self._store.of(user_id)
        if known is None or not known.is_on:
            return False
        if code is None:
            raise CodeNeeded
        secret, step = await self._checked(user_id, known, code, now)
        fresh = known.secret
        if self._seals.is_old(fresh):
            fresh = self._seals.seal(secret.encode(), user_id)
        if not await self._store.spend(user_id, known.secret, step, fresh):
            raise CodeNeeded("This code was used before: wait for the next one.", reason="used")
        return True

    async def step_up(self, user_id: str, session_id: str, code: str, now: int) -> None:
        """A session that goes on shows a code. Raises the same."""
        if await self.shown(user_id, code, now):
            await self._store.prove(user_id, session_id)

    async def _checked(self, user_id: str, known: Totp, code: str, now: int) -> tuple[str, int]:
        """The secret, and the time step of the code. Counts guesses."""
        async with self._limits.code(user_id, now):
            opened = self._seals.open(known.secret, user_id)
            if opened is None:
                # `SECRET` was changed and SECRET_PREVIOUS is not it: only the operator can help.
                _log.error("the secret of one-time codes cannot be opened", user_id=user_id)
                raise CodeNeeded("This account's codes cannot be checked: ask the operator.", reason="unread")
            step = step_of(code, secret := opened.decode(), now)
            if step is None:
                raise CodeNeeded("This code is not right.", reason="wrong")
        return secret, step


def _given(secret: str, username: str) -> TotpSecret:
    url = address(secret, username)
    return TotpSecret(secret=secret, url=url, qr=qr_code(url))
