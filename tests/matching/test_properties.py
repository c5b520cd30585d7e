"""Whatever happens: a user is in at most one of ticket, offer and call; claims are permitted; no leaks.

Each run is another: `--hypothesis-seed=0` repeats one, and what fails is printed with its steps and a line to
paste above the test. `MATCHING_TIMES=10` makes ten times as many runs.
"""

import os
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import HealthCheck, Phase, settings
from redis.asyncio import Redis

from db.postgres.call_records import CallRecords
from db.redis.multiplexed import open_redis_client
from tests.conftest import NewDatabase
from tests.matching.machine import PEOPLE, MatchingMachine, run_machine
from tests.matching.memory_calls import MemoryRecord
from tests.matching.people import ids
from tests.matching.simulation import STRANGERS
from tests.matching.steps import Loop
from tests.matching.stores import MemoryStores, RedisStores, StorePair
from tests.stores.world import World, world_at

SLOWLY_S = 120.0  # no machine is so slow
TIMES = int(os.environ.get("MATCHING_TIMES", "1"))


def effort(runs: int, *, shrink: bool = False) -> settings:
    """So many runs, however long they take. To `shrink` what fails takes hundreds more, so for quick ones."""
    return settings(
        max_examples=runs * TIMES,
        stateful_step_count=50,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def loop() -> Iterator[Loop]:
    """One that the test drives itself, step by step."""
    loop = Loop()
    yield loop
    loop.close()


# The same in each run, like all ids: where a call is kept, and so what comes first, depends on its id.
EVERYBODY = tuple(islice(ids(), len(PEOPLE) + STRANGERS))
# What a run has left behind in a database of its own; the accounts stay.
FORGET = "TRUNCATE interaction.calls CASCADE; TRUNCATE identity.blocks, identity.bans CASCADE"


class Fence(CallRecords):
    """The real one, and what befalls people elsewhere in the product."""

    def __init__(self, world: World) -> None:
        super().__init__(world.pool)
        self.block, self.ban, self.file = world.block, world.ban, world.reports.file
        self.avoid, self.unfit = world.eligibility.avoid, world.eligibility.unfit
        self.on_good_terms = world.eligibility.on_good_terms


def test_on_twins_in_memory(loop: Loop) -> None:
    """Tickets, calls and fence in memory: many runs."""
    run_machine(lambda: MatchingMachine(loop, MemoryStores(EVERYBODY)), effort(100, shrink=True))


def test_on_redis(loop: Loop, redis_url: str) -> None:
    """Tickets and calls in Redis: each step a script, and all keys as db/redis/tickets.py lists them."""
    redis = Redis.from_url(redis_url, socket_timeout=SLOWLY_S)
    opened = open_redis_client(redis_url, patience_s=SLOWLY_S)
    client = loop.run_until_complete(opened.__aenter__())

    def stores() -> StorePair:
        loop.run_until_complete(redis.flushdb())
        return RedisStores(redis, client, "main", EVERYBODY, MemoryRecord())

    try:
        run_machine(lambda: MatchingMachine(loop, stores()), effort(15))
    finally:
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.run_until_complete(redis.aclose())


def test_on_redis_and_postgres(loop: Loop, redis_url: str, new_database: NewDatabase) -> None:
    """The same behind the real fence: one active row a user, whatever Redis believes."""
    redis = Redis.from_url(redis_url, socket_timeout=SLOWLY_S)
    opened = open_redis_client(redis_url, patience_s=SLOWLY_S)
    client = loop.run_until_complete(opened.__aenter__())
    settled = world_at(loop.run_until_complete(new_database()))
    world = loop.run_until_complete(settled.__aenter__())
    loop.run_until_complete(world.accounts(EVERYBODY))

    def stores() -> StorePair:
        loop.run_until_complete(redis.flushdb())
        loop.run_until_complete(world.pool.execute(FORGET))
        return RedisStores(redis, client, "main", EVERYBODY, Fence(world))

    try:
        run_machine(lambda: MatchingMachine(loop, stores()), effort(8))
    finally:
        loop.run_until_complete(settled.__aexit__(None, None, None))
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.run_until_complete(redis.aclose())
