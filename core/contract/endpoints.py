"""Every endpoint as data. The router, the checks at the boundary and the OpenAPI document are made of it."""

from typing import Literal

from msgspec import Struct

from core.contract.accounts import Login, ProfilePatch, Refresh, Register, SignedIn
from core.contract.admin import AuditPage, AuditQuery, MatchReplay
from core.contract.chat import RoomView
from core.contract.connections import ConnectionView
from core.contract.people import Me, ProfileCard
from core.contract.rest import (
    BlockPage,
    BlockView,
    CallPage,
    ConnectionPage,
    Health,
    MessagePage,
    NewBlock,
    PageQuery,
    Readiness,
    RoomPage,
    SessionPage,
)
from core.contract.values import OwnValues
from core.errors import (
    AppError,
    Banned,
    Conflict,
    IdempotencyConflict,
    Internal,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    RateLimited,
    TokenExpired,
    Unauthenticated,
    Unavailable,
    Underage,
)
from core.vocabulary import Role

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Endpoint(Struct, frozen=True, kw_only=True):
    """`name` is the operation's id; `errors` are those of its own, beside what follows from the other fields.

    `idempotent`: takes an `Idempotency-Key`. `versioned`: answers with an `ETag`; `guarded`: wants it back in
    `If-Match`. `role` is of who may ask, looked up at each request: to all others there is no such thing.
    `media` is the type of an answer that is no JSON. `unlimited`: costs nothing, so that whoever watches over
    the server may ask at any time; strangers may call all others only so often.
    """

    name: str
    method: Method
    path: str
    area: str
    summary: str
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    reply: type[Struct] | None = None
    status: int = 200
    errors: tuple[type[AppError], ...] = ()
    auth: bool = True
    role: Role | None = None
    idempotent: bool = False
    versioned: bool = False
    guarded: bool = False
    unlimited: bool = False
    media: str = "application/json"

    @property
    def possible_errors(self) -> tuple[type[AppError], ...]:
        """All that this endpoint may answer, in the order of their status."""
        found: set[type[AppError]] = set(self.errors)
        if self.body or self.query:
            found |= {InvalidRequest, PayloadTooLarge}
        if self.auth:
            found |= {Unauthenticated, TokenExpired, Banned}
        if self.role:
            found |= {NotFound}
        if not self.unlimited:
            found |= {RateLimited}
        if self.auth or self.body:
            # Only what keeps nothing anywhere cannot fail.
            found |= {Internal, Unavailable}
        if self.idempotent:
            found |= {IdempotencyConflict}
        if self.guarded:
            found |= {PreconditionFailed}
        return tuple(sorted(found, key=lambda error: (error.status, error.code)))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        name="register",
        method="POST",
        path="/v1/auth/register",
        area="accounts",
        summary="Open an account and sign in.",
        body=Register,
        reply=SignedIn,
        status=201,
        errors=(Underage, Conflict),
        auth=False,
        idempotent=True,
    ),
    Endpoint(
        name="login",
        method="POST",
        path="/v1/auth/login",
        area="accounts",
        summary="Sign in with email address or username.",
        body=Login,
        reply=SignedIn,
        errors=(Unauthenticated, Banned),
        auth=False,
    ),
    Endpoint(
        name="refresh",
        method="POST",
        path="/v1/auth/refresh",
        area="accounts",
        summary="Trade a refresh token for the next pair; one used twice may end its session.",
        body=Refresh,
        reply=SignedIn,
        errors=(Unauthenticated, Banned),
        auth=False,
    ),
    Endpoint(
        name="logout",
        method="POST",
        path="/v1/auth/logout",
        area="accounts",
        summary="End this session; its live connections end too.",
        status=204,
    ),
    Endpoint(
        name="sessions",
        method="GET",
        path="/v1/auth/sessions",
        area="accounts",
        summary="One's sessions that go on.",
        query=PageQuery,
        reply=SessionPage,
    ),
    Endpoint(
        name="end_session",
        method="DELETE",
        path="/v1/auth/sessions/{id}",
        area="accounts",
        summary="Sign out one session; its live connections end too.",
        status=204,
        errors=(NotFound,),
    ),
    Endpoint(
        name="me",
        method="GET",
        path="/v1/me",
        area="me",
        summary="One's own account and profile.",
        reply=Me,
        versioned=True,
    ),
    Endpoint(
        name="change_me",
        method="PATCH",
        path="/v1/me",
        area="me",
        summary="Change one's profile, if it is still what `If-Match` says.",
        body=ProfilePatch,
        reply=Me,
        versioned=True,
        guarded=True,
    ),
    Endpoint(
        name="values",
        method="GET",
        path="/v1/me/values",
        area="me",
        summary="What one holds dear, in the order in which it was put.",
        reply=OwnValues,
    ),
    Endpoint(
        name="put_values",
        method="PUT",
        path="/v1/me/values",
        area="me",
        summary="Hold these values and no others; matching prefers people whose values are close.",
        body=OwnValues,
        reply=OwnValues,
    ),
    Endpoint(
        name="past_calls",
        method="GET",
        path="/v1/me/calls",
        area="calls",
        summary="Calls that were answered and are over.",
        query=PageQuery,
        reply=CallPage,
    ),
    Endpoint(
        name="profile",
        method="GET",
        path="/v1/profiles/{id}",
        area="people",
        summary="The card of someone.",
        reply=ProfileCard,
        errors=(NotFound,),
    ),
    Endpoint(
        name="blocks",
        method="GET",
        path="/v1/blocks",
        area="people",
        summary="Whom one has blocked.",
        query=PageQuery,
        reply=BlockPage,
    ),
    Endpoint(
        name="block",
        method="POST",
        path="/v1/blocks",
        area="people",
        summary="Block someone: call, connection and chat with them end, and they are not met again.",
        body=NewBlock,
        reply=BlockView,
        status=201,
        errors=(NotFound,),
        idempotent=True,
    ),
    Endpoint(
        name="unblock",
        method="DELETE",
        path="/v1/blocks/{user_id}",
        area="people",
        summary="Block someone no more; what the block has ended stays ended.",
        status=204,
        errors=(NotFound,),
    ),
    Endpoint(
        name="connections",
        method="GET",
        path="/v1/connections",
        area="calls",
        summary="One's connections.",
        query=PageQuery,
        reply=ConnectionPage,
    ),
    Endpoint(
        name="connection",
        method="GET",
        path="/v1/connections/{id}",
        area="calls",
        summary="One connection.",
        reply=ConnectionView,
        errors=(NotFound,),
    ),
    Endpoint(
        name="rooms",
        method="GET",
        path="/v1/rooms",
        area="chat",
        summary="One's rooms.",
        query=PageQuery,
        reply=RoomPage,
    ),
    Endpoint(
        name="room",
        method="GET",
        path="/v1/rooms/{id}",
        area="chat",
        summary="One room.",
        reply=RoomView,
        errors=(NotFound,),
    ),
    Endpoint(
        name="messages",
        method="GET",
        path="/v1/rooms/{id}/messages",
        area="chat",
        summary="What was said in a room, newest first.",
        query=PageQuery,
        reply=MessagePage,
        errors=(NotFound,),
    ),
    Endpoint(
        name="match_replay",
        method="GET",
        path="/v1/admin/calls/{id}/match",
        area="admin",
        summary="Why matching brought these two together: the candidates, the parts of each score.",
        reply=MatchReplay,
        role="admin",
    ),
    Endpoint(
        name="audit",
        method="GET",
        path="/v1/admin/audit",
        area="admin",
        summary="The audit log: who did what to whom, newest first.",
        query=AuditQuery,
        reply=AuditPage,
        role="admin",
    ),
    Endpoint(
        name="healthz",
        method="GET",
        path="/healthz",
        area="service",
        summary="Whether the process is alive.",
        reply=Health,
        unlimited=True,
        auth=False,
    ),
    Endpoint(
        name="readyz",
        method="GET",
        path="/readyz",
        area="service",
        summary="Whether PostgreSQL, Redis and the event bus answer.",
        reply=Readiness,
        unlimited=True,
        errors=(Unavailable,),
        auth=False,
    ),
    Endpoint(
        name="metrics",
        method="GET",
        path="/metrics",
        area="service",
        summary="Figures for Prometheus.",
        media="text/plain",
        auth=False,
    ),
    Endpoint(
        name="openapi",
        method="GET",
        path="/openapi.json",
        area="service",
        summary="This API as OpenAPI 3.1.",
        auth=False,
    ),
    Endpoint(
        name="asyncapi",
        method="GET",
        path="/asyncapi.json",
        area="service",
        summary="The Socket.IO side as AsyncAPI 3.0.",
        auth=False,
    ),
    Endpoint(
        name="docs",
        method="GET",
        path="/docs",
        area="service",
        summary="Both, for people.",
        media="text/html",
        auth=False,
    ),
)
