"""One end of a call's media for one epoch: an aiortc connection whose signals go through `call:signal`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal

import structlog
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

from core.tasks import end
from realtime.peers.media import drain

Signal = dict[str, Any]
_log = structlog.get_logger()


class Peer:
    """Offers or answers as its role says, sends its tracks, and receives the other's.

    `send` passes on one signal: `{"description": …}`, in which aiortc includes all candidates. `connected` is
    called once, when media of the other side has come. With `trusting=False` the other's candidates are
    ignored: the connection then sends nothing to addresses that somebody else chose, and learns the other's
    address from the connectivity checks that arrive.
    """

    def __init__(
        self,
        *,
        role: Literal["offerer", "answerer"],
        ice_servers: Iterable[dict[str, Any]],
        tracks: Iterable[MediaStreamTrack],
        send: Callable[[Signal], Awaitable[None]],
        connected: Callable[[], Awaitable[None]],
        trusting: bool = True,
    ) -> None:
        servers = [RTCIceServer(**_known(server)) for server in ice_servers]
        # Passed even if empty: otherwise aiortc would use a public STUN server.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._role, self._tracks = role, list(tracks)
        self._send, self._connected, self._trusting = send, connected, trusting
        self._early: list[Signal | None] = []
        self._heard = asyncio.Event()
        self._tasks = {asyncio.create_task(self._tell())}
        self._connection.on("track", self._take_track)

    async def begin(self) -> None:
        """The offerer makes its offer; the answerer waits for it."""
        if self._role == "offerer":
            self._add_tracks()
            await self._describe(await self._connection.createOffer())

    async def take(self, signal: Signal) -> None:
        """Use a description or candidate of the other side. One that cannot be used is logged and ignored."""
        try:
            if "description" in signal:
                await self._take_description(signal["description"])
            else:
                await self._take_candidate(signal.get("candidate"))
        except Exception as error:  # aiortc's parsers raise anything for what the other side wrote
            _log.warning("a signal could not be used", error=repr(error))

    async def close(self) -> None:
        """End the connection and the tracks."""
        await end(self._tasks)
        for track in self._tracks:
            track.stop()
        await self._connection.close()

    async def _take_description(self, description: dict[str, str]) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(**description))
        if description["type"] == "offer":
            self._add_tracks()
            await self._describe(await self._connection.createAnswer())
        early, self._early = self._early, []
        for candidate in early:
            await self._take_candidate(candidate)

    async def _take_candidate(self, candidate: Signal | None) -> None:
        if not self._trusting or not candidate or not candidate["candidate"]:
            return
        if self._connection.remoteDescription is None:
            self._early.append(candidate)
            return
        found = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        if found.ip.endswith(".local"):
            return  # a browser hides its address behind this name; its connectivity checks will show it
        found.sdpMid, found.sdpMLineIndex = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
        await self._connection.addIceCandidate(found)

    def _add_tracks(self) -> None:
        for track in self._tracks:
            self._connection.addTrack(track)

    async def _describe(self, description: RTCSessionDescription) -> None:
        await self._connection.setLocalDescription(description)
        local = self._connection.localDescription
        await self._send({"description": {"type": local.type, "sdp": local.sdp}})

    def _take_track(self, track: MediaStreamTrack) -> None:
        self._tasks.add(asyncio.create_task(drain(track, self._heard)))

    async def _tell(self) -> None:
        await self._heard.wait()
        await self._connected()


def _known(server: dict[str, Any]) -> dict[str, Any]:
    return {name: server[name] for name in ("urls", "username", "credential") if server.get(name) is not None}
