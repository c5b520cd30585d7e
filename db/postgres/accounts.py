"""Accounts in Postgres: users with their profiles, sessions, refresh tokens and idempotency keys.

Owns the `identity` part of the schema apart from bans and blocks, which it only reads. Ids are text, times
ms since the epoch. Of tokens only hashes come here. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import asyncpg
from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.profiles import Me, ProfileCard, Seeking
from core.contract.sessions import SessionView
from core.errors import Conflict
from core.ids import new_id
from core.settings import MOST_COOL_DOWNS
from core.ticket import Tier
from core.vocabulary import Gender, Role
from db.postgres import audit
from db.postgres.cards import card
from db.postgres.pool import Connection, Pool, Record, queries

_SQL = queries("accounts")
_TAKEN = {"one_account_an_email": "email", "one_account_a_username": "username"}

RevokedReason = Literal["signed_out", "banned", "replaced", "reused", "password_changed", "erased"]


class NewAccount(Struct, frozen=True, kw_only=True):
    """An account to be; the rest of its profile has defaults."""

    id: str
    email: str
    username: str
    password_hash: str
    display_name: str
    birth_date: date
    gender: Gender


class NewSession(Struct, frozen=True, kw_only=True):
    """A sign-in to be, with the hash of its first refresh token. `device` is the client's own id for it."""

    id: str
    user_id: str
    device: str | None
    user_agent: str | None
    token_hash: bytes
    expires_at: int


class Key(Struct, frozen=True, kw_only=True):
    """A client's own key for a request: at which endpoint, for what (SHA-256), and since when keys count."""

    endpoint: str
    key: str
    fingerprint: bytes
    since: int


class KeyUse(Struct, frozen=True):
    """What a key has been used for before."""

    user_id: str
    fingerprint: bytes
    password_hash: str | None


class Credentials(Struct, frozen=True):
    """What a login is checked against."""

    user_id: str
    password_hash: str
    banned: bool


class TokenState(Struct, frozen=True, kw_only=True):
    """What is known of a refresh token. `over`: its session is. The rest is what `services.families` asks."""

    user_id: str
    session_id: str
    over: bool
    banned: bool
    expires_at: int
    used_at: int | None
    again: int
    void: bool
    got: bool


class Standing(Struct, frozen=True, kw_only=True):
    """Whether a session goes on, and what its user may do.

    `void`, `served`: of the refresh token asked about, whether it does not count, and whether it has served.
    """

    revoked: RevokedReason | None
    erased: bool
    banned: bool
    role: Role
    void: bool
    served: bool


class Profile(Struct, frozen=True):
    """An account as its owner sees it; `version` grows with every change of the profile."""

    me: Me
    version: int


class Beginning(Struct, frozen=True, kw_only=True):
    """What a client starts from. `busy`: in a call or offer, or one is still to be decided.

    `unread`: how many messages of others wait, by room; rooms where none does are left out.
    """

    me: Me
    busy: bool
    unread: dict[str, int]


class Application(Struct, frozen=True, kw_only=True):
    """What a queue ticket is made of.

    `values` are strengths by key; `faults`: when matches failed through this user, the newest first.
    """

    card: ProfileCard
    seeking: Seeking
    banned: bool
    values: Mapping[str, int]
    tier: Tier
    faults: tuple[int, ...]


