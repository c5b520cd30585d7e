"""What is around every request, on whatever path: its connection may ask, what fails becomes a problem, and
the answer is packed and counted.

One middleware for all: each of a chain would be one more coroutine that every wait of a request goes through.
"""

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from core.errors import (
    AppError,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unavailable,
)
from core.ids import new_id
from db.outage import OUTAGES
from rest.http.compression import Compression
from rest.http.connections import HttpConnection
from rest.http.headers import CrossOrigin
from rest.http.metrics import RequestMetrics
from rest.http.problems import problem

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger()


class Surroundings:
    """Of one application."""

    def __init__(self, metrics: RequestMetrics, compression: Compression, cross_origin: CrossOrigin) -> None:
        self._metrics, self._compression, self._cross_origin = metrics, compression, cross_origin

    @web.middleware
    async def around(self, request: web.Request, handler: Next) -> web.StreamResponse:
        """The answer of the handler, or of what is before it."""
        started, connection = time.perf_counter(), request.protocol
        limited = connection if isinstance(connection, HttpConnection) else None
        try:
            if limited:
                limited.admit(request)
            response = self._cross_origin.preflight(request) or await handler(request)
        except Exception as error:
            response = _told(request, error)
        finally:
            if limited:
                limited.leave()
        self._compression.pack(request, response)
        self._metrics.count(request, response, time.perf_counter() - started)
        return response


def _told(request: web.Request, error: Exception) -> web.StreamResponse:
    """Every error becomes an RFC 9457 problem, which says nothing about the inside."""
    if isinstance(error, AppError):
        return problem(error)
    if isinstance(error, web.HTTPException):
        return _translated(error)
    if isinstance(error, OUTAGES):
        _log.debug("a request found no store", path=request.path, error=repr(error))
        return problem(Unavailable(retry_after_ms=1000))
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
