"""Long files are read from the store as a client takes them: whoever takes nothing makes us hold a piece."""

import asyncio
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.pieces import PIECE_BYTES
from tests.rest.server import RestServer
from tests.rest.test_named_files import uploaded

# More than the kernel takes on its way, on both sides.
_LONG = 14_000_000


async def _file(rest: RestServer, data: bytes) -> str:
    """The address of a file that somebody has sent to a chat."""
    media: Any = (await uploaded(rest, await rest.sign_up(), data, "Film.bin")).body
    return str(media["urls"]["original"])


@pytest.mark.parametrize("size", [PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 3 * PIECE_BYTES - 1])
async def test_a_long_file_comes_whole(rest: RestServer, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    url = await _file(rest, data)
    status, headers, got = await rest.open(url)
    assert (status, headers["Content-Length"], got) == (200, str(size), data)


async def test_a_long_part_of_it_comes_whole(rest: RestServer) -> None:
    """Also one that begins and ends within pieces."""
    data = bytes(number % 251 for number in range(3 * PIECE_BYTES))
    url = await _file(rest, data)
    status, headers, got = await rest.open(url, Range=f"bytes=7-{2 * PIECE_BYTES + 9}")
    assert (status, got) == (206, data[7 : 2 * PIECE_BYTES + 10])
    assert headers["Content-Range"] == f"bytes 7-{2 * PIECE_BYTES + 9}/{len(data)}"
    assert headers["Content-Length"] == str(len(got))


async def test_what_nobody_takes_is_not_read(rest: RestServer, tmp_path: Path) -> None:
    """So a file that is lost meanwhile ends short, for a client who took nothing of it until then."""
    parts = urlsplit(await _file(rest, bytes(_LONG)))
    port = urlsplit(rest.address).port
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=slow, limit=1024)
        writer.write(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert f"\r\nContent-Length: {_LONG}\r\n".encode() in head
        for kept in (tmp_path / "media").rglob("*"):
            if kept.is_file():
                kept.unlink()
        got = len(await reader.read())
        assert 0 < got < _LONG
        writer.close()
