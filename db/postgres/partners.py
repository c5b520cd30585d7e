"""Partners in Postgres, with their places, staff and figures. What admins do is on the audit log.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import UNSET, Struct, convert, structs

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.locations import Contact
from core.contract.partners import (
    DayFigures,
    Figures,
    NewPartner,
    OwnPartner,
    OwnPlace,
    PartnerPatch,
    PartnerStats,
    PartnerView,
)
from core.errors import Conflict, InvalidRequest, NotFound
from core.ids import new_id
from db.postgres import audit
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("partners")
_SQL = {name: text.replace(":columns", _NAMED["columns"]) for name, text in _NAMED.items()}
_COUNTS = Figures.__struct_fields__
_NOTHING = dict.fromkeys(_COUNTS, 0)


class Days(Struct, frozen=True):
    """Some days, one after the other, and when each begins; last, when the last one ends."""

    days: Sequence[date]
    begin: Sequence[datetime]


class PartnerStore:
    """Partners."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # What admins do

    async def page(self, *, before: str | None, limit: int) -> list[PartnerView]:
        """Newest first: those before this one."""
        return [_view(row) for row in await self._pool.fetch(_SQL["page"], before, limit)]

    async def create(self, new: NewPartner, by: str, key: IdempotencyKey | None, now: int) -> PartnerView:
        """Add one. Raises `NotFound` and `Conflict` for places that are not there, or another's."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, PartnerView)) is not None:
                return known
            partner_id = new_id(now)
            await _write(connection, partner_id, new, now)
            await _note(connection, "partner_created", partner_id, by, now)
            return await keep(connection, key, await _one(connection, partner_id))

    async def change(self, partner_id: str, patch: PartnerPatch, by: str, now: int) -> PartnerView:
        """Set what the patch names. Raises as `create`, and `InvalidRequest` for too small a budget."""
        changes = {name: value for name, value in structs.asdict(patch).items() if value is not UNSET}
        async with self._pool.acquire() as connection, connection.transaction():
            granted = await connection.fetchval(_SQL["lock"], partner_id)
            if granted is None:
                raise NotFound
            known = await _one(connection, partner_id)
            same = {name: getattr(known, name) for name in NewPartner.__struct_fields__}
            changed = NewPartner(**{**same, **changes})
            check_budget(changed.budget, granted)
            await _write(connection, partner_id, changed, now)
            await _note(connection, "partner_changed", partner_id, by, now, fields=sorted(changes))
            return await _one(connection, partner_id)

    async def hire(self, partner_id: str, user_id: str, by: str, now: int) -> PartnerView:
        """They work there from now on, or do already. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock"], partner_id) is None:
                raise NotFound
            if await connection.fetchval(_SQL["hire"], partner_id, user_id, to_datetime(now)) is None:
                raise NotFound("There is no such user.")
            await _note(connection, "partner_staff_added", partner_id, by, now, user_id=user_id)
            return await _one(connection, partner_id)

    async def dismiss(self, partner_id: str, user_id: str, by: str, now: int) -> None:
        """They do not work there any more. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_SQL["dismiss"], partner_id, user_id) is None:
                raise NotFound
            await _note(connection, "partner_staff_removed", partner_id, by, now, user_id=user_id)

    # What staff see

    async def of_staff(self, user_id: str) -> list[OwnPartner]:
        """For whom they work, with the places that are shown."""
        rows = await self._pool.fetch(_SQL["own"], user_id)
        return [
            OwnPartner(
                id=row["id"], name=row["name"], locations=convert(row["locations"] or [], list[OwnPlace])
            )
            for row in rows
        ]

    async def stats(self, partner_id: str, staff_id: str, days: Days) -> PartnerStats:
        """What became of its rewards. Raises `NotFound`, for a partner for whom they do not work too."""
        if not await self._pool.fetchval(_SQL["works_for"], staff_id, partner_id):
            raise NotFound
        rows = await self._pool.fetch(_SQL["figures"], partner_id, days.begin)
        known = {row["place"]: {name: row[name] for name in _COUNTS} for row in rows}
        return PartnerStats(
            total=Figures(**known.get(None, _NOTHING)),
            days=[
                DayFigures(day=day, **known.get(place, _NOTHING)) for place, day in enumerate(days.days, 1)
            ],
        )


async def is_staff(asked: Pool | Connection, user_id: str, location_id: str) -> bool:
    """Whether they work at this place, as staff of its partner."""
    return bool(await asked.fetchval(_SQL["is_staff"], user_id, location_id))


def check_budget(budget: int | None, granted: int) -> None:
    """Raises `InvalidRequest` where more was granted before."""
    if budget is not None and budget < granted:
        raise InvalidRequest(f"{granted} were granted already.", details={"field": "budget"})


async def _write(connection: Connection, partner_id: str, new: NewPartner, now: int) -> None:
    await connection.execute(
        _SQL["write"],
        partner_id,
        new.name,
        new.type,
        new.partnership_level,
        new.description,
        new.contact,
        new.budget,
        new.active,
        to_datetime(now),
    )
    await connection.execute(_SQL["leave"], partner_id, new.location_ids)
    taken = await connection.fetch(_SQL["take"], partner_id, new.location_ids)
    if len(taken) == len(new.location_ids):
        return
    about = {"field": "location_ids"}
    if missing := await connection.fetch(_SQL["missing"], new.location_ids):
        raise NotFound("There is no such place.", details={**about, "id": missing[0]["id"]})
    raise Conflict("A place is another partner's.", details=about)


async def _note(
    connection: Connection, action: str, partner_id: str, by: str, now: int, **more: Sequence[str] | str
) -> None:
    about = more.pop("user_id", None)
    subject = about if isinstance(about, str) else None
    await audit.note(connection, action, subject, {"partner": partner_id, **more}, by=by, now=now)


async def _one(connection: Connection, partner_id: str) -> PartnerView:
    return _view(await connection.fetchrow(_SQL["one"], partner_id))


def _view(row: Record) -> PartnerView:
    return PartnerView(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        partnership_level=row["partnership_level"],
        description=row["description"],
        contact=convert(row["contact"], Contact),
        location_ids=row["location_ids"],
        staff_ids=row["staff_ids"],
        active=row["active"],
        budget=row["budget"],
        granted=row["granted"],
        created_at=rfc3339(to_ms(row["created_at"])),
        updated_at=rfc3339(to_ms(row["updated_at"])),
    )
