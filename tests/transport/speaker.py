"""Clients that speak Engine.IO byte by byte, so that they can also speak it wrongly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from core.settings import Settings
from realtime.transport.polling import Polling
from realtime.transport.session import Session
from rest.http.listening import listening
from tests.patience import PATIENCE_S

_MANY: Any = {"rate_limits": "off", "max_connections": 2000}


def upgrade_request(path: str = "engine.io") -> bytes:
    """The bytes that ask for a WebSocket."""
    lines = (
        f"GET /{path}/?EIO=4&transport=websocket HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    return "\r\n".join((*lines, "", "")).encode()


@dataclass(frozen=True)
class EngineHarness:
    """A served application: where it is and how to reach it."""

    url: str
    port: int
    http: aiohttp.ClientSession

    @asynccontextmanager
    async def websocket(self, query: str = "EIO=4&transport=websocket") -> AsyncIterator["WebSocketSpeaker"]:
        """An open WebSocket whose OPEN packet has not been read."""
        async with self.http.ws_connect(f"{self.url}?{query}", max_msg_size=0) as socket:
            yield WebSocketSpeaker(socket)

    @asynccontextmanager
    async def connected(self, namespace: str = "", auth: Any = None) -> AsyncIterator["WebSocketSpeaker"]:
        """A WebSocket that has joined a namespace (`/chat,` with its comma)."""
        async with self.websocket() as speaker:
            await speaker.expect("0")
            await speaker.say(f"40{namespace}{json.dumps(auth) if auth is not None else ''}")
            answer = await speaker.expect(f"40{namespace}")
            speaker.answer = json.loads(answer.removeprefix(f"40{namespace}"))
            yield speaker

    async def request(
        self, method: str, query: str, body: str | bytes = b"", **options: Any
    ) -> tuple[int, str]:
        """One HTTP request: its status and text."""
        async with self.http.request(method, f"{self.url}?{query}", data=body, **options) as response:
            return response.status, await response.text()

    async def polling(self) -> "Poller":
        """A new session over long-polling."""
        status, text = await self.request("GET", "EIO=4&transport=polling")
        assert status == 200, text
        return Poller(self, json.loads(text[1:]))


class WebSocketSpeaker:
    """One WebSocket. Engine.IO pings are answered unless `deaf`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.deaf = False
        self.answer: dict[str, Any] = {}

    @property
    def sid(self) -> str:
        """The session id of the namespace joined."""
        return str(self.answer["sid"])

    async def say(self, *packets: str | bytes) -> None:
        """Send packets, text or attachments."""
        for packet in packets:
            await (
                self.socket.send_bytes(packet) if isinstance(packet, bytes) else self.socket.send_str(packet)
            )

    async def hear(self) -> str | bytes:
        """The next packet that is no ping. Raises ConnectionError when there will be none."""
        while True:
            message = await self.socket.receive(timeout=PATIENCE_S)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                raise ConnectionError(message)
            if message.data != "2" or self.deaf:
                data: str | bytes = message.data
                return data
            await self.socket.send_str("3")

    async def expect(self, beginning: str) -> str:
        """The next packet, which begins so."""
        packet = await self.hear()
        assert isinstance(packet, str)
        assert packet.startswith(beginning), packet
        return packet

    async def ended(self) -> int | None:
        """Wait until the server closes, whatever it says before; its close code."""
        while (await self.socket.receive(timeout=PATIENCE_S)).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass
        return self.socket.close_code


class Poller:
    """One session over long-polling."""

    def __init__(self, harness: EngineHarness, opened: dict[str, Any]) -> None:
        self.harness = harness
        self.opened = opened
        self.query = f"EIO=4&transport=polling&sid={opened['sid']}"

    async def get(self) -> tuple[int, str]:
        """Poll once."""
        return await self.harness.request("GET", self.query)

    async def post(self, body: str | bytes) -> tuple[int, str]:
        """Send packets."""
        return await self.harness.request("POST", self.query, body)

    async def join(self) -> dict[str, Any]:
        """Connect to the main namespace; what the answer says."""
        assert await self.post("40") == (200, "ok")
        _, text = await self.get()
        answer: dict[str, Any] = json.loads(text.removeprefix("40"))
        return answer


@asynccontextmanager
async def serving(
    server: Any, path: str = "socket.io", *, taken: bool = True
) -> AsyncIterator[EngineHarness]:
    """Serve on a free port until the block is left. Unless connections are `taken`, aiohttp makes them."""
    app = web.Application()
    server.attach(app, path)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        _listening(app, server if taken else None) as port,
    ):
        yield EngineHarness(f"http://127.0.0.1:{port}/{path}/", port, http)


@asynccontextmanager
async def _listening(app: web.Application, server: Any) -> AsyncIterator[int]:
    """As the product does, for a server of ours; for none, and stock python-socketio's, as aiohttp does."""
    if take := getattr(server, "take", None):
        async with listening(app, Settings(host="127.0.0.1", port=0, **_MANY), take) as port:
            yield port
        return
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def awaited(session: Session) -> bool:
    """Its client polls."""
    return isinstance(session.carrier, Polling) and session.carrier.awaited


async def until(condition: Any, what: str) -> None:
    """Wait for a condition that nothing announces; `what` was missing if it does not come."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(what) from None
