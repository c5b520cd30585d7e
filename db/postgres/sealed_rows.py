"""Rows with something sealed in Postgres, table by table: read and written in batches, and counted by key.

For the operator's command alone (`services/encryption.py`), while nodes run: what somebody else changes
meanwhile stays as that one has it, and a row that somebody holds is left for the next pass. The tables are
constants of ours, as those of `db/postgres/personal_data.py`. What an outage raises passes through.
"""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
from msgspec import Struct

from core.fields import EMAIL, FIELDS, Field
from core.keys import Lasting
from core.seals import Sealed
from db.postgres.pool import Pool

_FIRST = "00000000-0000-0000-0000-000000000000"
_LONG_S = 600


class Boxes(Struct, frozen=True):
    """A table with a sealed column: the row it belongs to, box, id of its key, and for what the key is.

    `hash`: by which the row is found.
    """

    table: str
    row: str
    box: str
    key_id: str
    purpose: Lasting
    hash: str = "NULL"
    provider: str = "NULL"


class Row(Struct, frozen=True):
    """A row: a value as it is stored, and the hash by which it is found."""

    id: str
    value: str
    hash: bytes | None = None


class BoxRow(Struct, frozen=True):
    """The same of a box."""

    id: str
    sealed: Sealed
    hash: bytes | None = None
    provider: str | None = None


LOGINS = Boxes(
    "identity.logins", "id", "sealed", "key_id", "logins", hash="subject_hash", provider="provider"
)
BOXES = (
    LOGINS,
    Boxes("identity.totp", "user_id", "secret", "key_id", "one-time codes"),
    Boxes("identity.one_time_codes", "id", "carried", "key_id", "sent codes"),
    Boxes("interaction.reports", "id", "evidence", "evidence_key_id", "evidence"),
)
# Files are counted, and stay sealed as they are: they go with their reports.
_COUNTED = (("social.media", "key_id"), ("identity.kept_keys", "key_id"))


class SealedRows:
    """Some of them at a time, in the order of their ids."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, field: Field, after: str | None, limit: int) -> list[Row]:
        """Rows with words in this column, sealed or not."""
        found = "email_hash" if field is EMAIL else "NULL::bytea"
        text = (
            f"SELECT id, {field.column} AS value, {found} AS hash FROM {field.table}"  # noqa: S608
            f" WHERE {field.column} IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
        )
        rows = await self._pool.fetch(text, after or _FIRST, limit)
        return [Row(row["id"], row["value"], row["hash"]) for row in rows]

    async def write(self, field: Field, changes: Sequence[tuple[Row, Row]]) -> int:
        """Put the second of each pair in place of the first, where that is there. Gives how many were."""
        sets = f"{field.column} = new.value" + (", email_hash = new.hash" if field is EMAIL else "")
        text = _changing(field.table, "id", f"t.{field.column} = new.was", sets, "text")
        columns = [(was.id, was.value, row.value, row.hash) for was, row in changes]
        return await self._change(text, columns)

    async def boxes(self, boxes: Boxes, after: str | None, limit: int) -> list[BoxRow]:
        """Rows with a box."""
        text = (
            f"SELECT {boxes.row} AS id, {boxes.box} AS box, {boxes.key_id} AS key_id,"  # noqa: S608
            f" {boxes.hash}::bytea AS hash, {boxes.provider}::text AS provider FROM {boxes.table}"
            f" WHERE {boxes.box} IS NOT NULL AND {boxes.row} > $1 ORDER BY {boxes.row} LIMIT $2"
        )
        rows = await self._pool.fetch(text, after or _FIRST, limit)
        return [
            BoxRow(row["id"], Sealed(row["key_id"], row["box"]), row["hash"], row["provider"]) for row in rows
        ]

    async def write_boxes(self, boxes: Boxes, changes: Sequence[tuple[BoxRow, BoxRow]]) -> int:
        """The same of boxes."""
        sets = f"{boxes.box} = new.value, {boxes.key_id} = new.key_id"
        sets += f", {boxes.hash} = new.hash" if boxes.hash != "NULL" else ""
        text = _changing(boxes.table, boxes.row, f"t.{boxes.box} = new.was", sets, "bytea")
        columns = [
            (was.id, was.sealed.box, row.sealed.box, row.hash, row.sealed.key_id) for was, row in changes
        ]
        return await self._change(text, columns)

    async def _change(self, text: str, columns: Sequence[tuple[object, ...]]) -> int:
        """All at once; one by one where one of them is found by what another has already."""
        try:
            return len(await self._pool.fetch(text, *_turned(columns)))
        except asyncpg.UniqueViolationError:
            if len(columns) == 1:
                return 0
        return sum([await self._change(text, [one]) for one in columns])

    async def counted(self) -> dict[str, dict[str | None, int]]:
        """How many values there are by the key that has sealed them (None: in clear), by column."""
        counts: dict[str, dict[str | None, int]] = {}
        for field in FIELDS:
            key = f"split_part(substr({field.column}, 2), ':', 1)"
            key = f"CASE WHEN starts_with({field.column}, chr(1)) THEN {key} END"
            counts[f"{field.table}.{field.column}"] = await self._count(field.table, key, field.column)
        for boxes in BOXES:
            counts[f"{boxes.table}.{boxes.box}"] = await self.counted_boxes(boxes)
        for table, key_id in _COUNTED:
            counts[table] = await self._count(table, key_id, key_id)
        return counts

    async def counted_boxes(self, boxes: Boxes) -> dict[str | None, int]:
        """The same of one table."""
        return await self._count(boxes.table, boxes.key_id, boxes.box)

    async def jobs_with(self, key_id: str) -> int:
        """How many jobs wait, or have failed, that this key has sealed."""
        text = "SELECT count(*) FROM jobs.pgqueuer WHERE position($1::bytea IN payload) > 0"
        named = msgspec.msgpack.encode({"key_id": key_id})[1:]  # as in a `Sealed`, but for its beginning
        async with self._pool.acquire() as connection:
            return int(await connection.fetchval(text, named, timeout=_LONG_S))

    async def _count(self, table: str, key: str, column: str) -> dict[str | None, int]:
        text = f"SELECT {key} AS key, count(*) AS values FROM {table} WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        async with self._pool.acquire() as connection:
            rows: Sequence[Mapping[str, object]] = await connection.fetch(text, timeout=_LONG_S)
        return {row["key"]: row["values"] for row in rows}  # type: ignore[misc]  # the driver has no types


def _changing(table: str, row: str, same: str, sets: str, kind: str) -> str:
    """The rows are locked in the order of their ids, and those that somebody has are passed over."""
    more, name = (", $5::text[]", ", key_id") if kind == "bytea" else ("", "")
    given = f"$1::uuid[], $2::{kind}[], $3::{kind}[], $4::bytea[]{more}"
    return f"""
        WITH free AS (
            SELECT {row} FROM {table} WHERE {row} = ANY ($1::uuid[]) ORDER BY {row} FOR UPDATE SKIP LOCKED
        )
        UPDATE {table} t SET {sets}
        FROM unnest({given}) AS new (id, was, value, hash{name}), free
        WHERE t.{row} = new.id AND free.{row} = new.id AND {same}
        RETURNING t.{row}
    """  # noqa: S608


def _turned(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
