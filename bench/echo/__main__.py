"""`python -m bench.echo`: what an echo call costs its process, packets passed on beside decoded and encoded.

CPU of that process for a second of a call, by aiortc clients in another one, which send a tone, and pictures
of 640 by 480. Prints Markdown. Ends by itself.
"""

import argparse
import asyncio
import fractions
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from random import Random

import aioice.ice
import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import VideoFrame

from bench.echo import side
from core.tasks import end
from realtime.peers.media import Paced, Tone, drain

_WIDTH, _HEIGHT, _A_S, _TICKS = 640, 480, 20, 90_000
_WARM_S = 4.0


class Scene(Paced):
    """A few noisy pictures in turns, as a camera gives them."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__(1 / _A_S)
        chance = Random(1)
        self._noise = [chance.randbytes(_WIDTH) for _ in range(64)]

    async def recv(self) -> VideoFrame:
        """The next one."""
        number = await self.due()
        frame = VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        for plane in frame.planes:
            rows = [self._noise[(row // 16 + number) % 64][: plane.line_size] for row in range(plane.height)]
            plane.update(b"".join(row.ljust(plane.line_size, b"\x80") for row in rows))
        frame.pts, frame.time_base = number * _TICKS // _A_S, fractions.Fraction(1, _TICKS)
        return frame


class Process:
    """The side that is measured."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, how: str) -> "Process":
        """It, answering."""
        program = (sys.executable, "-m", "bench.echo", "--side", how)
        return cls(await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE, limit=1 << 20))

    async def ask(self, **what: object) -> object:
        """Its answer to this line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())

    async def end(self) -> None:
        """Nobody asks any more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.kill()
        await self._process.wait()


async def call(process: Process, mode: str, tasks: set[asyncio.Task[None]]) -> RTCPeerConnection:
    """One more client, whose media is on its way."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    first = asyncio.Event()
    connection.on("track", lambda track: tasks.add(asyncio.create_task(drain(track, first))))
    for track in (Tone(440), *((Scene(),) if mode == "video" else ())):
        connection.addTrack(track)
    await connection.setLocalDescription(await connection.createOffer())
    answer = str(await process.ask(offer=connection.localDescription.sdp))
    await connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    async with asyncio.timeout(20):
        await first.wait()
    return connection


async def measured(how: str, mode: str, calls: int, seconds: float) -> tuple[float, float]:
    """CPU of a second of a call, in ms, and KB a second that came back to each."""
    process, tasks = await Process.start(how), set[asyncio.Task[None]]()
    connections = [await call(process, mode, tasks) for _ in range(calls)]
    try:
        await asyncio.sleep(_WARM_S)
        before, came = float(str(await process.ask(spent=True))), await _came(connections)
        await asyncio.sleep(seconds)
        spent = float(str(await process.ask(spent=True))) - before
        got = (await _came(connections)) - came
    finally:
        await end(tasks)
        await asyncio.gather(*(connection.close() for connection in connections))
        await process.end()
    return spent / seconds / calls * 1000, got / seconds / calls / 1000


async def _came(connections: Sequence[RTCPeerConnection]) -> int:
    reports = [await connection.getStats() for connection in connections]
    return sum(
        stats.bytesReceived for report in reports for stats in report.values() if stats.type == "transport"
    )


async def table(calls: int, seconds: float) -> None:
    """A row for each mode and way."""
    print("| call | way | ms of CPU a second | KB/s back |\n| --- | --- | --- | --- |")
    for mode, several in (("voice", calls * 4), ("video", calls)):
        for how in ("passed on", "decoded"):
            spent, got = await measured(how, mode, several, seconds)
            print(f"| {mode} | {how} | {spent:.1f} | {got:.0f} |", flush=True)


def main() -> None:
    """Measure, and print a table; or be the side that is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.echo", description=__doc__)
    parser.add_argument(
        "--calls", type=int, default=1, help="video calls at once; of voice four times as many"
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    uvloop.run(side.run(asked.side) if asked.side else table(asked.calls, asked.seconds))


if __name__ == "__main__":
    main()
