"""What this package looks at of an HTTP request, made by aiohttp or by its parser alone. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from multidict import CIMultiDictProxy

_PLAIN_QUERY: Final = re.compile(r"[\w.~=&-]*", re.ASCII)


class HttpRequest(Protocol):
    """A request; aiohttp's own is one. `protocol` is aiohttp's handler of its connection."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_string(self) -> str: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def version(self) -> Any: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...
    @property
    def remote(self) -> str | None: ...
    @property
    def scheme(self) -> str: ...
    @property
    def protocol(self) -> Any: ...


class ParsedRequest:
    """What aiohttp's parser has read; `query` is its `plain_query`."""

    __slots__ = ("headers", "method", "path", "protocol", "query", "query_string", "version")

    def __init__(self, message: Any, query: Mapping[str, str], protocol: Any) -> None:
        self.method: str = message.method
        self.version = message.version
        self.headers: CIMultiDictProxy[str] = message.headers
        self.path, _, self.query_string = message.path.partition("?")
        self.query = query
        self.protocol = protocol

    @property
    def remote(self) -> str | None:
        """The address of the other end."""
        peer = self.protocol.peername
        return str(peer[0]) if isinstance(peer, (list, tuple)) else None

    @property
    def scheme(self) -> str:
        """Whether the connection itself is encrypted."""
        return "https" if self.protocol.ssl_context else "http"


def plain_query(text: str) -> dict[str, str] | None:
    """The parameters of a query in which nothing is escaped and no name stands twice; None for any other."""
    if _PLAIN_QUERY.fullmatch(text) is None:
        return None
    parts = text.split("&")
    query = {name: value for name, _, value in [part.partition("=") for part in parts]}
    return query if len(query) == len(parts) else None
