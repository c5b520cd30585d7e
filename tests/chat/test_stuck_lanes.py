"""What cannot be told, though nothing is away: its own room waits for it, and no other does."""

import asyncio

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from core.contract.chat import ChatDelete, ChatMessage, ChatSend, Message
from core.ids import new_id
from db.postgres.outbox import Outbox
from db.redis.numbered_events import unavailable
from services.chat import Chat
from tests.chat.conftest import ChatScene
from tests.patience import PATIENCE_S

FAULTS = {
    "it cannot be written": ValueError("it cannot be written"),
    "a script refuses it": unavailable(ResponseError("WRONGTYPE")),
}


async def two_rooms(talk: ChatScene) -> tuple[str, str]:
    """Of Ana and Ben, and of Ana and Cid. First that of the lesser id, which is looked at first."""
    other = await talk.world.connected((talk.ana, await talk.world.person("Cid")))
    first, second = sorted((talk.room_id, other.room_id))
    return first, second


async def say(talk: ChatScene, room_id: str, *, by: Chat | None = None) -> Message:
    command = ChatSend(room_id=room_id, client_id=new_id(), content="hello")
    return (await (by or talk.chat).send(talk.ana, command)).message


def heard(talk: ChatScene, room_id: str) -> list[Message]:
    told = [event.message for event in talk.heard.by(talk.ana, ChatMessage)]
    return [message for message in told if message.room_id == room_id]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_room_that_is_stuck_keeps_no_other_waiting(talk: ChatScene, fault: Exception) -> None:
    """Neither what was left in the outbox there, nor what is said next. It goes on in order when it can."""
    stuck, other = await two_rooms(talk)
    talk.heard.down = True
    left = await say(talk, other, by=talk.another_node())
    talk.heard.down = False
    talk.heard.cannot[stuck] = fault
    waiting = [await say(talk, stuck) for _ in range(3)]
    for _ in range(2):
        await talk.announcer.look()
    told = [left, await say(talk, other)]
    assert heard(talk, other) == told
    await talk.chat.delete(talk.ana, ChatDelete(message_id=told[-1].id))
    assert heard(talk, stuck) == []
    talk.heard.cannot.clear()
    await talk.announcer.look()
    waiting.append(await say(talk, stuck))
    assert heard(talk, stuck) == waiting
    await talk.announcer.look()
    await talk.announcer.clear()
    for room_id in (stuck, other):
        assert await Outbox(talk.world.pool).of_lane(room_id, 0, 9) == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_room_that_is_stuck_is_counted_each_time_and_logged_once(
    talk: ChatScene, fault: Exception
) -> None:
    """So an alert lasts as long as it does, and the log can be read."""
    stuck, _ = await two_rooms(talk)
    node, said = talk.announcer, list[int]()
    talk.heard.cannot[stuck] = fault
    with capture_logs() as logged:
        await say(talk, stuck)
        for _ in range(3):
            await node.look()
            said.append(sum(loop.faults for loop in node.loops))
    assert said == sorted(set(said)), "each look has tried it"
    assert [each["lane"] for each in logged if each["log_level"] == "error"] == [stuck]


async def test_more_that_is_stuck_than_is_looked_at_at_once_hides_nothing(
    talk: ChatScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.announcer._AT_ONCE", 2)
    stuck, other = await two_rooms(talk)
    talk.heard.down = True
    for room_id in (stuck, stuck, stuck, other, other, other):
        await say(talk, room_id, by=talk.another_node())
    talk.heard.down = False
    talk.heard.cannot[stuck] = FAULTS["it cannot be written"]
    async with asyncio.timeout(PATIENCE_S):  # others may have left something in this outbox
        while len(heard(talk, other)) < 3:
            await talk.announcer.look()
    assert [message.seq for message in heard(talk, other)] == [1, 2, 3]
    assert heard(talk, stuck) == []