class AccountStore:
    """Users, profiles, sessions, tokens."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Signing up and in

    async def register(self, account: NewAccount, session: NewSession, key: Key | None, now: int) -> bool:
        """Account, profile and first session at once. False: the key has been used, ask `key_use`.

        Raises `Conflict` naming the field that somebody else has.
        """
        at = to_datetime(now)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if key and not await claim_key(connection, key, account.id, now):
                    return False
                await connection.execute(
                    _SQL["register"],
                    account.id,
                    account.email,
                    account.username,
                    account.password_hash,
                    account.display_name,
                    account.birth_date,
                    account.gender,
                    at,
                )
                await _open(connection, session, now)
        except asyncpg.UniqueViolationError as error:
            if (field := _TAKEN.get(str(error.constraint_name))) is None:
                raise
            raise Conflict(f"This {field} is taken.", details={"field": field}) from None
        return True

    async def key_use(self, key: Key) -> KeyUse | None:
        """What the key was used for."""
        row = await self._pool.fetchrow(_SQL["key_use"], key.endpoint, key.key, to_datetime(key.since))
        return row and KeyUse(row["user_id"], row["fingerprint"], row["password_hash"])

    async def credentials(self, login: str, now: int) -> Credentials | None:
        """Whose email address or username this is, whatever the case of its letters."""
        query = _SQL["login_by_email" if "@" in login else "login_by_username"]
        row = await self._pool.fetchrow(query, login, to_datetime(now))
        return row and Credentials(row["id"], row["password_hash"], row["banned"])

    async def rehash(self, user_id: str, old: str, new: str) -> None:
        """Put a stronger hash of the same password in place of `old`."""
        await self._pool.execute(_SQL["rehash"], user_id, old, new)

    async def set_role(self, login: str, role: Role, now: int) -> bool:
        """Whose email address or username this is has the role from now on, and the audit log says so.

        False: it is nobody's.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["set_role"], login, role, to_datetime(now))
            if row is not None and row["had"] != role:
                entry = audit.Entry(
                    id=new_id(now),
                    at=now,
                    actor=None,
                    action="role_changed",
                    subject=row["id"],
                    details={"from": row["had"], "to": role},
                )
                await audit.write(connection, entry)
        return row is not None

    # Sessions

    async def open_session(self, session: NewSession, now: int) -> None:
        """A session of an account that exists."""
        async with self._pool.acquire() as connection:
            await _open(connection, session, now)

    async def token_state(self, token_hash: bytes, now: int) -> TokenState | None:
        """None: nobody was ever given this token."""
        row = await self._pool.fetchrow(_SQL["token_state"], token_hash, to_datetime(now))
        return row and TokenState(
            user_id=row["user_id"],
            session_id=row["session_id"],
            over=row["over"],
            banned=row["banned"],
            expires_at=to_ms(row["expires_at"]),
            used_at=row["used_at"] and to_ms(row["used_at"]),
            again=row["again"],
            void=row["void"],
            got=row["got"],
        )

    async def spend(self, token_hash: bytes, fresh_hash: bytes, now: int, expires_at: int) -> bool:
        """Spend a token for the next one. False: it is no more as it was, look at it again."""
        given = await self._pool.fetchval(
            _SQL["spend"], token_hash, fresh_hash, to_datetime(now), to_datetime(expires_at)
        )
        return given is not None

    async def replace(
        self, token_hash: bytes, fresh_hash: bytes, now: int, expires_at: int, *, again: int
    ) -> bool:
        """Put another token in the place of the one that this was spent for, and shown `again` times since.

        False: the same.
        """
        given = await self._pool.fetchval(
            _SQL["replace"], token_hash, fresh_hash, to_datetime(now), to_datetime(expires_at), again
        )
        return given is not None

    async def serve(self, twin: bytes, now: int) -> bool:
        """The access token given with this refresh token serves. False: it became void."""
        return await self._pool.fetchval(_SQL["serve"], twin, to_datetime(now)) is not None

    async def revoke(self, user_id: str, session_id: str, reason: RevokedReason, now: int) -> bool:
        """End a session of this user. False: it is not theirs or is over already."""
        row = await self._pool.fetchrow(_SQL["revoke"], user_id, session_id, reason, to_datetime(now))
        return row is not None

    async def standing(
        self, user_id: str, session_id: str, now: int, twin: bytes | None = None
    ) -> Standing | None:
        """How the session stands, and one refresh token of it; None: there is no such session."""
        row = await self._pool.fetchrow(_SQL["standing"], session_id, user_id, to_datetime(now), twin)
        return row and Standing(
            revoked=row["revoked_reason"],
            erased=row["erased"],
            banned=row["banned"],
            role=row["role"],
            void=row["void"],
            served=row["served"],
        )

    async def sessions(
        self, user_id: str, *, current: str, before: str | None, limit: int, now: int
    ) -> list[SessionView]:
        """Sessions that go on, newest first, those older than the session `before`."""
        rows = await self._pool.fetch(_SQL["sessions"], user_id, to_datetime(now), before, limit)
        return [_session(row, current) for row in rows]

    # Profiles

    async def profile(self, user_id: str) -> Profile | None:
        """One's own account; None: it is gone."""
        row = await self._pool.fetchrow(_SQL["me"], user_id)
        return row and Profile(_me(row), row["version"])

    async def beginning(self, user_id: str) -> Beginning | None:
        """All that a connect reads of a user, at once; None: the account is gone."""
        row = await self._pool.fetchrow(_SQL["beginning"], user_id)
        return row and Beginning(me=_me(row), busy=row["busy"], unread=row["unread"] or {})

    async def change(self, profile: Profile, now: int) -> bool:
        """Write what may change of `profile.me` over `profile.version`. False: somebody was faster."""
        me = profile.me
        row = await self._pool.fetchrow(
            _SQL["change"],
            me.id,
            profile.version,
            me.display_name,
            me.intent,
            me.languages,
            me.country,
            me.city,
            me.bio,
            me.seeking.genders,
            me.seeking.age_min,
            me.seeking.age_max,
            to_datetime(now),
        )
        return row is not None

    async def application(self, user_id: str, now: int) -> Application | None:
        """Card, whom they seek, their values and how they stand, in one query; None: the account is gone."""
        row = await self._pool.fetchrow(_SQL["applicant"], user_id, to_datetime(now), MOST_COOL_DOWNS)
        return row and Application(
            card=card(row, today(now)),
            seeking=_seeking(row),
            banned=row["banned"],
            values=row["strengths"],
            tier=row["tier"],
            faults=tuple(map(to_ms, row["faults"])),
        )

    async def visible_card(self, user_id: str, viewer_id: str, now: int) -> ProfileCard | None:
        """The card as `viewer_id` may see it; None: gone, banned, or a block stands between them."""
        row = await self._pool.fetchrow(_SQL["visible_card"], user_id, viewer_id, to_datetime(now))
        return row and card(row, today(now))


