"""The registry of personal data and the schema say the same, and what is said of each table is done."""

from collections.abc import Mapping

from core.data_rules import Lasts, Stays
from core.nobodys_data import NOBODYS
from core.personal_data import TABLES
from core.settings import Settings
from db.postgres.personal_data import erasing, reading, remaining
from tests.stores.world import World

_COLUMNS = """
    SELECT n.nspname || '.' || c.relname AS name, array_agg(a.attname::text) AS columns
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    GROUP BY 1
"""
_TABLE = (
    "the table `{}` is not in the registry of personal data: add a Table to TABLES in core/personal_data.py"
    " (which rows are `of` a user; in `told` what they are shown of it, in `untold` the rest by why; how it"
    " is `erased`, how long it `lasts`), or, if it says nothing of anybody, its columns to"
    " core/nobodys_data.py. Then: python -m realtime data > docs/data.md"
)
_COLUMN = (
    "the column `{}` is not in the registry of personal data: in core/personal_data.py add it to `told` of"
    " its table, if whose it is may read it in the copy of their data, or to `untold` by why not (or to"
    " core/nobodys_data.py); if it tells who somebody was, also to what is `Emptied`."
    " Then: python -m realtime data > docs/data.md"
)
_GONE = "the registry of personal data names `{}`, which is not in the schema"


def said() -> dict[str, list[str]]:
    """All columns of which the registry says something, by table."""
    nobodys = {name: columns.split() for each in NOBODYS.values() for name, columns in each.items()}
    return nobodys | {table.name: [*table.words, *table.reasons] for table in TABLES}


def lacks(schema: Mapping[str, list[str]], known: Mapping[str, list[str]]) -> list[str]:
    """A sentence for whatever the two do not both have."""
    found = [_TABLE.format(name) for name in schema if name not in known]
    found += [_GONE.format(name) for name in known if name not in schema]
    for name in schema.keys() & known.keys():
        there, here = set(schema[name]), set(known[name])
        found += [_COLUMN.format(f"{name}.{column}") for column in sorted(there - here)]
        found += [_GONE.format(f"{name}.{column}") for column in sorted(here - there)]
    return found


async def test_each_table_and_column_is_in_the_registry(world: World) -> None:
    """Also those that come later: whoever adds one says what becomes of it."""
    schema = {row["name"]: row["columns"] for row in await world.pool.fetch(_COLUMNS)}
    assert lacks(schema, said()) == []


def test_what_is_missing_is_told_with_where_to_write_it() -> None:
    here = said()
    more = here | {"social.pets": ["name"], "identity.users": [*here["identity.users"], "shoe_size"]}
    table, column = lacks(more, here)
    assert "`social.pets`" in table
    assert "TABLES in core/personal_data.py" in table
    assert "`identity.users.shoe_size`" in column
    assert lacks(here, more) == [_GONE.format("social.pets"), _GONE.format("identity.users.shoe_size")]


def test_nothing_is_said_twice() -> None:
    """One name for each file, one place for each column, no value for a column that there is not."""
    files = [table.file for table in TABLES if table.file]
    assert sorted(files) == sorted(set(files))
    assert len({table.name for table in TABLES}) == len(TABLES)
    for table in TABLES:
        assert not table.words.keys() & table.reasons.keys(), table.name
        assert bool(table.words) == bool(table.file), table.name
        values = getattr(table.erased, "values", {})
        assert values.keys() <= table.words.keys() | table.reasons.keys(), table.name


async def test_postgres_takes_each_statement(world: World) -> None:
    """Of somebody who has nothing: nothing is read, and nothing is left."""
    nobody, now = await world.person(), 1_800_000_000_000
    async with world.pool.acquire() as connection:
        for table in TABLES:
            if table.file:
                read = reading(table)
                await connection.fetch(read.text, *read.given(nobody, now))
            if not isinstance(table.erased, Stays):
                for statement in (erasing(table, table.erased), remaining(table, table.erased)):
                    await connection.execute(statement.text, *statement.given(nobody, now))


def test_each_time_is_a_setting_or_a_day_and_somebody_sees_to_it() -> None:
    """By the file that it names."""
    for table in TABLES:
        if isinstance(table.lasts, Lasts):
            assert table.lasts.ms(Settings()) >= 86_400_000, table.name
