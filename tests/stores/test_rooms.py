"""Rooms and messages on the real Postgres."""

import asyncio

import pytest

from core.clock import now_ms, rfc3339, to_datetime, to_ms
from core.contract.chat import Message
from core.contract.settings import PrivacyPatch, SettingsPatch
from core.errors import Gone, NotFound
from core.ids import new_id
from db.postgres.array_texts import of_texts
from db.postgres.pool import queries
from db.postgres.rooms import Reading, Receipt, Rooms
from db.postgres.settings import SettingsStore
from tests.patience import PATIENCE_S
from tests.stores.saying import Said
from tests.stores.world import TODAY, World


async def room(world: World) -> tuple[str, str, str]:
    ana, ben = pair = await world.pair()
    return (await world.connected(pair)).room_id, ana, ben


async def page(
    world: World,
    room_id: str,
    reader: str,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 100,
) -> tuple[list[int], bool]:
    messages, has_more, _ = await world.rooms.history(
        room_id, reader, before_seq=before, after_seq=after, limit=limit
    )
    return [message.seq for message in messages], has_more


async def test_messages_count_from_one(world: World) -> None:
    """Each with what was said, by whom, in reply to what."""
    room_id, ana, ben = await room(world)
    first = await world.say(room_id, ana, "hello")
    second = await world.say(room_id, ben, "hi", reply_to=first.message.id)
    assert (first.message.seq, second.message.seq) == (1, 2)
    assert (first.number, set(first.members)) == (1, {ana, ben})
    messages, *_ = await world.rooms.history(room_id, ana, before_seq=None, after_seq=None, limit=10)
    assert messages == [first.message, second.message]
    assert (messages[1].content, messages[1].sender_id, messages[1].reply_to) == ("hi", ben, messages[0].id)


async def test_the_same_client_id_is_the_same_message(world: World) -> None:
    """Of one sender; another sender's client ids are their own."""
    room_id, ana, ben = await room(world)
    said = await world.say(room_id, ana, "hello", client_id="1")
    again = await world.say(room_id, ana, "hello?", client_id="1")
    assert (again.message, again.number) == (said.message, None)
    assert (await world.say(room_id, ben, "hi", client_id="1")).message.seq == 2


async def test_two_hundred_at_once_leave_no_gap(world: World) -> None:
    """Both send at once, many of them twice: seq is 1, 2, 3 … and everybody got their own."""
    room_id, ana, ben = await room(world)
    sends = [(sender, f"{n}") for n in range(80) for sender in (ana, ben)]
    repeats = sends[:40]
    async with asyncio.timeout(PATIENCE_S):
        stored = await asyncio.gather(
            *(world.say(room_id, sender, n, client_id=n) for sender, n in sends + repeats)
        )
    first: dict[tuple[str, str], Message] = {}
    for (sender, n), each in zip(sends + repeats, stored, strict=True):
        assert (each.message.sender_id, each.message.client_id) == (sender, n)
        assert first.setdefault((sender, n), each.message) == each.message
    assert sorted(message.seq for message in first.values()) == list(range(1, 161))
    assert sorted(each.number for each in stored if each.number) == list(range(1, 161))
    seqs, _ = await page(world, room_id, ana, limit=200)
    assert seqs == list(range(1, 161))


