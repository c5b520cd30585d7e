"""The one look for all jobs: it sees what each job would find, and nothing that somebody has taken."""

import asyncio

import pytest

from core.clock import now_ms
from db.postgres.bans import BanStore
from db.postgres.blocks import TAKEN_MS
from db.postgres.outbox import Outbox
from db.postgres.pending_work import Kind, PendingWork
from realtime.background.lookout import Lookout
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import World


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """A database of its own: nothing waits in it, and nobody takes what does."""
    return await new_database()


async def test_each_kind_is_seen_while_it_waits(world: World) -> None:
    pending, bans, outbox = PendingWork(world.pool), BanStore(world.pool), Outbox(world.pool)
    assert await pending.kinds(now_ms()) == []

    ana, ben = pair = await world.pair()
    connection = await world.connected(pair)
    await world.say(connection.room_id, ana, "hello")
    assert await pending.kinds(now_ms()) == ["outbox"]
    await outbox.told(await outbox.waiting(10))

    ban = await world.ban(ana)
    assert await pending.kinds(now_ms()) == ["bans"]
    now = now_ms()
    await bans.due(now)
    assert await pending.kinds(now) == []
    assert await pending.kinds(now + TAKEN_MS) == ["bans"]
    await bans.enforced(ban, now)

    await world.blocks.block(ana, ben, None, now_ms())
    assert await pending.kinds(now_ms()) == ["blocks"]
    [block] = await world.blocks.due(now_ms())
    assert await pending.kinds(now_ms()) == []
    await world.blocks.settled(block.id)
    assert await pending.kinds(now + TAKEN_MS) == []


async def test_only_the_job_for_which_something_waits_is_woken(world: World) -> None:
    woken: asyncio.Queue[Kind] = asyncio.Queue()
    kinds: tuple[Kind, ...] = ("bans", "blocks", "outbox")
    wake = {kind: (lambda kind=kind: woken.put_nowait(kind)) for kind in kinds}
    ban = await world.ban(await world.person())
    looking = asyncio.create_task(Lookout(PendingWork(world.pool), wake, now_ms, every_s=0.01).run())
    async with asyncio.timeout(PATIENCE_S):
        assert {await woken.get() for _ in range(3)} == {"bans"}
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await BanStore(world.pool).enforced(ban, now_ms())
