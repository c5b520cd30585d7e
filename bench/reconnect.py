"""`python -m bench.reconnect`: what it costs a node that all its clients come back at once.

The product as a process of its own on real stores, an account for each client, raw WebSockets from this
process. In each round all connect anew, are cut, and come back at once with what they held. Prints Markdown:
the CPU of the node for one connect, when the last one was welcomed, and the share that was recovered.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import psutil
import uvloop
from msgspec import Struct

from bench.accounts import register
from bench.sockets.wire import RawPeer, frame
from tests.served import Served

_SIGN_UPS_AT_ONCE = 20
_PATIENCE_S = 50
_PID = re.compile(rb'"pid":"([^"]+)"')


class ReturningClient(RawPeer):
    """Comes with this `auth`; `welcomed` by `session:ready`, from which it knows how to come back."""

    def __init__(self, port: int, auth: dict[str, str]) -> None:
        super().__init__(port)
        self._auth = auth
        self.welcomed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ready.add_done_callback(lambda ready: ready.exception())
        self.message = lambda _, payload: self._hear(payload)

    def _protocol(self, packet: bytes) -> None:
        if packet[:1] == b"0":
            self.write(frame(f"40{json.dumps(self._auth)}"))
        else:
            super()._protocol(packet)

    def _hear(self, payload: bytes) -> None:
        if b'"session:ready"' not in payload or self.welcomed.done():
            return
        found = _PID.search(payload)
        assert found is not None
        self.back_with = {
            **self._auth,
            "pid": found[1].decode(),
            "offset": payload.rsplit(b'"', 2)[1].decode(),
        }
        self.welcomed.set_result(b'"recovered":true' in payload)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.welcomed.done():
            self.welcomed.set_exception(exc or ConnectionResetError("refused"))


class Return(Struct):
    """How one return of all went."""

    cpu_ms: float
    stores_ms: float
    took_s: float
    recovered: int


async def _come(port: int, auth: dict[str, str]) -> ReturningClient:
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: ReturningClient(port, auth), "127.0.0.1", port
    )
    await client.welcomed
    return client


async def all_come(node: Served, auths: Sequence[dict[str, str]]) -> tuple[Return, list[ReturningClient]]:
    """At once, to the last welcome."""
    port, process = int(node.address.rpartition(":")[2]), psutil.Process(node.pid)
    own, stores, begun = _cpu_s(process), _stores_s(process), time.monotonic()
    async with asyncio.timeout(_PATIENCE_S):
        clients = await asyncio.gather(*(_come(port, auth) for auth in auths))
        took = time.monotonic() - begun
        await _quiet(process)
    a_connect = 1000 / len(auths)
    return Return(
        cpu_ms=(_cpu_s(process) - own) * a_connect,
        stores_ms=(_stores_s(process) - stores) * a_connect,
        took_s=took,
        recovered=sum(client.welcomed.result() for client in clients),
    ), clients


async def all_cut(node: Served, clients: Sequence[ReturningClient]) -> None:
    """Without a word, until the node has noticed."""
    for client in clients:
        client.transport.abort()
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.gather(*(client.gone for client in clients))
        await _quiet(psutil.Process(node.pid))


def _cpu_s(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _stores_s(process: psutil.Process) -> float:
    """PostgreSQL and Redis, which are children of the node."""
    return sum(_cpu_s(child) for child in process.children(recursive=True))


async def _quiet(process: psutil.Process) -> None:
    """Until it does next to nothing."""
    while True:
        before = _cpu_s(process)
        await asyncio.sleep(0.2)
        if _cpu_s(process) - before <= 0.02:
            return


async def _sign_up(web: aiohttp.ClientSession, address: str, number: int) -> dict[str, str]:
    token = (await register(web, address, number))["access_token"]
    # A token is noted when it serves first, once in its life: that is no part of a connect.
    async with web.get(f"{address}/v1/me", headers={"Authorization": f"Bearer {token}"}) as response:
        response.raise_for_status()
    return {"token": token, "device_id": f"phone-{number}"}


async def _accounts(address: str, count: int) -> list[dict[str, str]]:
    made: list[dict[str, str]] = []
    async with aiohttp.ClientSession() as web:
        while len(made) < count:
            some = range(len(made), min(count, len(made) + _SIGN_UPS_AT_ONCE))
            made += await asyncio.gather(*(_sign_up(web, address, number) for number in some))
    return made


async def measure(count: int, rounds: int, seconds: float) -> tuple[list[Return], list[Return]]:
    """So often, as far as a round begins within this time: all anew, and all back."""
    anew, back, until = [], [], time.monotonic() + seconds
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        embedded: dict[str, Any] = {"DATA_DIR": folder, "DATABASE_URL": "", "REDIS_URL": ""}
        cheap = {"PASSWORD_MEMORY_KIB": "8", "PASSWORD_PASSES": "1", "LOG_LEVEL": "WARNING"}
        node = Served(**embedded, **cheap, JOIN_S=str(_PATIENCE_S))
        await node.start()
        try:
            auths = await _accounts(node.address, count)
            for _ in range(rounds):
                first, clients = await all_come(node, auths)
                await all_cut(node, clients)
                second, returned = await all_come(node, [client.back_with for client in clients])
                await all_cut(node, returned)
                anew.append(first)
                back.append(second)
                if time.monotonic() >= until:
                    break
        finally:
            await node.stop()
            print(node.log.partition("\n")[2], file=sys.stderr, end="")
    return anew, back


def _row(name: str, figures: Sequence[Return], count: int) -> str:
    def of(values: Sequence[float]) -> str:
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    shares = [figure.recovered / count for figure in figures]
    columns = [
        [f.cpu_ms for f in figures],
        [f.stores_ms for f in figures],
        [f.took_s for f in figures],
        shares,
    ]
    return f"| {name} | " + " | ".join(of(column) for column in columns) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000, help="descriptors bound them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=40.0, help="after that no other round begins")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(options.clients, most - 100)  # a descriptor for each, here as there
    load = os.getloadavg()[0]
    anew, back = uvloop.run(measure(count, options.rounds, options.seconds))
    print(f"{count} clients at once, {len(back)} rounds: median (least to most); load before {load:.1f}\n")
    print("| | CPU of the node a connect, ms | of its stores, ms | last welcome after, s | recovered |")
    print("|---|---|---|---|---|")
    print(_row("connect anew", anew, count))
    print(_row("come back", back, count))


if __name__ == "__main__":
    main()
