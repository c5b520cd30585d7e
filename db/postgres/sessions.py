"""Sessions in Postgres, each a family of refresh tokens: one sign-in on one device.

Which token is accepted is a rule (`services/token_families.py`); its facts are stored here. Ids are text,
times ms since the epoch. Of tokens only hashes come here. What an outage raises (`db.outage`) passes through.
"""

from asyncio import Future
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Literal

import msgspec
from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.sessions import SessionClient, SessionView
from core.fields import CLEAR, Fields
from core.vocabulary import Role
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.profiles import Beginning, beginning

_SQL, _OWN = queries("sessions"), own_queries("sessions")
_STANDING_OF_EACH = reduce(
    lambda text, each: text.replace(*each),
    (("$1", "asked.session_id"), ("$2", "asked.user_id"), ("$3", "asked.at"), ("$4", "asked.twin")),
    _SQL["standing"],
)
_STANDINGS = _SQL["standings"].replace(":standing", _STANDING_OF_EACH)
BEGINNINGS = (
    _SQL["beginnings"]
    .replace(":standing", _STANDING_OF_EACH)
    .replace(":to_decide", queries("call_records")["to_decide"])
)
_AT_ONCE = 16  # connects, which are long statements

_AskedStanding = tuple[str, str, datetime, bytes | None]
RevokedReason = Literal["signed_out", "banned", "replaced", "reused", "password_changed", "erased"]


class NewSession(Struct, frozen=True, kw_only=True):
    """A new sign-in, with the hash of its first refresh token. `device` is the client's own id for it.

    `restricted`: it serves one who is banned, to see why and to appeal. `second_factor`: it was opened with a
    one-time code.
    """

    id: str
    user_id: str
    device: str | None
    user_agent: str | None
    network: str | None = None
    token_hash: bytes
    expires_at: int
    restricted: bool = False
    second_factor: bool = False


class TokenState(Struct, frozen=True, kw_only=True):
    """A stored refresh token. `over`: its session is over; `theirs`: by nothing but a ban, if at all.

    The rest is for `services.token_families`.
    """

    user_id: str
    session_id: str
    over: bool
    theirs: bool
    banned: bool
    expires_at: int
    used_at: int | None
    again: int
    void: bool
    got: bool


class SessionStatus(Struct, frozen=True, kw_only=True):
    """Whether a session goes on, and what its user may do.

    `void`, `served`: whether the refresh token asked about is void, and whether it was used. `erasing`: the
    account awaits erasure, `erased`: that is over. `second_factor`: whether the session has shown a one-time
    code; `codes_on`: whether staff has turned them on.
    """

    revoked: RevokedReason | None
    restricted: bool
    erased: bool
    erasing: bool
    banned: bool
    role: Role
    void: bool
    served: bool
    second_factor: bool
    codes_on: bool


