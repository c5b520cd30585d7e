"""Lasting connections over REST. Reading only."""

from core.contract import connections as contract
from core.contract.connections import ConnectionPage, ConnectionView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.connections import ConnectionStore
from rest.http.paging import page
from rest.http.request import Request


class ConnectionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, connections: ConnectionStore) -> None:
        self._connections = connections

    async def connections(self, request: Request) -> ConnectionPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._connections.page(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda connection: connection.id,
        )
        return ConnectionPage(items=items, next_cursor=after)

    async def connection(self, request: Request) -> ConnectionView:
        return await self._connections.view(request.at(ById).id, request.caller.user_id, request.now)
