"""`python -m rest`: what it starts, in order. It keeps no connections, matches nobody and has no calls."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from aiohttp import web

from composition.accounts import Identity
from composition.conduct import Conduct
from composition.endpoints import application
from composition.foundation import Foundation, foundation
from composition.groups import groups
from composition.jobs import JobParts
from composition.media import MediaParts, avif
from composition.own_data import OwnDataParts
from composition.posts import PostParts
from composition.returns import sightings
from composition.stores import Stores
from composition.worker import working
from core.ending import Ending
from core.settings import Settings
from rest.http.listening import listening
from rest.service import Check
from services.blocks import AnnouncedBlockEffects, Blocks
from services.decoders import Decoders
from services.friends import Friends
from services.jobs import Work
from services.notifications import Notifications
from services.recent_members import RecentMembers


@asynccontextmanager
async def running(settings: Settings, ending: Ending | None = None) -> AsyncIterator[str]:
    """The REST side alone, for as long as the block lasts; gives its address."""
    async with foundation(settings, ending) as base:
        with sidecar(base, base.checks) as side:
            async with (
                working(base, side.jobs, side.works, at_once=settings.job_workers),
                listening(side.app, settings, ending=base.ending, finish_s=settings.upload_answer_s) as port,
            ):
                yield f"http://{settings.host}:{port}"
                base.ending.ask()
                await base.ending.pause(settings.drain_notice_s)


class Sidecar(NamedTuple):
    """Its application, and the jobs that it asks for and can do."""

    app: web.Application
    jobs: JobParts
    works: Sequence[Work]
    own_data: OwnDataParts


@contextmanager
def sidecar(
    base: Foundation, checks: Mapping[str, Check], *, decoders: Decoders | None = None
) -> Iterator[Sidecar]:
    """Its parts. When it takes a block, it announces that to the nodes that hold connections.

    `decoders` of uploads: other ones than usual.
    """
    stores = Stores(base)
    jobs = JobParts(stores, base)
    identity = Identity(stores, base, sightings(stores, base), jobs.queue)
    blocks = Blocks(stores.blocks, AnnouncedBlockEffects(base.bus))
    notifications = Notifications(stores.notifications, stores.events, None)
    members = RecentMembers(stores.rooms, base.bus)
    friends = Friends(stores.friends, stores.events, members, base.bus, notifications)
    try:
        media, conduct = MediaParts(base, decoders), Conduct(stores, base, identity.expulsions, notifications)
        own = OwnDataParts(stores, base, identity, jobs)
        posts = PostParts(stores, base, notifications)
        app = application(
            base,
            stores,
            identity,
            blocks,
            friends,
            notifications,
            media,
            conduct,
            jobs,
            own,
            posts,
            groups(stores, base, members, None),
            checks=checks,
        )
        yield Sidecar(app, jobs, [*identity.works, *own.works, *avif(base).works], own)
    finally:
        identity.close()
