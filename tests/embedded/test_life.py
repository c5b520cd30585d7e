"""From the first start to the last stop, in one process."""

import asyncio
import sys
import threading
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from db.embedded import EmbeddedError, EmbeddedServers, Urls
from tests.embedded.owner import at_work_in, until
from tests.patience import PATIENCE_S

ASK = """
import asyncio, sys, asyncpg
from redis.asyncio import Redis
async def ask():
    connection = await asyncpg.connect(sys.argv[1])
    print(await connection.fetchval("SELECT n FROM kept"), await Redis.from_url(sys.argv[2]).get("kept"))
asyncio.run(ask())
"""
UNDER_UVLOOP = """
import sys, uvloop
from pathlib import Path
from db.embedded import EmbeddedServers
async def main():
    async with EmbeddedServers.open(Path(sys.argv[1]), postgres=False, redis=True, log=print):
        print("up")
uvloop.run(main())
"""


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    """Both come up from nothing, keep what they are told, and come back with it."""
    data = tmp_path / "data"
    lines: list[str] = []
    async with EmbeddedServers.open(data, postgres=True, redis=True, log=lines.append) as urls:
        connection = await asyncpg.connect(urls.database_url)
        await connection.execute("CREATE TABLE kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (7)")
        await connection.close()
        async with Redis.from_url(urls.redis_url) as client:
            await client.set("kept", "yes")
    assert any("first start" in line for line in lines)
    assert not at_work_in(data)

    again: list[str] = []
    async with EmbeddedServers.open(data, postgres=True, redis=True, log=again.append) as urls:
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ASK, urls.database_url, urls.redis_url, stdout=asyncio.subprocess.PIPE
        )
        assert (await asked.communicate())[0] == b"7 b'yes'\n", "another process asks at the same time"
    assert not any("first start" in line for line in again)
    assert "database system is shut down" in (data / "postgres.log").read_text().splitlines()[-1]


async def test_the_database_is_set_up_to_lose_nothing_and_to_trust_nobody(tmp_path: Path) -> None:
    """Commits wait for the disk; the role is no superuser; nothing listens on the network."""
    async with EmbeddedServers.open(tmp_path, postgres=True, redis=False, log=print) as urls:
        assert urls.redis_url == ""
        connection = await asyncpg.connect(urls.database_url)
        for setting, value in {
            "synchronous_commit": "on",
            "fsync": "on",
            "is_superuser": "off",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
        }.items():
            assert await connection.fetchval(f"SHOW {setting}") == value, setting
        assert await connection.fetchval("SELECT lower('ÄÖ')") == "äö"
        await connection.close()
    assert (tmp_path / "postgres").stat().st_mode & 0o777 == 0o700


async def test_redis_writes_its_file_every_second(tmp_path: Path) -> None:
    """An append-only file, synced every second, and nothing on the network."""
    async with (
        EmbeddedServers.open(tmp_path, postgres=False, redis=True, log=print) as urls,
        Redis.from_url(urls.redis_url, decode_responses=True) as client,
    ):
        assert urls.database_url == ""
        assert (await client.config_get("append*"))["appendonly"] == "yes"
        assert (await client.config_get("appendfsync"))["appendfsync"] == "everysec"
        assert (await client.config_get("port"))["port"] == "0"
    assert (tmp_path / "redis").stat().st_mode & 0o777 == 0o700


async def test_nothing_is_started_when_nothing_is_asked_for(tmp_path: Path) -> None:
    """With both URLs given there is not even a folder."""
    async with EmbeddedServers.open(tmp_path / "data", postgres=False, redis=False, log=print) as urls:
        assert urls == Urls("", "")
    assert not (tmp_path / "data").exists()