class SessionStore:
    """Sessions and their refresh tokens."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, fields: Fields = CLEAR) -> None:
        self._pool, self._cards, self._fields = pool, cards, fields
        self._beginning = GroupedStatement(self._beginnings, most=_AT_ONCE)
        self._standing = GroupedStatement(self._standings)

    async def open(self, session: NewSession, now: int) -> None:
        """A session of an account that exists."""
        async with self._pool.acquire() as connection:
            await open_within(connection, session, now)

    async def token_state(self, token_hash: bytes, now: int) -> TokenState | None:
        """The state of a token. None: it was never issued."""
        row = await self._pool.fetchrow(_SQL["token_state"], token_hash, to_datetime(now))
        return row and TokenState(
            user_id=row["user_id"],
            session_id=row["session_id"],
            over=row["over"],
            theirs=row["theirs"],
            banned=row["banned"],
            expires_at=to_ms(row["expires_at"]),
            used_at=row["used_at"] and to_ms(row["used_at"]),
            again=row["again"],
            void=row["void"],
            got=row["got"],
        )

    async def spend(self, token_hash: bytes, fresh_hash: bytes, now: int, expires_at: int) -> bool:
        """Spend a token and store its successor. False: it has changed meanwhile, look at it again."""
        given = await self._pool.fetchval(
            _SQL["spend"], token_hash, fresh_hash, to_datetime(now), to_datetime(expires_at)
        )
        return given is not None

    async def replace(
        self, token_hash: bytes, fresh_hash: bytes, now: int, expires_at: int, *, again: int
    ) -> bool:
        """Store another successor of a spent token that was sent `again` times since; the last one becomes
        void.

        False: the same.
        """
        given = await self._pool.fetchval(
            _SQL["replace"], token_hash, fresh_hash, to_datetime(now), to_datetime(expires_at), again
        )
        return given is not None

    async def serve(self, twin: bytes, now: int) -> bool:
        """Note that the access token issued with this refresh token was used. False: it became void."""
        return await self._pool.fetchval(_SQL["serve"], twin, to_datetime(now)) is not None

    async def revoke(self, user_id: str, session_id: str, reason: RevokedReason, now: int) -> bool:
        """End a session of this user. False: it is not theirs, or it is over already."""
        async with own_rows(self._pool, user_id) as own:
            return await own.fetchval(_OWN["revoke"], session_id, reason, to_datetime(now)) is not None

    async def standing(
        self, user_id: str, session_id: str, now: int, twin: bytes | None = None
    ) -> SessionStatus | None:
        """The state of the session and of one refresh token. None: there is no such session.

        Every request asks for it first; those that come at the same time are asked about together.
        """
        asked = session_id, user_id, to_datetime(now), twin
        return await self._standing.given(asked, self._standing_of)

    async def _standing_of(self, asked: _AskedStanding) -> SessionStatus | None:
        row = await self._pool.fetchrow(_SQL["standing"], *asked)
        return row and _status(row)

    async def _standings(self, asked: Sequence[_AskedStanding]) -> list[SessionStatus | None]:
        rows = await self._pool.fetch(_STANDINGS, *zip(*asked, strict=True))
        found = {row["n"]: _status(row) for row in rows}
        return [found.get(n) for n in range(1, len(asked) + 1)]

    def beginning(
        self, user_id: str, session_id: str, now: int, twin: bytes
    ) -> "Future[tuple[SessionStatus, Beginning] | None]":
        """The same, and all that a client starts with. None: there is no such session, or account."""
        return self._beginning.ask((session_id, user_id, to_datetime(now), twin))

    async def _beginnings(
        self, asked: Sequence[tuple[str, str, datetime, bytes]]
    ) -> list[tuple[SessionStatus, Beginning] | None]:
        rows = await self._pool.fetch(BEGINNINGS, *zip(*asked, strict=True))
        found = {row["n"]: (_status(row), beginning(row, self._cards, self._fields)) for row in rows}
        return [found.get(n) for n in range(1, len(asked) + 1)]

    async def note_clients(self, said: Mapping[str, SessionClient]) -> None:
        """With these sessions such apps have connected."""
        await self._pool.execute(_SQL["note_clients"], list(said), list(said.values()))

    async def page(
        self, user_id: str, *, current: str, before: str | None, limit: int, now: int
    ) -> list[SessionView]:
        """Sessions that go on, newest first, those older than the session `before`."""
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(_OWN["page"], to_datetime(now), before, limit)
        return [_session(row, current) for row in rows]


async def open_within(connection: Connection, session: NewSession, now: int) -> None:
    """A session, within a transaction that may make its account too."""
    await connection.execute(
        _SQL["open"],
        session.id,
        session.user_id,
        session.user_agent,
        session.token_hash,
        to_datetime(now),
        to_datetime(session.expires_at),
        session.device,
        session.restricted,
        session.second_factor,
        session.network,
    )


async def end_all_within(connection: Connection, user_id: str, reason: RevokedReason, now: int) -> None:
    """End all sessions of this user, and with them their refresh tokens, within a transaction."""
    await connection.execute(_SQL["end_all"], user_id, reason, to_datetime(now))


def _status(row: Record) -> SessionStatus:
    return SessionStatus(
        revoked=row["revoked_reason"],
        restricted=row["restricted"],
        erased=row["erased"],
        erasing=row["erasing"],
        banned=row["banned"],
        role=row["role"],
        void=row["void"],
        served=row["served"],
        second_factor=row["second_factor"],
        codes_on=row["codes_on"],
    )


def _session(row: Record, current: str) -> SessionView:
    return SessionView(
        id=row["id"],
        user_agent=row["user_agent"],
        network=row["network"],
        current=row["id"] == current,
        created_at=rfc3339(to_ms(row["created_at"])),
        last_used_at=rfc3339(to_ms(row["last_used_at"])),
        device_id=row["device"],
        client=row["client"] and msgspec.convert(row["client"], SessionClient),
    )
