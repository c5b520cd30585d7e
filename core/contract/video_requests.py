"""Video requests: calls between two who are connected are without video until one has been approved."""

from typing import Literal

from core.vocabulary import Id, Timestamp
from core.wire.endpoint import Endpoint
from core.wire.message import Command, Empty, Event, Wire
from core.wire.pages import NextCursor, PageQuery

VideoRequestStatus = Literal["pending", "approved", "rejected", "expired"]


class VideoRequestView(Wire):
    """A request, the same for both. `approver_id` is by the policy of decisions, and alone may answer it."""

    id: Id
    connection_id: Id
    requester_id: Id
    approver_id: Id
    status: VideoRequestStatus
    requested_at: Timestamp
    responded_at: Timestamp | None
    expires_at: Timestamp


class VideoRequested(Wire):
    """The request that waits."""

    request_id: Id
    expires_at: Timestamp


class VideoRequest(Command, event="video:request", reply=VideoRequested, limits=("video_requests",)):
    """Ask for calls with video. While a request waits on this connection, it is that one."""

    connection_id: Id


class VideoRespond(Command, event="video:respond", reply=Empty):
    """Say yes or no to a request, as its approver. After a yes, calls of the two may have video."""

    request_id: Id
    approve: bool


class VideoWasRequested(Event, event="video:requested"):
    """There is a request; told both."""

    request: VideoRequestView


class VideoResponded(Event, event="video:responded"):
    """It was answered, or nobody did in time; told both."""

    request: VideoRequestView


class VideoRequestPage(Wire):
    """A page of video requests."""

    items: list[VideoRequestView]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="video_requests",
        method="GET",
        path="/v1/video-requests",
        area="calls",
        summary="Video requests from and to oneself, the newest first.",
        query=PageQuery,
        reply=VideoRequestPage,
    ),
)