async def test_a_long_path_with_spaces_and_commas(tmp_path: Path) -> None:
    """The data may lie anywhere: sockets, whose paths are limited, lie elsewhere."""
    data = tmp_path / "a, b" / ("long name " * 20).strip() / "it's"
    async with EmbeddedServers.open(data, postgres=True, redis=True, log=print) as urls:
        connection = await asyncpg.connect(urls.database_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        async with Redis.from_url(urls.redis_url) as client:
            assert await client.ping()


@pytest.mark.parametrize(("name", "postgres"), [("postgres", True), ("redis-server", False)])
async def test_a_server_that_is_killed_is_started_again(tmp_path: Path, name: str, postgres: bool) -> None:
    """The URL stays; the log says what happened."""
    lines: list[str] = []
    async with EmbeddedServers.open(
        tmp_path, postgres=postgres, redis=not postgres, log=lines.append
    ) as urls:
        first = at_work_in(tmp_path)[name]
        first.kill()
        second = await until(
            lambda: (p := at_work_in(tmp_path).get(name)) and p.pid != first.pid and p, "its successor"
        )
        assert second.pid != first.pid
        await until(lambda: any("starting it again" in line for line in lines), "a line that says so")
        await _answers(urls)
    assert not at_work_in(tmp_path)


async def _answers(urls: Urls) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if urls.database_url:
                    await (await asyncpg.connect(urls.database_url)).close()
                else:
                    async with Redis.from_url(urls.redis_url) as client:
                        await client.ping()
            except (OSError, asyncpg.PostgresError, ConnectionError):
                await asyncio.sleep(0.02)
            else:
                return


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while the database is being created ends what was begun; the next start begins anew."""

    async def start() -> None:
        async with EmbeddedServers.open(tmp_path, postgres=True, redis=True, log=print):
            pytest.fail("it was cancelled before")

    starting = asyncio.create_task(start())
    # Where we stood still meanwhile, it is done, and has its own name: then the server is about to start.
    made = [tmp_path / folder / "PG_VERSION" for folder in ("postgres.new", "postgres")]
    await until(lambda: any(file.exists() for file in made), "initdb to be at work")
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not at_work_in(tmp_path)
    async with EmbeddedServers.open(tmp_path, postgres=True, redis=False, log=print) as urls:
        await (await asyncpg.connect(urls.database_url)).close()


async def test_the_event_loop_is_never_held(tmp_path: Path) -> None:
    """While both are created, start and stop, nothing else waits for one of those steps.

    Told by another thread, which stands still when the machine does.
    """
    moments, longest, over = 0, 0, threading.Event()

    def count() -> None:
        nonlocal moments
        while not over.wait(0.005):
            moments += 1

    async def tick() -> None:
        nonlocal longest
        while True:
            before = moments
            await asyncio.sleep(0.005)
            longest = max(longest, moments - before)

    counting, ticking = asyncio.create_task(asyncio.to_thread(count)), asyncio.create_task(tick())
    try:
        async with EmbeddedServers.open(tmp_path, postgres=True, redis=True, log=print):
            pass
    finally:
        ticking.cancel()
        over.set()
        await counting
    assert longest < moments / 4


async def test_it_works_under_uvloop(tmp_path: Path) -> None:
    """The loop that serves is not the one that tests."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UNDER_UVLOOP, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert b"up\nRedis stopped." in out


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("postgres/PG_VERSION", "made by PostgreSQL 16"),
        ("postgres/photo.jpg", "is no database"),
        ("redis", "Not a directory"),
    ],
)
async def test_a_spoiled_folder_is_explained(tmp_path: Path, file: str, says: str) -> None:
    """Nothing of a person's is overwritten; the sentence says what stands in the way."""
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("16")
    with pytest.raises(EmbeddedError, match=says):
        async with EmbeddedServers.open(tmp_path, postgres=True, redis=True, log=print):
            pass
    assert not at_work_in(tmp_path)


async def test_a_damaged_file_is_explained(tmp_path: Path) -> None:
    """What the server said when it gave up is in the message."""
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonly.aof").write_bytes(b"*3\r\nnonsense" * 10)
    with pytest.raises(EmbeddedError, match=r"Redis did not start .*redis-check-aof"):
        async with EmbeddedServers.open(tmp_path, postgres=False, redis=True, log=print):
            pass


async def test_a_file_in_place_of_the_folder_is_explained(tmp_path: Path) -> None:
    """DATA_DIR has to be a folder."""
    (tmp_path / "data").touch()
    with pytest.raises(EmbeddedError, match="DATA_DIR"):
        async with EmbeddedServers.open(tmp_path / "data", postgres=False, redis=True, log=print):
            pass


async def test_what_the_servers_say_is_for_their_owner_and_repeats_nothing(tmp_path: Path) -> None:
    """Neither what a statement was given nor what a constraint refused; older journals are closed too."""
    (tmp_path / "postgres.log").write_text("from before\n")
    async with EmbeddedServers.open(tmp_path, postgres=True, redis=True, log=print) as urls:
        connection = await asyncpg.connect(urls.database_url)
        await connection.execute("CREATE TABLE users (email text UNIQUE, born date)")
        taken = "INSERT INTO users (email) VALUES ($1)"
        await connection.execute(taken, "ana@example.org")
        for statement, given in (
            (taken, ("ana@example.org",)),
            ("INSERT INTO users (email) VALUES ('ana@example.org')", ()),
            ("SELECT 'ana@example.org'::date", ()),
            ("SELECT $1::text::date", ("ana@example.org",)),
        ):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement, *given)
        await connection.close()
        async with Redis.from_url(urls.redis_url) as client:
            await client.set("ana@example.org", "here")
    for journal in (tmp_path / "postgres.log", tmp_path / "redis.log"):
        assert journal.stat().st_mode & 0o777 == 0o600
        assert "ana@example" not in journal.read_text()
    assert (tmp_path / "postgres.log").read_text().startswith("from before\n")
