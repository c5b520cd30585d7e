"""What a handler returned becomes a response: its status, its ETag, and what caches may do with it."""

import msgspec
from aiohttp import web
from msgspec import Struct

from core.contract.accounts import SignedIn
from core.wire.endpoint import Endpoint
from rest.http.client import names_version
from rest.http.cookies import CookieJar
from rest.http.request import Answer, Created, Request, Versioned, by_content


def response(
    endpoint: Endpoint, request: web.Request, asked: Request, answer: Answer, jar: CookieJar
) -> web.Response:
    """The good answer of this endpoint to this request; tokens that the browser is to keep are in cookies."""
    if endpoint.cookie:
        return _with_cookies(endpoint, asked, answer, jar)
    if endpoint.revalidated and isinstance(answer, Struct) and not isinstance(answer, Versioned):
        answer = by_content(answer)
    made = _not_modified(endpoint, request, answer) or _made(endpoint, answer)
    if endpoint.cache:
        made.headers["Cache-Control"] = endpoint.cache.header
        if endpoint.auth:
            # What was kept for one account is nothing for the next one on the same device.
            made.headers.add("Vary", "Authorization")
    return made


def _with_cookies(endpoint: Endpoint, asked: Request, answer: Answer, jar: CookieJar) -> web.Response:
    """The answer without what the browser keeps; without an answer, it forgets that."""
    said = answer.body if isinstance(answer, Created) else answer
    keeps = isinstance(said, SignedIn) and getattr(asked.body, "cookie", False)
    made = _made(endpoint, answer)
    if isinstance(said, SignedIn) and keeps:
        left = jar.taken_from(said)
        made = _made(endpoint, Created(left) if isinstance(answer, Created) else left)
        jar.give(made, said, asked.brought)
    elif answer is None and asked.brought.refresh_token is not None:
        jar.take(made, asked.brought)
    return made


def _not_modified(endpoint: Endpoint, request: web.Request, answer: Answer) -> web.Response | None:
    """304, where the client says that it has this version."""
    if not (endpoint.revalidated and "If-None-Match" in request.headers and isinstance(answer, Versioned)):
        return None
    if not names_version(request.headers.getall("If-None-Match", ()), answer.version):
        return None
    return web.Response(status=304, headers={"ETag": answer.tag})


def _made(endpoint: Endpoint, answer: Answer) -> web.Response:
    if isinstance(answer, web.Response):
        return answer
    if answer is None:
        return web.Response(status=endpoint.status)
    headers, status = {"Content-Type": "application/json"}, endpoint.status
    encoded: bytes | None = None
    if isinstance(answer, Created):
        answer, status = answer.body, 201
    if isinstance(answer, Versioned):
        headers["ETag"] = answer.tag
        encoded = answer.encoded
        answer = answer.body
    return web.Response(
        status=status,
        body=msgspec.json.encode(answer) if encoded is None else encoded,
        headers=headers,
    )
