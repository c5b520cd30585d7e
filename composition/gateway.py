"""The gateway, and the background work for the connections of this process."""

import time
from collections.abc import Callable
from typing import Any

from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.services import Services
from core.errors import AppError
from core.keys import Keyring
from core.seats import Seats
from core.settings import Settings
from core.tasks import TaskSet
from core.wire.message import Command
from realtime.background.leases import LeaseJudge, Leases
from realtime.background.store_loss import StoreLoss
from realtime.gateway.account_limits import AccountLimits
from realtime.gateway.admission import Admission
from realtime.gateway.arrivals import Arrivals
from realtime.gateway.binding import bind
from realtime.gateway.boundary import CommandBoundary
from realtime.gateway.commands import Commands
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.delivery import Delivery
from realtime.gateway.gateway import Gateway
from realtime.gateway.liveness import LivenessMonitor
from realtime.gateway.metrics import GatewayMetrics
from realtime.gateway.recovery import Recovery
from realtime.gateway.revocations import Revocations
from realtime.gateway.socket_writer import SocketWriter
from realtime.transport import Chosen, make_server
from rest.http.headers import SAFE


async def socket_server(settings: Settings, gate: Callable[[], bool]) -> Chosen:
    """Our Socket.IO server, or the stock one and why. New clients are admitted while the `gate` says so."""
    return await make_server(
        stock=settings.transport == "stock",
        gate=gate,
        async_mode="aiohttp",
        cors_allowed_origins=_origins(settings),
        ping_interval=settings.ping_interval_s,
        ping_timeout=settings.ping_timeout_s,
        max_http_buffer_size=settings.max_packet_bytes,
        trusted_proxies=settings.trusted_proxies,
        newcomers=_newcomers(settings),
        connect_timeout=settings.join_s,
        body_timeout=settings.body_timeout_s,
        deflate_threshold=settings.compress_sockets_bytes or None,
        answer_headers=SAFE,
        engineio_logger=False,
    )


class GatewayParts:
    """Handles this process's connections: gateway, liveness, leases, and repair after Redis lost data."""

    def __init__(
        self,
        stores: LiveStores,
        services: Services,
        base: Foundation,
        registry: ConnectionRegistry,
        writer: SocketWriter,
    ) -> None:
        settings = base.settings
        self.liveness = liveness(services, settings, registry, writer)
        self.gateway = _gateway(stores, services, base, registry, writer, self.liveness)
        self.leases = leases(
            services, registry, self.liveness, every_s=settings.renewal_s, lease_judge=services.lease_judge
        )
        self.store_loss = StoreLoss(
            events=stores.events,
            registry=registry,
            leases=self.leases,
            call_service=services.call_service,
            queue=services.queue,
        )


def _gateway(
    stores: LiveStores,
    services: Services,
    base: Foundation,
    registry: ConnectionRegistry,
    writer: SocketWriter,
    liveness: LivenessMonitor,
) -> Gateway:
    settings, clock, bus, events = base.settings, base.clock, base.bus, stores.events
    sessions, lifecycle = services.identity.sessions, services.lifecycle
    arrivals, tasks = Arrivals(), TaskSet()
    recovery = Recovery(
        Keyring.of(settings).keys("place in a stream"), keep=settings.stream_events, keep_s=settings.stream_s
    )
    delivery = Delivery(
        registry=registry,
        writer=writer,
        events=events,
        recovery=recovery,
        liveness=liveness,
        receipts=services.chat,
    )
    revocations = Revocations(
        sessions=sessions,
        lifecycle=lifecycle,
        registry=registry,
        arrivals=arrivals,
        writer=writer,
        tasks=tasks,
        clock=clock,
        grace_s=settings.refresh_grace_s,
    )
    admission = Admission(
        clock=clock,
        sessions=sessions,
        limits=AccountLimits(settings, stores.limiter, clock),
        bus=bus,
        events=events,
        recovery=recovery,
        delivery=delivery,
        revocations=revocations,
        sightings=services.sightings,
        clients=services.session_clients,
    )
    metrics = GatewayMetrics(Command.registry, (kind.code for kind in AppError.__subclasses__()))
    base.registry.register(metrics)
    boundary = CommandBoundary(
        bind([*services.handlers(), revocations], Command.registry.values()), services.identity.limits, clock
    )
    gateway = Gateway(
        writer=writer,
        registry=registry,
        arrivals=arrivals,
        admission=admission,
        revocations=revocations,
        delivery=delivery,
        commands=Commands(boundary, metrics=metrics, clock=clock, deadline_s=settings.deadline_s),
        lifecycle=lifecycle,
        tasks=tasks,
        metrics=metrics,
    )
    bus.hear_within(writer.together)
    bus.on_return += [gateway.catch_up, revocations.end_revoked]
    return gateway


def liveness(
    services: Services,
    settings: Settings,
    registry: ConnectionRegistry,
    writer: SocketWriter,
    time_s: Callable[[], float] = time.monotonic,
) -> LivenessMonitor:
    """Notices that a client has fallen silent."""
    return LivenessMonitor(
        registry=registry, writer=writer, lifecycle=services.lifecycle, settings=settings, time_s=time_s
    )


def leases(
    services: Services,
    registry: ConnectionRegistry,
    liveness: LivenessMonitor,
    *,
    every_s: float,
    lease_judge: LeaseJudge,
) -> Leases:
    """Renews the leases of connections here, and finds connections whose node died."""
    return Leases(
        registry=registry,
        presence=services.presence,
        queue=services.queue,
        lifecycle=services.lifecycle,
        liveness=liveness,
        every_s=every_s,
        lease_judge=lease_judge,
        time_s=time.monotonic,
    )


def _newcomers(settings: Settings) -> Seats | None:
    if settings.rate_limits == "off":
        return None
    return Seats(settings.max_newcomers, settings.max_newcomers_an_address)


def _origins(settings: Settings) -> Any:
    """In python-engineio's form, where None means only the page's own origin."""
    return "*" if settings.cors_origins == "*" else list(_listed(settings.cors_origins)) or None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for item in text.split(",") if (part := item.strip()))
