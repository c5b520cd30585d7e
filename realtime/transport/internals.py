"""Every private name of another library that this package needs, each behind one function.

`tests/transport/test_internals.py` tests them one by one and says which is gone; `selftest` tries all of it
at the start and falls back to stock python-socketio. The versions they were read in are pinned:
aiohttp 3.14, python-engineio 4.15, python-socketio 5.18.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

try:
    from aiohttp._websocket.helpers import websocket_mask as _mask
except ImportError:  # moved in another version of aiohttp: ours is slower, and correct

    def _mask(mask: bytes, data: bytearray) -> None:
        size = len(data)
        key = (mask * (size // 4 + 1))[:size]
        data[:] = (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


unmask: Callable[[bytes, bytearray], None] = _mask
"""Apply a WebSocket mask of 4 bytes to data in place."""


def take_transport(request: web.Request) -> tuple[asyncio.Transport, bytes] | None:
    """Take the connection of an upgrade request from aiohttp, with the bytes that came after it.

    aiohttp's handler is told that its connection is lost, after the transport was hidden from it: it
    ends its tasks and timers and neither writes nor closes. None: the client is already gone.
    """
    handler: Any = request.protocol
    transport = handler.transport
    if transport is None or transport.is_closing():
        return None
    tail: bytes = handler._message_tail
    handler._message_tail = b""
    handler.transport = None
    # Without it connection_lost cannot cancel the task that runs us, whatever the application asks.
    handler._task_handler = None
    handler.connection_lost(None)
    return transport, tail


def on_request_lost(request: web.Request, lost: Callable[[], None]) -> None:
    """Call `lost` when the client goes away while its request is being answered."""
    setattr(request, "_cancel", lambda _exc: lost())  # noqa: B010 - a method is replaced, which mypy refuses


def tell_bad_requests_in_a_line() -> None:
    """Keep the line alone where aiohttp logs a traceback, with what the client sent, for what is no HTTP."""
    server_logger.addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info = None
    return True


enter_task: Callable[[asyncio.AbstractEventLoop, "asyncio.Task[Any]"], None] = asyncio.tasks._enter_task
"""Make a task the current one, as a step of it would. Raises RuntimeError while another one is."""

leave_task: Callable[[asyncio.AbstractEventLoop, "asyncio.Task[Any]"], None] = asyncio.tasks._leave_task
"""End what `enter_task` began."""
