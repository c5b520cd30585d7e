"""One HTTP client for all that ask: a connection of one of them serves the next, a little later."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

_AGAIN = 2
# A kept connection may have ended unseen, and so may the next: what is asked for again may come twice. On one
# that was made for it nothing is.
_ENDED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class SharedClient:
    """Made when somebody first asks. Keeps nobody's cookies. It has to be `close`d, and refuses then."""

    def __init__(
        self, *, timeout_s: float, idle_s: float, resolver: Callable[[], AbstractResolver] | None = None
    ) -> None:
        """`idle_s`: for so long a connection is kept. `resolver`: of names, if not the machine's; it is asked
        when a connection is made."""
        self._timeout, self._resolver = aiohttp.ClientTimeout(total=timeout_s), resolver
        self._idle_s = idle_s
        self._client: aiohttp.ClientSession | None = None
        self._closed = False

    @asynccontextmanager
    async def posted(self, url: str, **asked: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a POST; where it sends us on to, we do not go. Raises as aiohttp does.

        An answer whose body comes later and is not read costs its connection.
        """
        async with await self._answered(url, asked) as response:
            yield response

    async def close(self) -> None:
        """What is on its way is not waited for, nor asked for again."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _answered(self, url: str, asked: dict[str, Any], again: int = _AGAIN) -> aiohttp.ClientResponse:
        kept: list[bool] = []
        try:
            return await self._connected().post(url, allow_redirects=False, trace_request_ctx=kept, **asked)
        except aiohttp.ClientConnectorError:
            raise
        except _ENDED:
            if not (kept and again):
                raise
            return await self._answered(url, asked, again - 1)

    def _connected(self) -> aiohttp.ClientSession:
        if self._closed:  # nobody would close another one
            raise aiohttp.ClientConnectionError("This client is closed.")
        if self._client is None:
            resolver = self._resolver() if self._resolver else None
            connector = aiohttp.TCPConnector(resolver=resolver, keepalive_timeout=self._idle_s)
            jar = aiohttp.DummyCookieJar()
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_note_kept)
            self._client = aiohttp.ClientSession(
                timeout=self._timeout, connector=connector, cookie_jar=jar, trace_configs=[trace]
            )
        return self._client


async def _note_kept(_client: object, asked: Any, _about: object) -> None:
    asked.trace_request_ctx.append(True)
