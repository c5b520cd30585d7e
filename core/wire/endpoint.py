"""An endpoint as data. The router, the checks at the boundary and the OpenAPI document are made of it."""

from typing import Literal

from msgspec import Struct

from core.errors import (
    AppError,
    Banned,
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
