"""Chat as two people have it: say, read, type, end."""

import asyncio
from typing import Any

import pytest

from core.clock import now_ms
from core.contract.chat import (
    ChatHistory,
    ChatMessage,
    ChatRead,
    ChatReceipt,
    ChatSend,
    ChatTyping,
    ChatTypingChanged,
)
from core.contract.connections import ConnectionEnd, ConnectionEnded
from core.errors import AppError, Gone, InvalidRequest, NotFound, PayloadTooLarge
from core.ids import new_id
from core.numbered_event import NumberedEvent
from db.postgres.outbox import Outbox
from db.postgres.rooms import Members, Rooms
from services import lanes
from services.recent_members import RecentMembers
from tests.chat.conftest import MAX_CHARS, ChatScene
from tests.patience import PATIENCE_S


def hello(talk: ChatScene, content: str | None = "hello", client_id: str = "1", **more: Any) -> ChatSend:
    return ChatSend(room_id=talk.room_id, client_id=client_id, content=content, **more)


async def test_both_hear_a_message(talk: ChatScene) -> None:
    """The sender's own devices too; the answer is the same message."""
    sent = await talk.chat.send(talk.ana, hello(talk))
    assert (sent.message.seq, sent.message.content, sent.message.client_id) == (1, "hello", "1")
    assert sent.message.sender_id == talk.ana
    assert talk.heard.by(talk.ben) == talk.heard.by(talk.ana) == [ChatMessage(message=sent.message)]


async def test_a_repeated_send_is_one_message_heard_once(talk: ChatScene) -> None:
    """A retry after a lost acknowledgement has the effect of one and the first answer."""
    sent = await talk.chat.send(talk.ana, hello(talk))
    assert await talk.chat.send(talk.ana, hello(talk)) == sent
    assert len(talk.heard.by(talk.ben)) == 1


async def test_what_could_not_be_announced_is_acknowledged_and_comes_before_what_follows(
    talk: ChatScene,
) -> None:
    """What is committed is acknowledged. The next message in the room, from any sender, announces it too."""
    talk.heard.down = True
    early = [await talk.chat.send(talk.ana, hello(talk, client_id=str(n))) for n in range(2)]
    talk.heard.down = False
    elsewhere = talk.another_node()
    late = await elsewhere.send(talk.ben, hello(talk))
    told = [ChatMessage(message=sent.message) for sent in (*early, late)]
    assert talk.heard.by(talk.ana) == talk.heard.by(talk.ben) == told
    await talk.announcer.look()
    assert talk.heard.by(talk.ana) == told


async def test_what_a_node_left_behind_is_announced_by_another(talk: ChatScene) -> None:
    """It died after the commit: who finds the message at the second look tells it, once."""
    talk.heard.down = True
    sent = await talk.chat.send(talk.ana, hello(talk))
    talk.heard.down = False
    others = talk.an_announcer(), talk.an_announcer()
    for _ in range(2):
        for other in others:
            await other.look()
    assert talk.heard.by(talk.ben) == [ChatMessage(message=sent.message)]
    for other in others:
        await other.clear()
    assert await Outbox(talk.world.pool).of_lane(talk.room_id, 0, 9) == []


