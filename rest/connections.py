"""Lasting connections over REST. Reading only."""

from core.contract import connections as contract
from core.contract.connections import ConnectionPage, ConnectionView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.connections import ConnectionStore
from rest.http.exchange import Exchange
from rest.http.paging import page


class ConnectionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, connections: ConnectionStore) -> None:
        self._connections = connections

    async def connections(self, exchange: Exchange) -> ConnectionPage:
        items, after = await page(
            exchange.asked(PageQuery),
            lambda before, limit: self._connections.page(
                exchange.caller.user_id, before=before, limit=limit, now=exchange.now
            ),
            cursors=BY_ID,
            key=lambda connection: connection.id,
        )
        return ConnectionPage(items=items, next_cursor=after)

    async def connection(self, exchange: Exchange) -> ConnectionView:
        return await self._connections.view(exchange.at(ById).id, exchange.caller.user_id, exchange.now)
