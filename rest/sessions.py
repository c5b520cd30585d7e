"""One's sessions over REST. Decides nothing: `services.sessions` does."""

from core.contract import sessions as contract
from core.contract.sessions import SessionPage
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.sessions import SessionStore
from rest.http.paging import page
from rest.http.request import Request
from services.expulsions import Expulsions
from services.sessions import SessionService


class SessionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, sessions: SessionService, store: SessionStore, expulsions: Expulsions) -> None:
        self._sessions, self._store, self._expulsions = sessions, store, expulsions

    async def sessions(self, request: Request) -> SessionPage:
        caller, now = request.caller, request.now
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.page(
                caller.user_id, current=caller.session_id, before=before, limit=limit, now=now
            ),
            cursors=BY_ID,
            key=lambda session: session.id,
        )
        return SessionPage(items=items, next_cursor=after)

    async def end_other_sessions(self, request: Request) -> None:
        caller = request.caller
        await self._expulsions.sign_out_elsewhere(caller.user_id, caller.session_id, request.now)

    async def end_session(self, request: Request) -> None:
        await self._sessions.end(request.caller, request.at(ById).id, request.now)
