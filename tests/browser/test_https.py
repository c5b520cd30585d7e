"""The page behind something that ends TLS, as on a phone that tries it: cameras and secure WebSockets."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Arrive
from tests.certificate import certificate
from tests.served import Served


@pytest.fixture
async def secure(server: Served, tmp_path: Path) -> AsyncIterator[str]:
    async with _https(server.address, tmp_path) as address:
        yield address


async def test_signing_up_over_https(secure: str, arrive: Arrive) -> None:
    """A proxy that adds no header: the server answers to the host that the page was loaded from."""
    ana = await arrive(secure, "Ana", ignore_https_errors=True)
    sockets: list[str] = []
    ana.page.on("websocket", lambda socket: sockets.append(socket.url))
    await ana.sign_up(gender="female")
    assert {urlsplit(url).scheme for url in sockets} == {"wss"}, sockets


@asynccontextmanager
async def _https(address: str, folder: Path) -> AsyncIterator[str]:
    """Bytes go through as they are, decrypted."""
    host, port = urlsplit(address).hostname, urlsplit(address).port

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    proxy = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    proxy.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
