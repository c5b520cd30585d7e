"""Reviews of places and mentors over REST. Nothing is decided: the store keeps what somebody says."""

from typing import Protocol, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from core.contract import reviews as contract
from core.contract.reviews import NewReview, ReviewPage, ReviewPatch, ReviewView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from core.worded import worded
from db.postgres.media_views import complete
from db.postgres.reviews import ReviewStore
from rest.http.paging import page
from rest.http.request import Request

_Said = TypeVar("_Said", NewReview, ReviewPatch)


class ReviewHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: ReviewStore) -> None:
        self._store = store

    async def reviews(self, request: Request) -> ReviewPage:
        return await _page(request, self._store.page)

    async def mentor_reviews(self, request: Request) -> ReviewPage:
        return await _page(request, self._store.page_of_mentor)

    async def review(self, request: Request) -> ReviewView:
        user_id, new = request.caller.user_id, _worded(request.sent(NewReview))
        made = await self._store.write(request.at(ById).id, user_id, new, request.key, request.now)
        return _reachable(made, request)

    async def review_mentor(self, request: Request) -> ReviewView:
        user_id, new = request.caller.user_id, _worded(request.sent(NewReview))
        made = await self._store.write_of_mentor(request.at(ById).id, user_id, new, request.key, request.now)
        return _reachable(made, request)

    async def change_review(self, request: Request) -> ReviewView:
        user_id, patch = request.caller.user_id, _worded(request.sent(ReviewPatch))
        return _reachable(await self._store.change(request.at(ById).id, user_id, patch, request.now), request)

    async def delete_review(self, request: Request) -> None:
        await self._store.delete(request.at(ById).id, request.caller.user_id)


def _worded(said: _Said) -> _Said:
    """The same, with a title and words that say something, or none."""
    return replace(said, title=_or_none(said.title), content=_or_none(said.content))


def _or_none(text: str | UnsetType | None) -> str | UnsetType | None:
    return text if text is UNSET else worded(text)


class _Fetch(Protocol):
    async def __call__(
        self, subject_id: str, viewer_id: str, /, *, before: str | None, limit: int, now: int
    ) -> list[ReviewView]: ...


async def _page(request: Request, fetch: _Fetch) -> ReviewPage:
    items, after = await page(
        request.asked(PageQuery),
        lambda before, limit: fetch(
            request.at(ById).id, request.caller.user_id, before=before, limit=limit, now=request.now
        ),
        cursors=BY_ID,
        key=lambda review: review.id,
    )
    shown = [_reachable(review, request) for review in items]
    return ReviewPage(items=shown, next_cursor=after)


def _reachable(view: ReviewView, request: Request) -> ReviewView:
    """The same with a photo whose address says where this server is."""
    url = view.author.photo_url
    return (
        view
        if url is None
        else replace(view, author=replace(view.author, photo_url=complete(url, request.address)))
    )
