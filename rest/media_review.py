"""Pictures and videos that strangers see, for moderators. Decides nothing: `services.media_review` does."""

from core.contract import media_review as contract
from core.contract.media_review import MediaReviewPage, MediaReviewQuery, NewMediaDecision, ReviewedMedia
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from db.postgres.media_review import MediaReviewStore
from rest.http.paging import page
from rest.http.request import Request
from services.media_review import MediaReview


class MediaReviewHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, review: MediaReview, store: MediaReviewStore) -> None:
        self._review, self._store = review, store

    async def media_to_review(self, request: Request) -> MediaReviewPage:
        query, by, now = request.asked(MediaReviewQuery), request.caller.user_id, request.now
        items, after = await page(
            query,
            lambda after, limit: self._store.page(by, query.user_id, after=after, limit=limit, now=now),
            cursors=BY_ID,
            key=lambda media: media.id,
        )
        return MediaReviewPage(items=items, next_cursor=after)

    async def decide_media(self, request: Request) -> ReviewedMedia:
        decision, by = request.sent(NewMediaDecision), request.caller.user_id
        return await self._review.decide(request.at(ById).id, by, decision, request.now)

    async def undo_media(self, request: Request) -> ReviewedMedia:
        return await self._review.undo(request.at(ById).id, request.caller.user_id, request.now)
