"""A Socket.IO client reduced to bytes, cheap enough that one core of clients keeps one core of server busy.

Frames are masked and encoded once, before they are needed; what comes back is looked at no further
than its first bytes.
"""

import asyncio
from collections.abc import Callable
from struct import pack
from typing import Any

MASK = b"\x37\xfa\x21\x3d"

# What a browser sends with its upgrade request, for a fair account of memory; but for its offer to
# compress, which stock python-socketio alone would accept, at 100 KiB a connection.
BROWSER_HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/128.0.0.0 Safari/537.36",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7",
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    'Sec-CH-UA: "Chromium";v="128", "Not;A=Brand";v="24"',
    "Sec-CH-UA-Platform: Linux",
    "Sec-Fetch-Dest: websocket",
    "Sec-Fetch-Mode: websocket",
    "Sec-Fetch-Site: same-origin",
    "Cookie: session=0123456789abcdef0123456789abcdef0123456789abcdef; theme=dark",
)


def frame(text: str) -> bytes:
    """A masked text frame."""
    payload = text.encode()
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else pack("!BBH", 0x81, 0xFE, size)
    key = (MASK * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return head + MASK + masked


def upgrade_request(port: int, query: str = "EIO=4&transport=websocket") -> bytes:
    """The request that opens a WebSocket."""
    lines = (
        f"GET /socket.io/?{query} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *BROWSER_HEADERS,
        "",
        "",
    )
    return "\r\n".join(lines).encode()


PONG = frame("3")


class RawPeer(asyncio.Protocol):
    """One client. `message` is called with each whole frame's payload that is not the protocol's own."""

    def __init__(self, port: int, namespace: str = "") -> None:
        self._port = port
        self._namespace = namespace
        self._tail = b""
        self._open = False
        self.sid = ""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.message: Callable[[RawPeer, bytes], None] = _drop
        self.transport: Any = None
        self.write: Callable[[bytes], None] = _drop_write

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.write = transport.write
        transport.write(upgrade_request(self._port))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("refused"))
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._tail:
            data = self._tail + data
            self._tail = b""
        pos = 0
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._tail = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._open, pos = True, end + 4
        while len(data) - pos >= 2:
            size, start = data[pos + 1], pos + 2
            if size == 126:
                size, start = int.from_bytes(data[pos + 2 : pos + 4], "big"), pos + 4
            stop = start + size
            if len(data) < stop:
                break
            if data[start] == 0x34 and data[start + 1] != 0x30:
                self.message(self, data[start:stop])
            else:
                self._protocol(data[start:stop])
            pos = stop
        self._tail = data[pos:]

    def _protocol(self, packet: bytes) -> None:
        if packet[:1] == b"0":
            self.write(frame(f"40{self._namespace}"))
        elif packet[:2] == b"40":
            self.sid = packet.split(b'"sid":"')[1].split(b'"')[0].decode()
            if not self.ready.done():
                self.ready.set_result(None)
        elif packet == b"2":
            self.write(PONG)


def _drop(_peer: RawPeer, _payload: bytes) -> None:
    pass


def _drop_write(_data: bytes) -> None:
    pass


async def connect(port: int, count: int, namespace: str = "", at_once: int = 50) -> list[RawPeer]:
    """Connect this many peers, `at_once` at a time, and wait until each is in the namespace."""
    loop = asyncio.get_running_loop()
    peers: list[RawPeer] = []
    while len(peers) < count:
        some = await asyncio.gather(
            *(
                loop.create_connection(lambda: RawPeer(port, namespace), "127.0.0.1", port)
                for _ in range(min(at_once, count - len(peers)))
            )
        )
        batch = [protocol for _, protocol in some]
        await asyncio.gather(*(peer.ready for peer in batch))
        peers += batch
    return peers


async def disconnect(peers: list[RawPeer]) -> None:
    """Close all connections, as a browser tab does."""
    close = bytes((0x88, 0x82)) + MASK + bytes((0x03 ^ MASK[0], 0xE8 ^ MASK[1]))
    for peer in peers:
        peer.write(close)
    await asyncio.gather(*(peer.gone for peer in peers))