async def test_what_is_said_at_once_is_stored_by_one_statement(world: World) -> None:
    """In however many rooms; each of them has its own answer, whatever the others are told."""
    rooms = [await room(world) for _ in range(6)]
    ended = await world.pair()
    over = await world.connected(ended)
    await world.connections.end(over.id, ended[0], now_ms())
    (first, ana, ben), (elsewhere, cleo, _) = rooms[:2]
    before = await world.say(first, ana, client_id="0")
    foreign = await world.say(elsewhere, cleo)
    async with asyncio.timeout(PATIENCE_S):
        again, twin, twice, foreigner, strange, gone, *stored = await asyncio.gather(
            world.say(first, ana, client_id="0"),
            world.say(first, ben, client_id="1"),
            world.say(first, ben, client_id="1"),
            world.say(first, ben, reply_to=foreign.message.id),
            world.say(first, cleo),
            world.say(over.room_id, ended[1]),
            *(world.say(room_id, who) for room_id, *both in rooms for who in both),
            return_exceptions=True,
        )
    assert [type(error) for error in (foreigner, strange, gone)] == [NotFound, NotFound, Gone]
    assert isinstance(again, Said)
    assert isinstance(twin, Said)
    assert isinstance(twice, Said)
    assert (again.message, again.number, twice.number) == (before.message, None, None)
    assert (twice.message, twin.message.seq) == (twin.message, 2)
    said = [each.message for each in (twin, *stored) if isinstance(each, Said) and each.number]
    assert len(said) == 1 + 2 * len(rooms)
    for room_id, who, _ in rooms:
        seqs, _ = await page(world, room_id, who)
        assert seqs == list(range(1, len(seqs) + 1))
        assert set(seqs) >= {message.seq for message in said if message.room_id == room_id}
    ids = [message.id for message in said]
    query = "SELECT count(DISTINCT xmin::text) FROM communication.messages WHERE id = ANY ($1::uuid[])"
    assert await world.pool.fetchval(query, ids) == 1


async def test_what_a_message_costs_does_not_grow_with_its_room(world: World) -> None:
    """Whether it was said before is one look into an index, whatever the planner believes of the table."""
    room_id, ana, _ = await room(world)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(world.say(room_id, ana) for _ in range(500)))
    read = "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = $1::text::regclass"
    for statement, client_id in (("say", "1"), ("say_one", "2")):
        draft, now = (new_id(), room_id, ana, client_id, "text", "hello", None), now_ms()
        one = *draft, to_datetime(now), None
        some = [of_texts([each]) for each in (*draft, rfc3339(now), None)]
        given = some if statement == "say" else one
        async with world.pool.acquire() as connection, connection.transaction():
            # What its session has read a moment ago counts as well.
            before = await connection.fetchrow(read, "communication.messages")
            assert await connection.fetch(queries("rooms")[statement], *given)
            after = await connection.fetchrow(read, "communication.messages")
        assert (statement, after) == (statement, before)


async def test_nodes_that_say_the_same_in_all_rooms_at_once(world: World) -> None:
    """Whoever waits for whom, in whatever order: no gap, no deadlock, and each client id once."""
    rooms = [await room(world) for _ in range(5)]
    nodes = [Rooms(world.pool) for _ in range(3)]

    async def say(node: Rooms, n: int, room_id: str, who: str) -> Said:
        return await world.say(room_id, who, client_id=str(n), by=node)

    async with asyncio.timeout(PATIENCE_S):
        stored = await asyncio.gather(
            *(
                say(node, n, room_id, who)
                for n in range(10)
                for place, node in enumerate(nodes)
                for room_id, *both in (rooms[place:] + rooms[:place])
                for who in both
            )
        )
    for room_id, ana, _ in rooms:
        numbers = sorted(each.number for each in stored if each.number and each.message.room_id == room_id)
        assert numbers == list(range(1, 21))
        assert await page(world, room_id, ana) == (numbers, False)


async def test_only_members_see_a_room(world: World) -> None:
    """To others there is no such room, whatever they try."""
    room_id, ana, _ = await room(world)
    cleo = await world.person("Cleo")
    for who, where in ((cleo, room_id), (ana, new_id())):
        with pytest.raises(NotFound):
            await world.say(where, who)
        with pytest.raises(NotFound):
            await page(world, where, who)
        with pytest.raises(NotFound):
            await world.read(where, who, 1)
        with pytest.raises(NotFound):
            await world.rooms.members(where, who)
        with pytest.raises(NotFound):
            await world.rooms.room(where, who, TODAY)


async def test_a_reply_stays_in_its_room(world: World) -> None:
    """A message of another room is not found, and the refusal takes no seq."""
    room_id, ana, _ = await room(world)
    elsewhere, cleo, _ = await room(world)
    foreign = await world.say(elsewhere, cleo)
    with pytest.raises(NotFound):
        await world.say(room_id, ana, reply_to=foreign.message.id)
    assert (await world.say(room_id, ana)).message.seq == 1


