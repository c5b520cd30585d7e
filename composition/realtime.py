"""`python -m realtime`: the whole product, in the order in which it starts.

An exit stack stops all of it in reverse.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from prometheus_client import Gauge

from composition.endpoints import application
from composition.foundation import Foundation, foundation
from composition.gateway import GatewayParts, socket_server
from composition.live_stores import LiveStores
from composition.services import Services
from core.ending import LET_GO_S, Ending
from core.settings import Settings
from core.ticket import claims_channel
from core.wire.message import Command, Event
from core.wire.reader import CommandReader
from realtime import site
from realtime.background.jobs import Jobs
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.draining import Draining
from realtime.gateway.handlers import register_handlers
from realtime.transport import SocketServer
from realtime.transport.metrics import SocketMetrics
from realtime.ways import Ways
from rest.http.listening import listening
from services.blocks import PENDING_BLOCKS
from services.expulsions import EXPULSIONS
from services.jobs import JOBS
from services.recent_members import ROOM_ENDED
from services.reports import PENDING_REPORTS


@asynccontextmanager
async def running(
    settings: Settings,
    ending: Ending | None = None,
    *,
    services: type[Services] = Services,
    echo_at_once: bool = False,
) -> AsyncIterator[str]:
    """The whole product, for as long as the block lasts; gives the address of the page.

    The process of echo calls is started when the first is asked for, or at once.
    """
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, ending))
        stores = LiveStores(base)
        server, fault = await socket_server(settings, lambda: draining.admits())  # noqa: PLW0108 - made below
        registry = ConnectionRegistry(server)
        if isinstance(server, SocketServer):
            base.registry.register(SocketMetrics(server, Event.registry))
            server.read_event = CommandReader(Command.registry.values())
        connections = Gauge("realtime_connections", "Sockets that have joined.", registry=base.registry)
        connections.set_function(registry.__len__)
        serving = services(stores, base, registry)
        stack.callback(serving.close)
        stack.push_async_callback(serving.jobs.close)
        echo_process = serving.call_handlers.echo_process
        if echo_process is not None:
            stack.push_async_callback(echo_process.close)
        stack.push_async_callback(serving.call_service.close)
        stack.push_async_callback(serving.announcer.close)
        stack.push_async_callback(serving.news_announcer.close)

        connected = GatewayParts(stores, serving, base, registry, server)
        gateway = connected.gateway
        draining = Draining(
            ending=base.ending,
            writer=server,
            registry=registry,
            notice_s=settings.drain_notice_s,
            spread_s=settings.drain_s,
            answer_s=settings.answer_s,
        )
        register_handlers(server, gateway)
        base.bus.on_return += [
            connected.store_loss.look,
            serving.announcer.back,
            serving.news_announcer.back,
        ]
        await base.bus.subscribe(PENDING_BLOCKS, serving.block_effects.wake)
        await base.bus.subscribe(PENDING_REPORTS, serving.report_effects.wake)
        await base.bus.subscribe(EXPULSIONS, serving.expulsions.wake)
        await base.bus.subscribe(ROOM_ENDED, serving.recent_members.forget)
        if settings.matchmaker == "here":
            await base.bus.subscribe(claims_channel(settings.region), serving.matchmaker.claimed)
        if serving.job_worker:
            await base.bus.subscribe(JOBS, serving.job_worker.wake)
        for apart in (ROOM_ENDED, PENDING_BLOCKS):
            await base.bus.subscribe(apart, serving.presence.parted)

        jobs = await stack.enter_async_context(_jobs(base, serving, connected))
        app = application(
            base,
            stores,
            serving.identity,
            serving.blocks,
            serving.friends,
            serving.notifications,
            serving.media,
            serving.conduct,
            serving.jobs,
            serving.own_data,
            serving.posts,
            serving.groups,
            checks={**base.checks, "jobs": jobs.check},
            notes=[f"The socket path is stock python-socketio's: {fault}"] if fault else [],
        )
        site.mount(app, Ways.of(settings), media_url=settings.media_url)
        server.attach(app)
        async with listening(app, settings, server.take, ending=base.ending) as port:
            shown = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::"} else settings.host  # noqa: S104
            if echo_at_once and echo_process is not None:
                echo_process.begin()
            yield f"http://{shown}:{port}"
            base.ending.ask()
            await draining.run()
            await gateway.end(base.ending.left_s(LET_GO_S))


def _jobs(base: Foundation, serving: Services, connected: GatewayParts) -> Jobs:
    """Everything that runs in the background."""
    return Jobs(
        base.registry,
        **(serving.finding if base.settings.matchmaker == "here" else {}),
        attendance=serving.attendance,
        deadline_worker=serving.deadline_worker,
        announcer=serving.announcer,
        news_announcer=serving.news_announcer,
        lookout=serving.lookout,
        block_effects=serving.block_effects,
        report_effects=serving.report_effects,
        expulsions=serving.expulsions,
        reviews=serving.reviews,
        reward_expiry=serving.reward_expiry,
        sightings=serving.sightings,
        session_clients=serving.session_clients,
        presence=serving.presence,
        post_watch=serving.post_watch,
        retention=serving.retention,
        media_keeping=serving.media_keeping,
        message_keeping=serving.message_keeping,
        leases=connected.leases,
        liveness=connected.liveness,
        store_loss=connected.store_loss,
        survey=serving.survey,
        **({"jobs": serving.job_worker} if serving.job_worker else {}),
        **({"probing": serving.probing} if base.settings.probe_every_s else {}),
    )
