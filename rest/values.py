"""What somebody holds dear, over REST. Decides nothing: `services.values` does."""

from core.contract import values as contract
from core.contract.values import OwnValues
from rest.http.request import Request
from services.values import Values


class ValueHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, values: Values) -> None:
        self._values = values

    async def values(self, request: Request) -> OwnValues:
        return await self._values.of(request.caller.user_id)

    async def put_values(self, request: Request) -> OwnValues:
        return await self._values.put(request.caller.user_id, request.sent(OwnValues))
