"""Cases for moderators; the boundary lets in nobody else. Decides nothing: `services.cases` does."""

from core.contract import moderation as contract
from core.contract.moderation import CasePage, CaseQuery, CaseView, NewDecision
from core.wire.cursors import BY_SEVERITY
from core.wire.endpoint import ById
from db.postgres.cases import CaseStore, Verdict
from rest.case_views import item, view
from rest.http.paging import page
from rest.http.request import Request
from services.cases import Cases


class ModerationHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, cases: Cases, store: CaseStore) -> None:
        self._cases, self._store = cases, store

    async def cases(self, request: Request) -> CasePage:
        query, by, now = request.asked(CaseQuery), request.caller.user_id, request.now
        rows, after = await page(
            query,
            lambda after, limit: self._store.queue(
                by, state=query.state, reason=query.reason, after=after, limit=limit, now=now
            ),
            cursors=BY_SEVERITY,
            key=lambda row: (row["severity"], row["id"]),
        )
        return CasePage(items=[item(row, now) for row in rows], next_cursor=after)

    async def case(self, request: Request) -> CaseView:
        found = await self._cases.look(_id(request), request.caller.user_id, request.now)
        return view(found, request.now)

    async def claim_case(self, request: Request) -> CaseView:
        found = await self._cases.claim(_id(request), request.caller.user_id, request.now)
        return view(found, request.now)

    async def decide_case(self, request: Request) -> CaseView:
        body = request.sent(NewDecision)
        verdict = Verdict(action=body.action, days=body.days, note=body.note)
        found = await self._cases.decide(_id(request), request.caller.user_id, verdict, request.now)
        return view(found, request.now)

    async def undo_case(self, request: Request) -> CaseView:
        found = await self._cases.undo(_id(request), request.caller.user_id, request.now)
        return view(found, request.now)


def _id(request: Request) -> str:
    return request.at(ById).id
