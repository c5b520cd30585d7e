"""The media of echo calls without a server: both ends in this process, on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from core.contract.calls import SessionDescription
from core.vocabulary import Mode
from realtime.echo.media import EchoMedia
from signaling.echo import without_addresses
from tests.echo.caller import Caller
from tests.signaling.samples import check, offer

MASK = 0x5A5A0FF0


@pytest.fixture(autouse=True)
def loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves this one address out; a machine may have no other."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.1"])


@dataclass
class Echo:
    """The server's side, told of offers as it is in a call: checked, and without addresses."""

    kbps: int = 2500
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        async def connected() -> None:
            self.connected.set()

        self.media = EchoMedia(MASK, kbps=self.kbps, address="127.0.0.1", connected=connected)

    async def answer(self, sdp: str) -> str | None:
        """As it goes back, checked too."""
        said = await self.media.answer(without_addresses(check(offer(sdp))).sdp)
        return said and check(SessionDescription(type="answer", sdp=said)).sdp


NewEcho = Callable[..., Echo]
Call = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def new_echo() -> AsyncIterator[NewEcho]:
    """`new_echo(kbps=...)`"""
    echoes: list[Echo] = []

    def make(kbps: int = 2500) -> Echo:
        echoes.append(Echo(kbps))
        return echoes[-1]

    yield make
    await asyncio.gather(*(echo.media.close() for echo in echoes))


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    """`await call(echo, "video")`: a client that has begun a call."""
    callers: list[Caller] = []

    async def make(echo: Echo, mode: Mode = "voice") -> Caller:
        callers.append(Caller(mode))
        return await callers[-1].call(echo.answer)

    yield make
    await asyncio.gather(*(caller.close() for caller in callers))
