"""The schema on one page, `schema.sql`: what the migrations make of an empty database. Not edited by hand.

Run `python -m db.migrations.schema` after adding a migration. It uses the server of `DATABASE_URL`, or an
embedded one. A test compares the file with the migrations.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from db.embedded.binaries import locate
from db.embedded.servers import EmbeddedServers
from db.migrations.migrate import migrate

SCHEMA = Path(__file__).with_name("schema.sql")
_HEAD = "-- Written by `python -m db.migrations.schema` from the migrations; do not edit.\n\n"


async def replayed(url: str) -> str:
    """The text of the schema that the migrations make, on a scratch database of the server at `url`.

    The user must be allowed to create databases. Raises asyncpg's errors, and RuntimeError if pg_dump fails.
    """
    async with scratch_database(url) as empty:
        await migrate(empty, logging.getLogger(__name__))
        return await dump(empty)


@contextlib.asynccontextmanager
async def scratch_database(url: str) -> AsyncIterator[str]:
    """The URL of a new, empty database, which is dropped at the end."""
    name = f"scratch_{secrets.token_hex(8)}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            await connection.execute(f"DROP DATABASE {name}")
    finally:
        await connection.close()


async def dump(url: str) -> str:
    """The schema of this database from pg_dump, without what differs between servers."""
    prefix = locate(postgres=True, redis=False).postgres
    process = await asyncio.create_subprocess_exec(
        f"{prefix}/bin/pg_dump",
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        # Otherwise the key is random, and no two dumps are equal.
        "--restrict-key=schema",
        f"--dbname={url}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"pg_dump failed: {err.decode().strip()}")
    return _HEAD + plain(out.decode())


def plain(text: str) -> str:
    """A dump without comments, session settings and psql's commands, and without repeated empty lines."""
    noise = ("--", "SET ", "SELECT pg_catalog.", "\\")
    lines = (line for line in text.splitlines() if not line.startswith(noise))
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"


async def _write() -> None:
    if url := os.environ.get("DATABASE_URL"):
        SCHEMA.write_text(await replayed(url))
        return
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedServers.open(Path(folder), postgres=True, redis=False, log=_say) as servers:
            assert servers.database_url
            SCHEMA.write_text(await replayed(servers.database_url))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(_write())
