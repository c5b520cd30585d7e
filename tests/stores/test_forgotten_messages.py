"""Rooms forget the oldest of what was said: what is left of it, and what stays."""

import asyncio
from typing import Any

import pytest

from core.clock import now_ms
from core.contract.groups import NewGroup
from core.errors import NotFound
from db.postgres.forgotten_messages import ForgottenMessages
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import Reading
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.grouping import Party
from tests.stores.posting import picture
from tests.stores.settling import all_has_ended
from tests.stores.talking import OLD, YOUNG, Talk
from tests.stores.world import TODAY, World


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One on which no running product looks at the outbox."""
    return await new_database()


@pytest.fixture
async def talk(world: World) -> Talk:
    return await Talk.begun(world)


async def test_the_oldest_go_and_numbers_stay(talk: Talk) -> None:
    """What follows counts on, unread is what is left, and nothing goes that was said after what stays."""
    await talk.say(OLD, OLD, OLD, YOUNG, OLD, YOUNG)
    assert await talk.forget() == [3]
    assert await talk.read(talk.ana) == await talk.read(talk.ben) == [4, 5, 6]
    view = await talk.rooms.room(talk.room_id, talk.ben, TODAY)
    assert (view.unread, view.last_seq, view.oldest_seq) == (3, 6, 4)
    assert await talk.forget() == [0]
    [said] = await talk.say(YOUNG)
    assert said.seq == 7
    page = await talk.rooms.history(talk.room_id, talk.ben, before_seq=4, after_seq=None, limit=10)
    assert page == ([], False, 4)


async def test_a_room_may_forget_everything(talk: Talk) -> None:
    """Nothing is unread then, and there is no last message, until somebody says something."""
    await talk.say(OLD, OLD)
    await talk.world.read(talk.room_id, talk.ben, 1)
    assert await talk.forget() == [2 + 1]
    for who in (talk.ana, talk.ben):
        assert await talk.read(who) == []
        view = await talk.rooms.room(talk.room_id, who, TODAY)
        assert (view.unread, view.last_seq, view.oldest_seq, view.last_message) == (0, 2, 3, None)
    assert [message.seq for message in await talk.say(OLD, who=talk.ben)] == [3]
    assert await talk.world.unread(talk.ana) == {talk.room_id: 1}


async def test_slices_are_bounded(talk: Talk) -> None:
    """By rows, of messages and of what is known of who read them; the last one leaves what one would."""
    await talk.say(*[OLD] * 7, YOUNG)
    for seq in range(1, 8):
        await talk.world.read(talk.room_id, talk.ben, seq)
    slices = await talk.forget(limit=2)
    assert sum(slices) == 7 + 7
    assert max(slices) < 2 * 2
    assert await talk.read(talk.ben) == await talk.stored() == [8]
    assert await talk.world.unread(talk.ben) == {talk.room_id: 1}


async def test_two_who_forget_at_once_share_the_work(talk: Talk) -> None:
    """Also while others say and read something."""
    await talk.say(*[OLD] * 20, YOUNG)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        nodes = [ForgottenMessages(talk.world.pool) for _ in range(2)]
        forgetting = [group.create_task(talk.forget(limit=3, by=node)) for node in nodes]
        for who in (talk.ana, talk.ben):
            group.create_task(talk.world.read(talk.room_id, who, 21))
        for _ in range(5):
            group.create_task(talk.world.say(talk.room_id, talk.ben, created_at=now_ms() + YOUNG))
    assert sum(sum(task.result()) for task in forgetting) == 20
    await talk.tell()
    assert await talk.read(talk.ana) == [21, 22, 23, 24, 25, 26]


async def test_when_what_is_left_was_read_is_still_known(talk: Talk) -> None:
    """And nothing of what is gone, of which a later row may say that it was read too."""
    said, receipts = await talk.say(OLD, OLD, OLD, YOUNG), ReceiptStore(talk.world.pool)
    now = now_ms()
    await receipts.delivered(Reading(room_id=talk.room_id, user_id=talk.ben, seq=1, at=now))
    for seq in (2, 4):
        await talk.world.read(talk.room_id, talk.ben, seq, at=now + seq)
    before = await receipts.of_message(said[3].id, talk.ana, after=None, limit=5)
    await talk.forget()
    assert await receipts.of_message(said[3].id, talk.ana, after=None, limit=5) == before
    assert [receipt.read_at for receipt in before] != [None]
    for table, left in (("reads", [(2, 4)]), ("deliveries", [])):
        query = f"SELECT after_seq, seq FROM communication.{table} WHERE room_id = $1"
        rows = await talk.world.pool.fetch(query, talk.room_id)
        assert [(row["after_seq"], row["seq"]) for row in rows] == left
    with pytest.raises(NotFound):
        await receipts.of_message(said[2].id, talk.ana, after=None, limit=5)


async def test_a_reply_to_what_is_gone_shows_nothing_of_it(talk: Talk) -> None:
    """And nobody replies to that any more, edits or deletes it."""
    [first] = await talk.say(OLD)
    [answer] = await talk.say(YOUNG, who=talk.ben, reply_to=first.id)
    assert answer.reply is not None
    await talk.forget()
    [left], *_ = await talk.rooms.history(talk.room_id, talk.ana, before_seq=None, after_seq=0, limit=9)
    assert (left.reply_to, left.reply) == (first.id, None)
    with pytest.raises(NotFound):
        await talk.world.say(talk.room_id, talk.ben, reply_to=first.id)
    with pytest.raises(NotFound):
        await talk.rooms.own(first.id, talk.ana)
    assert not await talk.rooms.change(first.id, talk.ana, "Anew", now_ms())
    [told] = (await talk.rooms.to_announce([answer.id], now_ms())).values()
    assert (told.message.reply, set(told.members)) == (None, {talk.ana, talk.ben})


async def test_what_it_showed_goes_with_the_last_message_that_shows_it(talk: Talk) -> None:
    gone, shared = [await picture(talk.world, talk.ana, purpose="chat") for _ in range(2)]
    showing: dict[str, Any] = {"content": None, "type": "image"}
    await talk.say(OLD, media_id=gone, **showing)
    await talk.say(OLD, YOUNG, media_id=shared, **showing)
    await talk.forget()
    kept = [await talk.media.find(media, now_ms() + 1) is not None for media in (gone, shared)]
    assert kept == [False, True]
    assert await talk.media.shown_in_a_room(shared, talk.ben)
    assert not await talk.media.shown_in_a_room(gone, talk.ben)


async def test_what_has_not_been_told_is_not_forgotten(talk: Talk) -> None:
    """Whoever announces it reads it then."""
    await talk.say(OLD, OLD)
    late = (await talk.world.say(talk.room_id, talk.ana)).message
    await talk.world.say(talk.room_id, talk.ana)
    await talk.forget()
    assert await talk.read(talk.ben) == [late.seq, late.seq + 1]
    await talk.tell()
    await talk.forget()
    assert await talk.stored() == []
    [young] = await talk.say(YOUNG)
    await talk.world.say(talk.room_id, talk.ana, created_at=now_ms() + YOUNG)
    assert await talk.forget() == [0]
    assert await talk.stored() == [young.seq, young.seq + 1]


async def test_a_room_that_has_forgotten_something_has_changed(talk: Talk) -> None:
    """For who asks what has, since they were last here: they forget it too."""
    await talk.say(OLD, OLD)

    async def changed() -> list[int]:
        found = await talk.rooms.rooms(talk.ben, before=None, limit=5, now=TODAY, since=moment)
        return [room.oldest_seq for room in found.rooms if room.id == talk.room_id]

    await all_has_ended(talk.world.pool)
    moment = (await talk.rooms.rooms(talk.ben, before=None, limit=5, now=TODAY)).moment
    assert await changed() == []
    await talk.forget()
    assert await changed() == [3]


@pytest.mark.parametrize("history", ["from_joining", "all"])
async def test_newcomers_read_nothing_that_was_forgotten(world: World, history: str) -> None:
    """Not even what stays as evidence; who had left before, too, when they come again."""
    party = Party(world)
    ana, ben, cleo = [await world.person(name) for name in ("Ana", "Ben", "Cleo")]
    group = await party.of(ana, ben, new=NewGroup(name="Runners", history=history))  # type: ignore[arg-type]
    talk = Talk(world, (ana, ben), group.room_id)
    [said] = await talk.say(OLD)
    await talk.report(said.id, ben)
    await party.remove(group, ben, ben)
    await talk.tell()
    await talk.forget()
    assert await talk.stored() == [said.seq]
    invitation = await party.invite(group, ana)
    for who in (cleo, ben):
        await party.join(invitation, who, now_ms())
    last = (await world.rooms.room(group.room_id, ana, TODAY)).last_seq
    assert await talk.read(ana) == [last - 1, last]
    assert await talk.read(ben) == ([last - 1, last] if history == "all" else [last])


@pytest.mark.parametrize("marks", ["reads", "deliveries"])
async def test_nobody_waits_for_marks_that_an_erasure_has_locked(talk: Talk, marks: str) -> None:
    """Each would wait for the other, if they took them in different orders. They go with the erasure."""
    await talk.say(OLD, OLD, YOUNG)
    for seq in (1, 2):
        got = Reading(room_id=talk.room_id, user_id=talk.ben, seq=seq, at=now_ms())
        assert await ReceiptStore(talk.world.pool).delivered(got)
        await talk.world.read(talk.room_id, talk.ben, seq)
    of_room = f"FROM communication.{marks} WHERE room_id = $1"
    async with talk.world.pool.acquire() as erasing, erasing.transaction():
        held = await erasing.fetchval(f"SELECT seq {of_room} AND seq = 2 FOR UPDATE", talk.room_id)
        async with asyncio.timeout(PATIENCE_S):
            assert await talk.forget() == [2 + 2 * 2 - 1]
    assert [row["seq"] for row in await talk.world.pool.fetch(f"SELECT seq {of_room}", talk.room_id)] == [
        held
    ]
    assert await talk.read(talk.ben) == [3]


async def test_the_same_key_is_another_message_once_the_first_is_forgotten(talk: Talk) -> None:
    """Whoever has an app that asks again after so long says it again."""
    [first] = await talk.say(OLD, client_id="1")
    assert [again.id for again in await talk.say(OLD, client_id="1")] == [first.id]
    await talk.forget()
    [second] = await talk.say(OLD, client_id="1")
    assert (second.seq, second.id != first.id) == (2, True)
