"""What one account may do to others, counted on two nodes together: with rate limits on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.ids import new_id
from core.settings import Settings
from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Refused


@pytest.fixture(scope="module")
async def addresses(
    settings: Settings, nodes_database_url: str, nodes_redis_url: str
) -> AsyncIterator[tuple[str, str]]:
    """Two nodes, where one account joins three times and says ten things at once."""
    own = replace(
        settings,
        database_url=nodes_database_url,
        redis_url=nodes_redis_url,
        region="rate-limits",
        rate_limits="on",
        joins_burst=3,
        joins_per_m=1,
        reports_burst=2,
        reports_per_h=1,
        messages_burst=10,
        messages_per_m=1,
        register_per_m=6000,
        register_burst=1000,
    )
    async with running(own) as one, running(own) as other:
        yield one, other


@pytest.fixture
def address(addresses: tuple[str, str]) -> str:
    return addresses[0]


async def code(device: ClientDevice, command: str, **what: Any) -> str:
    """Of the answer; empty if all is well."""
    try:
        await device.ask(command, **what)
    except Refused as refused:
        return refused.code
    return ""


class Minutes:
    """Those that have passed since it was made, in each of which one more is let through."""

    def __init__(self) -> None:
        self._time = asyncio.get_running_loop().time
        self._begun = self._time()

    def passed(self) -> int:
        return int(self._time() - self._begun) // 60


async def two_devices(sign_up: SignUp, addresses: tuple[str, str]) -> tuple[ClientDevice, ClientDevice]:
    """Of one person, one at each node."""
    ana = await sign_up()
    return await ana.connect("phone"), await ana.connect("tablet", address=addresses[1])


async def test_one_account_joins_so_often(sign_up: SignUp, addresses: tuple[str, str]) -> None:
    """What is malformed does not count, and another account is not concerned. Each node finds out a little
    late, because nobody waits for the count."""
    phone, tablet = await two_devices(sign_up, addresses)
    assert await code(phone, "queue:join", mode="smell") == "invalid_request"
    minutes = Minutes()

    async def joins(device: ClientDevice) -> int:
        for number in range(30):
            if (told := await code(device, "queue:join", mode="video")) == "rate_limited":
                return number
            assert told == ""
            await device.ask("queue:leave")
        return 30

    assert 3 <= await joins(phone) < 30
    assert await joins(tablet) < 30
    assert await joins(phone) <= minutes.passed()
    ben = await (await sign_up(gender="male")).connect()
    assert await code(ben, "queue:join", mode="voice") == ""
    await ben.ask("queue:leave")


async def test_one_account_reports_so_often(sign_up: SignUp, addresses: tuple[str, str]) -> None:
    phone, tablet = await two_devices(sign_up, addresses)
    codes = [
        await code(device, "call:report", call_id=new_id(), reason="spam")
        for device in (phone, tablet, phone, tablet)
    ]
    assert codes == ["not_found"] * 2 + ["rate_limited"] * 2


async def test_one_account_says_so_much(sign_up: SignUp, addresses: tuple[str, str]) -> None:
    """Each node finds out a little late, because nobody waits for the count; long before 200 are too fast."""
    phone, tablet = await two_devices(sign_up, addresses)

    async def says(device: ClientDevice) -> int:
        room = {"room_id": new_id(), "client_id": "1", "content": "Hello"}
        for number in range(150):
            if (told := await code(device, "chat:send", **room)) == "rate_limited":
                return number
            assert told == "not_found"
        return 150

    minutes = Minutes()
    assert 10 <= await says(phone) < 150
    assert await says(tablet) < 150
    assert await says(phone) <= minutes.passed()
