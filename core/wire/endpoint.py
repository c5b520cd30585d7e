"""An endpoint as data. The router, the checks at the boundary and the OpenAPI document are made of it."""

import re
from collections.abc import Set
from typing import Literal, get_args

from msgspec import Struct

from core.errors import (
    AppError,
    Banned,
    Forbidden,
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
from core.limits import LimitName
from core.vocabulary import Id, Role
from core.wire.message import Input
from core.wire.uploads import Form, Upload

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class ById(Input):
    """The usual parameter of a path: `/v1/things/{id}`."""

    id: Id


class Cache(Struct, frozen=True, kw_only=True):
    """How long an answer may be kept by the client, or `public`: also by caches that serve many people."""

    max_age_s: int
    public: bool = False

    @property
    def header(self) -> str:
        """`Cache-Control`; with no age at all it may be kept, and is asked for anew at each use."""
        kept = f"max-age={self.max_age_s}" if self.max_age_s else "no-cache"
        return f"{'public' if self.public else 'private'}, {kept}"


class Endpoint(Struct, frozen=True, kw_only=True):
    """What one method of one path does.

    `name` is the operation's id; `errors` are those of its own, beside what follows from the other fields.
    `parameters` has a field for each `{name}` in `path`; to a value that does not fit there is no such thing.
    `body` is JSON; `upload` is a body that is not. `media` is the type of an answer that is not JSON.
    `may_be_known`: without `auth`, an access token that comes along is checked all the same. `creates`: where
    it has created something the status is 201; `other_reply` is what it answers to one who is known.
    `cookie`: reads and sets the cookies in which browsers keep tokens. `restricted`: also for one who is
    banned and has signed in with the token that `banned` gave them, and for one
    whose account awaits erasure. `roles` are of those who may ask, looked
    up at each request: to all others there is no such thing. `idempotent`: takes an `Idempotency-Key`.
    `versioned`: answers with an `ETag`, and a GET that names it in `If-None-Match` with 304; `guarded`: wants
    it back in `If-Match`. `ranged`: gives a part of what it has, where `Range` asks for one. `cache`: what
    caches may do with a good answer; without it, nobody keeps any.
    `unlimited`: costs nothing, so that monitoring may ask at any time. `limits` are those that it has beside
    the ones that count every request.
    """

    name: str
    method: Method
    path: str
    area: str
    summary: str
    parameters: type[Struct] | None = None
    body: type[Struct] | None = None
    upload: Upload | Form | None = None
    lengthy: bool = False
    query: type[Struct] | None = None
    reply: type[Struct] | None = None
    other_reply: type[Struct] | None = None
    status: int = 200
    creates: bool = False
    errors: tuple[type[AppError], ...] = ()
    auth: bool = True
    may_be_known: bool = False
    cookie: bool = False
    restricted: bool = False
    roles: Set[Role] = frozenset()
    idempotent: bool = False
    versioned: bool = False
    guarded: bool = False
    cache: Cache | None = None
    unlimited: bool = False
    limits: tuple[LimitName, ...] = ()
    media: str = "application/json"
    ranged: bool = False

    def __post_init__(self) -> None:
        """Check the declaration: an endpoint that contradicts itself stops the server at the start."""
        fields = self.parameters.__struct_fields__ if self.parameters else ()
        if set(fields) != set(re.findall(r"{(\w+)}", self.path)):
            raise ValueError(f"`{self.name}`: the fields of `parameters` are not the names in `{self.path}`.")
        if self.body and self.upload:
            raise ValueError(f"`{self.name}` has two bodies.")
        if self.roles and not self.auth:
            raise ValueError(f"`{self.name}` asks for a role, and does not ask who somebody is.")
        if self.restricted and (self.roles or not (self.auth or self.may_be_known)):
            raise ValueError(f"`{self.name}` serves one who is banned: it asks who that is, and for no role.")

    @property
    def admitted(self) -> tuple[Role, ...]:
        """Which roles may ask: an admin may do whatever others may. Empty: everybody."""
        admitted = {*self.roles, "admin"} if self.roles else set()
        return tuple(role for role in get_args(Role) if role in admitted)

    @property
    def general_limits(self) -> tuple[LimitName, ...]:
        """Those that count every request, before anything else of it is looked at."""
        return self.limits_of(known=self.auth)

    def limits_of(self, *, known: bool) -> tuple[LimitName, ...]:
        """The same of one who is known, or of a stranger."""
        if self.unlimited:
            return ()
        return ("requests", "network_requests") if known else ("stranger_requests",)

    @property
    def revalidated(self) -> bool:
        """Whether `If-None-Match` may save the answer, which may be kept then."""
        return self.versioned and self.method == "GET" and self.cache is not None

    @property
    def possible_errors(self) -> tuple[type[AppError], ...]:
        """All that this endpoint may answer, in the order of their status."""
        found: set[type[AppError]] = set(self.errors)
        if self.body or self.query or self.upload:
            found |= {InvalidRequest, PayloadTooLarge}
        if self.auth or self.may_be_known:
            found |= {Unauthenticated, TokenExpired, Banned}
        if self.auth and not self.restricted:
            found |= {Forbidden}
        if self.roles or self.parameters:
            found |= {NotFound}
        if not self.unlimited:
            found |= {RateLimited}
        if self.auth or self.body or self.upload:
            # Only an endpoint that uses no store cannot fail.
            found |= {Internal, Unavailable}
        if self.idempotent:
            found |= {IdempotencyConflict}
        if self.guarded:
            found |= {PreconditionFailed}
        return tuple(sorted(found, key=lambda error: (error.status, error.code)))
