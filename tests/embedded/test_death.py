"""However the owner ends, its servers end with it, and the next owner finds the folder free."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from db.embedded import EmbeddedError, EmbeddedServers
from tests.embedded.owner import PROJECT, at_work_in, gone, owner_of, until
from tests.patience import PATIENCE_S

KILLED_IN_BETWEEN = """
import asyncio, os, signal, sys
from pathlib import Path
from db.embedded.process import Child, Program
folder = Path(sys.argv[1])
touch = Program("touch", ("touch", "begun"), folder, folder / "journal", signal.SIGTERM)
async def main():
    Child.start(touch, lambda child: os.kill(os.getpid(), signal.SIGKILL))
asyncio.run(main())
"""


async def _write(urls: dict[str, str]) -> None:
    connection = await asyncpg.connect(urls["database_url"])
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (7)")
    await connection.close()
    async with Redis.from_url(urls["redis_url"]) as client:
        await client.set("kept", "yes")


async def _kept(data: Path) -> int:
    async with EmbeddedServers.open(data, postgres=True, redis=True, log=print) as urls:
        connection = await asyncpg.connect(urls.database_url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM kept"))
        finally:
            await connection.close()


def _runtime(urls: dict[str, str]) -> Path:
    return Path(urls["redis_url"].removeprefix("unix://").partition("?")[0]).parents[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_both_cleanly(tmp_path: Path, number: int) -> None:
    """The servers write down all they have, and the process ends with 0."""
    async with owner_of(tmp_path) as owner:
        urls = await owner.urls()
        await _write(urls)
        owner.process.send_signal(number)
        assert await owner.process.wait() == 0
        assert not at_work_in(tmp_path)
        assert not _runtime(urls).exists()
        assert "PostgreSQL and Redis stopped." in await owner.said()
    assert (tmp_path / "postgres.log").read_text().splitlines()[-1].endswith("database system is shut down")


async def test_ctrl_c_in_a_terminal_reaches_the_owner_alone(tmp_path: Path) -> None:
    """A terminal signals the whole process group: the servers are not in it, nor is the watchdog."""
    async with owner_of(tmp_path, start_new_session=True) as owner:
        await owner.urls()
        group = os.getpgid(owner.pid)
        others = [*(p.pid for p in at_work_in(tmp_path).values()), owner.watchdog().pid]
        assert len(others) == 3
        assert all(os.getpgid(pid) != group and os.getsid(pid) != os.getsid(owner.pid) for pid in others)
        os.killpg(group, signal.SIGINT)
        assert await owner.process.wait() == 0


async def test_they_are_gone_when_the_owner_is_killed(tmp_path: Path) -> None:
    """kill -9: the watchdog stops both cleanly, removes their runtime folder and ends."""
    async with owner_of(tmp_path) as owner:
        urls = await owner.urls()
        await _write(urls)
        watchdog = owner.watchdog()
        owner.process.kill()
        await owner.process.wait()
        await until(lambda: not at_work_in(tmp_path), "the servers to be gone")
        await until(lambda: gone(watchdog), "the watchdog to be gone")
        assert not _runtime(urls).exists()
    assert "database system is shut down" in (tmp_path / "postgres.log").read_text()
    assert await _kept(tmp_path) == 1


async def test_they_are_gone_when_the_owner_is_killed_while_it_creates_them(tmp_path: Path) -> None:
    """kill -9 during the first start leaves nothing at work and nothing half made."""
    async with owner_of(tmp_path) as owner:
        await until((tmp_path / "postgres.new" / "PG_VERSION").exists, "initdb to be at work")
        owner.process.kill()
        await owner.process.wait()
        await until(lambda: not _anything_in(tmp_path), "initdb to be gone")
    async with owner_of(tmp_path) as owner:
        await _write(await owner.urls())


async def test_nothing_runs_that_the_watchdog_does_not_know_of(tmp_path: Path) -> None:
    """An owner killed between spawning a program and telling the watchdog: the program never begins."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_IN_BETWEEN, str(tmp_path), cwd=PROJECT
    )
    assert await process.wait() == -signal.SIGKILL
    await until(lambda: not _anything_in(tmp_path), "the program to be gone")
    assert (tmp_path / "journal").exists()
    assert not (tmp_path / "begun").exists()


