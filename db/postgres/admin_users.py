"""Users in Postgres as moderators see and correct them. Looks and corrections are on the audit log.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.admin_users import AdminUser, ReportsOfUser, UserItem
from core.errors import NotFound
from core.fields import CLEAR, EMAIL, Fields
from core.vocabulary import Gender, Role
from db.postgres import audit
from db.postgres.accounts import role_within
from db.postgres.pool import Pool, Record, queries
from db.postgres.sessions import SessionStore
from db.postgres.standing import StandingStore
from db.postgres.strikes import NewStrike, lift_strike_within, strike_within
from db.postgres.user_locks import lock_users

_SQL = queries("admin_users")
_LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_CASES = 20
_SESSIONS = 50


class Correction(Struct, frozen=True, kw_only=True):
    """What to set; None: it stays. `until`: who is a minor by that is suspended until then."""

    birth_date: date | None = None
    gender: Gender | None = None
    role: Role | None = None
    until: int | None = None


class AdminUsers:
    """Users, whoever they are."""

    def __init__(
        self, pool: Pool, sessions: SessionStore, standing: StandingStore, fields: Fields = CLEAR
    ) -> None:
        self._pool, self._sessions, self._standing = pool, sessions, standing
        self._fields = fields

    async def find(self, q: str | None, *, before: str | None, limit: int, now: int) -> list[UserItem]:
        """The newest before the user `before`: with this id, or whose name or address begins so.

        An address that is sealed has to be given whole.
        """
        place = (before or _LAST, limit)
        if q is None:
            rows = await self._pool.fetch(_SQL["all"], *place)
        elif _is_id(q):
            rows = [{"id": q.lower()}] if q.lower() < place[0] else []
        else:
            rows = await self._pool.fetch(_SQL["found"], *place, q, self._fields.address_hashes(q))
        found = await self._pool.fetch(_SQL["items"], [row["id"] for row in rows], to_datetime(now))
        return [self._item(row) for row in found]

    async def of(self, user_id: str, by: str, now: int) -> AdminUser:
        """One of them, with the reports that this moderator may see. Raises `NotFound`."""
        account = await self._pool.fetchrow(_SQL["account"], user_id)
        if account is None:
            raise NotFound
        standing = await self._standing.of(user_id, now)
        reports = await self._pool.fetchrow(_SQL["reports"], user_id, _CASES, by)
        return AdminUser(
            id=account["id"],
            email=self._fields.read(EMAIL, account["id"], account["email"]),
            username=account["username"],
            display_name=account["display_name"],
            role=account["role"],
            birth_date=account["birth_date"].isoformat(),
            gender=account["gender"],
            status=standing.status,
            created_at=rfc3339(to_ms(account["created_at"])),
            standing=standing,
            sessions=await self._sessions.page(user_id, current="", before=None, limit=_SESSIONS, now=now),
            reports_by=_reports(reports, "by"),
            reports_about=_reports(reports, "about"),
            last_login=_time(account["last_login"]),
            last_active=_time(account["last_active"]),
            deleted_at=_time(account["deleted_at"]),
        )

    async def looked(self, by: str, user_id: str | None, now: int, **details: Any) -> None:
        """Note on the audit log that this moderator has looked at somebody, or for somebody."""
        action = "users_searched" if user_id is None else "user_viewed"
        async with self._pool.acquire() as connection:
            await audit.note(connection, action, user_id, details, by=by, now=now)

    async def correct(self, user_id: str, correction: Correction, by: str, now: int) -> None:
        """Set what is to be corrected, and suspend a minor, with entries on the audit log.

        A birth date settles how old they are: a suspension that waited for that ends, also if it was right.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            if correction.birth_date is not None:
                for strike in await connection.fetch(_SQL["unsettled"], user_id):
                    await lift_strike_within(connection, strike["id"], by, now)
            if correction.role is not None:
                await role_within(connection, user_id, correction.role, by, now)
            given = (correction.birth_date, correction.gender, to_datetime(now))
            before = await connection.fetchrow(_SQL["correct"], user_id, *given)
            if before is None:
                return
            changed = [name for name in ("birth_date", "gender") if before[name]]
            await audit.note(connection, "user_corrected", user_id, {"fields": changed}, by=by, now=now)
            if "birth_date" in changed and correction.until is not None:
                until_18 = NewStrike(
                    user_id=user_id, action="suspend", reason="underage", by=by, until=correction.until
                )
                await strike_within(connection, until_18, now)

    def _item(self, row: Record) -> UserItem:
        return UserItem(
            id=row["id"],
            email=self._fields.read(EMAIL, row["id"], row["email"]),
            username=row["username"],
            display_name=row["display_name"],
            role=row["role"],
            status="suspended" if row["banned"] else "active",
            created_at=rfc3339(to_ms(row["created_at"])),
            deleted_at=row["deleted_at"] and rfc3339(to_ms(row["deleted_at"])),
        )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(to_ms(at))


def _reports(row: Record, side: str) -> ReportsOfUser:
    return ReportsOfUser(count=row[f"{side}_count"], people=row[f"{side}_people"], ids=row[f"{side}_ids"])
