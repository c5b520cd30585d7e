"""Thousands of clients reduced to bytes, which come, are welcomed, and leave: a process of their own.

In that of the others, these would have no time to read while so many come.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence

import aiohttp

from bench.reconnect import ReturningClient
from tests.integration.person import Person
from tests.patience import PATIENCE_S
from tests.served import ROOT

AGAIN_S = 1.0
TIMES = 2
_BEGINS = "begins"


async def comes(address: str, count: int, accounts: int, begins: Callable[[], None]) -> None:
    """So many clients of so many new accounts come, are cut off, come back and leave, each time all at once.

    `begins` is called when all have signed up. Raises `AssertionError` where they could not do it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.crowd", address, str(count), str(accounts)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        if (await process.stdout.readline()).decode().strip() == _BEGINS:
            begins()
        assert await process.wait() == 0, "the crowd could not come and go"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _come_and_go(address: str, count: int, accounts: int) -> None:
    async with aiohttp.ClientSession() as web:
        people = [await Person.sign_up(address, web, gender="other") for _ in range(accounts)]
    print(_BEGINS, flush=True)
    auths = [{"token": people[n % accounts].token, "device_id": f"of the crowd {n}"} for n in range(count)]
    for _ in range(TIMES):
        clients = await _all_come(address, auths)
        auths = [client.back_with for client in clients]
        await _all_leave(clients)


async def _come(host: str, port: int, auth: dict[str, str]) -> ReturningClient:
    """Tried again until it is let in, as a client does."""
    while True:
        try:
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: ReturningClient(port, auth), host, port
            )
            await client.welcomed
        except (OSError, AssertionError):
            await asyncio.sleep(AGAIN_S)
        else:
            return client


async def _all_come(address: str, auths: Sequence[dict[str, str]]) -> list[ReturningClient]:
    """At once, to the last welcome."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(2 * PATIENCE_S):
        return await asyncio.gather(*(_come(host, int(port), auth) for auth in auths))


async def _all_leave(clients: Sequence[ReturningClient]) -> None:
    """Without a word."""
    for client in clients:
        client.transport.abort()
    await asyncio.gather(*(client.gone for client in clients))


if __name__ == "__main__":
    asyncio.run(_come_and_go(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
