"""What a handler returned becomes a response: its status, its ETag, and what caches may do with it."""

import msgspec
from aiohttp import web

from core.wire.endpoint import Endpoint
from rest.http.client import names_version
from rest.http.request import Answer, Versioned


def response(endpoint: Endpoint, request: web.Request, answer: Answer) -> web.Response:
    """The good answer of this endpoint to this request."""
    made = _not_modified(endpoint, request, answer) or _made(endpoint, answer)
    if endpoint.cache:
        made.headers["Cache-Control"] = endpoint.cache.header
        if endpoint.auth:
            # What was kept for one account is nothing for the next one on the same device.
            made.headers.add("Vary", "Authorization")
    return made


def _not_modified(endpoint: Endpoint, request: web.Request, answer: Answer) -> web.Response | None:
    """304, where the client says that it has this version."""
    if not (endpoint.revalidated and isinstance(answer, Versioned)):
        return None
    if not names_version(request.headers.getall("If-None-Match", ()), answer.version):
        return None
    return web.Response(status=304, headers={"ETag": _tag(answer)})


def _made(endpoint: Endpoint, answer: Answer) -> web.Response:
    if isinstance(answer, web.Response):
        return answer
    if answer is None:
        return web.Response(status=endpoint.status)
    headers = {}
    if isinstance(answer, Versioned):
        headers["ETag"] = _tag(answer)
        answer = answer.body
    return web.Response(
        status=endpoint.status,
        body=msgspec.json.encode(answer),
        content_type="application/json",
        headers=headers,
    )


def _tag(answer: Versioned) -> str:
    return f'"{answer.version}"'
