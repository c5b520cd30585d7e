"""A search of many rooms finds what a slow reference finds, however often it was said."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from msgspec import Struct

from core.clock import now_ms, to_datetime
from core.ids import new_id
from tests.stores.test_search import found
from tests.stores.world import World

ROOMS = 60
SAID = 3_000
FAR_BACK = 9_000  # so that some rooms have several places in the index
SEEN_SINCE = 40
# Of so many messages one has this word.
WORDS = {"often": 2, "now": 25, "seldom": 90, "hardly": 700}


class Room(Struct):
    """One of the reader's, or not: what they may read of it."""

    id: str
    kind: str
    joined: int
    left: bool
    last_seq: int = 0


class Said(Struct):
    """A message, by its number in time."""

    id: str
    room: Room
    seq: int
    sender: str
    text: str | None


def rooms(chance: Random) -> Iterator[Room]:
    """Pairs of them have ids that end the same way, as some have by chance."""
    for n in range(ROOMS):
        yield Room(
            f"{new_id(now_ms())[:-8]}{n // 2:08x}",
            chance.choice(("direct", "group")),
            chance.choice((0, 0, SEEN_SINCE)),
            n % 10 == 9,
        )


def conversation(chance: Random, among: list[Room], senders: list[str]) -> Iterator[Said]:
    start = now_ms() - SAID
    for n in range(SAID):
        room = chance.choice(among)
        room.last_seq += FAR_BACK if n < 9 and room.last_seq == 0 else 1
        text = " ".join([word for word, rate in WORDS.items() if chance.random() < 1 / rate] or ["Else?"])
        yield Said(
            new_id(start + n),
            room,
            room.last_seq,
            chance.choice(senders),
            None if n % 50 == 0 else text.upper() if n % 3 == 0 else text,
        )


async def keep(world: World, reader: str, among: list[Room], said: list[Said]) -> None:
    at = to_datetime(now_ms())
    await world.pool.executemany(
        "INSERT INTO communication.rooms (id, kind, last_seq, created_at) VALUES ($1, $2, $3, $4)",
        [(room.id, room.kind, room.last_seq, at) for room in among],
    )
    await world.pool.executemany(
        "INSERT INTO communication.members (room_id, user_id, joined_seq, read_seq, delivered_seq, left_at)"
        " VALUES ($1, $2, $3, $3, $3, $4)",
        [(r.id, reader, r.joined, at + timedelta(days=1) if r.left else None) for r in among],
    )
    await world.pool.executemany(
        "INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at, deleted_at)"
        " VALUES ($1, $2, $3, $4, $3::bigint::text, 'text', $5, $6, $7)",
        [(s.id, s.room.id, s.seq, s.sender, s.text, at, None if s.text else at) for s in said],
    )


# From the latest on: how many messages, and how many of these were found.
ERAS = {
    "two by chance": [(200, 2), (3_000, 0), (400, 90)],
    "less and less": [(200, 6), (400, 8), (1_500, 15), (3_000, 3)],
    "more and more": [(200, 2), (600, 6), (2_000, 60)],
    "two of few": [(150, 2)],
    "the last one": [(200, 2), (600, 8), (1, 1)],
}


@pytest.mark.parametrize("eras", ERAS)
async def test_a_search_that_looks_further_back_misses_and_repeats_nothing(world: World, eras: str) -> None:
    """However often it was said at which time: in pages, and a page of all."""
    reader, friend = [await world.person(f"P{n}") for n in range(2)]
    room = Room(new_id(), "direct", 0, left=False)
    said: list[Said] = []
    texts = [
        f"often {n}" if n * hits // many != (n + 1) * hits // many else "Else?"
        for many, hits in ERAS[eras]
        for n in range(many)
    ]
    start = now_ms() - len(texts)
    for n, text in enumerate(reversed(texts)):
        room.last_seq += 1
        said.append(Said(new_id(start + n), room, room.last_seq, friend, text))
    await keep(world, reader, [room], said)
    expected = [text for text in texts if text != "Else?"]
    for limit in (7, 50):
        assert await found(world, reader, "often", limit=limit) == expected


@pytest.mark.parametrize("analyzed", [True, False])
async def test_what_is_found_in_many_rooms_is_what_may_be_read(world: World, analyzed: bool) -> None:
    chance = Random(7)
    reader, friend, avoided = [await world.person(f"P{n}") for n in range(3)]
    await world.block(avoided, reader)
    among = list(rooms(chance))
    said = list(conversation(chance, among, [reader, friend, avoided]))
    await keep(world, reader, among, said)
    if analyzed:
        await world.pool.execute("ANALYZE communication.messages")
    readable = [
        text
        for each in sorted(said, key=lambda each: each.id, reverse=True)
        if (text := each.text)
        and not each.room.left
        and each.seq > each.room.joined
        and (each.room.kind == "direct" or each.sender != avoided)
    ]
    for asked in ("often", "now", "sel", "hardly", "often now", "now seldom", "never"):
        *whole, beginning = asked.split()
        expected = [
            text
            for text in readable
            if all(word in text.lower().split() for word in whole)
            and any(word.startswith(beginning) for word in text.lower().split())
        ]
        assert await found(world, reader, asked, limit=40) == expected
