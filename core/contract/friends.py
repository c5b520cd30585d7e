"""Friends: requests, friendships and whom one may know. A friendship gives a room, not calls."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.profiles import ProfileCard
from core.errors import Conflict, NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Event, Input, Wire
from core.wire.pages import NextCursor, PageQuery

Box = Literal["in", "out"]


class NewFriendRequest(Input):
    """Whom to ask."""

    user_id: Id


class ByFriend(Input):
    """The friend."""

    user_id: Id


class RequestQuery(PageQuery):
    """Which requests: those that one has got, or has sent."""

    box: Box = "in"


class FriendRequestView(Wire):
    """A request that waits for an answer; `user` is the other one."""

    id: Id
    user: ProfileCard
    box: Box
    created_at: Timestamp


class FriendView(Wire):
    """A friend. `connection_id`: there is a connection too, which shares the room."""

    user: ProfileCard
    since: Timestamp
    room_id: Id
    connection_id: Id | None = None


class Asked(Wire):
    """The request (`id`, `box`, `created_at`); where the other had asked already, the friendship (`since`,
    `room_id`, `connection_id`)."""

    user: ProfileCard
    id: Id | None = None
    box: Box | None = None
    created_at: Timestamp | None = None
    since: Timestamp | None = None
    room_id: Id | None = None
    connection_id: Id | None = None


class FriendPage(Wire):
    """A page of friends, the newest first."""

    items: list[FriendView]
    next_cursor: NextCursor


class FriendRequestPage(Wire):
    """A page of requests, the newest first."""

    items: list[FriendRequestView]
    next_cursor: NextCursor


class FriendSuggestion(Wire):
    """Somebody whom one may know: in one's contacts, or a friend of `count` of one's friends."""

    user: ProfileCard
    reason: Literal["friends", "contact"]
    count: Annotated[int, Meta(ge=1)] | None = None


class FriendSuggestionPage(Wire):
    """A page of suggestions: contacts first, then by how many friends there are in common."""

    items: list[FriendSuggestion]
    next_cursor: NextCursor


class FriendRequested(Event, event="friend:requested"):
    """Somebody asks to be a friend: to both, on every device."""

    request: FriendRequestView


class FriendWithdrawn(Event, event="friend:withdrawn"):
    """A request waits no longer, and has made no friends: to both."""

    request_id: Id


class FriendAdded(Event, event="friend:added"):
    """Two are friends: to both."""

    friend: FriendView


class FriendRemoved(Event, event="friend:removed"):
    """Two are friends no longer: to both."""

    user_id: Id
    room_id: Id


ENDPOINTS = (
    Endpoint(
        name="friends",
        method="GET",
        path="/v1/friends",
        area="people",
        summary="One's friends.",
        query=PageQuery,
        reply=FriendPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="unfriend",
        method="DELETE",
        path="/v1/friends/{user_id}",
        area="people",
        summary="Be friends no longer: what was said stays readable.",
        parameters=ByFriend,
        status=204,
    ),
    Endpoint(
        name="friend_suggestions",
        method="GET",
        path="/v1/friends/suggestions",
        area="people",
        summary="Whom one may know.",
        query=PageQuery,
        reply=FriendSuggestionPage,
    ),
    Endpoint(
        name="friend_requests",
        method="GET",
        path="/v1/friends/requests",
        area="people",
        summary="Requests that wait for an answer.",
        query=RequestQuery,
        reply=FriendRequestPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="ask_friend",
        method="POST",
        path="/v1/friends/requests",
        area="people",
        summary="Ask somebody to be a friend; who has been asked by them is one at once.",
        body=NewFriendRequest,
        reply=Asked,
        status=201,
        errors=(Conflict, NotFound),
        idempotent=True,
        limits=("friend_requests",),
    ),
    Endpoint(
        name="accept_friend",
        method="POST",
        path="/v1/friends/requests/{id}/accept",
        area="people",
        summary="Say yes: the two are friends.",
        parameters=ById,
        reply=FriendView,
    ),
    Endpoint(
        name="refuse_friend",
        method="POST",
        path="/v1/friends/requests/{id}/refuse",
        area="people",
        summary="Say no; who has sent the request takes it back.",
        parameters=ById,
        errors=(Conflict,),
        status=204,
    ),
)
