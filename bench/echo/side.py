"""The server's side of the calls that are measured, in a process of its own: packets passed on, or decoded.

A line of JSON asks: `{"offer": …}` for an answer, `{"spent": true}` for the seconds of CPU until now.
"""

import asyncio
import json
import resource
import sys
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from core.contract.calls import SessionDescription
from realtime.echo.media import EchoMedia
from signaling.echo import without_addresses

MASK, KBPS = 0x5A5A0FF0, 2500


class Decoded:
    """As aiortc is usually used: what comes is decoded, and encoded anew to be sent back."""

    def __init__(self) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("track", self._back)

    def _back(self, track: MediaStreamTrack) -> None:
        self._connection.addTrack(track)

    async def answer(self, sdp: str) -> str:
        """To this offer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)


async def _nothing() -> None:
    pass


def _media(how: str) -> Any:
    return (
        Decoded() if how == "decoded" else EchoMedia(MASK, kbps=KBPS, address="127.0.0.1", connected=_nothing)
    )


async def run(how: str) -> None:
    """Until nobody asks any more."""
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    held = []
    while line := await reader.readline():
        asked = json.loads(line)
        if "offer" in asked:
            offer = without_addresses(SessionDescription(type="offer", sdp=asked["offer"])).sdp
            held.append(_media(how))
            said = await held[-1].answer(offer)
        else:
            spent = resource.getrusage(resource.RUSAGE_SELF)
            said = spent.ru_utime + spent.ru_stime
        print(json.dumps(said), flush=True)
