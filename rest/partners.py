"""Partners over REST: kept by admins, and what their staff see. The stores keep what admins say."""

from aiohttp import web
from msgspec import json

from core.contract import partners as contract
from core.contract.partners import (
    NewPartner,
    OwnPartners,
    PartnerPage,
    PartnerPatch,
    PartnerView,
    StaffPath,
    StatsQuery,
)
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.partners import PartnerStore
from rest.http.accepts import accepts
from rest.http.paging import page
from rest.http.request import Request
from services.each_once import each_once
from services.partners import as_table, asked_days


class PartnerHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: PartnerStore) -> None:
        self._store = store

    async def own_partners(self, request: Request) -> OwnPartners:
        return OwnPartners(items=await self._store.of_staff(request.caller.user_id))

    async def partner_stats(self, request: Request) -> web.Response:
        days = asked_days(request.asked(StatsQuery), request.now)
        stats = await self._store.stats(request.at(ById).id, request.caller.user_id, days)
        if accepts(request.accept, "text/csv"):
            return web.Response(text=as_table(stats), content_type="text/csv", headers=_VARIES)
        return web.Response(body=json.encode(stats), content_type="application/json", headers=_VARIES)

    async def partners(self, request: Request) -> PartnerPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.page(before=before, limit=limit),
            cursors=BY_ID,
            key=lambda partner: partner.id,
        )
        return PartnerPage(items=items, next_cursor=after)

    async def create_partner(self, request: Request) -> PartnerView:
        new = request.sent(NewPartner)
        each_once("location_ids", new.location_ids)
        return await self._store.create(new, request.caller.user_id, request.key, request.now)

    async def change_partner(self, request: Request) -> PartnerView:
        patch, partner_id = request.sent(PartnerPatch), request.at(ById).id
        each_once("location_ids", patch.location_ids)
        return await self._store.change(partner_id, patch, request.caller.user_id, request.now)

    async def add_partner_staff(self, request: Request) -> PartnerView:
        who = request.at(StaffPath)
        return await self._store.hire(who.id, who.user_id, request.caller.user_id, request.now)

    async def remove_partner_staff(self, request: Request) -> None:
        who = request.at(StaffPath)
        await self._store.dismiss(who.id, who.user_id, request.caller.user_id, request.now)


_VARIES = {"Vary": "Accept"}
