"""`python -m rest`: what it starts, in order. It keeps no connections, matches nobody and has no calls."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from composition.accounts import Identity
from composition.conduct import Conduct
from composition.endpoints import application
from composition.foundation import Foundation, foundation
from composition.jobs import JobParts
from composition.media import MediaParts
from composition.returns import sightings
from composition.stores import Stores
from composition.worker import working
from core.settings import Settings
from rest.http.listening import listening
from rest.service import Check
from services.blocks import AnnouncedBlockEffects, Blocks
from services.friends import Friends
from services.recent_members import RecentMembers


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """The REST side alone, for as long as the block lasts; gives its address."""
    async with foundation(settings) as base:
        stores = Stores(base)
        jobs = JobParts(stores, base)
        with sidecar(base, stores, jobs, base.checks) as app:
            async with working(base, jobs, at_once=settings.job_workers), listening(app, settings) as port:
                yield f"http://{settings.host}:{port}"


@contextmanager
def sidecar(
    base: Foundation, stores: Stores, jobs: JobParts, checks: Mapping[str, Check]
) -> Iterator[web.Application]:
    """Its application. When it takes a block, it announces that to the nodes that hold connections."""
    identity = Identity(stores, base, sightings(stores, base))
    blocks = Blocks(stores.blocks, AnnouncedBlockEffects(base.bus))
    friends = Friends(stores.friends, stores.events, RecentMembers(stores.rooms, base.bus), base.bus)
    try:
        media, conduct = MediaParts(base), Conduct(stores, base, identity.expulsions)
        yield application(base, stores, identity, blocks, friends, media, conduct, jobs, checks=checks)
    finally:
        identity.close()
