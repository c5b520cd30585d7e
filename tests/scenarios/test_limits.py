"""With rate limits on, as they are unless somebody turns them off."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.integration.person import Person, Refused
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode


async def test_an_account_may_not_connect_without_end(
    start_node: StartNode, crowd: Callable[..., Awaitable[Person]]
) -> None:
    """It is told when it may again; another account is not concerned."""
    node = await start_node(RATE_LIMITS="on", CONNECTS_BURST="3", CONNECTS_PER_M="1")
    ana, ben = await crowd(node), await crowd(node)
    for number in range(3):
        await (await ana.connect(f"device {number}")).leave()
    with pytest.raises(Refused) as refused:
        await ana.connect("one more")
    assert refused.value.code == "rate_limited"
    assert 0 < refused.value.error["retry_after_ms"] <= 60_000
    await ben.connect()


async def test_strangers_are_bounded_before_anybody_knows_who_they_are(
    start_node: StartNode, web: aiohttp.ClientSession
) -> None:
    """By their address, and by the time that they have; the settings reach the socket path."""
    node = await start_node(
        RATE_LIMITS="on", MAX_NEWCOMERS_AN_ADDRESS="1", JOIN_S="12", COMPRESS_SOCKETS_BYTES="1",
        CORS_ORIGINS="https://app.example", TRUSTED_PROXIES="127.0.0.1",
    )  # fmt: skip
    url = f"{node.address}/socket.io/?EIO=4&transport="
    stranger = {"X-Forwarded-For": "203.0.113.9:4000"}
    ios = {"Origin": node.address.replace("http", "ws")}
    async with (
        asyncio.timeout(PATIENCE_S),
        web.ws_connect(f"{url}websocket", headers=stranger | ios, compress=15) as socket,
    ):
        assert socket.compress
        assert (await socket.receive_str()).startswith("0{")
        async with web.get(f"{url}polling", headers=stranger) as more:
            assert more.status == 503
        async with web.get(f"{url}polling", headers={"X-Forwarded-For": "203.0.113.10:4000"}) as other:
            assert other.status == 200
        assert (await socket.receive()).data == 1008
        async with web.get(f"{url}polling", headers=stranger) as again:
            assert again.status == 200
