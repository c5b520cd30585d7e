"""`python -m realtime worker` does the jobs that wait, and nothing else; `python -m rest` does them too."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from composition.accounts import Identity
from composition.foundation import Foundation, foundation
from composition.jobs import JobParts
from composition.media import avif
from composition.own_data import OwnDataParts
from composition.returns import sightings
from composition.stores import Stores
from core.ending import Ending
from core.settings import Settings
from core.tasks import beside
from services.jobs import JOBS, Work

# Whoever has nobody who looks for all that waits looks for jobs alone. Most are announced to it.
_LOOK_S = 5
_AT_ONCE = 4


@asynccontextmanager
async def running(settings: Settings, ending: Ending | None = None) -> AsyncIterator[str]:
    """It alone, for as long as the block lasts."""
    async with foundation(settings, ending) as base:
        stores = Stores(base)
        jobs = JobParts(stores, base)
        identity = Identity(stores, base, sightings(stores, base), jobs.queue)
        try:
            own = OwnDataParts(stores, base, identity, jobs)
            works = [*identity.works, *own.works, *avif(base).works]
            async with working(base, jobs, works, at_once=settings.job_workers or _AT_ONCE):
                yield "work"
        finally:
            identity.close()


@asynccontextmanager
async def working(
    base: Foundation, parts: JobParts, works: Sequence[Work], *, at_once: int
) -> AsyncIterator[None]:
    """A worker, for as long as the block lasts; none where it may do nothing at once. Closes `parts`."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        if at_once:
            worker = parts.worker(works, every_s=_LOOK_S, at_once=at_once)
            await base.bus.subscribe(JOBS, worker.wake)
            await stack.enter_async_context(beside(worker.run()))
        yield
