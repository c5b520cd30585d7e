"""Plain Engine.IO messages: the receiver of an `EngineServer` that nothing is built upon, and its frames.

Runs the application's `message` and `disconnect` handlers, each at once if it ends at once.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from . import jsontext
from .eager_tasks import PENDING
from .frames import binary_frame, text_frame
from .handlers import accepted
from .session import Session
from .sessions import EngineSessions


def message_frame(data: Any) -> bytes:
    """The frame of an Engine.IO message."""
    if isinstance(data, (bytes, bytearray)):
        return binary_frame(bytes(data))
    if isinstance(data, (dict, list)):
        return text_frame(b"4", jsontext.dumps(data))
    return text_frame(b"4", str(data).encode())


class EngineReceiver:
    """Runs the handlers of an `EngineServer` that nothing is built upon."""

    def __init__(self, server: EngineSessions, session: Session) -> None:
        self._server = server
        self._session = session

    def text(self, data: bytearray) -> None:
        """A text message; an object or array in it arrives as what it says."""
        try:
            text = str(data[1:], "utf-8")
        except UnicodeDecodeError:
            return self._session.fail("not UTF-8")
        return self._message(_decoded(text, self._server.limits.max_depth))

    def binary(self, data: bytes) -> None:
        """A binary message."""
        self._message(data)

    def _message(self, data: Any) -> None:
        handler = self._server.handlers.get("message")
        if handler is not None:
            self._run(lambda: handler(self._session.sid, data), lambda _value, error: self._failed(error))

    def closed(self, reason: str) -> None:
        """Run the disconnect handler, then be forgotten."""
        handler = self._server.handlers.get("disconnect")
        if handler is None:
            return self._server.forget(self._session)
        arguments = (self._session.sid, reason)[: accepted(handler, 2)]
        return self._run(lambda: handler(*arguments), self._gone)

    def _run(self, call: Callable[[], Any], then: Callable[[Any, BaseException | None], None]) -> None:
        try:
            value = call()
            if asyncio.iscoroutine(value):
                value = self._server.eager_tasks.run(value, then)
        except (Exception, asyncio.CancelledError) as error:
            then(None, error)
        else:
            if value is not PENDING:
                then(value, None)

    def _gone(self, _value: Any, error: BaseException | None) -> None:
        self._failed(error)
        self._server.forget(self._session)

    def _failed(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            self._server.complaints.exception("handler", "failed", error)


def _decoded(text: str, max_depth: int) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return jsontext.loads(text.encode(), max_depth)
    except ValueError:
        return text
