"""A network of its own in which TCP comes to one server of this machine, and UDP nowhere."""

import asyncio
import ctypes
import os
import shutil
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from tests.faults import TcpWire
from tests.programs import missing

# The rule for this machine's own addresses comes after the one that lets no UDP pass.
_CLOSED = (
    "ip link set lo up && ip rule add pref 1 ipproto udp blackhole"
    " && ip rule del pref 0 && ip rule add pref 2 lookup local && echo closed && exec cat"
)
_PROGRAMS = ("unshare", "nsenter", "ip")
_OF_NETWORKS = 0x40000000  # CLONE_NEWNET


class Closed(Struct, frozen=True):
    """By which address the server is reached there, and the words that run a program there."""

    address: str
    within: Sequence[str]


@asynccontextmanager
async def no_udp(server: str) -> AsyncIterator[Closed]:
    """As long as the block lasts. Skips the test where the system does not let us."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = [shutil.which(program, path=path) for program in _PROGRAMS]
    if None in found:
        missing("unshare, nsenter or ip is not installed")
    unshare, nsenter, _ = map(str, found)
    there = await asyncio.create_subprocess_exec(
        *(unshare, "--net", "sh", "-c", _CLOSED), env={**os.environ, "PATH": path}, stdin=PIPE, stdout=PIPE
    )
    assert there.stdin is not None
    assert there.stdout is not None
    try:
        if not await there.stdout.readline():
            pytest.skip("no network can be made here")
        network = f"/proc/{there.pid}/ns/net"
        listening = await asyncio.to_thread(_listening, network)
        async with TcpWire(urlsplit(server).port or 80).laid(at=listening) as wire:
            yield Closed(f"http://127.0.0.1:{wire.port}", (nsenter, f"--net={network}"))
    finally:
        there.stdin.close()
        await there.wait()


def _listening(network: str) -> socket.socket:
    """A socket of that network: a thread that ends with it has gone there."""
    made: list[socket.socket] = []

    def make() -> None:
        with Path(network).open() as file:
            assert ctypes.CDLL(None).setns(file.fileno(), _OF_NETWORKS) == 0
        made.append(socket.create_server(("127.0.0.1", 0)))

    thread = Thread(target=make)
    thread.start()
    thread.join()
    return made[0]
