"""Own-data transactions: PostgreSQL shows one user's rows, whatever a statement forgets to ask for."""

import asyncio
import logging
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator

import pytest

from core import personal_data
from core.clock import now_ms, to_datetime
from core.errors import NotFound
from core.tasks import end
from db.embedded.binaries import locate
from db.migrations.migrate import migrate
from db.migrations.schema import scratch_database
from db.postgres import as_owner
from db.postgres.consents import ConsentStore
from db.postgres.own_rows import OPEN, TABLES, OwnStatement, own_queries, own_rows
from db.postgres.pool import FILES, Pool, marked, open_pool
from tests.machines.variants import direct, is_pooled
from tests.patience import PATIENCE_S
from tests.stores.world import World, world_at

LOG = logging.getLogger(__name__)

GUARDED = """
    SELECT c.oid::regclass::text AS name, c.relforcerowsecurity AS forced,
        jsonb_object_agg(
            p.policyname, ARRAY[p.roles::text, p.cmd, p.permissive, p.qual, p.with_check]
        ) AS policies
    FROM pg_class c
    JOIN pg_policies p ON p.schemaname = c.relnamespace::regnamespace::text AND p.tablename = c.relname
    WHERE c.relrowsecurity GROUP BY c.oid
"""
MAY_SEE = "SELECT has_any_column_privilege('app_user', $1, 'SELECT')"


async def test_the_registry_names_the_tables_that_are_guarded(world: World) -> None:
    """Each lets its owner through, by whatever name, and app_user to rows of `identity.me()` alone."""
    rows = {row["name"]: row for row in await world.pool.fetch(GUARDED)}
    assert rows.keys() == TABLES.keys()
    for name, row in rows.items():
        assert row["forced"], name
        assert row["policies"].keys() == {"own", "owners"}, name
        assert row["policies"]["owners"] == ["{pg_database_owner}", "ALL", "PERMISSIVE", "true", None], name
        roles, commands, kind, condition, check = row["policies"]["own"]
        assert (roles, commands, kind, check) == ("{app_user}", "ALL", "PERMISSIVE", None), name
        if "identity.me()" in TABLES[name]:
            assert condition == f"({TABLES[name]})", name
        assert "identity.me()" in condition, name


def test_each_table_with_personal_data_is_guarded_or_has_a_reason() -> None:
    """Missing? Guard it by `identity.guard_rows` in its migration and name it in TABLES, or say why not."""
    said = [*TABLES, *(name for tables in OPEN.values() for name in tables.split())]
    assert len(said) == len(set(said))
    assert {table.name for table in personal_data.TABLES} - set(said) == set()


async def test_app_user_may_see_no_table_that_is_not_guarded(world: World) -> None:
    """To ask for one is refused: a statement that needs others' rows is none for own-data transactions."""
    tables = await world.pool.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm')"
        " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        " AND (has_any_column_privilege('app_user', c.oid, 'SELECT, INSERT, UPDATE')"
        " OR has_table_privilege('app_user', c.oid, 'DELETE'))"
    )
    assert {row["name"] for row in tables} <= TABLES.keys()


async def test_whoever_says_for_nobody_sees_nothing(world: World) -> None:
    """Also after a transaction for somebody on the same connection."""
    ana, ben = await world.pair()
    await world.say((await world.connected((ana, ben))).room_id, ana)
    async with world.pool.acquire() as connection:
        for begin, seen in (
            ("SET LOCAL app.user_id = ''", False),
            (f"SET LOCAL app.user_id = '{ana}'", True),
            ("", False),
        ):
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ROLE app_user; {begin}")
                for name in TABLES:
                    if await connection.fetchval(MAY_SEE, name):
                        count = await connection.fetchval(f"SELECT count(*) FROM {name}")
                        assert count == 0 or seen, name
                if seen:
                    assert await connection.fetchval("SELECT count(*) FROM communication.messages") == 1


