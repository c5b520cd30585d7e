"""How users stand, in Postgres: the ban that holds longest, and their strikes. Times in ms."""

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.standing import AppealView, StandingView, StrikeView
from core.fields import APPEAL, CLEAR, Fields
from db.postgres.pool import Pool, Record, queries

_SQL = queries("standing")
_MOST = 100


class Ban(Struct, frozen=True):
    """That somebody is banned; `until` None: for good."""

    until: int | None


class StandingStore:
    """Standing, by the id of a user."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def ban(self, user_id: str, now: int) -> Ban | None:
        """The ban of this user that holds longest; None: they are not banned."""
        row = await self._pool.fetchrow(_SQL["ban"], user_id, to_datetime(now))
        return row and Ban(row["until"] and to_ms(row["until"]))

    async def of(self, user_id: str, now: int) -> StandingView:
        """Status and strikes."""
        ban = await self.ban(user_id, now)
        rows = await self._pool.fetch(_SQL["strikes"], user_id, _MOST)
        return StandingView(
            status="suspended" if ban else "active",
            restricted_until=rfc3339(ban.until) if ban and ban.until is not None else None,
            strikes=[_strike(row, self._fields) for row in rows],
        )


def _strike(row: Record, fields: Fields) -> StrikeView:
    text = fields.read(APPEAL, row["appeal_id"], row["text"]) or ""
    return StrikeView(
        id=row["id"],
        action=row["action"],
        reason=row["reason"],
        at=rfc3339(to_ms(row["at"])),
        until=row["until"] and rfc3339(to_ms(row["until"])),
        appeal=AppealView(state=row["state"], text=text) if row["state"] else None,
    )