async def test_what_is_told_while_nothing_can_be_cleared_does_not_grow_without_end(
    talk: ChatScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is forgotten stays in the outbox until somebody looks, and nobody hears it twice."""
    monkeypatch.setattr("services.announcer._MOST_TOLD", 3)
    told = [
        ChatMessage(message=(await talk.chat.send(talk.ana, hello(talk, str(n), str(n)))).message)
        for n in range(8)
    ]
    assert len(talk.announcer._told) == 3
    await talk.announcer.clear()
    outbox = Outbox(talk.world.pool)
    assert [waiting.number for waiting in await outbox.of_lane(talk.room_id, 0, 9)] == [1, 2, 3, 4, 5]
    for _ in range(4):  # at the second look it is left, and of what is told then three are remembered
        await talk.announcer.look()
        await talk.announcer.clear()
    assert await outbox.of_lane(talk.room_id, 0, 9) == []
    assert talk.heard.by(talk.ana) == talk.heard.by(talk.ben) == told


async def test_a_block_keeps_what_was_left_from_being_announced(talk: ChatScene) -> None:
    """The sender hears it on other devices; a member whom a block has parted from the sender does not."""
    talk.heard.down = True
    sent = await talk.chat.send(talk.ana, hello(talk))
    talk.heard.down = False
    await talk.world.block(talk.ben, talk.ana)
    await talk.announcer.look()
    assert talk.heard.by(talk.ana) == [ChatMessage(message=sent.message)]
    assert talk.heard.by(talk.ben) == []


async def test_what_is_on_its_way_when_a_block_parts_two_does_not_come(talk: ChatScene) -> None:
    """A slow node has stored it before the block, and tells of it after both have heard of the end."""
    said = await talk.world.say(talk.room_id, talk.ana)
    assert said.number is not None
    receipt = await talk.world.read(talk.room_id, talk.ana, 1)
    assert set(receipt.members) == {talk.ana, talk.ben}
    await talk.world.blocks.block(talk.ben, talk.ana, None, now_ms())
    await talk.connections.part(talk.ben, talk.connection.id)
    await talk.an_announcer().tell(
        talk.room_id, said.number, (ChatMessage(message=said.message), said.members)
    )
    told = ChatReceipt(room_id=talk.room_id, user_id=talk.ana, delivered_seq=1, read_seq=receipt.read_seq)
    lane = lanes.receipts(talk.room_id, talk.ana)
    await talk.heard.announce([NumberedEvent(receipt.members, told, lane, receipt.read_seq, 0)])
    assert [type(event) for event in talk.heard.by(talk.ben)] == [ConnectionEnded]


async def test_nobody_else_hears_what_is_read_in_a_room_that_has_ended(talk: ChatScene) -> None:
    """The reader's own devices do, whoever has ended it."""
    await talk.chat.send(talk.ana, hello(talk))
    await talk.connections.end(talk.ana, ConnectionEnd(connection_id=talk.connection.id))
    await talk.chat.read(talk.ben, ChatRead(room_id=talk.room_id, seq=1))
    assert talk.heard.by(talk.ana, ChatReceipt) == []
    assert [receipt.read_seq for receipt in talk.heard.by(talk.ben, ChatReceipt)] == [1]


async def test_a_ban_keeps_what_was_left_from_being_announced(talk: ChatScene) -> None:
    """It was stored before the ban, and is told to nobody since."""
    talk.heard.down = True
    await talk.chat.send(talk.ana, hello(talk))
    talk.heard.down = False
    await talk.world.ban(talk.ana)
    await talk.announcer.look()
    assert talk.heard.by(talk.ana) == talk.heard.by(talk.ben) == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"content": None}, InvalidRequest),
        ({"content": ""}, InvalidRequest),
        ({"content": "x" * (MAX_CHARS + 1)}, PayloadTooLarge),
        ({"content": "a\0b"}, InvalidRequest),
        ({"content": "\ud83d"}, InvalidRequest),
        ({"client_id": "a\0b"}, InvalidRequest),
        ({"type": "image"}, InvalidRequest),
        ({"type": "voice", "media_id": new_id()}, NotFound),
        ({"media_id": new_id()}, InvalidRequest),
        ({"reply_to": new_id()}, NotFound),
    ],
)
async def test_what_cannot_be_said_is_refused(
    talk: ChatScene, change: dict[str, str], error: type[AppError]
) -> None:
    """Nothing is stored and nobody hears of it."""
    with pytest.raises(error):
        await talk.chat.send(talk.ana, hello(talk, **change))
    assert talk.heard.events == []
    assert (await talk.chat.history(talk.ana, ChatHistory(room_id=talk.room_id))).messages == []


async def test_the_longest_message_comes_back_as_it_was_said(talk: ChatScene) -> None:
    """Characters are code points, whatever they weigh; quotes and newlines are text."""
    content = ("\U0001f642'\"\n\\u0000é" * MAX_CHARS)[:MAX_CHARS]
    await talk.chat.send(talk.ana, hello(talk, content))
    [message] = (await talk.chat.history(talk.ben, ChatHistory(room_id=talk.room_id))).messages
    assert message.content == content


async def test_reading_tells_both(talk: ChatScene) -> None:
    """The other sees how far; the reader's own devices clear their badge; once."""
    for n in range(3):
        await talk.chat.send(talk.ana, hello(talk, client_id=str(n)))
    talk.heard.events.clear()
    for seq in (2, 2, 1):
        await talk.chat.read(talk.ben, ChatRead(room_id=talk.room_id, seq=seq))
    receipt = ChatReceipt(room_id=talk.room_id, user_id=talk.ben, delivered_seq=2, read_seq=2)
    assert talk.heard.by(talk.ana) == talk.heard.by(talk.ben) == [receipt]
    assert await talk.world.unread(talk.ben) == {talk.room_id: 1}


async def test_typing_reaches_the_other_alone(talk: ChatScene) -> None:
    """Each time anew: it expires by itself."""
    for typing in (True, True, False):
        await talk.chat.typing(talk.ana, ChatTyping(room_id=talk.room_id, typing=typing))
    told = [ChatTypingChanged(room_id=talk.room_id, user_id=talk.ana, typing=t) for t in (True, True, False)]
    assert talk.heard.by(talk.ben) == told
    assert talk.heard.by(talk.ana) == []


async def test_who_types_is_no_longer_heard_when_the_connection_ends(talk: ChatScene) -> None:
    """Though another node has looked a moment before who may: it forgets the room at once."""
    elsewhere, typing = talk.another_node(), ChatTyping(room_id=talk.room_id, typing=True)
    await elsewhere.typing(talk.ana, typing)
    await talk.connections.end(talk.ben, ConnectionEnd(connection_id=talk.connection.id))
    with pytest.raises(Gone):
        await elsewhere.typing(talk.ana, typing)


