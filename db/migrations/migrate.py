"""Bring a database to the newest schema. Alembic runs the files; this module says when and under what lock.

Any number of processes may start at once: one migrates, the others wait for it. All pending files run in one
transaction, so a mistake in one leaves the database as it was.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

from db.postgres.hosts import Hosts

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent
_PATIENCE_S = 6  # for a server that does not answer: with what a start takes besides, it is said within 10 s
_TRIES = 20
_LOCK = 7_312_026_001  # Any number that nothing else on this database locks.
_ASKS_AN_ADMINISTRATOR = "RC001"  # the SQLSTATE of a migration whose message is for the operator

# Of tables with row-level security, those that would look empty: a dump that was restored in part, or a role
# that is neither the database's owner nor who has migrated. Own-data transactions need the role.
_SERVES = """
    SELECT current_user AS role,
    to_regprocedure('identity.me()') IS NULL
        OR coalesce(pg_has_role(to_regrole('app_user')::oid, $1), false) AS may_act,
    ARRAY(
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.relrowsecurity AND row_security_active(c.oid) AND NOT EXISTS (
            SELECT FROM pg_policy p, unnest(p.polroles) AS whose (role)
            WHERE p.polrelid = c.oid AND p.polname = 'owners' AND pg_has_role(whose.role, 'USAGE')
        )
        ORDER BY 1
    ) AS hidden
"""


class Log(Protocol):
    """What a structlog or a standard logger can do."""

    def info(self, event: str, /, *args: Any) -> Any:
        """One line."""


class MigrationError(Exception):
    """The database is none that this program can work on; the sentence says why, and what to do."""


def revisions() -> list[str]:
    """All versions of the schema, oldest first: the names of the SQL files."""
    return sorted(path.stem for path in (FOLDER / "versions").glob("*.sql"))


async def migrate(url: str, log: Log, *, until: str | None = None) -> None:
    """Run the migrations that are missing, `until` that version or all; two queries if there are none.

    Raises `MigrationError` if the database is newer than this program, or needs its administrator; OSError or
    asyncpg's errors if it cannot be reached or a file fails.
    """
    present, newest = await current(url), until or revisions()[-1]
    if present is not None and present not in revisions():
        raise MigrationError(f"The database is at version {present}, this program knows none after {newest}.")
    if present != newest:
        log.info("Migrating the database from %s to %s", present or "nothing", newest)
        try:
            await _patiently(url, newest, log)
        except asyncpg.PostgresError as error:
            if error.sqlstate == _ASKS_AN_ADMINISTRATOR:
                raise MigrationError(str(error)) from None
            raise
    await _check_rows(url)


async def _check_rows(url: str) -> None:
    """Raises `MigrationError` where rows are kept from this role that are its own to serve."""
    connection = await Hosts(url).connect(timeout=_PATIENCE_S, command_timeout=_PATIENCE_S)
    try:
        # Until 16 whoever has a role may take it.
        privilege = "SET" if connection.get_server_version().major >= 16 else "MEMBER"
        found = await connection.fetchrow(_SERVES, privilege)
    finally:
        await connection.close()
    if found["hidden"]:
        raise MigrationError(
            f"Row-level security hides {', '.join(found['hidden'])} from the role {found['role']}. Have an "
            f"administrator make it the owner of this database (ALTER DATABASE … OWNER TO {found['role']})."
        )
    if not found["may_act"]:
        raise MigrationError(
            f"The role {found['role']} may not act as app_user. Have an administrator of the server run "
            f"GRANT app_user TO {found['role']}; (after CREATE ROLE app_user NOLOGIN; if there is none)."
        )


async def current(url: str) -> str | None:
    """The version of the database; None while it is empty."""
    connection = await Hosts(url).connect(timeout=_PATIENCE_S, command_timeout=_PATIENCE_S)
    try:
        if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
            return None
        version: str | None = await connection.fetchval("SELECT version_num FROM public.alembic_version")
        return version
    finally:
        await connection.close()


async def _patiently(url: str, newest: str, log: Log) -> None:
    """Nodes of the version before are at work on the same tables, and PostgreSQL gives up one of two that
    wait for each other: as a whole, so it may be tried again.
    """
    for _ in range(_TRIES):
        try:
            await _upgrade(url, newest)
        except asyncpg.DeadlockDetectedError:
            log.info("Migrating again: others were at work on the same tables")
        else:
            return
    await _upgrade(url, newest)


async def _upgrade(url: str, newest: str) -> None:
    # Imported here: a start that has nothing to migrate does not pay for Alembic.
    from sqlalchemy import text  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: Hosts(url).connect(timeout=_PATIENCE_S),
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
