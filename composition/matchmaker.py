"""`python -m realtime matchmaker`: finds pairs for nodes with `MATCHMAKER=apart`, and serves nobody."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec.structs import replace

from composition.endpoints import answering
from composition.foundation import Foundation, foundation
from composition.live_stores import LiveStores
from composition.no_sockets import NoSockets
from composition.services import Services
from core.contract import service
from core.ending import LET_GO_S, Ending
from core.settings import Settings
from core.tasks import until_one_fails
from core.ticket import arrivals_channel, claims_channel
from db.redis.matchmaker_lease import MatchmakerLease
from realtime.background.jobs import Jobs
from realtime.matchmaking.arrivals import Arrivals
from realtime.matchmaking.duty import Duty, LastingOffers
from rest.http.listening import listening

_ASKS_S = 1.0
_OFFERS_EVERY_S = 0.002  # a process of its own is there to be fast, and makes the offers of all nodes


@asynccontextmanager
async def running(settings: Settings, ending: Ending | None = None) -> AsyncIterator[str]:
    """It, for as long as the block lasts; gives the address of `/readyz` and `/metrics`."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(replace(settings, matchmaker="here"), ending))
        stores = LiveStores(base, offers_every_s=_OFFERS_EVERY_S)
        serving = Services(stores, base, NoSockets())
        stack.callback(serving.close)
        stack.push_async_callback(serving.jobs.close)
        stack.push_async_callback(serving.call_service.close)
        offers = LastingOffers(serving.offers)
        duty = await _duty(base, serving, offers)
        jobs = await stack.enter_async_context(
            Jobs(base.registry, matchmaker=duty, attendance=serving.attendance)
        )
        checks = {**base.checks, "jobs": jobs.check}
        app = answering(base, serving.identity, [], checks=checks, contract=service.ENDPOINTS)
        async with listening(app, settings, ending=base.ending) as port:
            yield f"http://{settings.host}:{port}"
            base.ending.ask()
            await jobs.end()
            await offers.ended(base.ending.left_s(LET_GO_S))


async def _duty(base: Foundation, serving: Services, offers: LastingOffers) -> Duty:
    """Hears of arrivals from now on, and searches and sweeps while this process has the lease."""
    settings = base.settings
    search = serving.matching.search(offers, node_id=base.node_id, may_judge=serving.may_judge, alone=True)
    jobs = search.jobs.values()
    arrivals = Arrivals(serving.matching.search_queue, serving.matching.tickets.keep)

    def told(on: bool) -> None:
        arrivals.on_duty = on

    await base.bus.subscribe(arrivals_channel(settings.region), arrivals.heard)
    await base.bus.subscribe(claims_channel(settings.region), search.matchmaker.claimed)
    return Duty(
        base.node_id,
        lease=MatchmakerLease(base.redis, settings.region),
        work=lambda: until_one_fails(*(job.run() for job in jobs)),
        loops=[loop for job in jobs for loop in job.loops],
        told=told,
        renewed=serving.lease_judge.renewed,
        time_s=time.monotonic,
        registry=base.registry,
        every_s=min(_ASKS_S, settings.renewal_s),
    )
