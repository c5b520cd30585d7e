"""What somebody holds dear, over REST. Decides nothing: `services.values` does."""

from core.contract.values import OwnValues
from rest.boundary import Exchange
from services.values import Values


class ValueHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, values: Values) -> None:
        self._values = values

    async def values(self, exchange: Exchange) -> OwnValues:
        """GET /v1/me/values"""
        return await self._values.of(exchange.caller.user_id)

    async def put_values(self, exchange: Exchange) -> OwnValues:
        """PUT /v1/me/values"""
        return await self._values.put(exchange.caller.user_id, exchange.sent(OwnValues))