async def test_nothing_is_said_after_the_end(world: World) -> None:
    """What was said stays readable, and a repeated send still gives its message."""
    ana, ben = pair = await world.pair()
    connection = await world.connected(pair)
    said = await world.say(connection.room_id, ana, client_id="1")
    await world.connections.end(connection.id, ben, now_ms())
    with pytest.raises(Gone):
        await world.say(connection.room_id, ana)
    with pytest.raises(Gone):
        await world.rooms.members(connection.room_id, ana, to_speak=True)
    assert (await world.say(connection.room_id, ana, client_id="1")).message == said.message
    assert await page(world, connection.room_id, ben) == ([1], False)
    assert (await world.rooms.room(connection.room_id, ana, TODAY)).active is False


async def test_an_end_waits_for_the_message_before_it(world: World) -> None:
    """However sends and the end cross: what was acknowledged is in, in order, and the rest is refused."""
    ana, ben = pair = await world.pair()
    connection = await world.connected(pair)
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(
            *(world.say(connection.room_id, ana) for _ in range(10)),
            world.connections.end(connection.id, ben, now_ms()),
            *(world.say(connection.room_id, ben) for _ in range(10)),
            return_exceptions=True,
        )
    answers.pop(10)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(error, Gone) for error in refused)
    seqs, _ = await page(world, connection.room_id, ana)
    assert seqs == list(range(1, 21 - len(refused)))


async def test_a_message_that_waits_while_the_connection_ends_is_refused(world: World) -> None:
    """The end is seen even by a send that had begun before it: a block takes effect at once."""
    ana, ben = pair = await world.pair()
    connection = await world.connected(pair)
    async with world.pool.acquire() as other, asyncio.timeout(PATIENCE_S):
        async with other.transaction():
            await other.execute(queries("connections")["end"], connection.id, ben, to_datetime(now_ms()))
            send = asyncio.create_task(world.say(connection.room_id, ana))
            await world.someone_waits_for(other)
        with pytest.raises(Gone):
            await send
    assert await page(world, connection.room_id, ana) == ([], False)


@pytest.mark.parametrize(
    ("bounds", "seqs", "has_more"),
    [
        ({}, [6, 7, 8, 9], True),
        ({"before": 6}, [2, 3, 4, 5], True),
        ({"before": 3}, [1, 2], False),
        ({"after": 0}, [1, 2, 3, 4], True),
        ({"after": 5}, [6, 7, 8, 9], False),
        ({"after": 9}, [], False),
        ({"after": 2, "before": 5}, [3, 4], False),
    ],
)
async def test_history_pages(world: World, bounds: dict[str, int], seqs: list[int], has_more: bool) -> None:
    """Oldest first; the latest page without bounds."""
    room_id, ana, _ = await room(world)
    for _ in range(9):
        await world.say(room_id, ana)
    assert await page(world, room_id, ana, limit=4, **bounds) == (seqs, has_more)


async def test_reading_never_goes_back_nor_beyond(world: World) -> None:
    """A late or wild `seq` does no harm."""
    room_id, ana, ben = await room(world)
    for _ in range(5):
        await world.say(room_id, ana)
    assert (await world.read(room_id, ben, 3)).read_seq == 3
    assert (await world.read(room_id, ben, 1)).read_seq == 3
    receipt = await world.read(room_id, ben, 2**53)
    assert (receipt.read_seq, receipt.delivered_seq, set(receipt.members)) == (5, 5, {ana, ben})


async def test_who_turns_receipts_off_neither_sends_nor_gets_any(world: World) -> None:
    """Only their own devices hear how far they have read; when is not kept. Unread counts all the same."""
    room_id, ana, ben = await room(world)
    for sender in (ana, ben):
        await world.say(room_id, sender)
    off = SettingsPatch(privacy=PrivacyPatch(read_receipts=False))
    await SettingsStore(world.pool).change(ben, off)
    assert await world.read(room_id, ben, 1) == Receipt(members=(ben,), read_seq=1, delivered_seq=1)
    assert (await world.read(room_id, ana, 2)).members == (ana,)
    assert {user for user, *_ in await reads(world, room_id)} == {ana}
    assert await world.unread(ben) == {}
    on = SettingsPatch(privacy=PrivacyPatch(read_receipts=True))
    await SettingsStore(world.pool).change(ben, on)
    assert set((await world.read(room_id, ben, 2)).members) == {ana, ben}


