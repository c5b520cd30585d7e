"""One HTTP client for all that ask at the same time: a connection serves many of them, and none is kept."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp


class SharedClient:
    """Made when somebody asks, closed when nobody does any more."""

    def __init__(self, make: Callable[[], aiohttp.ClientSession]) -> None:
        self._make = make
        self._client: aiohttp.ClientSession | None = None
        self._users = 0

    @asynccontextmanager
    async def used(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The client, for as long as the block lasts."""
        client = self._client = self._client or self._make()
        self._users += 1
        try:
            yield client
        finally:
            self._users -= 1
            if not self._users:
                self._client = None
                await client.close()
