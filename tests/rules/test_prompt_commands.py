"""Commands whose handlers give a future need no task: they keep their turn, their time and their answers."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from inspect import isawaitable
from typing import Any

import pytest

from core.clock import now_ms
from core.contract.calls import CallReport
from core.contract.chat import ChatSend
from core.contract.queue import QueueExplain, QueueLeave
from core.errors import Conflict
from core.ids import new_id
from core.later import Later
from core.settings import Settings
from core.token_bucket import Pace
from core.wire.message import Command, Empty
from db.redis.event_log import EventId
from db.redis.rate_limits import MemoryLimiter, NoLimits
from realtime.gateway.binding import Handler
from realtime.gateway.boundary import CommandBoundary
from realtime.gateway.caller import Caller
from realtime.gateway.command_queue import CommandQueue
from realtime.gateway.commands import Answer, Commands
from realtime.gateway.connection import Connection, Opening
from realtime.gateway.metrics import GatewayMetrics
from realtime.gateway.subscription import Subscription
from services.limits import Limits
from tests.patience import PATIENCE_S


class Desk:
    """`queue:leave` ends when it is told to; `queue:explain` has a coroutine, and at once."""

    def __init__(self, deadline_s: float = PATIENCE_S) -> None:
        self.begun: list[asyncio.Future[Empty | None]] = []
        self.explained = 0
        self.ends_at_once = False
        handlers: dict[type[Command], Handler] = {
            QueueLeave: self._leave,
            QueueExplain: self._explain,
            ChatSend: self._send,
            CallReport: self._send,
        }
        few = Settings(messages_burst=2, messages_per_m=1, reports_burst=2, reports_per_h=1)
        self.boundary = CommandBoundary(
            handlers, Limits(few, shared=MemoryLimiter(), here=NoLimits()), now_ms
        )
        commands = Commands(
            self.boundary, metrics=GatewayMetrics((), ()), clock=now_ms, deadline_s=deadline_s
        )
        self.connection = Connection(
            Caller("ana", "session", "phone", "sid"),
            Opening("pid", False, EventId(0, 0), ""),
            expires_at=0,
            subscription=Subscription(lambda _: None, lambda _: asyncio.sleep(0, [])),
            command_queue=CommandQueue(2),
            pace=Pace(()),
            listener=lambda _: None,
        )
        self._answer = partial(commands.answer, self.connection)

    def answer(self, name: str, *arguments: Any) -> Answer | Awaitable[Answer]:
        return self._answer(name, arguments)

    def ask(self, name: str, *arguments: Any) -> "asyncio.Future[Answer]":
        answer = self.answer(name, *arguments)
        if isawaitable(answer) and not isinstance(answer, Later):
            return asyncio.ensure_future(answer)
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if isinstance(answer, Later):
            answer.then(told.set_result)
        else:
            told.set_result(answer)
        return told

    def _leave(self, _caller: Caller, _command: QueueLeave) -> "asyncio.Future[Empty | None]":
        self.begun.append(asyncio.get_running_loop().create_future())
        if self.ends_at_once:
            self.begun[-1].set_result(Empty())
        return self.begun[-1]

    def _send(self, _caller: Caller, _command: Command) -> "asyncio.Future[Empty | None]":
        sent: asyncio.Future[Empty | None] = asyncio.get_running_loop().create_future()
        sent.set_result(Empty())
        return sent

    async def _explain(self, _caller: Caller, _command: QueueExplain) -> Empty:
        self.explained += 1
        return Empty()


def code(answer: Answer) -> str:
    return "" if answer["ok"] else answer["error"]["code"]


async def test_the_future_is_the_answer_and_others_wait_for_it() -> None:
    desk = Desk()
    first, second, third = desk.ask("queue:leave"), desk.ask("queue:explain"), desk.ask("queue:leave")
    assert code(await desk.ask("queue:explain")) == "rate_limited", "they count as all do"
    assert not isinstance(first, asyncio.Task)
    await asyncio.sleep(0)
    assert (len(desk.begun), desk.explained) == (1, 0)
    desk.begun[0].set_result(Empty())
    assert await first == {"ok": True, "data": {}}
    assert code(await second) == ""
    await asyncio.sleep(0)
    desk.begun[1].set_exception(Conflict())
    assert code(await third) == "conflict"
    desk.ask("queue:leave")
    desk.begun[2].set_result(None)
    assert await desk.ask("queue:explain") == {"ok": True, "data": {}}, "one without a reply is over too"


async def test_what_is_known_at_once_is_answered_at_once() -> None:
    desk = Desk()
    desk.ends_at_once = True
    for _ in range(3):
        assert desk.answer("queue:leave") == {"ok": True, "data": {}}


async def test_what_is_wrong_at_once_is_answered_at_once() -> None:
    desk = Desk()
    assert code(await desk.ask("queue:leave", {"no": "field"})) == "invalid_request"
    desk.connection.revoked = True
    assert code(await desk.ask("queue:leave")) == "unauthenticated"
    assert desk.begun == []
    desk.connection.revoked = False
    assert code(await desk.ask("queue:explain")) == "", "nobody holds the turn"


@pytest.mark.parametrize("error", [ConnectionError("away"), ZeroDivisionError()])
async def test_an_outage_and_a_fault_have_their_answers(error: Exception) -> None:
    desk = Desk()
    answer = desk.ask("queue:leave")
    desk.begun[0].set_exception(error)
    assert code(await answer) == ("unavailable" if isinstance(error, OSError) else "internal")


async def test_what_is_counted_in_shares_needs_no_task() -> None:
    """The limit shows a little later; one that has to be waited for shows at once."""
    desk, room = Desk(), new_id()
    assert desk.boundary.prompt == {QueueLeave, ChatSend}
    said = []
    for number in range(6):
        words = {"room_id": room, "client_id": str(number), "content": "Hello"}
        answer = desk.answer("chat:send", words)
        assert isinstance(answer, dict)
        said.append(code(answer))
        for _ in range(5):  # what was used up is counted meanwhile
            await asyncio.sleep(0)
    assert said == [""] * 4 + ["rate_limited"] * 2
    report = {"call_id": room, "reason": "spam"}
    reported = [code(await desk.ask("call:report", report)) for _ in range(3)]
    assert reported == ["", "", "rate_limited"]


async def test_what_is_late_is_cancelled_and_the_turn_goes_on() -> None:
    desk = Desk(deadline_s=0.05)
    assert code(await desk.ask("queue:leave")) == "unavailable"
    assert desk.begun[0].cancelled()
    late = desk.ask("queue:leave")
    desk.begun[1].set_result(Empty())
    assert code(await late) == ""
