"""Whether it is an account's owner who asks for what could keep them out, and not who has a token of theirs.

A sign-in shows that for some minutes; later the password does, which is counted as when signing in, but apart
from it: wrong ones keep nobody from signing in.
"""

from core.errors import Unauthenticated
from core.tokens import Access
from db.postgres.accounts import AccountStore
from services.password_hashes import PasswordHashes
from services.sign_in_limits import SignInLimits


class PasswordNeeded(Unauthenticated):
    """Send your password, or sign in again first."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, details={"factor": "password"})


class OwnerProofs:
    """Checks. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self, store: AccountStore, passwords: PasswordHashes, limits: SignInLimits, *, fresh_ms: int
    ) -> None:
        self._store, self._passwords, self._limits = store, passwords, limits
        self._fresh_ms = fresh_ms

    async def check(
        self, access: Access, password: str | None, network: str, now: int, *, always: bool = False
    ) -> str | None:
        """A password that comes along has to be right. Gives its hash; None: the account has none.

        `always`: where there is a password it has to come along, however lately they have signed in.

        Raises `PasswordNeeded`, `RateLimited`.
        """
        proof = await self._store.proof(access.user_id, access.session_id)
        if password is None:
            stale = now - proof.signed_in_at >= self._fresh_ms
            if stale or (always and proof.password_hash is not None):
                raise PasswordNeeded
            return proof.password_hash
        async with self._limits.password(access.user_id, network, None, now):
            if not await self._passwords.verify(proof.password_hash, password):
                raise PasswordNeeded("This is not the password of this account.")
        return proof.password_hash
