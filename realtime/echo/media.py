"""The media of one epoch of an echo call: ICE, DTLS and SRTP by aiortc, and what comes goes back.

It is told no address. It learns where the other side is from the connectivity checks that arrive, and sends
media there only when one of its own checks was answered from there. What it holds and sends is bounded: a
packet over the bandwidth is dropped, as a slow network would, and who sends far too many is left alone.

Some names of aiortc and aioice that are used here are private; `tests/echo/test_library.py` holds them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from aioice import Candidate, Connection
from aiortc import RTCCertificate, RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsTransport

from core.tasks import end
from core.token_bucket import TokenBucket
from realtime.echo.answers import Offer, answer
from realtime.echo.mirrored import Mirror

_LOOPBACK = "127.0.0.1"
_MOST_WAITING = 256  # datagrams, in one turn of the loop or before there is a key for them
_MOST_DROPPED = 20_000
_BYTES_A_PACKET = 200  # what one costs beside its own: many small ones are no way around the bound


class _Waiting(asyncio.Queue[Any]):
    """Datagrams that are too many are dropped, as a full buffer of the system would."""

    def put_nowait(self, item: Any) -> None:
        if item is None or self.qsize() < _MOST_WAITING:
            super().put_nowait(item)


class _Ice(Connection):
    """At this address, if it is one of ours; else at all that we have, or at loopback if we have none."""

    def __init__(self, address: str) -> None:
        super().__init__(ice_controlling=False)
        self._queue = _Waiting()
        self._at = address

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109 - as it is there
    ) -> list[Candidate]:
        if self._at in addresses or (self._at and ip_address(self._at).is_loopback):
            addresses = [self._at]
        return await super().get_component_candidates(component, addresses or [_LOOPBACK], timeout)


class _Turned(RTCDtlsTransport):
    """Sends back each packet in the turn in which it came; `heard` is set by the first one of media."""

    def __init__(self, ice: RTCIceTransport, mirror: Mirror, kbps: int) -> None:
        super().__init__(ice, [RTCCertificate.generateCertificate()])
        bytes_a_s = kbps * 125
        self._mirror, self._budget = mirror, TokenBucket(rate_per_s=bytes_a_s, burst=bytes_a_s)
        self._dropped = 0
        self.heard = asyncio.Event()

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        if self._budget.take(arrival_time_ms, len(data) + _BYTES_A_PACKET):
            self._drop()
        elif (packet := self._mirror.media(data)) is not None:
            self.heard.set()
            await self._send_rtp(packet)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        if (packets := self._mirror.control(data)) is not None:
            await self._send_rtp(packets)

    def _drop(self) -> None:
        self._dropped += 1
        if self._dropped > _MOST_DROPPED:
            raise ConnectionError("far more than may be sent back")


class EchoMedia:
    """Answers the offers of one epoch. `connected` is called once, when media has come.

    `address` is the one that browsers reach: one of ours, or one that leads here. Empty: all of ours.
    """

    def __init__(
        self, mask: int, *, kbps: int, address: str, connected: Callable[[], Awaitable[None]]
    ) -> None:
        self._mirror, self._kbps, self._address = Mirror(mask), kbps, address
        self._connected = connected
        self._gatherer = RTCIceGatherer(iceServers=[])  # else it would ask a public server
        self._gatherer._connection = _Ice(address)
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = _Turned(self._ice, self._mirror, kbps)
        self._offer: Offer | None = None
        self._answers = 0
        self._running: asyncio.Task[None] | None = None

    async def answer(self, sdp: str) -> str | None:
        """The answer to a checked offer. None: it begins anew, for which there is `call:restart`."""
        offer = Offer.read(sdp)
        if self._offer is not None and offer.said("ice-ufrag") != self._offer.said("ice-ufrag"):
            return None
        await self._gatherer.gather()
        self._answers += 1
        said = answer(
            offer,
            self._mirror,
            version=self._answers,
            ice=self._gatherer.getLocalParameters(),
            dtls=self._dtls.getLocalParameters(),
            candidates=announced(self._gatherer.getLocalCandidates(), self._address),
            kbps=self._kbps,
        )
        if self._running is None:
            self._offer = offer
            self._running = asyncio.create_task(self._run(offer))
        return said

    async def close(self) -> None:
        """Leave, and hold no port any more."""
        if self._running is not None:
            await end([self._running])
        await self._dtls.stop()
        await self._ice.stop()
        await self._gatherer._connection.close()

    async def _run(self, offer: Offer) -> None:
        await self._ice.start(offer.ice)
        self._dtls._set_role("server" if offer.dtls.role == "client" else "client")
        await self._dtls.start(offer.dtls)
        if self._dtls.state != "connected":
            return
        if offer.sends:
            await self._dtls.heard.wait()
        await self._connected()


def announced(own: Sequence[RTCIceCandidate], address: str) -> Iterator[RTCIceCandidate]:
    """Where the other side finds us: at our own addresses, or at this one under the same ports."""
    for candidate in own:
        if not address:
            yield candidate
        elif ip_address(candidate.ip).version == ip_address(address).version:
            yield replace(candidate, ip=address)
