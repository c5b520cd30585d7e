"""The official JavaScript client on our server: both transports, the upgrade, refusals, recovery.

And the official Python client, when it is sent away.
"""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionRefusedError as Refusal

from realtime.transport import SocketServer
from realtime.transport.fallback import StockServer
from tests.patience import PATIENCE_S
from tests.transport.speaker import serving

ROOT = Path(__file__).parents[2]


class Recovering:
    """A server that keeps what it published and sends a client that comes back what it missed."""

    def __init__(self, kind: type[SocketServer | StockServer] = SocketServer) -> None:
        self.server: Any = kind(async_mode="aiohttp", cors_allowed_origins="*")
        self.published: list[int] = []
        for event, handler in {
            "connect": self.connect, "echo": self.echo, "ask": self.ask, "publish": self.publish,
            "drop me": self.drop, "dismiss me": self.server.disconnect,
        }.items():  # fmt: skip
            self.server.on(event, handler)

    async def connect(self, sid: str, _environ: Any, auth: dict[str, Any]) -> None:
        if auth["token"] == "bad":
            raise Refusal("not you", {"code": "banned"})
        self.server.answer_connect(sid, {"pid": auth.get("pid", f"pid of {sid}")})
        if "offset" in auth:
            for number, value in enumerate(self.published):
                if number > int(auth["offset"]):
                    self.send(value, number, sid)

    async def echo(self, _sid: str, value: Any) -> Any:
        return value

    async def ask(self, sid: str, value: int) -> Any:
        return await self.server.call("question", value, to=sid)

    async def publish(self, sid: str, value: int) -> bool:
        self.published.append(value)
        self.send(value, len(self.published) - 1, sid)
        return True

    def send(self, value: int, offset: int, sid: str) -> None:
        self.server.emit_encoded("news", b"%d" % value, sid, offset=str(offset))

    async def drop(self, sid: str) -> None:
        self.server.close(sid, "drained")
        self.published.append(2)


async def test_the_official_client() -> None:
    """It recovers by itself, given `pid` and offsets; after DISCONNECT it stays away."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "socket.io-client").is_dir():
        if os.environ.get("CI"):
            pytest.fail("node and node_modules are missing")
        pytest.skip("needs node and the official client: make page")
    async with serving(Recovering().server) as harness:
        script = Path(__file__).with_name("official_client.mjs")
        process = await asyncio.create_subprocess_exec(
            node, str(script), f"http://127.0.0.1:{harness.port}", cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, err.decode()
    said = {line["step"]: line["value"] for line in map(json.loads, out.splitlines())}
    talk = {"inOrder": True, "binary": [1, 2, 3], "asked": 42}
    assert said == {
        "websocket": {"transport": "websocket", **talk},
        "polling": {"transport": "polling", **talk},
        "polling+websocket": {"transport": "websocket", **talk},
        "refused": {"message": "not you", "data": {"code": "banned"}},
        "recovery over websocket": {"first": False, "recovered": True, "heard": [1, 2, 3]},
        "dismissed over websocket": {"reason": "io server disconnect", "active": False},
        "recovery over polling": {"first": False, "recovered": True, "heard": [1, 2, 3]},
        "dismissed over polling": {"reason": "io server disconnect", "active": False},
    }


@pytest.mark.parametrize("kind", [SocketServer, StockServer], ids=["ours", "stock"])
@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_the_official_python_client_comes_back(
    transports: list[str], kind: type[SocketServer | StockServer]
) -> None:
    """By itself, to a server that has sent it away."""
    heard: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    told: dict[str, str] = {"token": "good"}
    client = socketio.AsyncClient(reconnection_delay=0.05, randomization_factor=0)

    async def news(value: int, offset: str) -> None:
        told["offset"] = offset
        await heard.put((value, offset))

    client.on("news", news)
    async with serving(Recovering(kind).server) as harness, asyncio.timeout(2 * PATIENCE_S):  # stock: 35 s
        await client.connect(
            f"http://127.0.0.1:{harness.port}",
            auth=lambda: told,
            transports=transports,
            wait_timeout=PATIENCE_S,
        )
        try:
            await client.call("publish", 1, timeout=PATIENCE_S)
            assert await heard.get() == (1, "0")
            await client.emit("drop me")
            assert await heard.get() == (2, "1")
            assert await client.call("echo", 3, timeout=PATIENCE_S) == 3
        finally:
            await client.shutdown()
