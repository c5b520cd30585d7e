"""Headers that every answer carries: for safety, and for pages of other origins that may use the API."""

from typing import Final

from aiohttp import web

from core.origins import allows
from core.proxies import Proxies

SERVER = "realtime-connect"  # which version of which library is nobody's business
_ALLOWED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
_EXPOSED = "ETag, Retry-After"
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_CORS_S = "600"
# A call needs camera and microphone, and what is near a position: our own pages; nothing here needs the rest.
_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(self), " + ", ".join(
    f"{feature}=()" for feature in ("payment", "usb", "serial", "midi", "display-capture")
)

SAFE: Final = {
    "Server": SERVER,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": _PERMISSIONS,
    "Cache-Control": "no-store",
}
"""On every answer: no guessing of types, no framing, and no caching of what does not say so."""


async def safety(_request: web.Request, response: web.StreamResponse) -> None:
    """Adds `SAFE` where a handler has not said otherwise, and to JSON that no page may show it."""
    headers = response.headers
    headers["Server"] = SERVER
    for name, value in SAFE.items():
        headers.setdefault(name, value)
    if "json" in headers.get("Content-Type", ""):
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")


class CrossOrigin:
    """CORS for the REST API. Tokens travel in a header, never in a cookie, so no credentials are allowed."""

    def __init__(self, origins: str, proxies: Proxies) -> None:
        self._listed = frozenset(part.strip() for part in origins.split(",") if part.strip())
        self._proxies = proxies

    async def allow(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let the page read the answer, if its origin may use the API."""
        if not request.path.startswith("/v1/"):
            return
        response.headers.add("Vary", "Origin")
        if self._allows(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to the preflight request of a browser; None: it is something else."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not (asks and request.path.startswith("/v1/") and self._allows(request)):
            return None
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _ALLOWED,
                "Access-Control-Max-Age": _CORS_S,
            },
        )

    def _allows(self, request: web.Request) -> bool:
        headers, origin = request.headers, request.headers.get("Origin")
        if origin is None:
            return False
        forwarded = headers.getall("X-Forwarded-Host", ())
        hosts = self._proxies.hosts(request.remote or "", headers.get("Host", ""), forwarded)
        return allows(origin, hosts, self._listed)
