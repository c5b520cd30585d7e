"""Which pages may ask the server, and the headers that tell their browsers so."""

from core import origins
from core.proxies import Proxies

from . import handshake
from .handshake import HandshakeRefused
from .http_request import HttpRequest
from .sessions import EngineSessions


class CrossOrigin:
    """CORS for one server. `proxies` are those whose X-Forwarded headers count."""

    def __init__(self, server: EngineSessions, proxies: Proxies) -> None:
        self._server = server
        self._proxies = proxies

    def headers(self, request: HttpRequest) -> dict[str, str]:
        """The CORS headers of an answer. Raises HandshakeRefused for an origin that is not allowed."""
        origin = request.headers.get("Origin")
        if self._server.cors_allowed_origins == [] or origin is None:
            return {}
        if not self._allows(origin, request):
            self._server.complaints.warning("origin", "refused a request from an origin that is not allowed")
            raise HandshakeRefused(handshake.FORBIDDEN, 403)
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if self._server.cors_credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
            if asked := request.headers.get("Access-Control-Request-Headers"):
                headers["Access-Control-Allow-Headers"] = asked
        return headers

    def _allows(self, origin: str, request: HttpRequest) -> bool:
        """What python-engineio allows, the server's own page, and clients that are no web page."""
        allowed = self._server.cors_allowed_origins
        listed = () if allowed is None or callable(allowed) else allowed
        listed = (listed,) if isinstance(listed, str) else listed
        return origins.allows(origin, handshake.own_hosts(request, self._proxies), listed) or (
            callable(allowed) and bool(allowed(origin))
        )
