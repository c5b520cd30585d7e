"""What somebody holds dear, over REST. Decides nothing: `services.values` does."""

from core.contract import values as contract
from core.contract.values import OwnValues
from rest.http.exchange import Exchange
from services.values import Values


class ValueHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, values: Values) -> None:
        self._values = values

    async def values(self, exchange: Exchange) -> OwnValues:
        return await self._values.of(exchange.caller.user_id)

    async def put_values(self, exchange: Exchange) -> OwnValues:
        return await self._values.put(exchange.caller.user_id, exchange.sent(OwnValues))
