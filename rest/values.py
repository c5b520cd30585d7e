"""A user's values, over REST. `services.values` decides; what is stored is read as it is."""

from core.contract import values as contract
from core.contract.values import OwnValues
from db.postgres.values import ValueStore
from rest.http.request import Request
from services.values import Values


class ValueHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, values: Values, store: ValueStore) -> None:
        self._values, self._store = values, store

    async def values(self, request: Request) -> OwnValues:
        return OwnValues(values=await self._store.of(request.caller.user_id))

    async def put_values(self, request: Request) -> OwnValues:
        return await self._values.put(request.caller.user_id, request.sent(OwnValues))
