"""The registry of personal data (`core/personal_data.py`) as statements, that read and erase.

Every table is read, and erased, by what is written there. Erasing goes on in small batches, so that no lock
is held for long, and may be repeated: what is gone already is passed over.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec
from msgspec import Struct

from core.clock import to_datetime
from core.data_rules import Deleted, Emptied, Stays, Table
from core.fields import CLEAR, Fields
from db.postgres.pool import Connection, Pool, Record
from db.postgres.replica import Replica

_AT_ONCE = 500


class Statement(Struct, frozen=True):
    """Its text, with whose data it is, and the time where it has one."""

    text: str
    timed: bool

    def given(self, user_id: str, now: int) -> Sequence[object]:
        """What it takes."""
        return (user_id, to_datetime(now)) if self.timed else (user_id,)


class PersonalData:
    """What is somebody's, table by table."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR, replica: Replica | None = None) -> None:
        self._pool, self._fields, self._replica = pool, fields, replica or Replica(pool)

    async def rows(self, table: Table, user_id: str, now: int, *, since: int) -> AsyncIterator[list[str]]:
        """What is told of it, each row a JSON object, some at a time: all that was so at `since`, in ms."""
        query = reading(table)
        async with self._replica.reading(since) as connection:
            cursor = await connection.cursor(query.text, *query.given(user_id, now))
            while rows := await cursor.fetch(_AT_ONCE):
                yield [self._said(table, row) for row in rows]

    def _said(self, table: Table, row: Record) -> str:
        """The row as it is told: what is sealed in it is opened."""
        text: str = row["said"]
        if not table.sealed:
            return text
        said = msgspec.json.decode(text)
        for word, field in table.sealed.items():
            said[word] = self._fields.read(field, row["row_id"], said[word])
        return msgspec.json.encode(said).decode()

    async def erase(self, table: Table, user_id: str, now: int) -> bool:
        """Erase what can be erased of it now. False: some of it has to wait."""
        if isinstance(table.erased, Stays):
            return True
        async with self._pool.acquire() as connection:
            await erase_all_within(connection, table, user_id, now)
            left = remaining(table, table.erased)
            return not await connection.fetchval(left.text, *left.given(user_id, now))


async def erase_all_within(connection: Connection, table: Table, user_id: str, now: int) -> None:
    """Erase all that can be erased of it now."""
    while await erase_within(connection, table, user_id, now) == _AT_ONCE:
        pass


async def erase_within(connection: Connection, table: Table, user_id: str, now: int) -> int:
    """Erase some of it; gives how many rows those were."""
    assert not isinstance(table.erased, Stays)
    statement = erasing(table, table.erased)
    said: str = await connection.execute(statement.text, *statement.given(user_id, now))
    return int(said.rpartition(" ")[2])


def reading(table: Table) -> Statement:
    """What is told of it to whose it is, as JSON objects in the words of the registry."""
    columns = ", ".join(f'{column} AS "{word}"' for column, word in table.words.items())
    row_id = "id" if table.sealed else "NULL::uuid"
    told = f"SELECT row_to_json(told)::text FROM (SELECT {columns}) told"  # noqa: S608
    which = f"({table.of}) AND ({table.copied})"
    return _statement(f"SELECT {row_id} AS row_id, ({told}) AS said FROM {table.name} WHERE {which}")  # noqa: S608


def erasing(table: Table, how: Deleted | Emptied) -> Statement:
    """Erases some of what has not to wait. A place of a row (`ctid`) is that of a partition only, so the
    condition is asked twice.
    """
    which = f"({_left(table, how)}) AND ({how.waits}) IS NOT TRUE"
    some = f"ctid = ANY (ARRAY(SELECT ctid FROM {table.name} WHERE {which} LIMIT {_AT_ONCE})) AND {which}"  # noqa: S608
    if isinstance(how, Deleted):
        return _statement(f"DELETE FROM {table.name} WHERE {some}")  # noqa: S608
    changes = ", ".join(f"{column} = {value}" for column, value in how.values.items())
    return _statement(f"UPDATE {table.name} SET {changes} WHERE {some}")  # noqa: S608


def remaining(table: Table, how: Deleted | Emptied) -> Statement:
    """Whether something is left of it."""
    return _statement(f"SELECT EXISTS (SELECT FROM {table.name} WHERE {_left(table, how)})")  # noqa: S608


def _left(table: Table, how: Deleted | Emptied) -> str:
    own = f"({table.of}) AND ({how.only})"
    if isinstance(how, Deleted):
        return own
    full = " OR ".join(f"{column} IS DISTINCT FROM {value}" for column, value in how.values.items())
    return f"{own} AND ({full})"


def _statement(text: str) -> Statement:
    numbered = text.replace(":user", "$1::uuid").replace(":now", "$2::timestamptz")
    return Statement(numbered, ":now" in text)