async def test_a_room_that_ends_while_somebody_looks_is_not_remembered(talk: ChatScene) -> None:
    """What was read before the end is used this once. A stranger is told nothing of what is remembered."""

    class SlowRooms(Rooms):
        has_looked, may_go_on = asyncio.Event(), asyncio.Event()

        async def members(self, room_id: str, user_id: str, *, to_speak: bool = False) -> Members:
            found = await super().members(room_id, user_id, to_speak=to_speak)
            self.has_looked.set()
            await self.may_go_on.wait()
            return found

    rooms = SlowRooms(talk.world.pool)
    recent = RecentMembers(rooms, talk.channels)
    talk.channels.listeners.append(recent.forget)
    looking = asyncio.create_task(recent.who_may_speak(talk.room_id, talk.ana))
    async with asyncio.timeout(PATIENCE_S):
        await rooms.has_looked.wait()
        await talk.connections.end(talk.ben, ConnectionEnd(connection_id=talk.connection.id))
        rooms.may_go_on.set()
        assert set(await looking) == {talk.ana, talk.ben}
        with pytest.raises(Gone):
            await recent.who_may_speak(talk.room_id, talk.ana)


async def test_who_may_type_is_looked_up_once_a_second(talk: ChatScene) -> None:
    """By the node's own clock, for members alone."""
    now = 0.0
    recent = RecentMembers(talk.world.rooms, talk.channels, monotonic=lambda: now)
    query = "UPDATE interaction.connections SET ended_at = created_at WHERE id = $1"
    assert set(await recent.who_may_speak(talk.room_id, talk.ana)) == {talk.ana, talk.ben}
    await talk.world.pool.execute(query, talk.connection.id)  # as nobody does it: it is told to no node
    now = 0.9
    assert set(await recent.who_may_speak(talk.room_id, talk.ben)) == {talk.ana, talk.ben}
    with pytest.raises(NotFound):
        await recent.who_may_speak(talk.room_id, await talk.world.person("Cleo"))
    now = 1.0
    with pytest.raises(Gone):
        await recent.who_may_speak(talk.room_id, talk.ana)


async def test_a_stranger_finds_no_room(talk: ChatScene) -> None:
    """Whatever they try, and nobody hears of it."""
    cleo = await talk.world.person("Cleo")
    with pytest.raises(NotFound):
        await talk.chat.send(cleo, hello(talk))
    with pytest.raises(NotFound):
        await talk.chat.history(cleo, ChatHistory(room_id=talk.room_id))
    with pytest.raises(NotFound):
        await talk.chat.read(cleo, ChatRead(room_id=talk.room_id, seq=1))
    with pytest.raises(NotFound):
        await talk.chat.typing(cleo, ChatTyping(room_id=talk.room_id, typing=True))
    with pytest.raises(NotFound):
        await talk.connections.end(cleo, ConnectionEnd(connection_id=talk.connection.id))
    assert talk.heard.events == []


async def test_ending_a_connection_tells_both_once_and_ends_the_talk(talk: ChatScene) -> None:
    """Each sees the other on it; the room stays readable, nothing more is said or typed."""
    await talk.chat.send(talk.ana, hello(talk))
    talk.heard.events.clear()
    for member in (talk.ana, talk.ben, talk.ana):
        await talk.connections.end(member, ConnectionEnd(connection_id=talk.connection.id))
    for member, peer in ((talk.ana, talk.ben), (talk.ben, talk.ana)):
        [ended] = talk.heard.by(member)
        assert isinstance(ended, ConnectionEnded)
        assert (ended.connection.active, ended.connection.peer.user_id) == (False, peer)
    with pytest.raises(Gone):
        await talk.chat.send(talk.ben, hello(talk))
    with pytest.raises(Gone):
        await talk.chat.typing(talk.ben, ChatTyping(room_id=talk.room_id, typing=True))
    assert len((await talk.chat.history(talk.ben, ChatHistory(room_id=talk.room_id))).messages) == 1
    await talk.chat.read(talk.ben, ChatRead(room_id=talk.room_id, seq=1))


async def test_a_block_ends_the_talk(talk: ChatScene) -> None:
    """A report with a block, at once; the blocked one learns of the end and no more of the other."""
    await talk.world.report(talk.connection.call_id, talk.ana, talk.ben, block=True)
    await talk.connections.end(talk.ana, ConnectionEnd(connection_id=talk.connection.id))
    [ended] = talk.heard.by(talk.ben)
    assert isinstance(ended, ConnectionEnded)
    assert (ended.connection.active, ended.connection.peer.languages) == (False, [])
    with pytest.raises(Gone):
        await talk.chat.send(talk.ben, hello(talk))
