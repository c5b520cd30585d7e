"""APNs on this machine: HTTP/2 over TLS. It keeps what it was sent, and answers as it is told."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from tests.patience import PATIENCE_S


class Heard(NamedTuple):
    """One push: to which token, with which headers, and what is in it."""

    token: str
    headers: Mapping[str, str]
    payload: dict[str, Any]
    size: int

    @property
    def kind(self) -> str:
        return self.headers["apns-push-type"]

    @property
    def signed(self) -> str:
        return self.headers["authorization"].removeprefix("bearer ")


SILENT, CUT_OFF, GOES_AWAY, RESET, LATER, LAST = 0, -1, -2, -3, -4, -5


class Answer(NamedTuple):
    """`status` `SILENT` and below: none, and what happens instead."""

    status: int = 200
    reason: str = ""
    headers: Mapping[str, str] = {}


class Apple:
    """Answers whoever asks. `answer`: what is said to a push."""

    def __init__(self, answer: Callable[[Heard], Answer] = lambda _: Answer(), *, at_once: int = 100) -> None:
        self.answer, self.at_once = answer, at_once
        self.heard: list[Heard] = []
        self.connections: list[Connection] = []
        self._news = asyncio.Condition()

    async def hears(self, wanted: Callable[[Heard], bool], what: str) -> Heard:
        """The first such push, also one that came before."""

        def found() -> Heard | None:
            return next(filter(wanted, self.heard), None)

        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"Apple was not sent {what}: {self.heard}") from None
        first = found()
        assert first is not None
        return first

    def take(self, push: Heard) -> Answer:
        self.heard.append(push)
        self._telling = asyncio.get_running_loop().create_task(self._tell())
        return self.answer(push)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


class Connection(asyncio.Protocol):
    """Somebody who sends."""

    transport: asyncio.Transport

    def __init__(self, apple: Apple) -> None:
        self._apple = apple
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._asked: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._later: list[int] = []
        self.at_most = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._apple.connections.append(self)
        self._h2.initiate_connection()
        self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._apple.at_once})
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        # Who has said that it ends is told nothing more, and is not cut off either.
        with suppress(ProtocolError):
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, RequestReceived):
                headers = {str(name): str(value) for name, value in event.headers}
                self._asked[event.stream_id] = headers, bytearray()
                self.at_most = max(self.at_most, len(self._asked))
            elif isinstance(event, DataReceived):
                self._asked[event.stream_id][1].extend(event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, StreamEnded):
                self._take(event.stream_id)
        self.transport.write(self._h2.data_to_send())

    def end(self) -> None:
        """Without a word, as after a pause of the network."""
        self.transport.abort()

    def _answer_all_and_leave(self) -> None:
        """In one breath: what is asked here so far is answered still, and nothing else."""
        leaving = GoAwayFrame(0, last_stream_id=self._h2.highest_inbound_stream_id)
        said = self._h2.data_to_send() + leaving.serialize()
        for stream in self._later:
            self._h2.send_headers(stream, [(":status", "200")], end_stream=True)
        self.transport.write(said + self._h2.data_to_send())

    def _take(self, stream: int) -> None:
        headers, body = self._asked[stream]
        assert headers[":method"] == "POST"
        token = headers[":path"].removeprefix("/3/device/")
        answer = self._apple.take(Heard(token, headers, json.loads(bytes(body)), len(body)))
        if answer.status == SILENT:
            return
        if answer.status in {LATER, LAST}:
            self._later.append(stream)
            if answer.status == LAST:
                self._answer_all_and_leave()
            return
        del self._asked[stream]
        if answer.status == CUT_OFF:
            self.transport.abort()
        elif answer.status == GOES_AWAY:
            self._h2.close_connection(last_stream_id=max(0, stream - 2))
        elif answer.status == RESET:
            self._h2.reset_stream(stream)
        else:
            self._h2.send_headers(stream, [(":status", str(answer.status)), *answer.headers.items()])
            said = json.dumps({"reason": answer.reason}).encode() if answer.reason else b""
            self._h2.send_data(stream, said, end_stream=True)


@asynccontextmanager
async def apple_serving(apple: Apple, certificate: Path) -> AsyncIterator[str]:
    """Its address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(apple), "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in apple.connections:
            each.end()