async def test_a_dump_of_the_owner_holds_everybodys_rows(database_url: str) -> None:
    """As docs/security.md says; without its option pg_dump refuses, and leaves nothing out in silence."""
    async with (
        scratch_database(direct(database_url)) as full,
        scratch_database(direct(database_url)) as empty,
    ):
        await migrate(full, LOG)
        async with world_at(full) as world:
            room = (await world.connected(await world.pair())).room_id
            kept = await world.pool.fetch("SELECT * FROM identity.users ORDER BY id")
        bin_ = f"{locate(postgres=True, redis=False).postgres}/bin"
        code, _, said = await ran(f"{bin_}/pg_dump", "--data-only", full)
        assert code, "rows may be missing from it"
        assert b"row-level security" in said
        code, dump, said = await ran(f"{bin_}/pg_dump", "--enable-row-security", full)
        assert not code, said
        # An older server does not know all settings of a newer pg_dump.
        dump = dump.replace(b"SET transaction_timeout = 0;", b"")
        code, _, said = await ran(f"{bin_}/psql", "--quiet", "--set=ON_ERROR_STOP=1", empty, given=dump)
        assert not code, said
        async with world_at(empty) as world:
            assert await world.pool.fetch("SELECT * FROM identity.users ORDER BY id") == kept
            assert (
                await world.pool.fetchval("SELECT count(*) FROM communication.rooms WHERE id = $1", room) == 1
            )
            async with own_rows(world.pool, kept[0]["id"]) as own:
                found = await own.fetch(
                    OwnStatement("SELECT id FROM identity.users WHERE $1::uuid IS NOT NULL")
                )
            assert [row["id"] for row in found] == [kept[0]["id"]]


async def ran(*command: str, given: bytes = b"") -> tuple[int, bytes, bytes]:
    """How it ended, what it gave, and what it said."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(PATIENCE_S):
        out, said = await process.communicate(given)
    assert process.returncode is not None
    return process.returncode, out, said


@pytest.fixture
async def one_connection(database_url: str, world: World) -> AsyncIterator[Pool]:
    """A pool that lends the same connection again and again."""
    prepared = not is_pooled(database_url)
    pool = await open_pool(database_url, size=1, patience_s=PATIENCE_S, prepared=prepared)
    yield pool
    await pool.close()


async def test_an_error_undoes_all_of_it(world: World, one_connection: Pool) -> None:
    """And whoever has the connection next is the owner again."""
    ana, at = await world.person("Ana"), to_datetime(now_ms())

    async def agree_in_vain() -> None:
        async with own_rows(one_connection, ana) as own:
            await own.execute(own_queries("consents")["add"], "terms", "9", True, at)
            raise NotFound

    with pytest.raises(NotFound):
        await agree_in_vain()
    assert await ConsentStore(one_connection).of(ana) == []
    assert await one_connection.fetchval("SELECT current_user") != "app_user"
    assert await one_connection.fetchval("SELECT identity.me()") is None
    with pytest.raises(ValueError, match="badly formed"):
        await ConsentStore(one_connection).of("'; RESET ROLE; --")


async def test_whoever_waits_no_longer_holds_nothing_up(world: World, one_connection: Pool) -> None:
    """The connection goes with a statement that is given up."""
    ana = await world.person("Ana")
    begun = asyncio.Event()

    async def wait() -> None:
        async with own_rows(one_connection, ana) as own:
            begun.set()
            await own.execute(OwnStatement("SELECT pg_sleep(600), $1::uuid"))

    waiting = asyncio.create_task(wait())
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        await end([waiting])
        assert await one_connection.fetchval("SELECT current_user") != "app_user"
    assert waiting.cancelled()


def test_the_page_says_what_runs_as_the_owner() -> None:
    """Stale? `python -m db.postgres.as_owner` writes it anew. Each file has its reason, and once."""
    page = as_owner.PAGE.read_text()
    assert as_owner.written(page) == page
    files = sorted(file for files in as_owner.WHY.values() for file in files.split())
    assert files == [file for file in FILES if marked(file, "name", "both")]
