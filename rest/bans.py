"""Bans over REST, for moderators. Decides nothing: `services.bans` does."""

from core.clock import to_ms
from core.contract import bans as contract
from core.contract.bans import BanOrder, BanPage, BanQuery, BanView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from db.postgres.penalties import PenaltyStore
from rest.http.paging import page
from rest.http.request import Request
from services.bans import Bans


class BanHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, bans: Bans, store: PenaltyStore) -> None:
        self._bans, self._store = bans, store

    async def bans(self, request: Request) -> BanPage:
        query = request.asked(BanQuery)
        items, after = await page(
            query,
            lambda before, limit: self._store.page(
                user_id=query.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda ban: ban.id,
        )
        return BanPage(items=items, next_cursor=after)

    async def ban(self, request: Request) -> BanView:
        order = request.sent(BanOrder)
        return await self._bans.ban(
            order.user_id,
            reason=order.reason,
            until=None if order.until is None else to_ms(order.until),
            by=request.caller.user_id,
            now=request.now,
            key=request.key,
        )

    async def unban(self, request: Request) -> None:
        await self._bans.lift(request.at(ById).id, request.caller.user_id, request.now)
