"""The one live boundary of REST: find out who asks, decode, handle, encode. What fails raises.

Handlers see a `Request` and return a Struct (`rest.http.request`).
"""

import asyncio

from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDictProxy

from core.clock import Clock
from core.documents.openapi import EXAMPLE_ADDRESS
from core.errors import (
    AppError,
    NotFound,
)
from core.proxies import Proxies, network_of
from core.server_settings import StaffTotp
from core.tokens import Access
from core.wire.decode import decode_json, decode_query
from core.wire.endpoint import Endpoint
from core.wire.uploads import Form, Upload
from db.postgres.idempotency import IdempotencyKey
from db.postgres.sessions import SessionStatus
from rest.http import client as clients
from rest.http.answers import response
from rest.http.body import Pace, read_json
from rest.http.cookies import Brought, CookieJar, brought, completed
from rest.http.idempotency_key import key_of
from rest.http.ranges import RangeAsked
from rest.http.request import Handler, Request
from rest.http.uploads import UploadDigest, parts, whole
from services.accounts import RequestOrigin
from services.limits import Limits
from services.sessions import SessionService
from services.totp import CodeNeeded

_NOTHING = Brought()


class RequestBoundary:
    """Makes aiohttp handlers of ours."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        limits: Limits,
        clock: Clock,
        proxies: Proxies,
        max_body_bytes: int,
        body_timeout_s: float,
        body_bytes_per_s: int,
        deadline_s: float,
        staff_totp: StaffTotp,
        upload_deadline_s: float,
        jar: CookieJar,
    ) -> None:
        self._jar = jar
        self._staff_totp = staff_totp
        self._sessions, self._limits = sessions, limits
        self._clock = clock
        self._proxies = proxies
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s, self._body_bytes_per_s = body_timeout_s, body_bytes_per_s
        self._deadline_s, self._upload_deadline_s = deadline_s, upload_deadline_s

    def route(self, endpoint: Endpoint, handler: Handler) -> web.RouteDef:
        """The endpoint, answered by this handler."""
        handling_s = self._upload_deadline_s if endpoint.upload or endpoint.lengthy else self._deadline_s

        async def answer(request: web.Request) -> web.StreamResponse:
            async with asyncio.timeout(handling_s) as deadline:
                pace = Pace(self._body_timeout_s, self._body_bytes_per_s, handling_s, deadline)
                asked = await self._checked(endpoint, request, pace)
                return response(endpoint, request, asked, await handler(asked), self._jar)

        return web.route(endpoint.method, endpoint.path, answer, name=endpoint.name)

    async def _checked(self, endpoint: Endpoint, request: web.Request, pace: Pace) -> Request:
        """The checked request. The token comes first, so that a stranger learns nothing about the rest.

        Then how often the caller asks, then sizes, and only then the content.
        """
        now, headers, peer = self._clock(), request.headers, request.remote or ""
        network = network_of(self._proxies.client(peer, headers.getall("X-Forwarded-For", ())))
        access, staff = await self._admitted(endpoint, headers, network, now)
        address = clients.own_address(peer, request.scheme, headers, self._proxies, default=EXAMPLE_ADDRESS)
        parameters = _parameters(endpoint.parameters, request) if endpoint.parameters else None
        query = decode_query(dict(request.query), endpoint.query) if endpoint.query else None
        versions = clients.expected_versions(headers.getall("If-Match", ())) if endpoint.guarded else None
        body = await self._body(endpoint.body, request, pace) if endpoint.body else None
        browser = _NOTHING
        if endpoint.cookie and body is not None:
            hosts = self._proxies.hosts(peer, headers.get("Host", ""), headers.getall("X-Forwarded-Host", ()))
            browser = brought(headers, request.cookies, hosts, address)
            body = completed(body, browser)
        account = access.user_id if access else None
        if endpoint.limits:
            await self._limits.count(endpoint.limits, now, account=account, network=network)
        upload = endpoint.upload
        digest = UploadDigest() if upload else None
        return Request(
            now=now,
            address=address,
            brought=browser,
            client=RequestOrigin(
                network,
                clients.user_agent(headers.get("User-Agent")),
                clients.user_agent(headers.get("Accept-Language")),
            ),
            parameters=parameters,
            access=access,
            staff=staff,
            query=query,
            given_key=_key(endpoint, request, access, body, now) if endpoint.idempotent else None,
            versions=versions,
            ranged=_ranged(headers) if endpoint.ranged else None,
            accept=headers.get("Accept", ""),
            body=body,
            digest=digest,
            file=whole(request, upload, pace, digest) if digest and isinstance(upload, Upload) else None,
            form=parts(request, upload, pace, digest) if digest and isinstance(upload, Form) else None,
        )

    async def _admitted(
        self, endpoint: Endpoint, headers: CIMultiDictProxy[str], network: str, now: int
    ) -> tuple[Access | None, bool]:
        """The caller, if the endpoint wants one, and whether they are staff.

        Raises `RateLimited` when they ask too often.
        """
        if endpoint.auth or (endpoint.may_be_known and "Authorization" in headers):
            access = self._sessions.read(clients.bearer(headers.get("Authorization")), now)
            status = await self._sessions.check(access, now, restricted=endpoint.restricted)
            if endpoint.roles:
                self._check_role(endpoint, status)
            general = endpoint.limits_of(known=True)
            await self._limits.count(general, now, account=access.user_id, network=network)
            return access, status.role != "user" and self._has_shown_enough(status)
        await self._limits.count(endpoint.general_limits, now, account=None, network=network)
        return None, False

    def _check_role(self, endpoint: Endpoint, status: SessionStatus) -> None:
        """Raises `NotFound`, and `CodeNeeded` for staff whose session has shown no second factor."""
        if status.role not in endpoint.admitted:
            raise NotFound  # to all others there is no such thing
        if not self._has_shown_enough(status):
            raise CodeNeeded(
                "Sign in with a one-time code of your authenticator app; `POST /v1/me/totp` sets one up."
            )

    def _has_shown_enough(self, status: SessionStatus) -> bool:
        """Whether the session may be staff's: a second factor, where one is asked for."""
        return status.second_factor or not (self._staff_totp == "required" or status.codes_on)

    async def _body(self, kind: type[Struct], request: web.Request, pace: Pace) -> Struct:
        return decode_json(await read_json(request, max_bytes=self._max_body_bytes, pace=pace), kind)


def _ranged(headers: CIMultiDictProxy[str]) -> RangeAsked | None:
    wanted = headers.get("Range")
    return RangeAsked(wanted, headers.get("If-Range")) if wanted else None


def _parameters(kind: type[Struct], request: web.Request) -> Struct:
    """The parameters in the path. Raises `NotFound` for a value that does not fit."""
    try:
        return decode_query(dict(request.match_info), kind)
    except AppError:
        raise NotFound from None


def _key(
    endpoint: Endpoint, request: web.Request, access: Access | None, body: Struct | None, now: int
) -> IdempotencyKey | None:
    return key_of(
        request.headers.get("Idempotency-Key"),
        operation=endpoint.name,
        user_id=access.user_id if access else None,
        path=request.match_info,
        body=body,
        now=now,
    )
