"""What the tests start does what its name says: otherwise what is tested with it is not."""

import asyncio
import signal
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from db.outage import OUTAGES
from db.redis.multiplexed import open_redis_client
from tests.certificate import certificate
from tests.embedded.owner import PROJECT, gone, until
from tests.machines.pgbouncer import pgbouncer
from tests.machines.postgres_server import postgres_15, postgres_server
from tests.machines.redis_cluster import redis_cluster
from tests.machines.redis_server import redis_7, redis_server
from tests.patience import PATIENCE_S


async def test_a_redis_keeps_what_it_is_told_to_keep() -> None:
    """Killed and started again; and without its data, if that is what is asked for."""
    async with redis_server(binary=redis_7(), appendonly=True, tcp=True) as server:
        url = server.url
        async with open_redis_client(url, patience_s=PATIENCE_S) as redis:
            assert b"redis_version:7" in await redis.command("INFO", "server")
            await redis.command("SET", "kept", 1)
        await server.restart()
        async with open_redis_client(url) as redis:
            assert await redis.command("GET", "kept") == b"1"
        await server.restart(with_data=False, how=signal.SIGKILL)
        async with open_redis_client(url, patience_s=PATIENCE_S) as redis:
            assert await redis.command("GET", "kept") is None
        async with open_redis_client(url, patience_s=0.3) as redis:
            with server.frozen(), pytest.raises(OUTAGES):
                await redis.command("GET", "kept")


async def test_a_cluster_with_a_password_over_tls(tmp_path: Path) -> None:
    """Its servers speak it among themselves too: a replica takes over from a master that is killed."""
    known = certificate(tmp_path)
    async with (
        redis_cluster(binary=redis_7(), password="a secret", tls=known) as cluster,
        open_redis_client(cluster.url, patience_s=PATIENCE_S) as redis,
    ):
        await redis.command("SET", "key", "before")
        assert sorted(await cluster.masters()) == [0, 1, 2]
        await cluster.linked(3 + (number := await cluster.owner("key")))
        await cluster.tell(number, "WAIT", 1, 0)
        await cluster.kill(number)
        await cluster.until("master", number + 3, "INFO", "replication", told=lambda about: about["role"])
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    assert await redis.command("GET", "key") == b"before"
                    break
                except OUTAGES:
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", [15, 18])
async def test_a_standby_is_promoted(version: int) -> None:
    """With all that was written before its primary was killed and that it was to hear first."""
    prefix = postgres_15() if version == 15 else None
    async with postgres_server(prefix=prefix, tcp=version == 15) as primary, primary.standby() as standby:
        await primary.tell("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        await primary.tell("SELECT pg_reload_conf()")
        await primary.until_streaming(standby)
        connection = await asyncpg.connect(primary.url)
        assert connection.get_server_version().major == version
        await connection.execute("CREATE TABLE kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        connection.terminate()
        await primary.kill()
        await standby.promote()
        connection = await asyncpg.connect(standby.url)
        await connection.execute("INSERT INTO kept VALUES (2)")
        assert await connection.fetchval("SELECT count(*) FROM kept") == 2
        await connection.close()


async def test_pgbouncer_lends_a_connection_for_a_transaction() -> None:
    """Two of its clients act by one connection of the server."""
    async with (
        postgres_server(prefix=postgres_15()) as server,
        pgbouncer(server.url, default_pool_size="1") as bouncer,
    ):
        clients = [await asyncpg.connect(bouncer.url, statement_cache_size=0) for _ in range(2)]
        pids = {await client.fetchval("SELECT pg_backend_pid()") for client in clients}
        assert len(pids) == 1
        for client in clients:
            await client.close()


async def test_nothing_outlives_a_test_that_is_killed() -> None:
    """Its servers end, and their folder goes."""
    script = (
        "import asyncio\n"
        "from tests.machines.redis_server import redis_server\n"
        "async def main():\n"
        "    async with redis_server() as server:\n"
        "        print(server.process.pid, server.folder, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    test = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=PROJECT
    )
    assert test.stdout is not None
    pid, folder = (await asyncio.wait_for(test.stdout.readline(), PATIENCE_S)).decode().split()
    server = psutil.Process(int(pid))
    test.kill()
    await test.wait()
    await until(lambda: gone(server) and not Path(folder).exists(), "the server and its folder to be gone")
