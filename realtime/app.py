"""The composition root: names what stands behind every port, in the order in which it starts.

An exit stack stops all of it in reverse. `realtime/composition.py` lists the parts.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from core.clock import SharedClock
from core.ids import new_id
from core.keys import Keyring
from core.seats import Seats
from core.settings import Settings
from db.embedded import EmbeddedServers, Urls
from db.migrations.migrate import migrate
from db.outage import OUTAGES, needed
from db.postgres.pool import Pool, open_pool
from db.redis.bus import Bus
from db.redis.client import open_redis
from db.redis.timekeeper import Timekeeper
from matching.replay import Replays
from realtime import site
from realtime.background.jobs import Jobs
from realtime.background.store_loss import StoreLoss
from realtime.composition import Services, Stores
from realtime.gateway.gateway import Gateway
from realtime.gateway.plug import plug
from realtime.gateway.pulse import Pulse
from realtime.gateway.recovery import Recovery
from realtime.gateway.roster import Roster
from realtime.presence.leases import Leases
from realtime.transport import Chosen, make_server
from rest.app import checks_of, make_app
from rest.http.listening import listening
from services.blocks import PARTED

_log = structlog.get_logger()


@asynccontextmanager
async def running(settings: Settings, services: type[Services] = Services) -> AsyncIterator[str]:
    """The whole product, for as long as the block lasts; gives the address of the page."""
    node_id = settings.node_id or new_id()
    async with AsyncExitStack() as house:
        urls = await house.enter_async_context(_servers(settings))
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(urls.database_url, _log)
            pool = await open_pool(
                urls.database_url, size=settings.database_pool, patience_s=settings.patience_s
            )
        house.push_async_callback(_close, pool)
        with needed("Redis", "REDIS_URL"):
            redis = await house.enter_async_context(
                open_redis(urls.redis_url, size=settings.redis_pool, patience_s=settings.patience_s)
            )
            bus = await house.enter_async_context(Bus(redis, node_id))
            clock, registry = SharedClock(), CollectorRegistry()
            await house.enter_async_context(Timekeeper(redis, clock, registry))

        stores = Stores(pool, redis, settings)
        server, fault = await _socket_server(settings, lambda: gateway.admits())  # noqa: PLW0108 - made below
        roster = Roster(server)
        serving = services(stores, bus, roster, settings, node_id, registry, clock)
        house.callback(serving.passwords.close)
        pulse = Pulse(
            roster=roster,
            wire=server,
            lifecycle=serving.lifecycle,
            settings=settings,
            time_s=time.monotonic,
        )
        gateway = Gateway(
            settings=settings,
            clock=clock,
            wire=server,
            roster=roster,
            bus=bus,
            events=stores.events,
            recovery=Recovery(
                Keyring.of(settings).keys("place in a stream"),
                keep=settings.stream_events,
                keep_s=settings.stream_s,
            ),
            sessions=serving.accounts,
            limiter=stores.limiter,
            lifecycle=serving.lifecycle,
            pulse=pulse,
            handlers=serving.handlers(),
        )
        plug(server, gateway)
        leases = Leases(
            roster=roster,
            presence=serving.presence,
            queue=serving.queue,
            lifecycle=serving.lifecycle,
            pulse=pulse,
            every_s=settings.renewal_s,
            steadiness=serving.steadiness,
            time_s=time.monotonic,
        )
        store_loss = StoreLoss(
            events=stores.events,
            roster=roster,
            leases=leases,
            switchboard=serving.switchboard,
            queue=serving.queue,
        )
        bus.on_return.append(store_loss.look)
        await bus.subscribe(PARTED, serving.partings.wake)
        bus.on_return.append(serving.announcer.wake)
        house.push_async_callback(serving.announcer.close)
        jobs = Jobs(
            matchmaker=serving.matchmaker.run(),
            sweep=serving.sweep.run(),
            attendant=serving.attendant.run(),
            announcer=serving.announcer.run(),
            partings=serving.partings.run(),
            banishments=serving.banishments.run(),
            reviews=serving.reviews.run(),
            presence=serving.presence.run(),
            retention=serving.retention.run(),
            leases=leases.run(),
            pulse=pulse.run(),
            store_loss=store_loss.run(),
        )
        await house.enter_async_context(jobs)
        app = make_app(
            settings=settings,
            accounts=serving.accounts,
            values=serving.values,
            blocks=serving.blocks,
            calls=stores.call_records,
            connections=stores.connections,
            rooms=stores.rooms,
            replays=Replays(stores.matches),
            audit=stores.audit,
            checks={**checks_of(pool, redis, bus), "not_draining": gateway.check_admits, "jobs": jobs.check},
            notes=[f"The socket path is stock python-socketio's: {fault}"] if fault else [],
            registry=registry,
            clock=clock,
        )
        site.mount(app)
        server.attach(app)
        yield await house.enter_async_context(_listening(app, gateway, settings))


async def _close(pool: Pool) -> None:
    """A PostgreSQL that has ended first, as when a whole machine stops, leaves nothing to close."""
    with suppress(*OUTAGES):
        await pool.close()


@asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Urls]:
    """The given PostgreSQL and Redis, or embedded ones."""
    async with EmbeddedServers.open(
        Path(settings.data_dir),
        postgres=not settings.database_url,
        redis=not settings.redis_url,
        log=_log.info,
    ) as embedded:
        yield Urls(settings.database_url or embedded.database_url, settings.redis_url or embedded.redis_url)


async def _socket_server(settings: Settings, gate: Callable[[], bool]) -> Chosen:
    return await make_server(
        stock=settings.transport == "stock",
        gate=gate,
        async_mode="aiohttp",
        cors_allowed_origins=_origins(settings),
        ping_interval=settings.ping_interval_s,
        ping_timeout=settings.ping_timeout_s,
        max_http_buffer_size=settings.max_packet_bytes,
        trusted_proxies=_listed(settings.trusted_proxies),
        newcomers=_newcomers(settings),
        connect_timeout=settings.join_s,
        body_timeout=settings.body_timeout_s,
        deflate_threshold=settings.compress_sockets_bytes or None,
        engineio_logger=False,
    )


def _newcomers(settings: Settings) -> Seats | None:
    if settings.rate_limits == "off":
        return None
    return Seats(settings.max_newcomers, settings.max_newcomers_an_address)


def _origins(settings: Settings) -> Any:
    """As python-engineio reads it: None is the page's own origin alone."""
    return "*" if settings.cors_origins == "*" else list(_listed(settings.cors_origins)) or None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for item in text.split(",") if (part := item.strip()))


@asynccontextmanager
async def _listening(app: web.Application, gateway: Gateway, settings: Settings) -> AsyncIterator[str]:
    """Serve until the end of the block, then send every client elsewhere."""
    async with listening(app, settings) as port:
        shown = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::"} else settings.host  # noqa: S104
        yield f"http://{shown}:{port}"
        await gateway.drain()


async def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as address:
        print(f"Realtime Connect is at {address}  (Ctrl-C stops it)", flush=True)
        await stop.wait()
        _log.info("Stopping: connections are closed, then the servers.")
