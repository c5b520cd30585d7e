"""TCP connections: limits on their number, and on the time that each may take to send a request.

aiohttp waits for ever for a head that does not come, and a process accepts until it has no descriptor left.
Here a connection has a seat from its first moment, or is answered 503 and closed. It has `head_s` to send a
head, also in small pieces, and `keep_alive_s` to begin the next one, or to read what it is sent. A trusted
proxy's connection counts for the client whose request it carries, for as long as it carries it.

aiohttp hears of a connection with the first request that is left to it: what is answered before needs none of
its tasks and timers (`realtime/transport/fast_path.py`).
"""

import asyncio
from collections.abc import Callable
from itertools import chain
from typing import Any, Final, cast

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDictProxy

from core.errors import InvalidRequest, RateLimited
from core.proxies import Proxies, network_of
from core.seats import Seat, Seats
from rest.http.headers import SERVER

_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
# A proxy keeps connections open to be quick, and closes them itself: we must not close one under its request.
_PROXY_KEEP_ALIVE_S: Final = 3600.0
_QUIET_S: Final = 10.0
_LOOK_S: Final = 0.05

_log = structlog.get_logger()


class ConnectionLimits:
    """What connections of one process have in common. `left_s`: until all are to be answered, at its end."""

    def __init__(
        self,
        seats: Seats,
        proxies: Proxies,
        *,
        head_s: float,
        keep_alive_s: float,
        max_head_bytes: int,
        left_s: Callable[[], float],
    ) -> None:
        self.seats, self.proxies, self.left_s = seats, proxies, left_s
        self.head_s, self.keep_alive_s, self.max_head_bytes = head_s, keep_alive_s, max_head_bytes
        self._silent_until = 0.0

    def client(self, address: str) -> str | None:
        """The client for which a connection from this address counts; None for a trusted proxy."""
        return None if self.proxies.trust(address) else network_of(address)

    def refused(self, address: str, now: float) -> None:
        """Log it, once in a while: nobody can fill the log by connecting often."""
        if now >= self._silent_until:
            self._silent_until = now + _QUIET_S
            hint = "If it is a proxy's address, name it in TRUSTED_PROXIES."
            _log.warning("connections are refused", address=address, open=self.seats.taken, hint=hint)


