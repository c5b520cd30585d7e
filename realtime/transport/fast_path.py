"""Answers what clients ask most, as soon as aiohttp's parser has read it: polls, packets, WebSockets.

aiohttp makes a request, a route, a response and two tasks of each, which costs more than everything else
here together. So a filter stands where its handler has the parser. The parser is aiohttp's and reads every
byte; its requests are answered here if they are plain (`_answer`) and nothing before them is unanswered. All
others go on to aiohttp: what is unusual, refused, too long or not there whole is `http_handler`'s business
alone. A connection may have limits of its own: its `enter` is asked first, and `leave` is called afterwards.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD

from core.content_coding import accepts_gzip

from . import internals, payload
from .cross_origin import CrossOrigin
from .handshake import UNKNOWN_SESSION, HandshakeRefused
from .http_request import ParsedRequest, plain_query
from .poll_answers import PollAnswers, head_lines, packed
from .polling import Polling
from .session import Session
from .sessions import EngineSessions
from .upgrades import Upgrades

Parsed = tuple[Sequence[tuple[Any, Any]], bool, bytes]
"""What aiohttp's parser gives: requests with their bodies, whether the last is an upgrade, and the tail."""

_NOTHING: Final[Parsed] = ((), False, b"")


class FastPath:
    """For the connections of one server; they are given to `take`."""

    def __init__(self, server: EngineSessions, cross_origin: CrossOrigin, upgrades: Upgrades) -> None:
        self.server, self.cross_origin, self.upgrades = server, cross_origin, upgrades
        self.answers = PollAnswers(server.answer_headers)
        self.place: str | None = None

    def serve(self, path: str) -> None:
        """The server is served under this path, `/socket.io/`."""
        self.place = f"{path}?"

    def take(self, connection: Any) -> None:
        """Look at this connection of aiohttp's from its next bytes on."""
        parser = internals.parser_of(connection)
        if self.place is not None and parser is not None and not isinstance(parser, Filter):
            internals.set_parser(connection, Filter(self, self.place, connection, parser))


