"""The one live boundary of REST: find out who asks, decode, handle, encode. What fails becomes a problem.

Handlers see an `Exchange`, whose parts were checked by what the endpoint declares, and return a Struct.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from core.clock import Clock
from core.documents.openapi import EXAMPLE_ADDRESS
from core.errors import (
    AppError,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from core.ids import is_id, new_id
from core.proxies import Proxies, network_of
from core.tokens import Access
from core.vocabulary import Role
from core.wire.decode import decode_json, decode_query
from core.wire.endpoint import Endpoint
from db.outage import OUTAGES
from db.postgres.idempotency import Key
from rest.http import client as clients
from rest.http.body import read_json
from rest.http.idempotency import key_of
from rest.http.problems import problem
from services.accounts import Client
from services.ports import Limiter

S = TypeVar("S", bound=Struct)
_log = structlog.get_logger()


class Exchange(Struct, frozen=True, kw_only=True):
    """A request as its handler sees it.

    `now` in ms; `address` is where it reached us, as `https://example.org`; `versions` as `If-Match` names
    them, None for any.
    """

    now: int
    client: Client
    address: str
    path: Mapping[str, str]
    access: Access | None = None
    body: Struct | None = None
    query: Struct | None = None
    key: Key | None = None
    versions: frozenset[int] | None = None

    @property
    def caller(self) -> Access:
        """Who asks, at an endpoint that wants to know."""
        if self.access is None:
            raise Unauthenticated
        return self.access

    def sent(self, kind: type[S]) -> S:
        """The body, which the endpoint declares to be this."""
        assert isinstance(self.body, kind)
        return self.body

    def asked(self, kind: type[S]) -> S:
        """The query, which the endpoint declares to be this."""
        assert isinstance(self.query, kind)
        return self.query


class Versioned(Struct, frozen=True):
    """An answer and its version, which becomes the ETag."""

    body: Struct
    version: int


Answer = Struct | Versioned | web.Response | None
Handler = Callable[[Exchange], Awaitable[Answer]]


class Authenticate(Protocol):
    """Finds out who asks; `role` is the one they have to have."""

    async def __call__(self, token: str, now: int, role: Role | None) -> Access: ...


class Throttle(Struct, frozen=True):
    """How many requests one of `whom` may make: so many a minute, `burst` at once."""

    limiter: Limiter
    whom: str
    per_m: int
    burst: int

    async def pass_through(self, who: str, now: int) -> None:
        """One more request. Raises `RateLimited`."""
        key = f"requests:{self.whom}:{who}"
        wait_ms = await self.limiter.take(key, rate_per_s=self.per_m / 60, burst=self.burst, now=now)
        if wait_ms:
            raise RateLimited(f"Too many requests of this {self.whom}.", retry_after_ms=wait_ms)


class Boundary:
    """Makes aiohttp handlers of ours."""

    def __init__(
        self,
        *,
        authenticate: Authenticate,
        accounts: Throttle,
        strangers: Throttle,
        clock: Clock,
        proxies: Proxies,
        max_body_bytes: int,
        body_timeout_s: float,
        deadline_s: float,
    ) -> None:
        self._authenticate = authenticate
        self._accounts, self._strangers = accounts, strangers
        self._clock = clock
        self._proxies = proxies
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._deadline_s = deadline_s

    def route(self, endpoint: Endpoint, handler: Handler) -> web.RouteDef:
        """The endpoint, answered by this handler."""

        async def answer(request: web.Request) -> web.StreamResponse:
            async with asyncio.timeout(self._deadline_s) as deadline:
                return _response(endpoint, await handler(await self._exchange(endpoint, request, deadline)))

        return web.route(endpoint.method, endpoint.path, answer, name=endpoint.name)

    async def _exchange(
        self, endpoint: Endpoint, request: web.Request, deadline: asyncio.Timeout
    ) -> Exchange:
        """The checked request. Who asks comes first: a stranger learns nothing about the rest.

        Then how often they ask, then sizes, and only then what they say.
        """
        now, headers = self._clock(), request.headers
        peer = request.remote or ""
        network = network_of(self._proxies.client(peer, headers.getall("X-Forwarded-For", ())))
        access = None
        if endpoint.auth:
            token = clients.bearer(headers.get("Authorization"))
            access = await self._authenticate(token, now, endpoint.role)
            await self._accounts.pass_through(access.user_id, now)
        elif not endpoint.unlimited:
            await self._strangers.pass_through(network, now)
        if not all(map(is_id, request.match_info.values())):
            raise NotFound
        body = await self._body(endpoint.body, request, deadline) if endpoint.body else None
        return Exchange(
            now=now,
            address=clients.own_address(
                peer, request.scheme, headers, self._proxies, default=EXAMPLE_ADDRESS
            ),
            client=Client(network, clients.user_agent(headers.get("User-Agent"))),
            path=request.match_info,
            access=access,
            query=decode_query(dict(request.query), endpoint.query) if endpoint.query else None,
            key=key_of(
                headers.get("Idempotency-Key"),
                operation=endpoint.name,
                user_id=access.user_id if access else None,
                path=request.match_info,
                body=body,
                now=now,
            )
            if endpoint.idempotent
            else None,
            versions=clients.expected_versions(headers.get("If-Match")) if endpoint.guarded else None,
            body=body,
        )

    async def _body(self, kind: type[Struct], request: web.Request, deadline: asyncio.Timeout) -> Struct:
        deadline.reschedule(None)  # how long a client takes to send is bounded apart
        raw = await read_json(request, max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s)
        deadline.reschedule(asyncio.get_running_loop().time() + self._deadline_s)
        return decode_json(raw, kind)


def _response(endpoint: Endpoint, answer: Answer) -> web.StreamResponse:
    if isinstance(answer, web.Response):
        return answer
    if answer is None:
        return web.Response(status=endpoint.status)
    headers = {}
    if isinstance(answer, Versioned):
        headers["ETag"] = f'"{answer.version}"'
        answer = answer.body
    return web.Response(
        status=endpoint.status,
        body=msgspec.json.encode(answer),
        content_type="application/json",
        headers=headers,
    )


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Whatever goes wrong on any path becomes an RFC 9457 problem, and nothing about the inside gets out."""
    try:
        return await handler(request)
    except AppError as error:
        return problem(error)
    except web.HTTPException as error:
        return _translated(error)
    except OUTAGES as error:
        _log.debug("a request found no store", path=request.path, error=repr(error))
        return problem(Unavailable(retry_after_ms=1000))
    except Exception:
        reference = new_id()
        _log.exception("a request failed", method=request.method, path=request.path, reference=reference)
        return problem(Internal(details={"reference": reference}))


def _translated(error: web.HTTPException) -> web.StreamResponse:
    """What the router and the framework raise, in the catalogue's terms; redirects stay what they are."""
    if error.status < 400:
        raise error
    if isinstance(error, web.HTTPMethodNotAllowed):
        response = problem(MethodNotAllowed(details={"allowed": sorted(error.allowed_methods)}))
        response.headers["Allow"] = error.headers["Allow"]
        return response
    if isinstance(error, web.HTTPNotFound):
        return problem(NotFound(None if error.text == "404: Not Found" else error.text))
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return problem(PayloadTooLarge())
    return problem(InvalidRequest(error.reason) if error.status < 500 else Unavailable(error.reason))
