"""The stores of a deployment, for the tests of stores and delivery: `pytest --on cluster`, `--on single`.

`python -m tests.machines.variants NAME WORKERS` starts them, as `python -m db.embedded` starts the embedded
ones: it prints their URLs as JSON, and ends with its input.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.machines.one_slot import EveryScript
from tests.machines.pgbouncer import installed, pgbouncer
from tests.machines.postgres_server import postgres_15, postgres_server
from tests.machines.redis_cluster import redis_cluster
from tests.machines.redis_server import redis_7, redis_server

Urls = dict[str, Any]
POOLER = "6432"
# What is tested there, as far as it asks a store; and what is not, for it tests something else, or with
# servers of its own, or for a minute.
TESTS = {
    "cluster": (
        *("stores/", "delivery/", "calls/", "presence/test_store.py", "matching/test_store.py", "stored/"),
        "rest/test_limits.py::test_a_b",
    ),
    # What PostgreSQL 15 is asked there through the pooler is not asked once more.
    "single": (
        *("delivery/", "presence/test_store.py", "matching/test_store.py", "stores/test_signals.py"),
        *("stores/test_multiplexed.py", "stores/test_migrations.py", "stores/test_plans.py"),
        *("stores/test_postgres_outages.py", "stores/test_grouped_statement.py", "stores/test_rooms.py"),
    ),
}
NOT = (
    *("stores/test_multiplexed_properties.py", "stores/test_redis_outages.py", "stores/test_outages.py"),
    # The schema is committed as the embedded PostgreSQL writes it down.
    "stores/test_migrations.py::test_the_committed_schema_is_what_the_migrations_make",
)
NOT_ON_A_CLUSTER = (
    # A pooler shares sessions and is passed by for these, or they have one of their own.
    *("stores/test_migrations.py", "stores/test_plans.py", "stores/test_hosts.py"),
    *("stores/test_pooler.py", "stores/test_postgres_outages.py", "stores/test_replica.py"),
    # What one server hears, or does in one step, of which a cluster has several.
    "delivery/test_numbered_events.py::test_what_is_announced_in_one_turn_is_one_script",
    "delivery/test_numbered_events.py::test_one_script_tells_all_that_one_server_has",
    "delivery/test_log.py::test_back_at_an_old_snapshot_it_is_another_one",
    "calls/test_telling.py",
    # The one server is cut off, or given a wire, or a key that all others need; for clusters there are
    # tests/delivery/test_failover.py and tests/stores/test_multiplexed_cluster.py.
    "delivery/test_event_log.py::test_the_bus_comes_back_by_itself_and_everyone_catches_up",
    "delivery/test_event_log.py::test_who_waits_for_a_channel_asks_again_when_the_first_to_ask_fails",
    "delivery/test_event_log.py::test_a_catch_up_that_finds_no_store_is_tried_again",
    "delivery/test_event_log.py::test_what_is_missed_while_a_catch_up_fails_is_caught_up_too",
    "stores/test_multiplexed.py",
    "calls/test_mishaps.py::test_the_deadline_worker_outlives_an_error_that_nobody_foresaw",
    # It goes by the process ids of sessions, which a pooler makes up.
    "stored/test_calls.py::test_while_a_store_is_away_nothing_is_given_up",
)


@asynccontextmanager
async def cluster(workers: int) -> AsyncIterator[Urls]:
    """A Redis Cluster of three masters with replicas for each worker; PostgreSQL 15 behind pgbouncer."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres_server(prefix=postgres_15()))
        await stack.enter_async_context(pgbouncer(server.url, at=server.sockets, default_pool_size="50"))
        clusters = [await stack.enter_async_context(redis_cluster(binary=redis_7())) for _ in range(workers)]
        yield {"database_url": server.url, "redis_url": "", "clusters": [each.url for each in clusters]}


@asynccontextmanager
async def single(_: int) -> AsyncIterator[Urls]:
    """One Redis 7, and PostgreSQL 15."""
    async with (
        postgres_server(prefix=postgres_15()) as server,
        redis_server("--databases", "64", binary=redis_7()) as redis,
    ):
        yield {"database_url": server.url, "redis_url": redis.url}


VARIANTS: dict[str, Callable[[int], AbstractAsyncContextManager[Urls]]] = {
    "cluster": cluster,
    "single": single,
}


def pooled(url: str) -> str:
    """The way through the pooler to this database, which listens beside PostgreSQL."""
    return f"{url}&port={POOLER}"


def is_pooled(url: str) -> bool:
    """Whether it leads through the pooler."""
    return url.endswith(f"&port={POOLER}")


def direct(url: str) -> str:
    """The way past the pooler, if there is one."""
    return url.removesuffix(f"&port={POOLER}")


def add_option(parser: pytest.Parser) -> None:
    """`--on`, by which tests run on the stores of a deployment."""
    parser.addoption("--on", choices=VARIANTS, help="tests of stores and delivery, on those of a deployment")


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another store makes no difference to."""
    if not (name := config.getoption("--on")):
        return
    if lacking := _lacking():
        for item in items:
            item.add_marker(pytest.mark.skip(lacking))
    chosen = [item for item in items if _is_chosen(item, name)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def passes_over(config: pytest.Config, path: Path) -> bool | None:
    """Whether this file has none of the tests that are run there: then nothing of it is imported."""
    if not (name := config.getoption("--on")) or path.suffix != ".py" or path.name == "conftest.py":
        return None
    module = path.relative_to(config.rootpath / "tests").as_posix()
    return not module.startswith(tuple(test.partition("::")[0] for test in TESTS[name])) or None


def _lacking() -> str:
    """What keeps these tests from being run. Raises `pytest.UsageError` in CI, which has everything."""
    try:
        for program in (postgres_15, redis_7, installed):
            program()
    except pytest.skip.Exception as lacking:
        return str(lacking)
    except pytest.fail.Exception as lacking:
        raise pytest.UsageError(str(lacking)) from None
    return ""


def start(config: pytest.Config) -> list[str]:
    """What starts the servers of this session: the embedded ones, unless `--on` says otherwise."""
    if not (name := config.getoption("--on")):
        return [sys.executable, "-m", "db.embedded"]
    workers = config.getoption("numprocesses", None) or 1
    return [sys.executable, "-m", __name__, name, str(workers)]


def watch(config: pytest.Config, folder: Path) -> None:
    """On a cluster, see that every script keeps to one slot. The folder is there for all processes."""
    if config.getoption("--on") == "cluster":
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.pluginmanager.register(EveryScript(stack, folder))


def _is_chosen(item: pytest.Item, name: str) -> bool:
    test = item.nodeid.removeprefix("tests/")
    left_out = (*NOT, *(NOT_ON_A_CLUSTER if name == "cluster" else ()))
    asks = "servers" in getattr(item, "fixturenames", ())
    return asks and test.startswith(TESTS[name]) and not test.startswith(left_out) and "memory" not in test


async def serve(name: str, workers: int) -> None:
    """Until the input ends."""
    async with VARIANTS[name](workers) as urls:
        print(json.dumps(urls), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
