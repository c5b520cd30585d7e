"""The composition root: names what stands behind every port, in the order in which it starts.

An exit stack stops all of it in reverse. What a class uses, its constructor lists.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.apart import Apart
from core.clock import Clock, SharedClock, now_ms
from core.contract.base import Command
from core.contract.calls import (
    CallAccept,
    CallConnected,
    CallDecline,
    CallEnd,
    CallMedia,
    CallReport,
    CallRestart,
    CallSignal,
    CallSkip,
)
from core.contract.chat import ChatHistory, ChatMessage, ChatRead, ChatSend, ChatTyping
from core.contract.connections import ConnectionEnd, DecisionSubmit
from core.contract.queue import QueueExplain, QueueJoin, QueueLeave
from core.contract.session import PresenceSet, PresenceWatch
from core.ids import new_id
from core.keys import Keyring
from core.seats import Seats
from core.settings import Settings
from db.accounts import AccountStore
from db.audit import AuditLog
from db.bans import BanStore
from db.blocks import BlockStore
from db.bus import Bus
from db.calls import Calls
from db.embedded import EmbeddedServers, Urls
from db.encounters import Encounters
from db.events import EventRoad
from db.leftovers import Leftovers
from db.matches import MatchRecords
from db.migrate import migrate
from db.outage import needed
from db.outbox import Outbox
from db.postgres import Pool, open_pool
from db.presence import RedisPresence
from db.rate_limits import NoLimits, RedisLimiter
from db.redis import open_redis
from db.reports import ReportStore
from db.rooms import Rooms
from db.tickets import RedisTickets
from db.timekeeper import Timekeeper
from db.trust import TrustStore
from db.values import ValueStore
from realtime import site
from realtime.announcer import Announcer
from realtime.banishments import Banishments
from realtime.calls.acquaintances import Acquaintances
from realtime.calls.attendant import Attendant
from realtime.calls.commands import CallCommands
from realtime.calls.executor import Executor
from realtime.calls.offers import Offers
from realtime.calls.signals import Signals
from realtime.calls.switchboard import Switchboard
from realtime.chat import Chat, announcements
from realtime.connections import Connections
from realtime.gateway.boundary import Handler
from realtime.gateway.gateway import Gateway
from realtime.gateway.plug import plug
from realtime.gateway.pulse import Pulse
from realtime.gateway.recovery import Recovery
from realtime.gateway.roster import Roster
from realtime.jobs import Jobs
from realtime.leases import Leases, Steadiness
from realtime.lifecycle import Lifecycle
from realtime.matching.figures import Figures
from realtime.matching.matchmaker import Matchmaker, Reach
from realtime.matching.outlooks import Outlooks
from realtime.matching.policy import Policy
from realtime.matching.recorder import Recorder
from realtime.matching.replay import Replays
from realtime.matching.reunions import Reunions
from realtime.matching.seekers import Seekers
from realtime.matching.sweep import Rhythm, Sweeper
from realtime.partings import Partings
from realtime.presence import Presence
from realtime.queue import Queue
from realtime.retention import DAY_MS, Kept, Retention
from realtime.reviews import Reviews
from realtime.store_loss import StoreLoss
from realtime.transport import Chosen, make_server
from realtime.watches import Watches
from rest.app import checks_of, make_app
from rest.listening import listening
from services.accounts import KEY_LIVES_MS, Accounts
from services.blocks import PARTED, AnnouncedPartings, Blocks
from services.cool_downs import CoolDowns
from services.passwords import Passwords
from services.ports import Limiter
from services.reports import Reports
from services.trust import Trust
from services.values import Values
from signaling.call import Rules

_log = structlog.get_logger()


class Stores:
    """Whatever keeps something."""

    def __init__(self, pool: Pool, redis: Redis, settings: Settings) -> None:
        self.accounts = AccountStore(pool)
        self.blocks = BlockStore(pool)
        self.bans = BanStore(pool)
        self.values = ValueStore(pool)
        self.encounters = Encounters(pool)
        self.reports = ReportStore(pool)
        self.rooms = Rooms(pool)
        self.outbox = Outbox(pool)
        self.trust = TrustStore(pool)
        self.audit = AuditLog(pool)
        self.matches = MatchRecords(pool)
        self.leftovers = Leftovers(pool)
        self.calls = Calls(redis)
        self.tickets = RedisTickets(redis, settings.region)
        self.presence = RedisPresence(redis)
        # One more than is promised tells an offset at the edge from one beyond it.
        self.events = EventRoad(redis, keep=settings.stream_events + 1, keep_s=settings.stream_s)
        self.limiter: Limiter = RedisLimiter(redis) if settings.rate_limits == "on" else NoLimits()


class Services:
    """The use cases, on top of the stores."""

    def __init__(
        self,
        stores: Stores,
        bus: Bus,
        roster: Roster,
        settings: Settings,
        node_id: str,
        registry: CollectorRegistry,
        clock: Clock = now_ms,
    ) -> None:
        figures, fresh_id = Figures(registry), lambda: new_id(clock())
        rules, seekers = Rules.of(settings), Seekers()
        policy = Policy.of(settings)
        outlooks = Outlooks(stores.tickets, policy, clock)
        apart = Apart.of(settings)
        self.passwords = Passwords(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        self.accounts = Accounts.of(
            settings,
            stores.accounts,
            passwords=self.passwords,
            sessions=stores.events,
            limiter=stores.limiter,
        )
        self.values = Values(stores.values)
        acquaintances = Acquaintances(
            stores.calls, stores.encounters, rules, clock, lambda: stores.events.log.born
        )
        self.presence = Presence(
            store=stores.presence,
            companions=stores.encounters,
            calls=stores.encounters,
            queue=stores.tickets,
            channels=bus,
            sockets=roster,
            watches=Watches(),
            clock=clock,
            lease_s=settings.connection_lease_s,
        )
        self.queue = Queue(
            stores.tickets,
            self.accounts,
            acquaintances,
            stores.events,
            seekers,
            policy,
            outlooks,
            clock,
            fresh_id,
            self.presence.changed,
            CoolDowns.of(settings),
            figures,
            region=settings.region,
            lease_ms=settings.queue_lease_s * 1000,
            apart=apart,
        )
        self.trust = Trust(
            stores.trust,
            clock,
            new_id,
            window_ms=settings.trust_window_d * 86_400_000,
            early_ms=settings.early_hang_up_s * 1000,
            review_ms=settings.trust_review_s * 1000,
        )
        self.reviews = Reviews(self.trust)
        self.reports = Reports(
            stores.reports,
            AnnouncedPartings(bus),
            self.trust,
            new_id,
            window_ms=settings.report_h * 3_600_000,
        )
        self.connections = Connections(stores.encounters, stores.events, clock=clock)
        self.executor = Executor(
            calls=stores.calls,
            record=stores.encounters,
            queue=self.queue,
            reports=self.reports,
            presence=self.presence,
            trust=self.trust,
            events=stores.events,
            settings=settings,
            rules=rules,
            clock=clock,
        )
        self.switchboard = Switchboard(
            calls=stores.calls,
            record=stores.encounters,
            acquaintances=acquaintances,
            executor=self.executor,
            rules=rules,
            clock=clock,
        )
        self.partings = Partings(
            store=stores.blocks,
            record=stores.encounters,
            switchboard=self.switchboard,
            acquaintances=acquaintances,
            connections=self.connections,
            presence=self.presence,
            clock=clock,
        )
        self.blocks = Blocks(stores.blocks, self.partings)
        self.banishments = Banishments(
            store=stores.bans,
            record=stores.encounters,
            sessions=stores.events,
            queue=self.queue,
            switchboard=self.switchboard,
            acquaintances=acquaintances,
            presence=self.presence,
            clock=clock,
        )
        offers = Offers(
            calls=stores.calls,
            record=stores.encounters,
            executor=self.executor,
            tickets=stores.tickets,
            queue=self.queue,
            presence=self.presence,
            events=stores.events,
            settings=settings,
            rules=rules,
            figures=figures,
            clock=clock,
        )
        reach = Reach(
            candidates=settings.candidates,
            apart=apart,
            alone_ms=settings.rematch_alone_s * 1000,
        )
        self.matchmaker = Matchmaker(
            stores.tickets,
            acquaintances,
            offers,
            seekers,
            policy,
            outlooks,
            reach,
            Recorder(policy, settings.match_record_candidates),
            figures,
            clock,
            fresh_id,
        )
        rhythm = Rhythm(patience_ms=settings.queue_s * 1000, update_ms=settings.queue_update_s * 1000)
        # Whoever waits has a lease as a connection has: both are judged by the same steadiness.
        longest_s = max(settings.queue_lease_s, settings.connection_lease_s)
        self.steadiness = Steadiness(every_s=settings.renewal_s, lease_s=longest_s)
        self.sweep = Sweeper(
            stores.tickets,
            self.matchmaker,
            stores.events,
            self.presence.changed,
            policy,
            outlooks,
            settings.candidates,
            rhythm,
            Reunions(stores.tickets, acquaintances, policy, reach, clock),
            figures,
            clock,
            node_id,
            lambda: self.steadiness.may_judge(time.monotonic()),
        )
        self.retention = Retention(
            [
                Kept(stores.matches.forget, settings.match_record_days * DAY_MS),
                Kept(stores.leftovers.keys, KEY_LIVES_MS),
                Kept(stores.leftovers.tokens, settings.session_record_days * DAY_MS),
                Kept(stores.leftovers.sessions, settings.session_record_days * DAY_MS),
            ],
            clock,
        )
        self.attendant = Attendant(stores.calls, self.switchboard, clock)
        self.announcer = Announcer(
            stores.outbox,
            stores.events,
            {ChatMessage.event: partial(announcements, stores.rooms)},
        )
        self.chat = Chat(
            stores.rooms,
            stores.events,
            self.announcer,
            max_chars=settings.max_message_chars,
            clock=clock,
        )
        self.calls = CallCommands(self.switchboard, stores.events, self.reports, clock, new_id)
        self.signals = Signals(self.switchboard, stores.calls, stores.events, settings)
        self.lifecycle = Lifecycle(
            accounts=self.accounts,
            presence=self.presence,
            queue=self.queue,
            switchboard=self.switchboard,
            settings=settings,
            rules=rules,
            clock=clock,
        )

    def handlers(self) -> dict[type[Command], Handler]:
        """Who answers which command; the gateway itself answers `session:refresh`."""
        return {
            PresenceSet: self.presence.set,
            PresenceWatch: self.presence.watch,
            QueueJoin: self.queue.join,
            QueueLeave: self.queue.leave,
            QueueExplain: self.queue.explain,
            CallAccept: self.calls.accept,
            CallDecline: self.calls.decline,
            CallSignal: self.signals.signal,
            CallConnected: self.calls.connected,
            CallRestart: self.calls.restart,
            CallMedia: self.calls.media,
            CallEnd: self.calls.end,
            CallSkip: self.calls.skip,
            CallReport: self.calls.report,
            DecisionSubmit: self.calls.decide,
            ConnectionEnd: self.connections.end,
            ChatSend: self.chat.send,
            ChatHistory: self.chat.history,
            ChatRead: self.chat.read,
            ChatTyping: self.chat.typing,
        }


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
        house.push_async_callback(pool.close)
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
            encounters=stores.encounters,
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
