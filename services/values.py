"""What users hold dear. Matching uses how close the values of two people are; friends see what both hold dear
(`services/compatibility.py`), and others nothing.
"""

from core.contract.values import OwnValues
from db.postgres.values import ValueStore
from services.value_rules import keyed


class Values:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: ValueStore) -> None:
        self._store = store

    async def put(self, user_id: str, values: OwnValues) -> OwnValues:
        """Replace the user's values by these. They count from the next `queue:join` on.

        Raises `InvalidRequest` or `PayloadTooLarge` naming the value that is invalid, or that repeats
        another.
        """
        kept = keyed(values.values)
        await self._store.replace(user_id, kept)
        return OwnValues(values=[each.value for each in kept])
