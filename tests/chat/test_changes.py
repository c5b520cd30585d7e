"""Messages that are edited and deleted, as two people hear of it."""

import asyncio
from datetime import datetime

import pytest

from core.clock import to_ms
from core.contract.chat import ChatChanged, ChatDelete, ChatEdit, ChatHistory, ChatMessage, ChatSend, Message
from core.contract.connections import ConnectionEnd
from core.errors import AppError, Expired, Forbidden, Gone, InvalidRequest, NotFound, PayloadTooLarge
from core.ids import new_id
from tests.chat.conftest import MAX_CHARS, ChatScene, node_on


async def said(talk: ChatScene, content: str = "Helo", client_id: str = "1") -> Message:
    """By Ana."""
    command = ChatSend(room_id=talk.room_id, client_id=client_id, content=content)
    return (await talk.chat.send(talk.ana, command)).message


async def test_both_hear_what_was_edited_and_deleted(talk: ChatScene) -> None:
    """In order, and once: a repeat of either has the effect of one and the same answer."""
    message = await said(talk)
    edit, delete = ChatEdit(message_id=message.id, content="Hello"), ChatDelete(message_id=message.id)
    edited = (await talk.chat.edit(talk.ana, edit)).message
    assert (edited.content, edited.seq, edited.client_id) == ("Hello", 1, "1")
    assert (await talk.chat.edit(talk.ana, edit)).message == edited
    deleted = (await talk.chat.delete(talk.ana, delete)).message
    assert (deleted.content, deleted.deleted_at is None) == (None, False)
    assert (await talk.chat.delete(talk.ana, delete)).message == deleted
    told = [ChatMessage(message=message), ChatChanged(message=edited), ChatChanged(message=deleted)]
    assert talk.heard.by(talk.ana) == talk.heard.by(talk.ben) == told
    assert (await talk.chat.history(talk.ben, ChatHistory(room_id=talk.room_id, after_seq=0))).messages == [
        deleted
    ]


async def test_an_edit_is_announced_after_its_message(talk: ChatScene) -> None:
    """Also by a node that finds both in the outbox, where the message comes as it is by then."""
    talk.heard.down = True
    message = await said(talk)
    await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hello"))
    assert talk.heard.events == []
    talk.heard.down = False
    other = talk.an_announcer()
    for _ in range(2):
        await other.look()
    first, second = talk.heard.by(talk.ben)
    assert (type(first), type(second)) == (ChatMessage, ChatChanged)
    assert first.message == second.message
    assert first.message.content == "Hello"


async def test_what_is_said_after_an_edit_on_another_node_comes_after_it(talk: ChatScene) -> None:
    """Whoever announces it."""
    message = await said(talk)
    elsewhere = talk.another_node()
    await asyncio.gather(
        talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hello")),
        elsewhere.send(talk.ben, ChatSend(room_id=talk.room_id, client_id="1", content="Hi")),
    )
    for who in (talk.ana, talk.ben):
        heard = talk.heard.by(who)
        assert sorted(event.event for event in heard) == ["chat:changed", "chat:message", "chat:message"]
        assert heard[0].message == message


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, InvalidRequest),
        ("", InvalidRequest),
        ("a\0b", InvalidRequest),
        ("x" * (MAX_CHARS + 1), PayloadTooLarge),
    ],
)
async def test_an_edit_says_something(talk: ChatScene, content: str | None, error: type[AppError]) -> None:
    message = await said(talk)
    with pytest.raises(error):
        await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content=content))
    assert talk.heard.by(talk.ben, ChatChanged) == []


async def test_only_its_sender_changes_a_message(talk: ChatScene) -> None:
    """The other one may not, and to a stranger there is none."""
    message, cleo = await said(talk), await talk.world.person("Cleo")
    for who, error in ((talk.ben, Forbidden), (cleo, NotFound)):
        with pytest.raises(error):
            await talk.chat.edit(who, ChatEdit(message_id=message.id, content="Hello"))
        with pytest.raises(error):
            await talk.chat.delete(who, ChatDelete(message_id=message.id))
    with pytest.raises(NotFound):
        await talk.chat.delete(talk.ana, ChatDelete(message_id=new_id()))


async def test_a_message_changes_for_some_time_only(talk: ChatScene) -> None:
    """A repeat of what was done in time is answered after it, too."""
    message = await said(talk)
    await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hello"))
    query = "UPDATE communication.messages SET created_at = created_at - interval '901 s' WHERE id = $1"
    await talk.world.pool.execute(query, message.id)
    assert (await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hello"))).message.content
    with pytest.raises(Expired):
        await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hi"))
    with pytest.raises(Expired):
        await talk.chat.delete(talk.ana, ChatDelete(message_id=message.id))


async def test_an_operator_who_sets_no_window_lets_nobody_change_anything(talk: ChatScene) -> None:
    message = await said(talk)
    later = to_ms(datetime.fromisoformat(message.created_at)) + 1
    node = node_on(talk.world, talk.heard, talk.channels, edit_window_s=0, clock=lambda: later)
    with pytest.raises(Expired):
        await node.chat.delete(talk.ana, ChatDelete(message_id=message.id))


async def test_in_a_room_that_has_ended_one_takes_back_and_edits_nothing(talk: ChatScene) -> None:
    """Both hear of it, as long as no block parts them."""
    message = await said(talk)
    await talk.connections.end(talk.ben, ConnectionEnd(connection_id=talk.connection.id))
    with pytest.raises(Gone):
        await talk.chat.edit(talk.ana, ChatEdit(message_id=message.id, content="Hello"))
    deleted = (await talk.chat.delete(talk.ana, ChatDelete(message_id=message.id))).message
    assert deleted.deleted_at is not None
    assert talk.heard.by(talk.ben, ChatChanged) == [ChatChanged(message=deleted)]
    assert (await talk.chat.history(talk.ben, ChatHistory(room_id=talk.room_id))).messages == [deleted]


async def test_whom_a_block_parts_hears_nothing_of_a_change(talk: ChatScene) -> None:
    """They find in the room what is there."""
    message = await said(talk)
    await talk.world.block(talk.ben, talk.ana)
    await talk.chat.delete(talk.ana, ChatDelete(message_id=message.id))
    assert talk.heard.by(talk.ben, ChatChanged) == []
    assert len(talk.heard.by(talk.ana, ChatChanged)) == 1
    [left] = (await talk.chat.history(talk.ben, ChatHistory(room_id=talk.room_id))).messages
    assert left.deleted_at is not None
