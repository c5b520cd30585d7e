"""What an HTTP request must be before it may open or serve a session, and what is kept of it.

Pure functions of the request. Of an opening request `Handshake` keeps for `get_environ` the
headers that identify the client. They are interned, because thousands of browsers send the same; the request
with all its headers would take a hundred times that memory, for as long as the client stays.
"""

import sys
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from typing import Any, Final

from core.proxies import Proxies

from .http_request import HttpRequest

_WS_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEPT: Final = ("Host", "Origin", "User-Agent", "Accept-Language")
_MAX_KEPT: Final = 512

UNKNOWN_TRANSPORT: Final = (0, "Transport unknown")
UNKNOWN_SESSION: Final = (1, "Session ID unknown")
BAD_METHOD: Final = (2, "Bad handshake method")
BAD_REQUEST: Final = (3, "Bad request")
FORBIDDEN: Final = (4, "Forbidden")
UNSUPPORTED_VERSION: Final = (5, "Unsupported protocol version")
NOT_ACCEPTING: Final = (BAD_REQUEST[0], "Not accepting connections")
TOO_MANY_NEWCOMERS: Final = (BAD_REQUEST[0], "Too many newcomers")
REFUSALS: Final = tuple(
    message
    for _, message in (
        UNKNOWN_TRANSPORT, UNKNOWN_SESSION, BAD_METHOD, BAD_REQUEST, FORBIDDEN, UNSUPPORTED_VERSION,
        NOT_ACCEPTING, TOO_MANY_NEWCOMERS,
    )
)  # fmt: skip


class HandshakeRefused(Exception):
    """A request that gets an error for an answer; `code` and `message` are Engine.IO's own."""

    def __init__(self, error: tuple[int, str], status: int = 400) -> None:
        super().__init__(error[1])
        self.code, self.message = error
        self.status = status


def peer_address(request: HttpRequest, proxies: Proxies) -> str:
    """The client's address, as far as trusted proxies say."""
    return proxies.client(request.remote or "", request.headers.getall("X-Forwarded-For", ()))


def own_hosts(request: HttpRequest, proxies: Proxies) -> tuple[str, ...]:
    """The server's names, as the client and a trusted proxy say them."""
    headers = request.headers
    forwarded = headers.getall("X-Forwarded-Host", ())
    return proxies.hosts(request.remote or "", headers.get("Host", ""), forwarded)


def upgrade_key(headers: Mapping[str, str]) -> str:
    """The checked key of a WebSocket request. Raises HandshakeRefused."""
    connection = {token.strip().lower() for token in headers.get("Connection", "").split(",")}
    if headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in connection:
        raise HandshakeRefused(BAD_REQUEST)
    key = headers.get("Sec-WebSocket-Key", "")
    try:
        whole = len(b64decode(key, validate=True)) == 16
    except (Base64Error, ValueError):
        whole = False
    if not whole or headers.get("Sec-WebSocket-Version") != "13":
        raise HandshakeRefused(BAD_REQUEST)
    return key


def switching_protocols(key: str, extension: str | None = None) -> bytes:
    """The head of the 101 response, with the extension that is accepted."""
    accept = b64encode(sha1(key.encode() + _WS_GUID, usedforsecurity=False).digest())
    extensions = b"" if extension is None else b"\r\nSec-WebSocket-Extensions: " + extension.encode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + extensions + b"\r\n\r\n"
    )


@lru_cache(maxsize=1024)
def _environ_key(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _shared(value: str) -> str:
    return sys.intern(value[:_MAX_KEPT])


class Handshake:
    """What is kept of the request that opened a session: of each part no more than 512 characters."""

    __slots__ = ("_headers", "_method", "_path", "_query", "_scheme", "_version", "address")

    def __init__(self, request: HttpRequest, address: str) -> None:
        headers = request.headers
        self._headers = tuple((name, _shared(headers[name])) for name in _KEPT if name in headers)
        self._method = request.method
        self._path = _shared(request.path)
        self._query = request.query_string[:_MAX_KEPT]
        self.address = address
        self._scheme = request.scheme
        self._version = _shared(f"HTTP/{request.version[0]}.{request.version[1]}")

    def environ(self, request: Any = None) -> dict[str, Any]:
        """A WSGI environ as python-socketio's; with all headers while aiohttp's `request` is at hand."""
        environ: dict[str, Any] = {
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.async": True,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.url_scheme": self._scheme,
            "SERVER_SOFTWARE": "aiohttp",
            "REQUEST_METHOD": self._method,
            "QUERY_STRING": self._query,
            "RAW_URI": f"{self._path}?{self._query}" if self._query else self._path,
            "SERVER_PROTOCOL": self._version,
            "REMOTE_ADDR": self.address,
            "REMOTE_PORT": "0",
            "SERVER_NAME": "aiohttp",
            "SERVER_PORT": "0",
            "PATH_INFO": self._path,
            "SCRIPT_NAME": "",
        }
        for name, value in self._headers if request is None else request.headers.items():
            key = _environ_key(name)
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        if request is not None:
            environ["wsgi.input"] = request.content
            environ["aiohttp.request"] = request
        return environ
