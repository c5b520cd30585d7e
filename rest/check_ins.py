"""Check-ins over REST. Decides nothing: `services.check_ins` does."""

from datetime import date, datetime

from core.clock import to_ms
from core.contract import check_ins as contract
from core.contract.check_ins import (
    CheckedIn,
    CheckInPage,
    CheckInQuery,
    CheckInView,
    Flag,
    NewCheckIn,
    PlaceCodeView,
    VisitPage,
)
from core.wire.cursors import BY_DAY, BY_TIME
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.check_ins import Key
from rest.http.paging import page
from rest.http.request import Request
from services.check_ins import CheckIns


class CheckInHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, check_ins: CheckIns) -> None:
        self._check_ins = check_ins

    async def check_in(self, request: Request) -> CheckedIn:
        user_id, new = request.caller.user_id, request.sent(NewCheckIn)
        return await self._check_ins.check_in(user_id, new, request.key, request.now)

    async def check_ins(self, request: Request) -> CheckInPage:
        query, user_id = request.asked(CheckInQuery), request.caller.user_id
        items, after = await page(
            query,
            lambda before, limit: self._check_ins.page(user_id, query, before, limit),
            cursors=BY_DAY,
            key=_key,
        )
        return CheckInPage(items=items, next_cursor=after)

    async def flag_check_in(self, request: Request) -> None:
        check_in_id, by, reason = request.at(ById).id, request.caller.user_id, request.sent(Flag).reason
        await self._check_ins.flag(check_in_id, by, reason, request.now, staff=request.staff)

    async def visits(self, request: Request) -> VisitPage:
        query, location_id, user_id = request.asked(PageQuery), request.at(ById).id, request.caller.user_id
        items, after = await page(
            query,
            lambda before, limit: self._check_ins.visits(
                location_id, user_id, before, limit, request.now, staff=request.staff
            ),
            cursors=BY_TIME,
            key=lambda item: (to_ms(datetime.fromisoformat(item.at)), item.id),
        )
        return VisitPage(items=items, next_cursor=after)

    async def place_code(self, request: Request) -> PlaceCodeView:
        location_id, user_id = request.at(ById).id, request.caller.user_id
        return await self._check_ins.code(
            location_id, user_id, request.address, request.now, staff=request.staff
        )


def _key(item: CheckInView) -> Key:
    """Its place in the list."""
    return date.fromisoformat(item.local_day), to_ms(datetime.fromisoformat(item.at)), item.id
