"""Mentors over REST. Decides nothing: `services.mentors` does."""

from msgspec.structs import replace

from core.contract import mentors as contract
from core.contract.mentors import (
    MentorPage,
    MentorPatch,
    MentorQuery,
    MentorView,
    NewMentor,
    SlotPage,
    SlotQuery,
)
from core.wire.endpoint import ById
from rest.http.request import Request
from rest.profiles import reachable
from services.mentors import Mentors


class MentorHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, mentors: Mentors) -> None:
        self._mentors = mentors

    async def mentors(self, request: Request) -> MentorPage:
        items, after = await self._mentors.search(
            request.caller.user_id, request.asked(MentorQuery), request.now, staff=request.staff
        )
        shown = [_reachable(item, request) for item in items]
        return MentorPage(items=shown, next_cursor=after)

    async def mentor(self, request: Request) -> MentorView:
        found = await self._mentors.of(
            request.at(ById).id, request.caller.user_id, request.now, staff=request.staff
        )
        return _reachable(found, request)

    async def mentor_slots(self, request: Request) -> SlotPage:
        mentor_id, asked = request.at(ById).id, request.asked(SlotQuery)
        return await self._mentors.slots(mentor_id, request.caller.user_id, asked, request.now)

    async def create_mentor(self, request: Request) -> MentorView:
        by, new = request.caller.user_id, request.sent(NewMentor)
        return await self._mentors.create(new, by, request.key, request.now)

    async def change_mentor(self, request: Request) -> MentorView:
        by, patch = request.caller.user_id, request.sent(MentorPatch)
        return await self._mentors.change(request.at(ById).id, patch, by, request.now)


def _reachable(view: MentorView, request: Request) -> MentorView:
    """The same with a picture whose address says where this server is."""
    return replace(view, user=reachable(view.user, request.address))
