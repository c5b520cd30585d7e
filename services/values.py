"""What somebody holds dear. Others meet it only as the closeness of two people's values, in matching."""

from core.contract.values import OwnValues
from db.postgres.values import ValueStore
from services.value_rules import keyed


class Values:
    """The use cases. What Postgres raises when it is away passes through (`db.outage`)."""

    def __init__(self, store: ValueStore) -> None:
        self._store = store

    async def put(self, user_id: str, values: OwnValues) -> OwnValues:
        """Have these values and no others. It counts from the next `queue:join` on.

        Raises `InvalidRequest` or `PayloadTooLarge` naming the one that cannot be kept, or repeats another.
        """
        kept = keyed(values.values)
        await self._store.replace(user_id, kept)
        return OwnValues(values=[each.value for each in kept])

    async def of(self, user_id: str) -> OwnValues:
        """One's values, in the order in which they were put."""
        return OwnValues(values=await self._store.of(user_id))
