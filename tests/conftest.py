"""What every test may ask for: a fresh database and a Redis of its own on real servers.

The main process starts one PostgreSQL and one Redis for all workers while they collect, unless DATABASE_URL
and REDIS_URL name some. They end with the pipe to their standard input, so they never outlive it.
"""

import asyncio
import gc
import json
import logging
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil
import pytest
import structlog
from aiohttp import web_app
from hypothesis import HealthCheck
from hypothesis import settings as effort
from redis.asyncio import Redis

from db.migrations.migrate import migrate
from db.postgres.pool import Pool
from db.redis.multiplexed import RedisClient, open_redis_client
from tests import covered, order
from tests.machines import variants
from tests.machines.redis_cluster import WholeCluster
from tests.patience import PATIENCE_S
from tests.ports import Ports
from tests.stores.world import World, world_at

pytest_plugins = ["tests.standstill", "tests.took"]

FOLDER = "TEST_SERVERS_FOLDER"
# To start the servers, and to end them. Only a failure lasts so long: what comes is taken at once.
START_S = 300.0
REDIS_DATABASES = 63  # those of an embedded Redis, less the default one
REDIS_DATABASES_ELSEWHERE = 15

# How long a busy machine takes to draw examples says nothing about them.
effort.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
effort.load_profile("untimed")

NewDatabase = Callable[..., Awaitable[str]]
NewRedis = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of this test session answer."""

    database_url: str
    redis_url: str
    clusters: list[str] = field(default_factory=list)  # of Redis, for each worker one; with a pooler


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what repeats the order of this run. Workers have nobody to say it to."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (told := order.told()):
        reporter.write_line(told)


def pytest_collection_finish() -> None:
    """What was imported stays: it is not looked through again each time that garbage is collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_logfinish() -> None:
    """aiohttp's cache keeps the last thousand applications, and each of ours has its documents."""
    web_app._cached_build_middleware.cache_clear()


def pytest_addoption(parser: pytest.Parser) -> None:
    covered.add_option(parser)
    variants.add_option(parser)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return variants.passes_over(config, collection_path) or covered.passes_over(config, collection_path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    covered.select(config, items)
    variants.select(config, items)
    order.put(items)


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the background; workers inherit the folder's name."""
    order.settle()
    gc.disable()  # until all has been collected
    _log_plainly()
    if config.getoption("--on"):
        for elsewhere in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(elsewhere, None)
    if hasattr(config, "workerinput"):
        variants.watch(config, Path(os.environ.get(FOLDER, "")))
    if hasattr(config, "workerinput") or {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        return
    folder = Path(tempfile.mkdtemp(prefix="rc-tests-"))
    with (folder / "urls").open("wb") as urls, (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            variants.start(config),
            cwd=config.rootpath,
            stdin=subprocess.PIPE,
            stdout=urls,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which still have things to drop
        )
    (folder / "pid").write_text(str(process.pid))
    os.environ[FOLDER] = str(folder)
    config.add_cleanup(lambda: _stop(process, folder))
    variants.watch(config, folder)


def _log_plainly() -> None:
    """Tracebacks as the product logs them: in colours, with all variables, each takes a second to print."""
    *shared, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*shared, plain])


