"""Sessions with mentors over REST. Decides nothing: `services.mentor_sessions` does."""

from datetime import datetime

from msgspec.structs import replace

from core.clock import to_ms
from core.contract import mentor_sessions as contract
from core.contract.mentor_sessions import (
    BookSession,
    MentorSessionPage,
    MentorSessionPatch,
    MentorSessionQuery,
    MentorSessionView,
)
from core.wire.cursors import BY_TIME
from core.wire.endpoint import ById
from db.postgres.mentor_sessions import MentorSessionStore
from rest.http.paging import page
from rest.http.request import Request
from rest.profiles import reachable
from services.mentor_sessions import MentorSessions


class MentorSessionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, sessions: MentorSessions, store: MentorSessionStore) -> None:
        self._sessions, self._store = sessions, store

    async def mentor_sessions(self, request: Request) -> MentorSessionPage:
        asked = request.asked(MentorSessionQuery)
        items, after = await page(
            asked,
            lambda before, limit: self._store.page(
                request.caller.user_id, asked.status, before=before, limit=limit, now=request.now
            ),
            cursors=BY_TIME,
            key=lambda item: (to_ms(datetime.fromisoformat(item.starts_at)), item.id),
        )
        return MentorSessionPage(items=[_complete(item, request) for item in items], next_cursor=after)

    async def book_session(self, request: Request) -> MentorSessionView:
        asked = request.sent(BookSession)
        return await self._sessions.book(request.caller.user_id, asked, request.key, request.now)

    async def change_session(self, request: Request) -> MentorSessionView:
        session_id, patch = request.at(ById).id, request.sent(MentorSessionPatch)
        changed = await self._sessions.change(session_id, request.caller.user_id, patch, request.now)
        return _complete(changed, request)


def _complete(view: MentorSessionView, request: Request) -> MentorSessionView:
    """The same with photos whose addresses say where this server is."""
    user, mentor = (reachable(card, request.address) for card in (view.user, view.mentor))
    return replace(view, user=user, mentor=mentor)
