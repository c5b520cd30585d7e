"""coturn with the configuration of the deployment: whom it relays for, and where to it does not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnClientUdpProtocol

from core.clock import now_ms
from core.settings import Settings
from signaling.ice_servers import ice_servers
from tests.machines.coturn import coturn

SECRET = "a secret that the relay shares with us"
DENIED = (
    *("10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "198.18.0.1"),
    *("0.1.2.3", "240.0.0.1", "192.0.0.8"),
)


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with coturn(SECRET) as port:
        yield port


async def client(port: int, user: str, *, secret: str = SECRET, ago_ms: int = 0) -> TurnClientUdpProtocol:
    """Somebody with the credential that this server gives out, or gave so long ago."""
    settings = Settings(turn_urls=f"turn:127.0.0.1:{port}", turn_secret=secret, turn_s=60)
    [server] = ice_servers(settings, user, now_ms() - ago_ms)
    place = ("127.0.0.1", port)
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: TurnClientUdpProtocol(place, server.username, server.credential, 600, 500), remote_addr=place
    )
    return protocol


async def refused(asked: Awaitable[object]) -> int:
    """The code with which the relay refuses this."""
    with pytest.raises(TransactionFailed) as failed:
        await asked
    code: int = failed.value.response.attributes["ERROR-CODE"][0]
    return code


async def test_it_relays_to_others_and_to_no_machine_behind_it(port: int) -> None:
    """Under one of the ports that are open."""
    ana = await client(port, "ana")
    try:
        _, relayed = await ana.connect()
        assert 49160 <= relayed <= 49260
        await ana.channel_bind(0x4000, ("203.0.113.7", 5000))
        for number, peer in enumerate(DENIED, 0x4001):
            assert await refused(ana.channel_bind(number, (peer, 5000))) == 403, peer
    finally:
        await ana.delete()


async def test_a_credential_of_another_secret_or_of_yesterday_is_refused(port: int) -> None:
    for stranger in (
        await client(port, "ana", secret="not that one"),
        await client(port, "ana", ago_ms=86_400_000),
    ):
        assert await refused(stranger.connect()) == 401
        stranger.transport.close()


async def test_one_user_has_eight_allocations(port: int) -> None:
    """Enough for a call and its restart, and no more; others have their own."""
    held = [await client(port, "ben") for _ in range(8)]
    more = await client(port, "ben")
    other = await client(port, "cleo")
    try:
        for each in held:
            await each.connect()
        assert await refused(more.connect()) == 486
        await other.connect()
    finally:
        more.transport.close()
        for each in (*held, other):
            await each.delete()