def _stop(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    process.communicate(timeout=START_S)
    shutil.rmtree(folder, ignore_errors=True)
    os.environ.pop(FOLDER, None)


async def _started(folder: Path) -> Servers:
    pid = int((folder / "pid").read_text())
    deadline = time.monotonic() + START_S
    while not (line := (folder / "urls").read_text()).endswith("\n"):
        if time.monotonic() > deadline or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            pytest.fail(f"The test servers did not start:\n{(folder / 'log').read_text()}")
        await asyncio.sleep(0.02)
    return Servers(**json.loads(line))


async def _spare_the_disk(url: str) -> None:
    """What the machine would lose in a power failure is lost with the tests anyway: wait for no disk."""
    connection = await asyncpg.connect(url, user="postgres")
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def servers() -> Servers:
    """The servers that all workers share; a test uses `database_url` and `redis_url`."""
    embedded = Servers("", "")
    if FOLDER in os.environ:
        embedded = await _started(Path(os.environ[FOLDER]))
        await _spare_the_disk(embedded.database_url)
    return Servers(
        os.environ.get("DATABASE_URL", embedded.database_url),
        os.environ.get("REDIS_URL", embedded.redis_url),
        embedded.clusters,
    )


@pytest.fixture(scope="session")
async def migrated_template(servers: Servers) -> str:
    """The name of a database without rows: migrating one takes eight times as long as copying it.

    The first worker makes it. On a server of somebody else's, to which nothing is left, it is empty.
    """
    if "DATABASE_URL" in os.environ:
        return "template1"
    connection = await asyncpg.connect(servers.database_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(1)")  # until the connection ends
        if not await connection.fetchval("SELECT oid FROM pg_database WHERE datname = 'migrated'"):
            await connection.execute("CREATE DATABASE half_way")
            half_way = urlunsplit(urlsplit(servers.database_url)._replace(path="/half_way"))
            await migrate(half_way, logging.getLogger(__name__))
            await connection.execute("ALTER DATABASE half_way RENAME TO migrated")
    finally:
        await connection.close()
    return "migrated"


@pytest.fixture(scope="session")
async def new_database(
    servers: Servers, migrated_template: str, worker_id: str
) -> AsyncIterator[NewDatabase]:
    """A factory: `await new_database()` is the URL of a database without rows. It goes with a server of ours.

    `await new_database(template=url)` copies another one, to which nobody may be connected; `empty=True` has
    no tables yet.
    """
    made: list[str] = []

    async def create(*, template: str | None = None, empty: bool = False) -> str:
        name = f"test_{worker_id}_{uuid.uuid4().hex[:12]}"
        copied = urlsplit(template).path.removeprefix("/") if template else migrated_template
        source = "template1" if empty else copied
        await _execute(servers.database_url, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        made.append(name)
        url = urlunsplit(urlsplit(servers.database_url)._replace(path=f"/{name}"))
        return variants.pooled(url) if servers.clusters else url

    yield create
    if "DATABASE_URL" in os.environ:
        for name in made:
            await _drop(servers.database_url, name)


async def _drop(url: str, name: str) -> None:
    """Drop a database, to which something that a test left may still be connected."""
    try:
        await _execute(url, f'DROP DATABASE "{name}" WITH (FORCE)')
    except asyncpg.InsufficientPrivilegeError:
        # An autovacuum is at work in it: the server ends that itself, though only when asked plainly.
        await _execute(url, f'DROP DATABASE "{name}"')


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


# A database goes with a Redis: two products that share one and not the other take each other's work away, and
# cannot do it. So each worker has three pairs: for stores, for the product of the integration tests, for
# nodes.


@pytest.fixture(scope="session")
async def own_database_url(new_database: NewDatabase) -> str:
    """A database for this worker's stores, without rows, whatever a test module calls `database_url`."""
    return await new_database()


@pytest.fixture(scope="session")
async def database_url(own_database_url: str) -> str:
    """The same. Goes with `redis_url`."""
    return own_database_url


@pytest.fixture(scope="session")
async def product_database_url(new_database: NewDatabase) -> str:
    """The same for the product that integration tests talk with. Goes with `product_redis_url`."""
    return await new_database()


@pytest.fixture(scope="session")
async def nodes_database_url(new_database: NewDatabase) -> str:
    """The same for products in processes of their own. Goes with `nodes_redis_url`."""
    return await new_database()


@pytest.fixture(scope="session")
async def new_redis(servers: Servers, worker_id: str) -> NewRedis:
    """A factory: `await new_redis()` is the URL of a numbered database of Redis, emptied first.

    Each worker has its share of the numbers. Channels are common to all of them.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0
    clusters = iter(servers.clusters[worker : worker + 1])
    numbered = REDIS_DATABASES_ELSEWHERE if "REDIS_URL" in os.environ else REDIS_DATABASES
    share = numbered // workers
    numbers = iter(range(1 + worker * share, 1 + (worker + 1) * share))

    async def create() -> str:
        if servers.clusters:
            return f"{next(clusters)}?db=0"  # there is no other
        number = next(numbers, None)
        assert number is not None, f"{workers} workers: no database of Redis is left, use fewer"
        url = f"{servers.redis_url.partition('?')[0]}?db={number}"
        async with Redis.from_url(url) as client:
            await client.flushdb()
        return url

    return create


@pytest.fixture(scope="session")
async def redis_url(new_redis: NewRedis) -> str:
    """This worker's database of Redis for stores: no product runs on it."""
    return await new_redis()


@pytest.fixture(scope="session")
async def product_redis_url(new_redis: NewRedis) -> str:
    """This worker's database of Redis for the product that its integration tests talk with."""
    return await new_redis()


@pytest.fixture(scope="session")
async def nodes_redis_url(new_redis: NewRedis) -> str:
    """This worker's database of Redis for products in processes of their own."""
    return await new_redis()


@pytest.fixture
def ports() -> Iterator[Ports]:
    """For programs that cannot be asked for 0: `ports.take()`."""
    with Ports() as ports:
        yield ports


@pytest.fixture
async def redis(redis_url: str, servers: Servers) -> AsyncIterator[Redis]:
    """By redis-py, for what tests look at and prepare: a client of a cluster has the same methods."""
    kind: Any = WholeCluster if servers.clusters else Redis
    async with kind.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def redis_client(redis_url: str, servers: Servers) -> AsyncIterator[RedisClient]:
    """What stores ask Redis through, on this worker's database for stores. As on a node, it has been used."""
    async with open_redis_client(redis_url, patience_s=PATIENCE_S) as client:
        if servers.clusters:
            await client.command("TIME")
        yield client


@pytest.fixture(scope="session")
def migrated() -> set[str]:
    """The databases of which this worker has seen that they are: to look again takes two connections."""
    return set()


@pytest.fixture(scope="session")
async def own_pool(own_database_url: str) -> AsyncIterator[Callable[[], Awaitable[Pool]]]:
    """Gives this worker's pool, another one if a test has closed it.

    What a new session costs PostgreSQL, which knows no table yet, is several times what a test then asks.
    """
    async with AsyncExitStack() as stack:
        pools: list[Pool] = []

        async def give() -> Pool:
            if not pools or pools[-1].is_closing():
                pools.append((await stack.enter_async_context(world_at(own_database_url))).pool)
            return pools[-1]

        yield give


@pytest.fixture
async def world(
    database_url: str, own_database_url: str, own_pool: Callable[[], Awaitable[Pool]], migrated: set[str]
) -> AsyncIterator[World]:
    """The stores on this worker's database, or on another one that a test module calls `database_url`."""
    if database_url == own_database_url:
        yield World(await own_pool())
        return
    async with world_at(database_url, migrated=database_url in migrated) as world:
        migrated.add(database_url)
        yield world
