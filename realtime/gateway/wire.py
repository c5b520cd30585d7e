"""What the gateway needs of a Socket.IO server, and the adapter that gets it from python-socketio."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

import msgspec


class Wire(Protocol):
    """Writes to connections. An unknown `sid` is a connection that has just gone: nothing happens."""

    def emit(self, sid: str, name: str, data: bytes, offset: str | None) -> None:
        """One event: JSON text of its object, and for durable ones the offset. In order, never blocks."""

    async def disconnect(self, sid: str) -> None:
        """Say DISCONNECT and close: an official client does not come back by itself."""

    async def close(self, sid: str) -> None:
        """Close the transport alone: the client comes back."""


class StockWire:
    """Over a stock `socketio.AsyncServer`: one task keeps the order, since all it does has to be awaited."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    async def run(self) -> None:
        """Write what was emitted, for as long as the server runs."""
        while True:
            write = await self._queue.get()
            await write()

    def emit(self, sid: str, name: str, data: bytes, offset: str | None) -> None:
        """As `Wire` says."""
        payload = msgspec.json.decode(data)
        arguments = payload if offset is None else (payload, offset)
        self._queue.put_nowait(partial(self._server.emit, name, arguments, to=sid))

    async def disconnect(self, sid: str) -> None:
        """As `Wire` says; what was emitted before goes out first."""
        self._queue.put_nowait(partial(self._server.disconnect, sid))

    async def close(self, sid: str) -> None:
        """As `Wire` says."""
        eio_sid = self._server.manager.eio_sid_from_sid(sid, "/")
        if eio_sid is not None:
            await self._server.eio.disconnect(eio_sid)
