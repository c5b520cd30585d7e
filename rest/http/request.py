"""What a handler sees of a request, checked by what the endpoint declares, and what it may answer."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from core.errors import Unauthenticated
from core.tokens import Access
from db.postgres.idempotency import IdempotencyKey
from rest.http.cookies import Brought
from rest.http.ranges import RangeAsked
from rest.http.uploads import File, UploadDigest
from services.accounts import RequestOrigin

S = TypeVar("S", bound=Struct)


class Request(Struct, frozen=True, kw_only=True):
    """A request as its handler sees it.

    `now` in ms; `address` is where it reached us, as `https://example.org`; `versions` as `If-Match` names
    them, None for any; `ranged`: which part of a file is asked for; `accept`: in which types. `staff`: the
    caller is a moderator or admin, who has shown a second factor where one is asked for. `brought` is what a
    browser keeps for the page that asks. `digest` is that of an upload, as far as it has been read; `key`
    includes it.
    """

    now: int
    client: RequestOrigin
    address: str
    parameters: Struct | None = None
    access: Access | None = None
    staff: bool = False
    body: Struct | None = None
    query: Struct | None = None
    file: File | None = None
    form: AsyncIterator[File] | None = None
    digest: UploadDigest | None = None
    given_key: IdempotencyKey | None = None
    versions: frozenset[int] | None = None
    ranged: RangeAsked | None = None
    accept: str = ""
    brought: Brought = Brought()

    @property
    def key(self) -> IdempotencyKey | None:
        """The client's key, for all that it has sent: an upload has to be read before."""
        if self.given_key is None or self.digest is None:
            return self.given_key
        return self.given_key.including(self.digest.value)

    @property
    def caller(self) -> Access:
        """The user who asks, at an endpoint with `auth`."""
        if self.access is None:
            raise Unauthenticated
        return self.access

    def at(self, kind: type[S]) -> S:
        """The parameters in the path, as the Struct that the endpoint declares."""
        assert isinstance(self.parameters, kind)
        return self.parameters

    def asked(self, kind: type[S]) -> S:
        """The query, as the Struct that the endpoint declares."""
        assert isinstance(self.query, kind)
        return self.query

    def sent(self, kind: type[S]) -> S:
        """The body, as the Struct that the endpoint declares."""
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
    """An answer and its version, which becomes the ETag.

    `weak`: the version is that of what is said, and not of the bytes, so the answer may be compressed.
    `encoded`: the body as it is sent, where the version had to be found by it.
    """

    body: Struct
    version: int
    weak: bool = False
    encoded: bytes | None = None

    @property
    def tag(self) -> str:
        """As `ETag` has it."""
        return f'W/"{self.version}"' if self.weak else f'"{self.version}"'


def by_content(body: Struct) -> Versioned:
    """An answer whose version no handler knows, such as a list: it is the same while it says the same."""
    encoded = msgspec.json.encode(body)
    digest = hashlib.blake2b(encoded, digest_size=7).digest()
    return Versioned(body, int.from_bytes(digest), weak=True, encoded=encoded)


class Created(Struct, frozen=True):
    """An answer that something is there which was not, at an endpoint that `creates`."""

    body: Struct


Answer = Struct | Versioned | web.Response | None
Handler = Callable[[Request], Awaitable[Answer]]
