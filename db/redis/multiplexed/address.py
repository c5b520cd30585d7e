"""Where a Redis is and how it lets us in, from a URL as redis-py understands it."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from typing import Any, cast

from redis.asyncio import Connection
from redis.asyncio.connection import parse_url

from db.redis.multiplexed.words import Words


@dataclass(frozen=True, slots=True)
class Address:
    """Of one server. `greeting` are the commands with which a connection begins."""

    host: str
    port: int
    path: str | None = None
    tls: SSLContext | None = None
    greeting: Sequence[Words] = field(default=(), repr=False)  # it holds the password
    keepalive: Mapping[int, int] | None = None

    @classmethod
    def of(cls, url: str, ca: str = "") -> "Address":
        """`ca`: a file, for TLS. Raises ValueError for no URL of a Redis, OSError for no such file."""
        given: dict[str, Any] = {**parse_url(url)}
        if ca:
            given["ssl_ca_certs"] = ca
        # Made for what it makes of the URL; it never connects.
        read = cast("Any", given.pop("connection_class", Connection)(**given))
        path = getattr(read, "path", None)
        tls = _tls(read, given.get("ssl_ca_certs")) if hasattr(read, "ssl_context") else None
        keepalive = read.socket_keepalive_options if getattr(read, "socket_keepalive", False) else None
        host, port = ("", 0) if path else (read.host, read.port)
        return cls(host, port, path, tls, _greeting(read), keepalive)

    def elsewhere(self, host: str, port: int) -> "Address":
        """Another server of the same cluster."""
        return replace(self, host=host, port=port, path=None)

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Raises OSError."""
        loop = asyncio.get_running_loop()
        if self.path:
            await loop.create_unix_connection(protocol, self.path)
            return
        transport, _ = await loop.create_connection(protocol, self.host, self.port, ssl=self.tls)
        if self.keepalive is not None:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in self.keepalive.items():
                raw.setsockopt(socket.IPPROTO_TCP, option, value)


def _tls(read: Any, ca: str | None) -> SSLContext:
    try:
        return cast("SSLContext", read.ssl_context.get())
    except OSError as fault:
        raise OSError(f"its CA in {ca} (REDIS_CA) cannot be read: {fault.strerror or fault}") from fault


def _greeting(read: Any) -> Sequence[Words]:
    hello: list[str | int] = ["HELLO", 2]
    if read.username or read.password:
        hello += ["AUTH", read.username or "default", read.password or ""]
    if read.client_name:
        hello += ["SETNAME", read.client_name]
    return [tuple(hello), ("SELECT", read.db)] if read.db else [tuple(hello)]
