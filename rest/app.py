"""The composition root of REST: every resource with its handlers, and what surrounds them all.

`make_app` gives an aiohttp application to which the realtime side adds its own routes, so that one process
serves everything; `python -m rest` serves it alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.clock import Clock, SharedClock
from core.contract.index import ENDPOINTS
from core.ids import new_id
from core.proxies import Proxies, networks
from core.settings import Settings
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.outage import needed
from db.postgres.accounts import AccountStore
from db.postgres.audit import AuditLog
from db.postgres.blocks import BlockStore
from db.postgres.call_records import CallRecords
from db.postgres.connections import ConnectionStore
from db.postgres.matches import MatchRecords
from db.postgres.pool import Pool, open_pool
from db.postgres.profiles import ProfileStore
from db.postgres.rooms import Rooms
from db.postgres.sessions import SessionStore
from db.postgres.values import ValueStore
from db.redis.bus import Bus
from db.redis.client import check_writes, open_redis
from db.redis.events import EventRoad
from db.redis.rate_limits import MemoryLimiter, NoLimits, RedisLimiter
from db.redis.timekeeper import Timekeeper
from matching.replay import Replays
from rest.accounts import AccountHandlers
from rest.audit import AuditHandlers
from rest.blocks import BlockHandlers
from rest.calls import CallHandlers
from rest.chat import ChatHandlers
from rest.connections import ConnectionHandlers
from rest.docs import documents
from rest.http.binding import bind
from rest.http.boundary import Boundary, Throttle, problems
from rest.http.compression import Compression
from rest.http.connections import admit
from rest.http.figures import Figures
from rest.http.headers import CrossOrigin, safety
from rest.http.listening import listening
from rest.matches import MatchHandlers
from rest.profiles import ProfileHandlers
from rest.service import Check, ServiceHandlers
from rest.sessions import SessionHandlers
from rest.values import ValueHandlers
from services import ports
from services.accounts import Accounts
from services.blocks import AnnouncedPartings, Blocks
from services.passwords import Passwords
from services.values import Values

VERSION = "0.1.0"
_log = structlog.get_logger()


def make_app(
    *,
    settings: Settings,
    accounts: Accounts,
    values: Values,
    blocks: Blocks,
    calls: CallRecords,
    connections: ConnectionStore,
    rooms: Rooms,
    replays: ports.Replays,
    audit: AuditLog,
    checks: Mapping[str, Check],
    registry: CollectorRegistry,
    clock: Clock,
    notes: Sequence[str] = (),
) -> web.Application:
    """The REST application.

    `checks` are what `/readyz` asks, by name: each raises when it fails. `notes` it only passes on.
    """
    proxies = Proxies(networks(settings.trusted_proxies))
    cross_origin = CrossOrigin(settings.cors_origins, proxies)
    figures, compression = Figures(registry), Compression(settings.compress_answers_bytes)
    app = web.Application(
        middlewares=[figures.measure, compression.pack, problems, admit, cross_origin.preflight],
        client_max_size=settings.max_body_bytes,
    )
    app.on_response_prepare.append(safety)
    app.on_response_prepare.append(cross_origin.allow)
    # In memory: who floods one process costs Redis nothing, and REST needs no Redis to read.
    limiter = MemoryLimiter() if settings.rate_limits == "on" else NoLimits()
    boundary = Boundary(
        authenticate=accounts.authenticate,
        accounts=Throttle(limiter, "account", settings.requests_per_m, settings.requests_burst),
        strangers=Throttle(
            limiter, "network", settings.stranger_requests_per_m, settings.stranger_requests_burst
        ),
        clock=clock,
        proxies=proxies,
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=settings.body_timeout_s,
        deadline_s=settings.deadline_s,
    )
    service = ServiceHandlers(checks=checks, notes=notes, registry=registry, documents=documents(VERSION))
    resources = (
        AccountHandlers(accounts),
        SessionHandlers(accounts),
        ProfileHandlers(accounts),
        ValueHandlers(values),
        BlockHandlers(blocks),
        CallHandlers(calls),
        ConnectionHandlers(connections),
        ChatHandlers(rooms),
        MatchHandlers(replays),
        AuditHandlers(audit),
        service,
    )
    app.add_routes([boundary.route(*bound) for bound in bind(resources, ENDPOINTS)])
    return app


def checks_of(pool: Pool, redis: Redis, bus: Bus) -> dict[str, Check]:
    """What a node cannot work without."""
    return {"postgres": pool.check_writes, "redis": lambda: check_writes(redis), "event_bus": bus.check}


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """The sidecar alone, for as long as the block lasts; gives its address."""
    async with AsyncExitStack() as house:
        embedded = await house.enter_async_context(
            EmbeddedServers.open(
                Path(settings.data_dir),
                postgres=not settings.database_url,
                redis=not settings.redis_url,
                log=_log.info,
            )
        )
        database_url = settings.database_url or embedded.database_url
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(database_url, _log)
            pool = await open_pool(database_url, size=settings.database_pool, patience_s=settings.patience_s)
        house.push_async_callback(pool.close)
        redis_url = settings.redis_url or embedded.redis_url
        with needed("Redis", "REDIS_URL"):
            redis = await house.enter_async_context(
                open_redis(redis_url, size=settings.redis_pool, patience_s=settings.patience_s)
            )
            bus = await house.enter_async_context(Bus(redis, settings.node_id or new_id()))
            clock, registry = SharedClock(), CollectorRegistry()
            await house.enter_async_context(Timekeeper(redis, clock, registry))
        passwords = Passwords(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        house.callback(passwords.close)
        accounts = Accounts.of(
            settings,
            AccountStore(pool),
            families=SessionStore(pool),
            profiles=ProfileStore(pool),
            passwords=passwords,
            sessions=EventRoad(redis, keep=settings.stream_events, keep_s=settings.stream_s),
            limiter=RedisLimiter(redis) if settings.rate_limits == "on" else NoLimits(),
        )
        app = make_app(
            settings=settings,
            accounts=accounts,
            values=Values(ValueStore(pool)),
            blocks=Blocks(BlockStore(pool), AnnouncedPartings(bus)),
            calls=CallRecords(pool),
            connections=ConnectionStore(pool),
            rooms=Rooms(pool),
            replays=Replays(MatchRecords(pool)),
            audit=AuditLog(pool),
            checks=checks_of(pool, redis, bus),
            registry=registry,
            clock=clock,
        )
        port = await house.enter_async_context(listening(app, settings))
        yield f"http://{settings.host}:{port}"