async def claim_key(connection: Connection, key: Key, user_id: str, now: int) -> bool:
    """Use the key for this account, within a transaction. False: it has been used."""
    return (
        await connection.fetchval(
            _SQL["claim_key"],
            key.endpoint,
            key.key,
            key.fingerprint,
            user_id,
            to_datetime(now),
            to_datetime(key.since),
        )
        is not None
    )


async def _open(connection: Connection, session: NewSession, now: int) -> None:
    await connection.execute(
        _SQL["open_session"],
        session.id,
        session.user_id,
        session.user_agent,
        session.token_hash,
        to_datetime(now),
        to_datetime(session.expires_at),
        session.device,
    )


def _session(row: Record, current: str) -> SessionView:
    return SessionView(
        id=row["id"],
        user_agent=row["user_agent"],
        current=row["id"] == current,
        created_at=rfc3339(to_ms(row["created_at"])),
        last_used_at=rfc3339(to_ms(row["last_used_at"])),
        device_id=row["device"],
    )


def _seeking(row: Record) -> Seeking:
    return Seeking(
        genders=row["seeking_genders"], age_min=row["seeking_age_min"], age_max=row["seeking_age_max"]
    )


def _me(row: Record) -> Me:
    return Me(
        id=row["id"],
        email=row["email"],
        username=row["username"],
        role=row["role"],
        display_name=row["display_name"],
        birth_date=row["birth_date"].isoformat(),
        gender=row["gender"],
        intent=row["intent"],
        languages=row["languages"],
        country=row["country"],
        city=row["city"],
        bio=row["bio"],
        photos=row["photos"],
        seeking=_seeking(row),
        created_at=rfc3339(to_ms(row["created_at"])),
        updated_at=rfc3339(to_ms(row["updated_at"])),
    )
