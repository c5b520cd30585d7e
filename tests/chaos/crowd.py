"""Thousands of clients reduced to bytes, which come, are welcomed, and leave."""

import asyncio
from collections.abc import Sequence

import aiohttp

from bench.reconnect import ReturningClient
from tests.integration.person import Person
from tests.patience import PATIENCE_S

AGAIN_S = 1.0


async def sign_up(address: str, web: aiohttp.ClientSession, count: int) -> list[dict[str, str]]:
    """So many accounts: the `auth` of each, without a device."""
    return [{"token": (await Person.sign_up(address, web, gender="other")).token} for _ in range(count)]


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


async def all_come(address: str, auths: Sequence[dict[str, str]]) -> list[ReturningClient]:
    """At once, to the last welcome."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(2 * PATIENCE_S):
        return await asyncio.gather(*(_come(host, int(port), auth) for auth in auths))


async def all_leave(clients: Sequence[ReturningClient]) -> None:
    """Without a word."""
    for client in clients:
        client.transport.abort()
    await asyncio.gather(*(client.gone for client in clients))
