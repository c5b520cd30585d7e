"""Groups, and what it is to say something in one: acknowledged, and with each of its members."""

from collections.abc import Sequence

import asyncpg

from bench.commands.lanes import Lane
from bench.commands.people import Person
from bench.commands.rows import message
from core.ids import new_id

SIZES = (50, 500)
MOST = max(SIZES)
# As the product makes them; that people join is not measured.
_GATHER = """
    WITH room AS (
        INSERT INTO communication.rooms (id, kind, created_at) VALUES ($1, 'group', now())
    ), named AS (
        INSERT INTO communication.groups (id, room_id, name, history, created_at)
        VALUES ($2, $1, 'Bench', 'from_joining', now())
    )
    INSERT INTO communication.members (room_id, user_id, role, joined_at)
    SELECT $1, who, CASE nth WHEN 1 THEN 'owner' ELSE 'member' END, now()
    FROM unnest($3::uuid[]) WITH ORDINALITY AS those (who, nth)
"""


async def gather(database: asyncpg.Connection, user_ids: Sequence[str]) -> str:
    """The room of a new group of these."""
    room_id = new_id()
    await database.execute(_GATHER, room_id, new_id(), user_ids)
    return room_id


async def gather_all(
    database: asyncpg.Connection, user_ids: Sequence[str], sizes: Sequence[int] = SIZES
) -> dict[int, list[str]]:
    """Of each size as many groups as there is somebody for, each in one of them."""
    return {
        size: [
            await gather(database, user_ids[at : at + size])
            for at in range(0, len(user_ids) - size + 1, size)
        ]
        for size in sizes
    }


def lanes(people: Sequence[Person], size: int, room_ids: Sequence[str]) -> list[Lane]:
    """In each of these groups, which `gather_all` has made of these people, one says something."""
    groups = (people[at : at + size] for at in range(0, len(room_ids) * size, size))
    return [
        Lane(first, others, size + 1, lambda room_id=room_id: message(room_id))  # type: ignore[misc]
        for (first, *others), room_id in zip(groups, room_ids, strict=True)
    ]
