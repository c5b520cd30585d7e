"""What a handler sees of a request, checked by what the endpoint declares, and what it may answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from msgspec import Struct

from core.errors import Unauthenticated
from core.tokens import Access
from db.postgres.idempotency import IdempotencyKey
from rest.http.uploads import File
from services.accounts import RequestOrigin

S = TypeVar("S", bound=Struct)


class Request(Struct, frozen=True, kw_only=True):
    """A request as its handler sees it.

    `now` in ms; `address` is where it reached us, as `https://example.org`; `versions` as `If-Match` names
    them, None for any.
    """

    now: int
    client: RequestOrigin
    address: str
    parameters: Struct | None = None
    access: Access | None = None
    body: Struct | None = None
    query: Struct | None = None
    file: File | None = None
    form: AsyncIterator[File] | None = None
    key: IdempotencyKey | None = None
    versions: frozenset[int] | None = None

    @property
    def caller(self) -> Access:
        """The user who asks, at an endpoint with `auth`."""
        if self.access is None:
            raise Unauthenticated
        return self.access

    def at(self, kind: type[S]) -> S:
        """The parameters in the path, which the endpoint declares to be this."""
        assert isinstance(self.parameters, kind)
        return self.parameters

    def asked(self, kind: type[S]) -> S:
        """The query, which the endpoint declares to be this."""
        assert isinstance(self.query, kind)
        return self.query

    def sent(self, kind: type[S]) -> S:
        """The body, which the endpoint declares to be this."""
        assert isinstance(self.body, kind)
        return self.body

    @property
    def uploaded(self) -> File:
        """The body of bytes, which the endpoint declares."""
        assert self.file
        return self.file

    @property
    def parts(self) -> AsyncIterator[File]:
        """The parts of the form, which the endpoint declares. What is not read of one is passed over."""
        assert self.form
        return self.form


class Versioned(Struct, frozen=True):
    """An answer and its version, which becomes the ETag."""

    body: Struct
    version: int


Answer = Struct | Versioned | web.Response | None
Handler = Callable[[Request], Awaitable[Answer]]
