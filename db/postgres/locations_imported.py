"""Places that come from a file, each known again by its id there. What was imported is on the audit log."""

from collections.abc import Sequence

from msgspec import Struct, structs

from core.clock import to_datetime
from core.contract.locations import NewLocation
from core.ids import new_id
from db.postgres import audit
from db.postgres.pool import Pool, queries

_SQL = queries("locations_imported")


class Imported(Struct, frozen=True):
    """How many places were added, were changed, or are as they were."""

    created: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(self.created + other.created, self.changed + other.changed, self.same + other.same)


class ImportStore:
    """Places of files."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, source: str, places: Sequence[tuple[str, NewLocation]], now: int) -> Imported:
        """Add or change these, of different ids, all at once. Pictures, and whether it is shown, stay."""
        given = [
            {**structs.asdict(place), "id": new_id(now), "source_id": source_id}
            for source_id, place in places
        ]
        rows = await self._pool.fetch(_SQL["take"], given, source, to_datetime(now))
        created = sum(row["created"] for row in rows)
        return Imported(created, len(rows) - created, len(given) - len(rows))

    async def note(self, source: str, done: Imported, refused: int, now: int) -> None:
        """Put on the audit log what was imported by the operator."""
        details = {"source": source, **structs.asdict(done), "refused": refused}
        async with self._pool.acquire() as connection:
            await audit.note(connection, "locations_imported", None, details, by=None, now=now)
