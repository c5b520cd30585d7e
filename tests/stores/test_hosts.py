"""Several hosts in DATABASE_URL: who takes writes is found, and found anew."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.postgres.hosts import Hosts, addresses
from db.postgres.pool import open_pool
from tests.conftest import NewDatabase
from tests.machines.postgres_server import postgres_server
from tests.patience import PATIENCE_S
from tests.ports import Ports

WRITE = "CREATE TABLE IF NOT EXISTS written ()"


def test_each_host_has_its_url() -> None:
    assert addresses("postgresql://ana:se%40cret@db-1:5432,db-2/x?sslmode=require") == [
        "postgresql://ana:se%40cret@db-1:5432/x?sslmode=require",
        "postgresql://ana:se%40cret@db-2/x?sslmode=require",
    ]
    assert addresses("postgresql://realtime@/x?host=/run/a") == ["postgresql://realtime@/x?host=/run/a"]


async def test_where_none_serves_each_says_why_and_no_password_is_told(ports: Ports) -> None:
    async with postgres_server(tcp=True) as primary, primary.standby() as standby:
        nobody = ports.take()
        url = f"postgresql://realtime:hunter2@127.0.0.1:{nobody},127.0.0.1:{standby.port}/realtime"
        with pytest.raises(ConnectionError) as said:
            await Hosts(url).connect(timeout=PATIENCE_S)
        assert f"127.0.0.1:{standby.port}: it takes no writes" in str(said.value)
        assert f"127.0.0.1:{nobody}: " in str(said.value)
        assert "hunter2" not in str(said.value)
        # Whatever the order, and while the first is not even heard.
        both = f"postgresql://realtime@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/realtime"
        with standby.frozen():
            async with asyncio.timeout(PATIENCE_S):
                connection = await Hosts(both).connect(timeout=PATIENCE_S * 10)
            assert not await connection.fetchval("SELECT pg_is_in_recovery()")
            await connection.close()


async def test_connections_to_a_server_without_writes_are_given_up(new_database: NewDatabase) -> None:
    """Whoever writes next is connected anew: another server may be there by then."""
    url = await new_database()
    name = urlsplit(url).path.removeprefix("/")

    async def read_only(value: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
        await connection.close()

    await read_only("on")
    pool = await open_pool(url, size=3, patience_s=PATIENCE_S)
    try:
        async with pool.acquire(), pool.acquire():
            await pool.fetchval("SELECT 1")
        await read_only("off")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.execute(WRITE)
        for _ in range(3):
            await pool.execute(WRITE)
    finally:
        await pool.close()
