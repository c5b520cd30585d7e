"""Messages that are found by their words, by those who may read them."""

import asyncio

import pytest

from core.clock import now_ms
from core.errors import NotFound
from core.ids import new_id
from tests.patience import PATIENCE_S
from tests.stores.grouping import Party
from tests.stores.world import World


async def found_in(world: World, room_id: str, reader: str, words: str) -> list[str | None]:
    """What the messages say, in pages of two, newest first."""
    seen: list[str | None] = []
    before: int | None = None
    while page := await world.rooms.found_in(room_id, reader, words, before_seq=before, limit=2):
        seen += [message.content for message in page]
        before = page[-1].seq
    return seen


async def found(world: World, reader: str, words: str, limit: int = 2) -> list[str | None]:
    """The same of all rooms."""
    seen: list[str | None] = []
    before: str | None = None
    while page := await world.rooms.found(reader, words, before=before, limit=limit):
        seen += [message.content for message in page]
        before = page[-1].id
    return seen


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Shall we meet at the cinema?", "cinema"),
        ("Shall we meet at the cinema?", "CINE"),
        ("Shall we meet at the cinema?", "cinema meet"),
        ("Shall we meet at the cinema?", "meet, at: the ci"),
        ("Ça va, Müller? Straße 7", "muller"),
        ("Ça va, Müller? Straße 7", "strasse ça 7"),
        ("Привет, как дела", "прив"),
        ("x" * 3000 + " end", "x" * 60),
        ("x" * 3000 + " end", "end"),
        ("a&b|c:*!'d", "b c d"),
        (" ".join("abcdefghij" * 30), "j"),
    ],
)
async def test_a_message_is_found_by_its_words_and_the_beginning_of_the_last(
    world: World, said: str, asked: str
) -> None:
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    await world.say(room, ana, "Something else")
    await world.say(room, ana, said)
    assert await found_in(world, room, ben, asked) == [said] == await found(world, ben, asked)


@pytest.mark.parametrize("asked", ["cin meet", "inema", "theatre", "cinema now", "...", "' | *", "%"])
async def test_what_was_not_said_is_not_found(world: World, asked: str) -> None:
    """Only the last word may be a beginning; signs are no words."""
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    await world.say(room, ana, "Shall we meet at the cinema?")
    assert await found_in(world, room, ben, asked) == [] == await found(world, ben, asked)


async def test_they_come_newest_first_in_pages_from_all_rooms(world: World) -> None:
    """Also those that only the index finds, as they are further back than the latest of all messages."""
    ana, *others = [await world.person(f"P{n}") for n in range(4)]
    rooms = [(await world.connected((ana, other))).room_id for other in others]
    sent = [(await world.say(rooms[n % 3], ana, f"hello {n}")).message for n in range(9)]
    said = [message.content for message in sorted(sent, key=lambda message: message.id)]
    await world.say((await world.connected((others[0], others[1]))).room_id, others[0], "hello there")
    assert await found(world, ana, "hel") == said[::-1]
    assert await found_in(world, rooms[0], ana, "hello") == ["hello 6", "hello 3", "hello 0"]
    assert await found(world, ana, "hello", limit=50) == said[::-1]


async def test_nobody_finds_what_they_may_not_read(world: World) -> None:
    """Strangers, newcomers what was before them, who has left, and whom a block parts from the sender."""
    party = Party(world)
    ana, ben, cleo, dora = [await world.person(f"P{n}") for n in range(4)]
    group = await party.of(ana, ben, cleo)
    room = group.room_id
    await world.say(room, ben, "hello early")
    await party.join(await party.invite(group, ana), dora)
    await world.say(room, ben, "hello late")
    await world.block(cleo, ben)
    both = ["hello late", "hello early"]
    seen = {ana: both, ben: both, cleo: [], dora: ["hello late"]}
    for who, what in seen.items():
        assert await found_in(world, room, who, "hello") == what == await found(world, who, "hello")
    await party.remove(group, ana, ana)
    assert await found(world, ana, "hello") == []
    for who in (ana, await world.person("Eve")):
        with pytest.raises(NotFound):
            await found_in(world, room, who, "hello")


async def test_what_was_edited_or_deleted_is_found_as_it_is(world: World) -> None:
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    one, other = [(await world.say(room, ana, text)).message.id for text in ("hello one", "hello other")]
    assert await world.rooms.change(one, ana, "goodbye one", now_ms())
    assert await world.rooms.delete(other, ana, now_ms())
    for words, what in (("hello", []), ("goodbye", ["goodbye one"]), ("one", ["goodbye one"])):
        assert await found_in(world, room, ben, words) == what == await found(world, ben, words)


async def test_a_long_room_is_searched_to_its_beginning(world: World) -> None:
    """Four thousand messages after four thousand; the latest of all messages are others'."""
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    await world.pool.execute(
        "INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT communication.new_id(now() + n * interval '1 ms'), $1, n, $2, n::text, 'text',"
        " CASE WHEN n IN (3, 4095, 4096, 9000) THEN 'hello ' || n ELSE 'other' END, now()"
        " FROM generate_series(1, 11000) n",
        room,
        ana,
    )
    await world.pool.execute("UPDATE communication.rooms SET last_seq = 11000 WHERE id = $1", room)
    said = [f"hello {n}" for n in (9000, 4096, 4095, 3)]
    async with asyncio.timeout(PATIENCE_S):
        assert await found_in(world, room, ben, "hello") == said == await found(world, ben, "hello")
        assert await found_in(world, room, ben, new_id()[:8]) == []
