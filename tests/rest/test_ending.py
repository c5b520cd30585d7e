"""A process that ends answers what was asked of it, also where the question is still on its way."""

import asyncio

from aiohttp import web

from core.ending import ANSWERED_S, Ending
from core.settings import Settings
from rest.http.listening import listening
from tests.patience import PATIENCE_S


async def test_an_upload_that_is_on_its_way_is_read_to_its_end() -> None:
    """Though connections on which nothing is asked are closed already."""
    begun = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        begun.set()
        return web.Response(text=f"{len(await request.read())} bytes")

    app = web.Application()
    app.router.add_post("/", take)
    served = listening(app, Settings(port=0), finish_s=PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        port = await served.__aenter__()
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        idle_writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await idle.readuntil(b"405")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        await begun.wait()
        ending = asyncio.create_task(served.__aexit__(None, None, None))
        await idle.read()
        writer.write(b"world")
        assert (await reader.read()).endswith(b"10 bytes")
        await ending
    for each in (writer, idle_writer):
        each.close()


async def test_what_is_never_answered_is_broken_off_when_there_is_no_time_left() -> None:
    """However long requests may take otherwise: what came before them at the end was late."""
    now, begun, broken = 0.0, asyncio.Event(), asyncio.Event()

    async def stay(_request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken.set()
        return web.Response()

    app, ending = web.Application(), Ending(time_s=lambda: now)
    app.router.add_get("/", stay)
    async with asyncio.timeout(PATIENCE_S):
        async with listening(app, Settings(port=0), ending=ending, finish_s=86_400) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            ending.ask()
            now = ANSWERED_S
        await broken.wait()
    writer.close()
