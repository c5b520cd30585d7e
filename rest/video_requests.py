"""Video requests over REST. Reading only."""

from core.contract import video_requests as contract
from core.contract.video_requests import VideoRequestPage
from core.wire.cursors import BY_ID
from core.wire.pages import PageQuery
from db.postgres.video_requests import VideoRequestStore
from rest.http.paging import page
from rest.http.request import Request
from services.video_requests import view


class VideoRequestHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, requests: VideoRequestStore) -> None:
        self._requests = requests

    async def video_requests(self, request: Request) -> VideoRequestPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._requests.page(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda found: found.id,
        )
        return VideoRequestPage(items=[view(each) for each in items], next_cursor=after)
