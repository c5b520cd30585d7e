"""The one look for all jobs: it sees what each job would find, and nothing that somebody has taken."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.clock import now_ms, to_datetime
from db.postgres import pending_work
from db.postgres.bans import BanStore
from db.postgres.blocks import TAKEN_MS
from db.postgres.outbox import Outbox
from db.postgres.pending_work import Kind, PendingWork
from db.postgres.pool import queries
from db.postgres.pooled_connection import PooledConnection
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


@contextmanager
def reads() -> Iterator[list[str]]:
    """The statements that are asked for within the block."""
    asked, done = list[str](), PooledConnection.done

    async def counted(self: PooledConnection, query: str, *rest: Any) -> tuple[Any, bytes, bool]:
        if query in pending_work._SQL.values():  # a product of other tests may be at work in this process
            asked.append(query)
        return await done(self, query, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PooledConnection, "done", counted)
        yield asked


async def test_while_nobody_writes_no_table_is_read(world: World) -> None:
    pending = PendingWork(world.pool)
    async with asyncio.timeout(PATIENCE_S):  # others write in databases beside this one
        with reads() as asked:
            while asked != [queries("pending_work")["snapshot"]]:
                asked.clear()
                assert await pending.kinds(now_ms()) == []
    ban = await world.ban(await world.person())
    for _ in range(2):  # as long as it waits
        assert await pending.kinds(now_ms()) == ["bans"]
    await BanStore(world.pool).enforced(ban, now_ms())
    assert await pending.kinds(now_ms()) == []


async def test_what_was_begun_before_a_look_and_ends_after_it_is_seen(world: World) -> None:
    """Meanwhile nobody else has written anything."""
    pending, ana = PendingWork(world.pool), await world.person()
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO identity.expulsions (id, user_id, reason, sessions)"
            " VALUES (gen_random_uuid(), $1, 'signed_out', '{}')",
            ana,
        )
        assert await pending.kinds(now_ms()) == []
        assert await pending.kinds(now_ms()) == []
    assert await pending.kinds(now_ms()) == ["expulsions"]
    await world.pool.execute("DELETE FROM identity.expulsions")


@pytest.fixture
def nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as a look can tell."""
    monkeypatch.setattr(pending_work, "_SQL", {**pending_work._SQL, "snapshot": "SELECT 'the same'"})


@pytest.mark.usefixtures("nobody_writes")
async def test_what_waits_is_seen_at_each_look(world: World) -> None:
    ana, _ = pair = await world.pair()
    await world.say((await world.connected(pair)).room_id, ana, "hello")
    pending, outbox = PendingWork(world.pool), Outbox(world.pool)
    assert [await pending.kinds(now_ms()) for _ in range(2)] == [["outbox"], ["outbox"]]
    await outbox.told(await outbox.waiting(10))
    assert await pending.kinds(now_ms()) == []


@pytest.mark.usefixtures("nobody_writes")
async def test_what_is_due_later_is_seen_then(world: World) -> None:
    pending, bans, now = PendingWork(world.pool), BanStore(world.pool), now_ms()
    ban = await world.ban(await world.person())
    await bans.due(now)
    assert await pending.kinds(now) == []
    assert await pending.kinds(now + TAKEN_MS - 1) == []
    assert await pending.kinds(now + TAKEN_MS) == ["bans"]
    begins = now_ms() + 3_600_000
    await world.pool.execute(
        "UPDATE identity.bans SET begins_at = $2, taken_until = '-infinity' WHERE id = $1",
        ban,
        to_datetime(begins),
    )
    pending = PendingWork(world.pool)
    with reads() as asked:
        assert [await pending.kinds(at) for at in (begins - 2, begins - 1)] == [[], []]
        assert len(asked) == 3
        assert await pending.kinds(begins) == ["bans"]
    await bans.enforced(ban, now_ms())


@pytest.mark.usefixtures("nobody_writes")
async def test_a_job_is_seen_when_it_is_due(world: World) -> None:
    job = (
        "INSERT INTO jobs.pgqueuer (entrypoint, status, priority, execute_after)"
        " VALUES ('later', 'queued', 0, now() + make_interval(secs => $1))"
    )
    for later_s in (0.3, 3.0, 30.0):  # a busy machine may look when its time has come
        pending = PendingWork(world.pool)
        await world.pool.execute(job, later_s)
        if (seen := await pending.kinds(now_ms())) == []:
            break
        await world.pool.execute("DELETE FROM jobs.pgqueuer")
    assert seen == []
    async with asyncio.timeout(PATIENCE_S):
        while await pending.kinds(now_ms()) != ["jobs"]:
            await asyncio.sleep(0.02)
    await world.pool.execute("DELETE FROM jobs.pgqueuer")


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