def _anything_in(data: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(data))]


async def test_a_killed_watchdog_has_a_successor(tmp_path: Path) -> None:
    """kill -9 of the watchdog costs nothing: another one watches, and does its work when the owner dies."""
    async with owner_of(tmp_path) as owner:
        await _write(await owner.urls())
        first = owner.watchdog()
        first.kill()
        second = await until(
            lambda: (g := owner.watchdog_if_any()) and g.pid != first.pid and g, "another watchdog"
        )
        assert at_work_in(tmp_path)
        owner.process.kill()
        await owner.process.wait()
        await until(lambda: not at_work_in(tmp_path), "the servers to be gone")
        await until(lambda: gone(second), "the second watchdog to be gone")
    assert await _kept(tmp_path) == 1


async def test_orphans_are_stopped_and_their_folder_taken_over(tmp_path: Path) -> None:
    """Owner and watchdog killed at once leave both running: the next owner stops them, with nothing lost."""
    async with owner_of(tmp_path) as owner:
        urls = await owner.urls()
        await _write(urls)
        watchdog = owner.watchdog()
        owner.process.send_signal(signal.SIGSTOP)  # or it would start its watchdog again
        watchdog.kill()
        owner.process.kill()
        await owner.process.wait()
        orphans = at_work_in(tmp_path)
        assert orphans.keys() == {"postgres", "redis-server"}
        async with owner_of(tmp_path) as heir:
            await _write(await heir.urls())
            assert all(gone(orphan) for orphan in orphans.values())
            assert not _runtime(urls).exists()
            heir.process.terminate()
            said = await heir.said()
            assert all(f"(process {p.pid}), left behind" in said for p in orphans.values())
    assert await _kept(tmp_path) == 2


async def test_a_second_server_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    """One owner at a time; the first does not notice."""
    async with owner_of(tmp_path) as owner:
        await _write(await owner.urls())
        before = {p.pid for p in at_work_in(tmp_path).values()}
        async with owner_of(tmp_path) as second:
            assert await second.process.wait() == 1
            said = await second.said()
            assert f"in use by another server (process {owner.pid})" in said
            assert "Traceback" not in said
            assert {p.pid for p in at_work_in(tmp_path).values()} == before
            owner.process.terminate()
            await owner.process.wait()


async def test_the_folder_is_free_again_at_once(tmp_path: Path) -> None:
    """Ten owners in a row, each gone before the next comes."""
    for _ in range(10):
        async with EmbeddedServers.open(tmp_path, postgres=False, redis=True, log=print):
            with pytest.raises(EmbeddedError, match=f"process {os.getpid()}"):
                async with EmbeddedServers.open(tmp_path, postgres=False, redis=True, log=print):
                    pass


@pytest.mark.parametrize("pid", [1, None, 4194303])
async def test_a_stale_pid_file_keeps_nobody_out(tmp_path: Path, pid: int | None) -> None:
    """Whether its number is free again or somebody else's: this process's, or that of the first."""
    async with owner_of(tmp_path) as owner:
        await _write(await owner.urls())
    lines = [
        str(pid or os.getpid()),
        str(tmp_path / "postgres"),
        "1700000000",
        "5432",
        "/tmp/gone",
        "",
        "  1 1",
        "ready",
    ]
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    (tmp_path / "redis" / "redis.pid").write_text(f"{lines[0]}\n")
    assert await _kept(tmp_path) == 1


async def test_a_closed_input_ends_the_command(tmp_path: Path) -> None:
    """Tests and benchmarks hold its input: when they are gone, so is it."""
    async with owner_of(tmp_path) as owner:
        await owner.urls()
        owner.close_input()
        assert await asyncio.wait_for(owner.process.wait(), PATIENCE_S) == 0
