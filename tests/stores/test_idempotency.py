"""Keys of requests, on the real Postgres: one acts, all are answered the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import Struct, structs

from core.clock import now_ms
from core.errors import AppError, IdempotencyConflict, NotFound
from core.ids import new_id
from db.postgres.idempotency import KEPT_MS, IdempotencyKey, claim, keep, kept
from db.postgres.pool import Pool
from db.postgres.retention import RetentionStore
from realtime.background.retention import Kept, Retention
from tests.patience import PATIENCE_S
from tests.stores.world import World, world_at


class Made(Struct, frozen=True):
    """What an act gives: something new each time."""

    id: str


class NewerMade(Struct, frozen=True):
    """The same as a later version has it."""

    id: str
    colour: str = "grey"


@pytest.fixture
async def elsewhere(database_url: str, world: World) -> AsyncIterator[World]:
    """Another node: a pool of its own on the same database."""
    async with world_at(database_url) as other:
        yield other


def key_of(
    owner: str, *, key: str = "k", digest: bytes = bytes(32), operation: str = "make"
) -> IdempotencyKey:
    return IdempotencyKey(owner=owner, operation=operation, key=key, digest=digest, at=now_ms())


async def make(pool: Pool, key: IdempotencyKey | None, error: AppError | None = None) -> Made:
    """What a store does with a request that has a key."""
    async with asyncio.timeout(PATIENCE_S), pool.acquire() as connection, connection.transaction():
        if (known := await claim(connection, key, Made)) is not None:
            return known
        if error is not None:
            raise error
        return await keep(connection, key, Made(new_id()))


async def test_copies_are_answered_as_the_first_was(world: World) -> None:
    """Without a key each acts."""
    key = key_of(new_id())
    first = await make(world.pool, key)
    assert await make(world.pool, key) == first
    assert await kept(world.pool, key, Made) == first
    assert await make(world.pool, None) != await make(world.pool, None)


async def test_copies_at_once_on_two_nodes_act_once(world: World, elsewhere: World) -> None:
    """Ten rounds of ten, each with all the connections of both."""
    for _ in range(10):
        key = key_of(new_id())
        made = await asyncio.gather(*(make(node.pool, key) for node in (world, elsewhere) for _ in range(5)))
        assert len(set(made)) == 1


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
async def test_a_copy_waits_for_the_one_that_acts(world: World, elsewhere: World, fails: bool) -> None:
    """And acts itself if that comes to nothing."""
    key = key_of(new_id())
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group, world.pool.acquire() as first:
        act = first.transaction()
        await act.start()
        assert await claim(first, key, Made) is None
        copy = group.create_task(make(elsewhere.pool, key))
        await world.someone_waits_for(first)
        own = await keep(first, key, Made(new_id()))
        await (act.rollback() if fails else act.commit())
    assert (copy.result() == own) is not fails


async def test_errors_are_not_kept(world: World) -> None:
    """The next request with the key acts, also one that asks for something else."""
    key = key_of(new_id())
    with pytest.raises(NotFound):
        await make(world.pool, key, NotFound())
    assert await kept(world.pool, key, Made) is None
    await make(world.pool, structs.replace(key, digest=b"\1" * 32))


async def test_a_key_serves_for_one_request(world: World) -> None:
    """With another body it is refused; of another account or another operation it is another key."""
    ana, ben = new_id(), new_id()
    first = await make(world.pool, key_of(ana))
    with pytest.raises(IdempotencyConflict):
        await make(world.pool, key_of(ana, digest=b"\1" * 32))
    with pytest.raises(IdempotencyConflict):
        await kept(world.pool, key_of(ana, digest=b"\1" * 32), Made)
    others = [key_of(ben), key_of(ana, operation="build"), key_of(ana, key="k2")]
    assert first not in [await make(world.pool, other) for other in others]
    assert await make(world.pool, key_of(ana)) == first


async def test_a_key_is_as_good_as_new_after_a_day(world: World) -> None:
    """Retention forgets it."""
    key = key_of(new_id())
    first = await make(world.pool, key)
    keys = Kept(RetentionStore(world.pool).keys, KEPT_MS)
    await Retention([keys], lambda: key.at + KEPT_MS).forget()
    assert await make(world.pool, key) == first
    await Retention([keys], lambda: key.at + KEPT_MS + 1).forget()
    assert await make(world.pool, key) != first


async def test_an_answer_of_an_older_version_is_read(world: World) -> None:
    """And one of a newer version by an older node, while both run."""
    key = key_of(new_id())
    first = await make(world.pool, key)
    assert await kept(world.pool, key, NewerMade) == NewerMade(first.id)
    other = key_of(new_id())
    async with world.pool.acquire() as connection, connection.transaction():
        assert await claim(connection, other, NewerMade) is None
        await keep(connection, other, NewerMade("1", "blue"))
    assert await make(world.pool, other) == Made("1")
