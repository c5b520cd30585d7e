"""Arrays as text: PostgreSQL reads what was said, whatever it was."""

import random

from core.ids import new_id
from db.postgres.array_texts import of_texts, of_words
from tests.stores.world import World

_ODD = ("", "NULL", "null", " ", "{}", ",", '"', "\\", '\\"', "\n", "\t\r", "a,b", "{a}", "\\N", "👋", "'")
_LONG = "ä" * 4000


async def test_whatever_was_said_is_read_as_it_was_said(world: World) -> None:
    """Quotes, backslashes, braces, commas, line ends, the word NULL, and none at all."""
    chance = random.Random(7)
    several = ["".join(chance.choices(_ODD, k=chance.randrange(6))) for _ in range(500)]
    said = [*_ODD, _LONG, None, *several]
    assert await world.pool.fetchval("SELECT $1::text::text[]", of_texts(said)) == said
    assert await world.pool.fetchval("SELECT $1::text::text[]", of_texts([])) == []


async def test_ids_and_none(world: World) -> None:
    """A message that answers none has no id there."""
    ids = [new_id(), None, new_id()]
    assert await world.pool.fetchval("SELECT $1::text::uuid[]", of_words(ids)) == ids
