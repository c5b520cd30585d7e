"""Migrations: they make the committed schema, once, whichever node starts first."""

import asyncio
import logging
from contextlib import AsyncExitStack

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from core.tasks import end
from db.migrations import migrate as migrations
from db.migrations.migrate import MigrationError, current, migrate, revisions
from db.migrations.schema import SCHEMA, replayed, scratch_database
from tests.patience import PATIENCE_S
from tests.released import mentions, newest_migration

LOG = logging.getLogger(__name__)

# What statements name: columns with their types, functions with their arguments, what a conflict is about;
# and columns that a row cannot do without.
USED = """
WITH relation AS (
    SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_|^information_schema$|^public$'
), col AS (
    SELECT r.name, r.relkind, a.* FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE r.relkind IN ('r', 'p', 'v')
)
SELECT 'column' AS kind, name, attname || ' ' || format_type(atttypid, atttypmod) AS of FROM col
UNION ALL
SELECT 'needed', name, attname FROM col
WHERE relkind <> 'v' AND attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = ''
UNION ALL
SELECT 'function', n.nspname || '.' || p.proname, pg_get_function_identity_arguments(p.oid)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_|^information_schema$|^public$' AND p.prorettype <> 'trigger'::regtype
UNION ALL
SELECT 'constraint', r.name, c.conname
FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid WHERE c.contype IN ('p', 'u')
UNION ALL
SELECT 'unique', r.name, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
FROM pg_index i JOIN relation r ON r.oid = i.indrelid WHERE i.indisunique
"""
Used = set[tuple[str, str, str]]
# Tables that migrations after those of the version before change, each by another file.
HELD = ("identity.users", "interaction.reports", "safety.known_marks")
WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event IN ('PgSleep', 'relation')
    )
"""
ALL_TABLES = """
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('identity', 'interaction', 'communication', 'social', 'safety')
"""


async def used(url: str) -> Used:
    connection = await asyncpg.connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(USED)}
    finally:
        await connection.close()


async def test_the_committed_schema_is_what_the_migrations_make(database_url: str) -> None:
    """Stale? `python -m db.migrations.schema` writes it anew."""
    assert await replayed(database_url) == SCHEMA.read_text()


async def test_many_processes_may_start_at_once(database_url: str) -> None:
    """One migrates, the others wait for it and find nothing left to do."""
    async with scratch_database(database_url) as empty:
        await asyncio.gather(*(migrate(empty, LOG) for _ in range(4)))
        assert await current(empty) == revisions()[-1]


async def test_nothing_is_said_when_there_is_nothing_to_do(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A second start finds the newest schema and leaves it alone."""
    async with scratch_database(database_url) as empty:
        with caplog.at_level(logging.INFO, __name__):
            await migrate(empty, LOG)
            assert [line for line in caplog.messages if "Migrating" in line]
            caplog.clear()
            await migrate(empty, LOG)
        assert [record for record in caplog.records if record.name == __name__] == []


async def test_a_newer_database_is_refused(database_url: str) -> None:
    """A program never works on a schema it does not know."""
    async with scratch_database(database_url) as empty:
        await migrate(empty, LOG)
        connection = await asyncpg.connect(empty)
        await connection.execute("UPDATE alembic_version SET version_num = '9999_from_tomorrow'")
        await connection.close()
        with pytest.raises(MigrationError, match="9999_from_tomorrow"):
            await migrate(empty, LOG)


async def test_the_newest_file_is_the_head_that_alembic_sees() -> None:
    """The quick look-up and Alembic agree on what is newest, and each migration has its SQL."""
    script = ScriptDirectory(str(migrations.FOLDER))
    assert script.get_current_head() == revisions()[-1]
    assert sorted(revision.revision for revision in script.walk_revisions()) == revisions()


def _named(kind: str, name: str, of: str) -> str:
    """The word without which no statement uses it."""
    return {"column": of.partition(" ")[0], "constraint": of}.get(kind, name.rpartition(".")[2])


def test_what_the_version_before_does_not_name_may_go() -> None:
    """As a column that its code no longer reads or writes: that is when a migration may contract."""
    assert mentions(_named("column", "identity.users", "display_name text"))
    assert mentions(_named("function", "identity.visible_to", "uuid, uuid"))
    assert not mentions(_named("column", "identity.users", "nobody_reads_this text"))


async def test_what_nodes_of_the_version_before_use_stays(database_url: str) -> None:
    """Neither gone, renamed nor of another type; and no row of theirs wants for a column they do not know."""
    version = newest_migration()
    async with scratch_database(database_url) as empty:
        await migrate(empty, LOG, until=version)
        before = await used(empty)
        await migrate(empty, LOG)
        after = await used(empty)
    assert before
    gone = {each for each in before - after if each[0] != "needed" and mentions(_named(*each))}
    relations = {name for _, name, _ in before}
    needed = {each for each in after - before if each[0] == "needed" and each[1] in relations}
    assert not gone | needed, f"nodes of {version} cannot do with this: {gone | needed}"


async def test_a_migration_that_waits_for_a_table_keeps_none_from_nodes(database_url: str) -> None:
    """Whoever has one that it needs goes on to any other; when nobody has, it takes all at once."""
    async with scratch_database(database_url) as empty, AsyncExitStack() as ends:
        await migrate(empty, LOG, until="0042_privacy")
        watching, *nodes = [await asyncpg.connect(empty) for _ in ("watching", *HELD)]
        ends.push_async_callback(watching.close)
        for node, table in zip(nodes, HELD, strict=True):
            ends.push_async_callback(node.close)
            await node.execute(
                f"BEGIN; SET LOCAL lock_timeout = '{PATIENCE_S}s'; LOCK TABLE {table} IN ROW SHARE MODE"
            )
        migrating = asyncio.create_task(migrate(empty, LOG))
        ends.push_async_callback(end, [migrating])
        for node in nodes:
            async with asyncio.timeout(PATIENCE_S):
                while not await watching.fetchval(WAITS):
                    await asyncio.sleep(0)
            for name in (table["name"] for table in await node.fetch(ALL_TABLES)):
                await node.execute(f"SELECT FROM {name} LIMIT 1")
            assert not migrating.done()
            await node.execute("ROLLBACK")
        await asyncio.wait_for(migrating, PATIENCE_S)


async def test_evidence_is_never_deleted_along_with_something_else(database_url: str) -> None:
    """Only refresh tokens go with their session, and timelines with their call."""
    async with scratch_database(database_url) as empty:
        await migrate(empty, LOG)
        connection = await asyncpg.connect(empty)
        rows = await connection.fetch(
            "SELECT conrelid::regclass::text AS name FROM pg_constraint"
            " WHERE contype = 'f' AND confdeltype <> 'a'"
        )
        await connection.close()
    names = {row["name"] for row in rows}
    assert names == {"identity.refresh_tokens", "interaction.call_timelines"}
