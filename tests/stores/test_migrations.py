"""Migrations: they make the committed schema, once, whichever node starts first."""

import asyncio
import logging

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from db.migrations import migrate as migrations
from db.migrations.migrate import MigrationError, current, migrate, revisions
from db.migrations.schema import SCHEMA, replayed, scratch_database

LOG = logging.getLogger(__name__)


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
        assert caplog.messages == []


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


async def test_evidence_is_never_deleted_along_with_something_else(database_url: str) -> None:
    """Only refresh tokens go with their session."""
    async with scratch_database(database_url) as empty:
        await migrate(empty, LOG)
        connection = await asyncpg.connect(empty)
        rows = await connection.fetch(
            "SELECT conrelid::regclass::text AS name FROM pg_constraint"
            " WHERE contype = 'f' AND confdeltype <> 'a'"
        )
        await connection.close()
    assert [row["name"] for row in rows] == ["identity.refresh_tokens"]
