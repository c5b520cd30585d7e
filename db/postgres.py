"""PostgreSQL: the pool, and SQL by name. Stores own their queries; this module owns how they are run."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import asyncpg
import msgspec

_SQL = Path(__file__).with_name("sql")
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

# The driver has no types of its own: these names say what is meant, the checker takes them as given.
Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = asyncpg.Connection
Record: TypeAlias = asyncpg.Record


async def _speak_plainly(connection: Connection) -> None:
    """Ids are text and JSON is values in this house."""
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        format="text",
    )


async def open_pool(url: str, *, size: int, timeout_s: float = 10) -> Pool:
    """A pool of at most `size` connections. Raises OSError or asyncpg's errors when the server refuses."""
    return await asyncpg.create_pool(
        url, min_size=1, max_size=size, init=_speak_plainly, timeout=timeout_s, command_timeout=30
    )


def queries(file: str) -> Mapping[str, str]:
    """The statements of `db/sql/<file>.sql`: each follows a line `-- name: x` and what it does."""
    parts = _NAME.split((_SQL / f"{file}.sql").read_text())
    return MappingProxyType(dict(zip(parts[1::2], (p.strip() for p in parts[2::2]), strict=True)))
