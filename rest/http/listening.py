"""Where the application is served: the port that is listened on, and what its connections may be."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from core.ending import ANSWERED_S, Ending
from core.proxies import Proxies
from core.seats import Seats
from core.settings import Settings
from rest.http.connections import ConnectionLimits, HttpConnection
from rest.http.descriptors import demand, obtain, own
from rest.http.metrics import exposition

_BACKLOG = 1024
_log = structlog.get_logger()


@asynccontextmanager
async def listening(
    app: web.Application,
    settings: Settings,
    taken_by: Callable[[HttpConnection], None] | None = None,
    *,
    ending: Ending | None = None,
    finish_s: float = 4,
) -> AsyncIterator[int]:
    """Serve until the end of the block; gives the port. Raises OSError in a sentence for the operator.

    Requests that were begun have `finish_s` then, if the `ending` has as much left. `taken_by` gets each
    connection when it is made, before aiohttp has read anything of it.
    """
    loop, limits = asyncio.get_running_loop(), connection_limits(settings, ending)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=finish_s)
    await runner.setup()
    manager = runner.server
    assert manager is not None  # it is set up
    try:
        try:
            server = await loop.create_server(
                lambda: HttpConnection(manager, limits, loop, taken_by),
                settings.host,
                settings.port,
                backlog=_BACKLOG,
            )
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            raise OSError(f"{place} cannot be listened on ({error.strerror}): set HOST or PORT.") from error
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def metrics_listening(registry: CollectorRegistry, settings: Settings) -> AsyncIterator[None]:
    """Serve metrics on METRICS_PORT, if there is one, until the end of the block. Raises as `listening`."""
    if not settings.metrics_port:
        yield
        return

    async def answer(_request: web.Request) -> web.Response:
        return exposition(registry)

    app = web.Application()
    app.router.add_get("/metrics", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.metrics_port).start()
        except OSError as error:
            place = f"{settings.host}:{settings.metrics_port}"
            raise OSError(f"{place} cannot be listened on ({error.strerror}): set METRICS_PORT.") from error
        yield
    finally:
        await runner.cleanup()


def connection_limits(settings: Settings, ending: Ending | None = None) -> ConnectionLimits:
    """How many connections there may be: never so many that descriptors run out.

    Raises OSError if there may be none.

    One address gets a quarter of them at most, so that no single one shuts out the others.
    """
    ours = own(settings)
    demand(ours + 1, "MAX_CONNECTIONS")
    allowed = obtain(settings.max_connections + ours)
    most = min(settings.max_connections, allowed - ours)
    if allowed < settings.max_connections:  # else only what the process needs itself is missing
        _log.warning(
            f"There is room for {most} connections, not for MAX_CONNECTIONS={settings.max_connections}: this"
            f" process may open {allowed} files, and keeps {ours} for itself. Let it open"
            f" {settings.max_connections + ours} (ulimit -n; LimitNOFILE of systemd, ulimits of a container),"
            f" or set MAX_CONNECTIONS={most}."
        )
    each = min(settings.max_connections_an_address, most // 4)
    return ConnectionLimits(
        Seats(most, max(each, 1) if settings.rate_limits == "on" else sys.maxsize),
        Proxies.of(settings.trusted_proxies),
        head_s=settings.head_s,
        keep_alive_s=settings.keep_alive_s,
        max_head_bytes=settings.max_head_bytes,
        left_s=partial((ending or Ending()).left_s, ANSWERED_S),
    )