async def reads(world: World, room_id: str) -> list[tuple[str, int, int, int]]:
    rows = await world.pool.fetch(
        "SELECT user_id, after_seq, seq, at FROM communication.reads WHERE room_id = $1"
        " ORDER BY user_id, seq",
        room_id,
    )
    return [(row["user_id"], row["after_seq"], row["seq"], to_ms(row["at"])) for row in rows]


async def test_when_a_member_read_is_kept_each_time_they_read_on(world: World) -> None:
    """So it can be said later when each message was read. What is no news leaves nothing."""
    room_id, ana, ben = await room(world)
    for _ in range(5):
        await world.say(room_id, ana)
    now = now_ms()
    for at, seq in ((now, 2), (now + 1, 2), (now + 2, 1), (now + 3, 4), (now + 4, 9), (now + 5, 9)):
        await world.read(room_id, ben, seq, at=at)
    await world.read(room_id, ana, 1, at=now + 6)
    expected = [(ben, 0, 2, now), (ben, 2, 4, now + 3), (ben, 4, 5, now + 4), (ana, 0, 1, now + 6)]
    assert await reads(world, room_id) == sorted(expected)


async def test_devices_that_read_at_once_read_on_once(world: World) -> None:
    """Of one member, on two nodes: the times have no gap and do not overlap."""
    room_id, ana, ben = await room(world)
    for _ in range(20):
        await world.say(room_id, ana)
    nodes = [Rooms(world.pool) for _ in range(2)]
    async with asyncio.timeout(PATIENCE_S):
        receipts = await asyncio.gather(
            *(
                nodes[seq % 2].read(Reading(room_id=room_id, user_id=who, seq=seq, at=now_ms()))
                for seq in range(1, 21)
                for who in (ana, ben)
            )
        )
    assert max(receipt.read_seq for receipt in receipts) == 20
    for who in (ana, ben):
        steps = [(after, seq) for user, after, seq, _ in await reads(world, room_id) if user == who]
        assert [after for after, _ in steps] == [0, *(seq for _, seq in steps[:-1])]
        assert steps[-1][1] == 20


async def test_unread_counts_what_others_said(world: World) -> None:
    """In each room; one's own words and what was read do not count."""
    room_id, ana, ben = await room(world)
    other = (await world.connected((ben, await world.person("Cleo")))).room_id
    for _ in range(3):
        await world.say(room_id, ana)
    await world.say(room_id, ben)
    assert await world.unread(ben) == {room_id: 3}
    assert await world.unread(ana) == {room_id: 1}
    await world.read(room_id, ben, 2)
    assert await world.unread(ben) == {room_id: 1}
    await world.read(room_id, ben, 4)
    assert await world.unread(ben) == {}
    views = (await world.rooms.rooms(ben, before=None, limit=10, now=TODAY)).rooms
    assert {view.id: view.unread for view in views} == {room_id: 0, other: 0}


async def test_rooms_show_the_peer_and_the_latest(world: World) -> None:
    """Newest first, in pages, with all that a list of chats draws."""
    ana = await world.person("Ana")
    rooms = [(await world.connected((ana, await world.person(f"P{n}")))).room_id for n in range(3)]
    rooms.sort(reverse=True)
    said = await world.say(rooms[0], ana, "the latest")
    first = (await world.rooms.rooms(ana, before=None, limit=2, now=TODAY)).rooms
    rest = (await world.rooms.rooms(ana, before=first[-1].id, limit=2, now=TODAY)).rooms
    assert [view.id for view in first + rest] == rooms
    assert first[0].last_message == said.message
    assert (first[0].last_seq, first[0].unread, first[0].read_seq) == (1, 0, 0)
    assert first[1].last_message is None
    assert await world.rooms.room(rooms[0], ana, TODAY) == first[0]
