"""Handlers are bound to the commands that they take; what does not fit ends the start."""

import asyncio

import pytest

from core.contract.chat import ChatRead
from core.contract.presence import Presences, PresenceWatch
from core.contract.queue import QueueExplain, QueueLeave
from core.wire.message import Command, Empty
from realtime.gateway.binding import BindingError, bind
from realtime.gateway.caller import Caller

ANA = Caller("ana", "session", "phone", "sid")


class Leaving:
    """What a handler looks like that needs the connection, among other methods."""

    async def leave(self, caller: Caller, _command: QueueLeave) -> Empty:
        assert caller is ANA
        return Empty()

    async def leave_later(self, caller: Caller, command: QueueLeave, _now: int) -> Empty:
        return await self.leave(caller, command)

    async def _really(self, caller: Caller, command: QueueLeave) -> Empty:
        return await self.leave(caller, command)


class Reading:
    """And one that asks only which user it is for."""

    def __init__(self) -> None:
        self.users: list[str] = []

    async def read(self, user_id: str, _command: ChatRead) -> None:
        self.users.append(user_id)


class Prompt:
    """One that answers without a task of its own."""

    def leave(self, _caller: Caller, _command: QueueLeave) -> asyncio.Future[Empty]:
        return asyncio.ensure_future(asyncio.sleep(0, Empty()))


class PromptReading:
    """The same of one without a reply."""

    def read(self, _caller: Caller, _command: ChatRead) -> asyncio.Future[None]:
        return asyncio.ensure_future(asyncio.sleep(0))


class PromptUseCase:
    """The same, for whom it is enough to know the user."""

    def read(self, user_id: str, _command: ChatRead) -> asyncio.Future[None]:
        assert user_id == ANA.user_id
        return asyncio.ensure_future(asyncio.sleep(0))


class Wordless:
    async def watch(self, _caller: Caller, _command: PresenceWatch) -> Empty:
        return Empty()


class Hasty:
    def leave(self, _caller: Caller, _command: QueueLeave) -> Empty:
        return Empty()


class Idle:
    async def rest(self, _seconds: float) -> None: ...


async def test_a_command_gets_the_method_that_takes_it() -> None:
    reading = Reading()
    bound = bind([Leaving(), reading], [QueueLeave, ChatRead])
    assert await bound[QueueLeave](ANA, QueueLeave()) == Empty()
    assert await bound[ChatRead](ANA, object()) == Empty()
    assert reading.users == [ANA.user_id]
    assert await bind([Prompt()], [QueueLeave])[QueueLeave](ANA, QueueLeave()) == Empty()
    for prompt in (PromptReading(), PromptUseCase()):
        answer = bind([prompt], [ChatRead])[ChatRead](ANA, object())
        assert isinstance(answer, asyncio.Future)
        assert await answer is None


@pytest.mark.parametrize(
    ("parts", "commands", "sentence"),
    [
        ([Leaving()], [QueueLeave, QueueExplain], "No method takes `queue:explain`."),
        (
            [Leaving(), Leaving()],
            [QueueLeave],
            f"`queue:leave` has two handlers: {__name__}.Leaving.leave and {__name__}.Leaving.leave.",
        ),
        ([Idle()], [], f"{__name__}.Idle has no method that takes a command."),
        (
            [Wordless()],
            [PresenceWatch],
            f"{__name__}.Wordless.watch does not answer with `{Presences.__name__}`, as is declared.",
        ),
        ([Hasty()], [QueueLeave], f"{__name__}.Hasty.leave is no coroutine and gives no future."),
    ],
)
def test_what_does_not_fit_is_named(
    parts: list[object], commands: list[type[Command]], sentence: str
) -> None:
    with pytest.raises(BindingError) as refusal:
        bind(parts, commands)
    assert str(refusal.value) == sentence
