"""Errors over HTTP: RFC 9457 problems with the catalogue's code. The only place where one is written."""

import math

import msgspec
from aiohttp import web

from core.errors import AppError
from core.wire.problem import Problem

MEDIA = "application/problem+json"


def problem(error: AppError) -> web.Response:
    """The answer to a request that failed."""
    body = Problem(
        type=f"/docs#error-{error.code}",
        title=" ".join((type(error).__doc__ or "").split()),
        status=error.status,
        detail=error.message,
        code=error.code,
        details=error.details,
        retry_after_ms=error.retry_after_ms,
    )
    response = web.Response(status=error.status, body=msgspec.json.encode(body), content_type=MEDIA)
    if error.retry_after_ms is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_ms / 1000)))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="realtime-connect"'
    return response