class HttpConnection(web.RequestHandler):
    """One connection, until it ends or a WebSocket takes it over.

    Leans on private names of aiohttp 3.14: `_request_count`, `_messages`, `_upgraded`, `_keepalive_timeout`,
    `_keepalive_handle`, `_next_keepalive_close_time`, `_manager`, `_request_in_progress`.
    """

    __slots__ = (
        "_begun",
        "_body",
        "_head_bytes",
        "_incoming",
        "_late",
        "_limits",
        "_seat",
        "_stuck",
        "_taken_by",
        "proxied",
    )

    def __init__(
        self,
        manager: web.Server,
        limits: ConnectionLimits,
        loop: asyncio.AbstractEventLoop,
        taken_by: "Callable[[HttpConnection], None] | None" = None,
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # what aiohttp itself calls off
            auto_decompress=False,  # a small body may become a large one
            keepalive_timeout=limits.keep_alive_s,
            lingering_time=2,
        )
        self._limits = limits
        self._seat: Seat | None = None
        self._late: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._body: Any = None
        self._head_bytes = self._incoming = 0
        self._taken_by = taken_by
        self._begun = False
        self.proxied = False

    # Coming and going.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a seat, or leave at once."""
        limits, address = self._limits, (transport.get_extra_info("peername") or ("",))[0]
        client = limits.client(address)
        self.proxied = client is None
        self._seat = limits.seats.take(client)
        if self._seat is None:
            limits.refused(address, self._loop.time())
            self.transport = cast("asyncio.Transport", transport)
            self._dismiss(_BUSY)
            return
        if self.proxied:
            self._keepalive_timeout = _PROXY_KEEP_ALIVE_S
        self.transport = cast("asyncio.Transport", transport)
        assert self._manager is not None
        self._manager.connection_made(self, self.transport)  # so that it is closed with the server
        if self._taken_by is not None:
            self._taken_by(self)
        self._expect_head()

    def _begin(self) -> None:
        """There is a request for aiohttp."""
        self._begun = True
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
        if self.transport is not None:
            super().connection_made(self.transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It has ended, or a WebSocket has taken it over."""
        self._head_came()
        self._taken()
        self.hand_over()()
        super().connection_lost(exc)

    def hand_over(self) -> Callable[[], None]:
        """Hand the seat over with the connection. Gives what to call when the connection has ended."""
        seat, self._seat = self._seat, None
        return _nothing if seat is None else seat.leave

    def count_for(self, client: str | None) -> bool:
        """A proxy's connection carries a request of this client, or of nobody. False: they have too many."""
        return self._seat is None or self._seat.move(client)

    def admit(self, request: web.Request) -> None:
        """Let this request in until `leave`; a proxy's counts for the client on whose behalf it asks.

        Raises `InvalidRequest` for a head that came whole and is too long, `RateLimited` for a client who has
        too many connections.
        """
        if _size(request.raw_headers) > self._limits.max_head_bytes:
            raise InvalidRequest("The headers are too long together.")
        if self.proxied and not self.count_for(self._client(request.remote, request.headers)):
            raise RateLimited("Too many connections of this address.", retry_after_ms=10_000)

    def _client(self, peer: str | None, headers: CIMultiDictProxy[str]) -> str | None:
        forwarded = headers.getall("X-Forwarded-For", ())
        return self._limits.client(self._limits.proxies.client(peer or "", forwarded))

    def enter(self, message: RawRequestMessage) -> bool:
        """Whether `admit` would let this request pass, which has just come. It counts until `leave`."""
        if (
            self._incoming > self._limits.max_head_bytes
            and _size(message.raw_headers) > self._limits.max_head_bytes
        ):
            return False
        return not self.proxied or self.count_for(self._client(self._peer(), message.headers))

    def leave(self) -> None:
        """A request that has entered is answered."""
        if self.proxied:
            self.count_for(None)

    def _peer(self) -> str:
        return str((self.peername or ("",))[0])

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's own signature
        """A body that is on its way is read first: aiohttp reads nothing more from then on."""
        until = self._loop.time() + min(timeout or 0, self._limits.left_s())
        while self._is_sent_a_body() and self._loop.time() < until:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(_LOOK_S)
        super().close()
        # Here and not there: aiohttp waits so long twice, and for ever where no time is left.
        while self._request_in_progress and self._loop.time() < until:  # noqa: ASYNC110 - the same
            await asyncio.sleep(_LOOK_S)
        await super().shutdown(_LOOK_S)

    def close(self) -> None:
        """Answer what was asked, and nothing more. With a body on its way, `shutdown` sees to it."""
        if not self._is_sent_a_body():
            super().close()

    def _is_sent_a_body(self) -> bool:
        return (
            self.transport is not None
            and self._request_in_progress
            and self._body is not None
            and not self._body.is_eof()
        )

    def _dismiss(self, words: bytes) -> None:
        if self.transport is not None:
            self.transport.write(words)
        self.force_close()

    # What a client sends.

    def data_received(self, data: bytes) -> None:
        """Bytes of a head are counted, and waited for no longer than a head may take."""
        seen = self._request_count
        # Asked before: the end of a body is not part of a head.
        in_head = self._body is None or self._body.is_eof()
        self._incoming = self._head_bytes + len(data)
        super().data_received(data)
        if self._messages and not self._begun:
            self._begin()
        if self._request_count != seen:
            # Without one left to aiohttp, all have come whole.
            self._body = self._messages[-1][1] if self._messages else None
            self._head_came()
        elif data and not self._upgraded and in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.max_head_bytes:
                self._dismiss(_TOO_LONG)
            elif self._late is None:
                self._expect_head()

    def _expect_head(self) -> None:
        self._late = self._loop.call_later(self._limits.head_s, self.force_close)

    def _head_came(self) -> None:
        self._head_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's own signature
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it may repeat what the client sent
    ) -> web.StreamResponse:
        """What is not HTTP gets a short answer and is not logged, so that nobody can fill the log with it."""
        if status >= 500:
            _log.error("a request failed outside of its handler", exc_info=exc)
        elif isinstance(exc, LineTooLong):
            status = 431
        response = web.Response(status=status, headers={"Server": SERVER})
        response.force_close()
        return response

    def _process_keepalive(self) -> None:
        """It may have been idle for too long: aiohttp sees to those that it has heard of."""
        if self._begun:
            return super()._process_keepalive()
        self._keepalive_handle = None
        if self._force_close or not self._keepalive:
            return None
        if self._loop.time() >= (ends := self._next_keepalive_close_time):
            return self.force_close()
        self._keepalive_handle = self._loop.call_at(ends, self._process_keepalive)
        return None

    # What a client reads.

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send it, and forget its body: aiohttp keeps the last answer for as long as a connection idles."""
        finished, reset = await super().finish_response(request, resp, start_time)
        if isinstance(finished, web.Response):
            finished.body = None
        return finished, reset

    def pause_writing(self) -> None:
        """It takes nothing at the moment."""
        super().pause_writing()
        self._stuck = self._loop.call_later(self._limits.keep_alive_s, self._give_up)

    def resume_writing(self) -> None:
        """It takes more."""
        super().resume_writing()
        self._taken()

    def _taken(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _size(headers: tuple[tuple[bytes, bytes], ...]) -> int:
    return sum(map(len, chain.from_iterable(headers)))


def _nothing() -> None:
    """Do nothing."""
