"""Bring a database to the newest schema. Alembic runs the files; this module says when and under what lock.

Any number of processes may start at once: one migrates, the others wait for it. All pending files run in one
transaction, so a mistake in one leaves the database as it was.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent
_PATIENCE_S = 10  # for a server that accepts connections and does not answer
_LOCK = 7_312_026_001  # Any number that nothing else on this database locks.


class Log(Protocol):
    """What a structlog or a standard logger can do."""

    def info(self, event: str, /, *args: Any) -> Any:
        """One line."""


class MigrationError(Exception):
    """The database has a version that this program does not know."""


def revisions() -> list[str]:
    """All versions of the schema, oldest first: the names of the SQL files."""
    return sorted(path.stem for path in (FOLDER / "versions").glob("*.sql"))


async def migrate(url: str, log: Log, *, until: str | None = None) -> None:
    """Run the migrations that are missing, `until` that version or all; one query if there are none.

    Raises `MigrationError` if the database is newer than this program, OSError or asyncpg's errors if it
    cannot be reached or a file fails.
    """
    present, newest = await current(url), until or revisions()[-1]
    if present == newest:
        return
    if present is not None and present not in revisions():
        raise MigrationError(f"The database is at version {present}, this program knows none after {newest}.")
    log.info("Migrating the database from %s to %s", present or "nothing", newest)
    await _upgrade(url, newest)


async def current(url: str) -> str | None:
    """The version of the database; None while it is empty."""
    connection = await asyncpg.connect(url, timeout=_PATIENCE_S)
    try:
        if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
            return None
        version: str | None = await connection.fetchval("SELECT version_num FROM public.alembic_version")
        return version
    finally:
        await connection.close()


async def _upgrade(url: str, newest: str) -> None:
    # Imported here: a start that has nothing to migrate does not pay for Alembic.
    from sqlalchemy import text  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url, timeout=_PATIENCE_S),
        poolclass=NullPool,
    )
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_run_pending, newest)


def _run_pending(connection: "Connection", newest: str) -> None:
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory(str(FOLDER))
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs(newest, revision),
    ) as environment:
        environment.configure(connection=connection, version_table_schema="public")
        environment.run_migrations()
