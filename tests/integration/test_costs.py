"""What hostile input of 60 KB costs the product at each of its entries, in bytes held at once."""

import json
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.contract.hostile import BYTES, SHAPES
from tests.integration.conftest import SignUp
from tests.patience import PATIENCE_S

# For both sides, since the client is in this process too, and for whatever else goes on meanwhile.
MOST_BYTES = 60 * BYTES
WHOLE = {name: text for name, text in SHAPES.items() if text.startswith("{") and text.endswith("}")}
# A number beyond 64 bits is no Socket.IO to us: it ends the session.
COMMANDS = sorted(WHOLE.keys() - {"a huge number"})


async def peak_of(work: Callable[[], Awaitable[Any]]) -> int:
    """The most bytes that were held at once while this was done; what it needs once is there already."""
    await work()
    tracemalloc.start()
    try:
        await work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("path", ["/v1/auth/login", "/v1/auth/register", "/v1/auth/refresh"])
async def test_a_body(web: aiohttp.ClientSession, address: str, path: str, shape: str) -> None:
    async def send() -> None:
        headers = {"Content-Type": "application/json"}
        async with web.post(address + path, data=SHAPES[shape].encode(), headers=headers) as response:
            assert response.status in {400, 413}

    assert await peak_of(send) < MOST_BYTES


@pytest.mark.parametrize("size", [40_000, 120_000, 256 * 1024])
async def test_a_body_as_long_as_allowed_is_read(web: aiohttp.ClientSession, address: str, size: int) -> None:
    """However it falls into pieces on its way, and the next one on the same connection too."""
    body = b'{"login": "nobody", "password": "x"}'.ljust(size)
    for _ in range(3):
        headers = {"Content-Type": "application/json"}
        async with web.post(f"{address}/v1/auth/login", data=body, headers=headers) as response:
            assert response.status == 401, await response.text()


async def test_a_query(sign_up: SignUp) -> None:
    """It is as long as a line of HTTP may be."""
    person = await sign_up()
    queries = (f"{'A' * 4000}=" + "0" * 3000, "&".join(f"n{n}=" for n in range(1000)), "limit=" + "9" * 7000)
    for query in queries:

        async def send(query: str = query) -> None:
            assert (await person.rest("GET", f"/v1/me/calls?{query}"))[0] == 400

        assert await peak_of(send) < MOST_BYTES


@pytest.mark.parametrize("shape", WHOLE)
@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "an account"])
async def test_a_connect(
    web: aiohttp.ClientSession, address: str, sign_up: SignUp, shape: str, known: bool
) -> None:
    """A stranger is a stranger whatever else they send; an account may send what a newer server knows."""
    token = json.dumps((await sign_up()).token if known else "nonsense")
    auth = f'{{"token":{token},' + WHOLE[shape].replace('"token"', '"other"')[1:]

    async def connect() -> None:
        url = f"{address.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        async with web.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=PATIENCE_S)) as socket:
            await socket.receive_str(timeout=PATIENCE_S)
            await socket.send_str(f"40{auth}")
            answer = await socket.receive(timeout=PATIENCE_S)
            if not known and shape in COMMANDS:
                assert json.loads(answer.data[2:])["data"]["code"] == "unauthenticated"

    assert await peak_of(connect) < MOST_BYTES


@pytest.mark.parametrize("shape", COMMANDS)
@pytest.mark.parametrize("command", ["chat:send", "presence:watch"])
async def test_a_command(sign_up: SignUp, command: str, shape: str) -> None:
    device = await (await sign_up()).connect()
    payload = json.loads(WHOLE[shape])

    async def send() -> None:
        assert (await device.send_raw(command, payload))["ok"] is False

    assert await peak_of(send) < MOST_BYTES


async def test_binary_attachments(sign_up: SignUp) -> None:
    """As many and as large as are let through, where texts belong."""
    device = await (await sign_up()).connect()
    payloads: list[dict[str, Any]] = [
        {"room_id": bytes(BYTES), "client_id": "c"},
        {"room_id": [bytes(BYTES // 20)] * 16, "client_id": "c"},
        {"A" * (BYTES // 3): [bytes(BYTES // 40)] * 16},
    ]
    for payload in payloads:

        async def send(payload: dict[str, Any] = payload) -> None:
            assert (await device.send_raw("chat:send", payload))["ok"] is False

        assert await peak_of(send) < MOST_BYTES
