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


def take_transport(handler: Any) -> tuple[asyncio.Transport, bytes] | None:
    """Take the connection of an upgrade request from aiohttp's handler, with the bytes that came after it.

    The handler is told that its connection is lost, after the transport was hidden from it: it
    ends its tasks and timers and neither writes nor closes. None: the client is already gone.
    """
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


def parser_of(handler: Any) -> Any:
    """What aiohttp's handler gives the bytes of its connection to; None once the connection is lost."""
    return handler._parser


def set_parser(handler: Any, parser: Any) -> None:
    """Let something else stand there, with the methods that `fast_path.Filter` has."""
    handler._parser = parser


def most_parsed(handler: Any) -> int:
    """So many requests at most come from the parser before it is told that they are consumed."""
    most: int = handler._max_msg_queue_size
    return most


def is_idle(handler: Any) -> bool:
    """aiohttp has answered all requests of this connection, and its client reads the answers."""
    if handler._messages or handler._current_request is not None or handler._paused:
        return False
    waiter = handler._waiter
    return handler._task_handler is None if waiter is None else not waiter.done()


def count_requests(handler: Any, number: int) -> None:
    """So many more requests have come on this connection, which aiohttp does not see."""
    handler._request_count += number


def keep_tail(handler: Any, tail: bytes) -> None:
    """These bytes came after an upgrade request."""
    handler._message_tail = tail


def busy(handler: Any, request: Any) -> None:
    """A request is being answered: no idle timer ends the connection, and its end calls `request._cancel`."""
    handler._current_request = request
    handler._keepalive = False


def answered(handler: Any, now: float) -> None:
    """A request has been answered: from now on the connection may be idle for a while, as after any other."""
    handler._current_request = None
    handler._keepalive = True
    handler._next_keepalive_close_time = ends = now + handler._keepalive_timeout
    if handler._keepalive_handle is None:
        handler._keepalive_handle = handler._loop.call_at(ends, handler._process_keepalive)


def whole_body(payload: Any) -> bytes | None:
    """The body of a request, which stays there to be read; None while it has not come whole."""
    return b"".join(payload._buffer) if payload.is_eof() and payload.exception() is None else None


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