class Filter:
    """Stands in for the parser of one connection.

    While a poll waits for its answer, the requests after it are held, and no more is read.
    """

    __slots__ = (
        "_again", "_connection", "_enter", "_held", "_leave", "_more", "_parse", "_path", "_place", "_poll",
        "_server", "message_consumed", "pause_reading", "set_upgraded",
    )  # fmt: skip

    def __init__(self, path: FastPath, place: str, connection: Any, parser: Any) -> None:
        self._path, self._place, self._server = path, place, path.server
        self._connection = connection
        self._enter, self._leave = (
            getattr(connection, "enter", _admit),
            getattr(connection, "leave", _nothing),
        )
        self._parse = parser.feed_data
        self.message_consumed = parser.message_consumed
        self.pause_reading, self.set_upgraded = parser.pause_reading, parser.set_upgraded
        self._poll: Polling | None = None
        self._more = (b"", False)
        self._held: Parsed | None = None
        self._again: Parsed | None = None

    def feed_data(self, data: bytes) -> Parsed:
        """What the parser gives for these bytes, less what is answered here."""
        parsed = messages, upgraded, tail = self._read(data)
        if not messages:
            return parsed
        if self._poll is not None:
            return self._hold(parsed)
        # As many as aiohttp lets queue are its own affair: it pauses the connection and goes on by itself.
        many = len(messages) >= internals.most_parsed(self._connection)
        if many or not internals.is_idle(self._connection):
            return parsed
        rest = self._answer_some(messages, upgraded, tail)
        if not rest:
            return _NOTHING
        return (rest, upgraded, tail) if self._poll is None else self._hold((rest, upgraded, tail))

    def _read(self, data: bytes) -> Parsed:
        if (again := self._again) is not None:
            self._again = None
            return again
        try:
            parsed: Parsed = self._parse(data)
        except HttpProcessingError:
            if self._poll is None:
                raise
            # aiohttp's answer to this would overtake the one that is still to come.
            self._connection.force_close()
            return _NOTHING
        return parsed

    def _answer_some(
        self, messages: Sequence[tuple[Any, Any]], upgraded: bool, tail: bytes
    ) -> Sequence[tuple[Any, Any]]:
        """Answer from the first on what may be answered here. Gives the rest."""
        taken, last = 0, len(messages) - 1
        for message, body in messages:
            if self._connection.transport is None or self._poll is not None:
                break
            switches = upgraded and taken == last
            if not (self._switch(message, body, tail) if switches else self._answer(message, body)):
                break
            taken += 1
            self.message_consumed()
        if taken:
            internals.count_requests(self._connection, taken)
        return messages[taken:]

    # Polls and packets.

    def _answer(self, message: Any, body: Any) -> bool:
        """Answer a request, or let it wait. False: it is for aiohttp, and nothing has changed."""
        if not self._is_plain(message):
            return False
        query = plain_query(message.path[len(self._place) :])
        if query is None or query.get("transport") != "polling" or "j" in query:
            return False
        session = self._server.sockets.get(query.get("sid", ""))
        if session is None or session.closed or type(session.carrier) is not Polling:
            return False
        more = self._more_lines(message, query)
        if more is None:
            return False
        if message.method == "GET":
            return body is EMPTY_PAYLOAD and self._polled(message, session, session.carrier, more)
        return message.method == "POST" and self._posted(message, body, session, session.carrier, more)

    def _is_plain(self, message: Any) -> bool:
        return (
            message.path.startswith(self._place)
            and message.version == HttpVersion11
            and not message.should_close
            and not message.upgrade
            and not message.chunked
            and message.compression is None
            and "Expect" not in message.headers
        )

    def _more_lines(self, message: Any, query: dict[str, str]) -> bytes | None:
        """The lines of CORS in the head of the answer; None if the origin is refused."""
        origin = message.headers.get("Origin")
        if origin is None:
            return b""
        if not (origin.isascii() and origin.isprintable()):
            return None
        try:
            return head_lines(
                self._path.cross_origin.headers(ParsedRequest(message, query, self._connection))
            )
        except HandshakeRefused:
            return None

    def _polled(self, message: Any, session: Session, polling: Polling, more: bytes) -> bool:
        if polling.awaited or not self._enter(message):
            return False
        session.heard = True
        self._more = more, self._may_pack(message)
        if polling.is_due():
            self._fetch(polling)
        else:
            self._poll = polling
            polling.wait(self._due)
            internals.busy(self._connection, self)
        return True

    def _posted(self, message: Any, body: Any, session: Session, polling: Polling, more: bytes) -> bool:
        whole = None if body is EMPTY_PAYLOAD else internals.whole_body(body)
        if not whole or len(whole) > self._server.max_http_buffer_size or session.is_held:
            return False
        try:
            packets = payload.decode(whole, self._server.limits.max_packets_per_post)
        except payload.PayloadError:
            return False
        if not self._enter(message):
            return False
        session.heard = True
        now = self._server.loop.time()
        self._connection.transport.write(self._path.answers.taken(more, now))
        self._answered(now)
        polling.deliver(packets)
        return True

    def _may_pack(self, message: Any) -> bool:
        return self._server.http_compression and accepts_gzip(message.headers.get("Accept-Encoding", ""))

    def _fetch(self, polling: Polling) -> None:
        body, (more, may_pack) = polling.fetch(), self._more
        if may_pack and len(body) >= self._server.compression_threshold:
            body, more = packed(body), more + b"Content-Encoding: gzip\r\n"
        now = self._server.loop.time()
        self._connection.transport.write(self._path.answers.polled(body, more, now))
        self._answered(now)

    def _answered(self, now: float) -> None:
        internals.answered(self._connection, now)
        self._leave()

    # A poll that waits.

    def _due(self) -> None:
        """Answer with the next turn, so that what is sent until then goes along."""
        if self._poll is not None:
            self._poll.wait(_nothing)
            self._server.loop.call_soon(self._answer_poll, self._poll)

    def _answer_poll(self, polling: Polling) -> None:
        transport = self._connection.transport
        if transport is None or transport.is_closing():
            return  # `_cancel` is called, if it has not been
        self._poll = None
        polling.stop_waiting()
        self._fetch(polling)
        if self._held is not None:
            self._again, self._held = self._held, None
            self._connection.transport.resume_reading()
            self._connection.data_received(b"")

    def _hold(self, parsed: Parsed) -> Parsed:
        """Keep requests until the poll before them is answered; none come meanwhile."""
        self._held = parsed
        internals.count_requests(self._connection, len(parsed[0]))
        self._connection.transport.pause_reading()
        return _NOTHING

    def _cancel(self, _error: BaseException) -> None:
        """aiohttp says that the connection is lost."""
        polling, self._poll = self._poll, None
        if polling is not None:
            self._leave()
            polling.lost()

    # WebSockets.

    def _switch(self, message: Any, body: Any, tail: bytes) -> bool:
        """Carry a session by a WebSocket. False: the request is for aiohttp, and nothing has changed."""
        server = self._server
        if body is not EMPTY_PAYLOAD or not message.path.startswith(self._place) or message.method != "GET":
            return False
        query = plain_query(message.path[len(self._place) :])
        if query is None or query.get("transport") != "websocket" or "j" in query:
            return False
        if server.receiver is None or "websocket" not in server.transports or not self._enter(message):
            return False
        internals.keep_tail(self._connection, tail)
        try:
            self._open(ParsedRequest(message, query, self._connection))
        except HandshakeRefused:
            internals.keep_tail(self._connection, b"")
            self._leave()
            return False
        return True

    def _open(self, request: ParsedRequest) -> None:
        server, upgrades = self._server, self._path.upgrades
        self._path.cross_origin.headers(request)
        sid = request.query.get("sid")
        if sid is None:
            session = upgrades.new_session(request)
            assert server.receiver is not None
            session.tell(server.receiver(session))
            return upgrades.open(session, request)
        known = server.sockets.get(sid)
        if known is None or known.closed:
            raise HandshakeRefused(UNKNOWN_SESSION)
        return upgrades.probe(known, request)


def _admit(_message: Any) -> bool:
    """The connection has no limits of its own."""
    return True


def _nothing() -> None:
    """Nor does it count."""
