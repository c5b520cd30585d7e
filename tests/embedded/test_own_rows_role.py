"""The role `app_user`, without which no own-data transaction is begun: who makes it, and who is told to."""

import asyncio
import logging
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from db.embedded import EmbeddedServers
from db.migrations.migrate import MigrationError, current, migrate, revisions
from tests.patience import PATIENCE_S

LOG = logging.getLogger(__name__)
ACTS = (
    "SELECT pg_has_role('realtime', 'app_user', 'SET'), rolcanlogin FROM pg_roles WHERE rolname = 'app_user'"
)


async def as_administrator(url: str, *statements: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, user="postgres")
    try:
        return [row for statement in statements for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_each_start_makes_the_role_where_it_is_missing(tmp_path: Path) -> None:
    """A data folder of an earlier version; a server of others, whose role may make it; one whose may not."""
    async with asyncio.timeout(PATIENCE_S):
        async with EmbeddedServers.open(tmp_path, postgres=True, redis=False, log=print) as urls:
            url = urls.database_url
            await as_administrator(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            assert [tuple(row) for row in await as_administrator(url, ACTS)] == [(True, False)]
            await as_administrator(
                url,
                "DROP ROLE app_user",
                "CREATE ROLE maker LOGIN CREATEROLE",
                "CREATE DATABASE elsewhere OWNER maker",
            )
            address = urlsplit(url)._replace(path="/elsewhere", netloc="maker@")
            await migrate(urlunsplit(address), LOG)
            await as_administrator(url, "DROP DATABASE elsewhere", "DROP ROLE app_user")

            with pytest.raises(MigrationError, match="Nothing has been changed") as refused:
                await migrate(url, LOG)
            assert await current(url) is None
            statements = re.findall(r"(?:CREATE ROLE|GRANT) [^;]+;", str(refused.value))
            assert len(statements) == 2, refused.value
            await as_administrator(url, *statements)
            await migrate(url, LOG)
            assert await current(url) == revisions()[-1]

            await as_administrator(url, "REVOKE app_user FROM realtime")
            with pytest.raises(MigrationError, match="GRANT app_user TO realtime;"):
                await migrate(url, LOG)
        async with EmbeddedServers.open(tmp_path, postgres=True, redis=False, log=print) as urls:
            assert [tuple(row) for row in await as_administrator(urls.database_url, ACTS)] == [(True, False)]
            await migrate(urls.database_url, LOG)
