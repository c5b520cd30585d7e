"""Values that users hold dear, in Postgres. `services/value_rules.py` makes their keys."""

from collections.abc import Sequence

from msgspec import Struct

from core.contract.values import OwnValue
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool

_OWN = own_queries("values")


class KeyedValue(Struct, frozen=True):
    """A value with the key by which it is compared."""

    key: str
    value: OwnValue


class ValueStore:
    """Values. `ApplicantStore` reads them too, for a queue ticket."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def replace(self, user_id: str, values: Sequence[KeyedValue]) -> None:
        """Replace the user's values by these, in this order. Of two changes at once the later one stays."""
        async with own_rows(self._pool, user_id) as own:
            await own.execute(_OWN["lock"])
            await own.execute(
                _OWN["replace"],
                [each.key for each in values],
                [each.value.category for each in values],
                [each.value.name for each in values],
                [each.value.strength for each in values],
            )

    async def of(self, user_id: str) -> list[OwnValue]:
        """The user's values, in the order in which they were sent."""
        async with own_rows(self._pool, user_id) as own:
            return [
                OwnValue(category=row["category"], name=row["value_name"], strength=row["strength"])
                for row in await own.fetch(_OWN["of"])
            ]
