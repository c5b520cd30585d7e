"""Accounts in Postgres: signing up and in, and roles. `sessions.py` and `profiles.py` have the rest.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg
from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.errors import Conflict, IdempotencyConflict, NotFound
from core.fields import CLEAR, EMAIL, Fields
from core.vocabulary import ConsentKind, Gender, Role
from db.postgres import audit
from db.postgres.codes import use_within
from db.postgres.idempotency import IdempotencyKey, claim, keep, kept
from db.postgres.logins import CodeUsed, NewLogin, add_within, barred_within
from db.postgres.pool import Connection, Pool, queries
from db.postgres.sessions import NewSession, open_within

_SQL = queries("accounts")
_TAKEN = {
    "one_account_an_email": "email",
    "one_account_an_email_hash": "email",
    "one_account_a_username": "username",
}


class NewAccount(Struct, frozen=True, kw_only=True):
    """A new account; the rest of its profile has defaults.

    `email_marks` are those of its mailbox, `consents` versions by what was agreed to. `login`: by which it
    was opened, where that is no password; the address that it came with is verified.
    """

    id: str
    email: str | None
    email_marks: tuple[bytes, ...]
    username: str
    password_hash: str | None
    display_name: str
    birth_date: date
    gender: Gender
    consents: Mapping[ConsentKind, str]
    login: NewLogin | None = None


class Opened(Struct, frozen=True):
    """The account that a registration opened. Its answer is not stored, because it contains tokens."""

    user_id: str


class Credentials(Struct, frozen=True):
    """What a login is checked against."""

    user_id: str
    password_hash: str | None
    banned: bool
    probe: bool = False


class Proof(Struct, frozen=True):
    """By what an owner is known: the password, and when the session was opened."""

    password_hash: str | None
    signed_in_at: int


class AccountStore:
    """Users, as far as they sign up and in."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def register(
        self, account: NewAccount, session: NewSession, key: IdempotencyKey | None, now: int
    ) -> bool:
        """Create account, profile and first session at once. False: this request has `opened` one before.

        Raises `Conflict` naming the field that somebody else has, which is also what is said of the mailbox
        of somebody who is banned, or `IdempotencyConflict` if it was given to the account that this key has
        opened. For one that is opened by another login, `LoginTaken` and `CodeUsed`.
        """
        try:
            return await self._register(account, session, key, now)
        except asyncpg.UniqueViolationError as error:
            if (field := _TAKEN.get(str(error.constraint_name))) is None:
                raise
            taken = _taken(field)
        except Conflict as conflict:
            taken = conflict
        if key and await self._opened_with(key, account):
            raise IdempotencyConflict
        raise taken

    async def _register(
        self, account: NewAccount, session: NewSession, key: IdempotencyKey | None, now: int
    ) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            if await claim(connection, key, Opened) is not None:
                return False
            if account.email is not None:
                await check_address(connection, self._fields, account.email, account.email_marks, now)
            await connection.execute(
                _SQL["register"],
                account.id,
                self._fields.kept_if_any(EMAIL, account.id, account.email),
                account.username,
                account.password_hash,
                account.display_name,
                account.birth_date,
                account.gender,
                to_datetime(now),
                list(account.consents),
                list(account.consents.values()),
                account.email is not None and account.login is not None,
                self._fields.address_hash(account.email),
            )
            if account.login is not None:
                await _open_by(connection, account.id, account.login, now)
            await open_within(connection, session, now)
            await keep(connection, key, Opened(account.id))
        return True

    async def opened(self, key: IdempotencyKey) -> bool:
        """Whether this request has opened an account before."""
        return await kept(self._pool, key, Opened) is not None

    async def _opened_with(self, key: IdempotencyKey, account: NewAccount) -> bool:
        hashes = self._fields.address_hashes(account.email or "")
        given = (key.operation, key.key, account.email, account.username, hashes)
        return bool(await self._pool.fetchval(_SQL["opened_with"], *given))

    async def credentials(self, login: str, now: int) -> Credentials | None:
        """The account with this email address or username, regardless of case."""
        given = (login, to_datetime(now))
        if "@" in login:
            row = await self._pool.fetchrow(
                _SQL["login_by_email"], *given, self._fields.address_hashes(login)
            )
        else:
            row = await self._pool.fetchrow(_SQL["login_by_username"], *given)
        return row and Credentials(row["id"], row["password_hash"], row["banned"], row["probe"])

    async def proof(self, user_id: str, session_id: str) -> Proof:
        """Of a session of this user that was checked before. Raises `NotFound` if it is none."""
        row = await self._pool.fetchrow(_SQL["proof"], user_id, session_id)
        if row is None:
            raise NotFound
        return Proof(row["password_hash"], to_ms(row["created_at"]))

    async def named(self, who: str) -> str:
        """The user with this id, email address or username. Raises `NotFound`."""
        user_id: str | None = await self._pool.fetchval(_SQL["named"], who, self._fields.address_hashes(who))
        if user_id is None:
            raise NotFound
        return user_id

    async def rehash(self, user_id: str, old: str, new: str) -> None:
        """Put a stronger hash of the same password in place of `old`."""
        await self._pool.execute(_SQL["rehash"], user_id, old, new)

    async def set_role(self, user_id: str, role: Role, by: str | None, now: int) -> None:
        """Give this user the role, with an entry on the audit log."""
        async with self._pool.acquire() as connection, connection.transaction():
            await role_within(connection, user_id, role, by, now)


async def _open_by(connection: Connection, user_id: str, login: NewLogin, now: int) -> None:
    """The first way to sign in to an account that is opened."""
    if await barred_within(connection, login, now):
        raise _taken("phone")
    if login.code_id and not await use_within(connection, login.code_id, now):
        raise CodeUsed
    await add_within(connection, user_id, login, now)


async def role_within(connection: Connection, user_id: str, role: Role, by: str | None, now: int) -> None:
    """Give this user the role within a transaction, with an entry on the audit log; by None: the operator."""
    had = await connection.fetchval(_SQL["set_role"], user_id, role, to_datetime(now))
    if had in (None, role):
        return
    await audit.note(connection, "role_changed", user_id, {"from": had, "to": role}, by=by, now=now)


async def check_address(
    connection: Connection, fields: Fields, email: str, marks: Sequence[bytes], now: int
) -> None:
    """Raises `Conflict` for an address that is taken, in a transaction that sets one.

    So is the mailbox of somebody who is banned, by its `marks`: found by the same statement as an account,
    and told in the same words, so that nobody can find out who is banned by trying addresses.
    """
    given = (email, list(marks), to_datetime(now), fields.address_hashes(email))
    taken = await connection.fetchrow(_SQL["taken"], *given)
    if taken["used"] or taken["barred"]:
        raise _taken("email")


def _taken(field: str) -> Conflict:
    return Conflict(f"This {field} is taken.", details={"field": field})
