"""coturn with the configuration of the deployment: whom it relays for, and where to it does not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnClientProtocol, TurnClientTcpProtocol, TurnClientUdpProtocol

from core.clock import now_ms
from core.contract.calls import IceServer
from core.settings import Settings
from signaling.ice_servers import ice_servers
from tests.machines.coturn import PUBLIC, Coturn, coturn
from tests.patience import PATIENCE_S

SECRET = "a secret that the relay shares with us"
Kind = type[TurnClientUdpProtocol] | type[TurnClientTcpProtocol]
CALL, ANOTHER = "019a2f4e-7c1b-7d3a-9f60-0000000000ca", "019a2f4e-7c1b-7d3a-9f60-0000000000cb"
DENIED = (
    *("10.1.2.3", "100.64.0.1", "127.0.0.2", "169.254.169.254", "172.16.0.1", "192.168.1.1", "198.18.0.1"),
    *("0.1.2.3", "240.0.0.1", "192.0.0.8", "168.63.129.16", "100.100.100.200"),
)


class Mailbox(asyncio.DatagramProtocol):
    """What was relayed to somebody, and from where."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.put_nowait((data, addr))


class Relayed:
    """An allocation, and what comes to it."""

    def __init__(self, protocol: TurnClientProtocol, address: tuple[str, int]) -> None:
        self.address, self._protocol, self._mailbox = address, protocol, Mailbox()
        protocol.receiver = self._mailbox

    async def tell(self, other: "Relayed", data: bytes) -> None:
        """From the first time on, the other may tell something too."""
        await self._protocol.send_data(data, other.address)

    async def hears(self) -> tuple[bytes, tuple[str, int]]:
        """What comes next, and from where."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._mailbox.came.get()

    async def let_in(self, number: int, address: str) -> None:
        await self._protocol.channel_bind(number, (address, 5000))

    async def give_back(self) -> None:
        await self._protocol.delete()


@pytest.fixture(scope="module")
async def relay() -> AsyncIterator[Coturn]:
    async with coturn(SECRET) as relay:
        yield relay


def credential(user: str, call: str = CALL, *, secret: str = SECRET, ago_ms: int = 0) -> IceServer:
    """What this server gives out for a call, or gave so long ago."""
    settings = Settings(turn_urls="turn:relay.example", turn_secret=secret)
    [server] = ice_servers(settings, call, "main", user, now_ms() - ago_ms)
    return server


async def allocation(
    relay: Coturn, given: IceServer, kind: Kind = TurnClientUdpProtocol, tls: ssl.SSLContext | None = None
) -> Relayed:
    """Asked for by UDP, TCP or TLS; what it relays is UDP."""
    place = ("127.0.0.1", relay.tls_port if tls else relay.port)
    loop = asyncio.get_running_loop()

    def made() -> TurnClientProtocol:
        return kind(place, given.username, given.credential, 600, 500)

    protocol: TurnClientProtocol
    if kind is TurnClientUdpProtocol:
        _, protocol = await loop.create_datagram_endpoint(made, remote_addr=place)
    else:
        _, protocol = await loop.create_connection(made, *place, ssl=tls)
    try:
        return Relayed(protocol, await protocol.connect())
    except BaseException:
        protocol.transport.close()
        raise


async def refused(asked: Awaitable[object]) -> int:
    """The code with which the relay refuses this."""
    with pytest.raises(TransactionFailed) as failed:
        await asked
    code: int = failed.value.response.attributes["ERROR-CODE"][0]
    return code


async def test_two_of_a_call_reach_each_other_through_it(relay: Coturn) -> None:
    """By the address that others know it by, under the ports that are open; also behind a translator."""
    ana, ben = await allocation(relay, credential("ana")), await allocation(relay, credential("ben"))
    try:
        for side in (ana, ben):
            assert side.address[0] == PUBLIC
            assert 49160 <= side.address[1] <= 49260
        await ana.tell(ben, b"before she was let in")
        await ben.tell(ana, b"hello")
        await ana.tell(ben, b"hello")
        for side, other in ((ana, ben), (ben, ana)):
            while (heard := await side.hears())[0] != b"hello":
                pass
            assert heard[1] == other.address
    finally:
        await ana.give_back()
        await ben.give_back()


async def test_it_relays_to_others_and_to_no_machine_behind_it(relay: Coturn) -> None:
    ana = await allocation(relay, credential("ana"))
    try:
        await ana.let_in(0x4000, "198.51.100.7")
        for number, peer in enumerate(DENIED, 0x4001):
            assert await refused(ana.let_in(number, peer)) == 403, peer
    finally:
        await ana.give_back()


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
async def test_it_relays_where_udp_does_not_get_through(relay: Coturn, tls: bool) -> None:
    """By TCP, and by TLS with a certificate."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    ana = await allocation(relay, credential("ana"), TurnClientTcpProtocol, trusting if tls else None)
    assert ana.address[0] == PUBLIC
    await ana.give_back()


async def test_a_credential_of_another_secret_or_of_yesterday_is_refused(relay: Coturn) -> None:
    for stranger in (credential("ana", secret="not that one"), credential("ana", ago_ms=86_400_000)):
        assert await refused(allocation(relay, stranger)) == 401
    forged = credential("ana", ago_ms=86_400_000)
    assert forged.username is not None
    later = forged.username.replace(forged.username[:10], str(now_ms() // 1000 + 3600))
    assert await refused(allocation(relay, IceServer([], later, forged.credential))) == 401


async def test_one_has_eight_allocations_in_a_call(relay: Coturn) -> None:
    """Whenever the credential was made. It is enough for a call and its restart; the other has their own."""
    made = [credential("dora", ago_ms=epoch * 1000) for epoch in range(4) for _ in range(2)]
    assert len({given.username for given in made}) == 4
    held = [await allocation(relay, given) for given in made]
    try:
        assert await refused(allocation(relay, credential("dora"))) == 486
        held += [
            await allocation(relay, credential("cleo")),
            await allocation(relay, credential("dora", ANOTHER)),
        ]
    finally:
        for each in held:
            await each.give_back()


async def test_all_together_have_no_more_than_the_machine_bears() -> None:
    """However many calls somebody makes up."""
    async with coturn(SECRET, "--total-quota=3") as small:
        held = [await allocation(small, credential(f"user-{n}")) for n in range(3)]
        assert await refused(allocation(small, credential("one-more"))) == 486
        for each in held:
            await each.give_back()
