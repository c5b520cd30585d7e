"""Ways to sign in to an account, in Postgres: a password, phones, accounts at other providers.

Of a number, and of whom a provider says somebody is, a keyed hash comes here, and itself sealed. Ids are
text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.logins import LoginView
from core.errors import Conflict, NotFound
from core.fields import CLEAR, EMAIL, LOGIN_HINT, Fields
from core.seals import Sealed
from core.vocabulary import LoginProvider
from db.postgres import audit
from db.postgres.codes import use_within
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_me, lock_users

_SQL, _OWN = queries("logins"), own_queries("logins")
MOST = 10


class NewLogin(Struct, frozen=True, kw_only=True):
    """A login that is not stored yet. `hashes`: the first is stored, others count while a secret is changed.

    `marks`: those of a phone. `code_id`: the code that was shown for it, which is used up with it.
    """

    id: str
    provider: LoginProvider
    hashes: tuple[bytes, ...]
    hint: str | None
    sealed: Sealed
    marks: tuple[bytes, ...] = ()
    code_id: str | None = None


class KnownLogin(Struct, frozen=True, kw_only=True):
    """Whose login it is. `stale`: its hash is one of a secret that is no longer in force."""

    id: str
    user_id: str
    banned: bool
    stale: bool


class CodeUsed(Exception):
    """The code that was shown for this login was used meanwhile."""


class LoginTaken(Exception):
    """Somebody has this login already."""


class LoginStore:
    """Ways to sign in."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def of(self, user_id: str) -> list[LoginView]:
        """All of this user, oldest first."""
        async with own_rows(self._pool, user_id) as own:
            return [self._view(user_id, row) for row in await own.fetch(_OWN["of"])]

    async def find(self, provider: LoginProvider, hashes: Sequence[bytes], now: int) -> KnownLogin | None:
        """The login with one of these hashes."""
        row = await self._pool.fetchrow(_SQL["find"], provider, hashes, to_datetime(now))
        return row and KnownLogin(
            id=row["id"],
            user_id=row["user_id"],
            banned=row["banned"],
            stale=row["subject_hash"] != hashes[0],
        )

    async def rehash(self, login_id: str, login: NewLogin) -> None:
        """Store it as the secret in force has it."""
        given = (login_id, login.hashes[0], login.sealed.box, login.sealed.key_id)
        await self._pool.execute(_SQL["rehash"], *given)

    async def use(self, code_id: str, now: int) -> bool:
        """Use up the code that was shown for a login that is there. False: it was used meanwhile."""
        async with self._pool.acquire() as connection:
            return await use_within(connection, code_id, now)

    async def link(self, user_id: str, login: NewLogin, now: int) -> LoginView:
        """One more way for this user, which may be theirs already.

        Raises `Conflict` where it is somebody else's, or they have too many; `CodeUsed`.
        """
        login_id = await self._linked(user_id, login, now)
        found = [view for view in await self.of(user_id) if view.id == login_id]
        if not found:
            raise NotFound  # it was removed meanwhile
        return found[0]

    async def _linked(self, user_id: str, login: NewLogin, now: int) -> str:
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, [user_id])
            if login.code_id and not await use_within(connection, login.code_id, now):
                raise CodeUsed
            known = await connection.fetchrow(_SQL["find"], login.provider, login.hashes, to_datetime(now))
            if known is not None and known["user_id"] == user_id:
                return str(known["id"])
            if len(await connection.fetch(_SQL["of"], user_id)) >= MOST:
                raise Conflict(f"An account may have {MOST} ways to sign in: remove one first.")
            try:
                if known is not None:
                    raise LoginTaken
                await add_within(connection, user_id, login, now)
            except LoginTaken:
                raise Conflict("Somebody signs in with this already.", details={"field": "login"}) from None
            await audit.note(
                connection, "login_linked", user_id, {"provider": login.provider}, by=user_id, now=now
            )
        return login.id

    async def remove(self, user_id: str, login_id: str, now: int) -> None:
        """Sign in with it no longer. Raises `NotFound`, and `Conflict` for the last one."""
        async with own_rows(self._pool, user_id) as own:
            await lock_me(own)
            left = [row["id"] for row in await own.fetch(_OWN["of"])]
            if login_id not in left:
                raise NotFound
            if left == [login_id]:
                raise Conflict("This is your only way to sign in: add another one first.")
            provider = await own.fetchval(_OWN["remove"], login_id)
            connection = await own.as_owner()  # as passwords and the audit log are nobody's own
            if provider == "password":
                await connection.execute(_SQL["forget_password"], user_id, to_datetime(now))
            await audit.note(
                connection, "login_removed", user_id, {"provider": provider}, by=user_id, now=now
            )

    def _view(self, user_id: str, row: Record) -> LoginView:
        hint = self._fields.read(LOGIN_HINT, row["id"], row["hint"])
        if row["provider"] == "password":
            hint = self._fields.read(EMAIL, user_id, row["email"]) or row["username"]
        return LoginView(
            id=row["id"],
            provider=row["provider"],
            hint=hint,
            created_at=rfc3339(to_ms(row["created_at"])),
        )


async def add_within(connection: Connection, user_id: str, login: NewLogin, now: int) -> None:
    """One more way for this user, within a transaction that may make them. Raises `LoginTaken`.

    Of two that come at once the second waits for the first, and finds it taken.
    """
    given = (login.id, user_id, login.provider, login.hashes[0], login.hint)
    at, sealed = to_datetime(now), login.sealed
    if await connection.fetchval(_SQL["add"], *given, sealed.box, sealed.key_id, at) is None:
        raise LoginTaken
    if login.marks:
        await connection.execute(_SQL["mark"], user_id, list(login.marks), at)


async def barred_within(connection: Connection, login: NewLogin, now: int) -> bool:
    """Whether it is the phone of somebody who is banned, whether their account is there or not."""
    return bool(
        login.marks and await connection.fetchval(_SQL["barred"], list(login.marks), to_datetime(now))
    )
