"""What a node does, one call to the world outside at a time: between any two it may stand still or die.

An operation is a coroutine of the product. Everything it asks of a store passes a `Port`, where it waits
until it is let go on. So a test decides which operation goes on next, and which never does.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, Literal

Fate = Literal["goes", "refused", "unanswered"]
Watch = Callable[[str, tuple[Any, ...], dict[str, Any], Any], None]

_current: ContextVar["Operation | None"] = ContextVar("operation", default=None)


class Died(BaseException):
    """The process is gone: nothing catches this, and nothing more reaches a store."""


class Loop(asyncio.SelectorEventLoop):
    """Its clock is the machine's until a test puts it forward: what waits for a time ends at once."""

    ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_s


class Operation:
    """One thing that a node does. `trail` are the calls it has made, `answer` what came of it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        work: Coroutine[Any, Any, Any],
        begun_at: int,
        begun_ms: int,
        tick: Callable[[], object],
    ) -> None:
        """`begun_at`: how much had happened before; `begun_ms`: the time; `tick`: each call takes some."""
        self.name, self.begun_at, self.begun_ms, self.tick = name, begun_at, begun_ms, tick
        self.trail: list[str] = []
        self.ended = self.died = False
        self.harmed = False  # a store was away for it
        self.answer: Any = None
        self.error: Exception | None = None
        self._loop, self._calls, self._fate = loop, 0, "goes"
        self._one_by_one, self._dying = asyncio.Lock(), False
        self._rest = self._gate = loop.create_future()
        self._task = loop.create_task(self._run(work))
        self._loop.run_until_complete(self._rest)

    async def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        _current.set(self)
        try:
            await self._stand()
            self.answer = await work
        except Died:
            self.died = True
        except Exception as error:
            self.error = error
        self.ended = True
        self._rests()

    def go(self, calls: int | None = None, fate: Fate = "goes") -> None:
        """Make so many calls, or all that are left; the next one is refused, or done and unanswered."""
        assert not self.ended
        self._calls, self._fate = -1 if calls is None else calls, fate
        self._rest = self._loop.create_future()
        self._gate.set_result(None)
        self._loop.run_until_complete(self._rest)

    def die(self) -> None:
        """Stand still for ever."""
        if not self.ended:
            self._rest, self._dying = self._loop.create_future(), True
            self._gate.set_exception(Died())
            self._loop.run_until_complete(self._rest)

    async def _stand(self) -> None:
        self._gate = self._loop.create_future()
        self._rests()
        await self._gate

    def _rests(self) -> None:
        """Whoever let it go on is told; nobody did where its own time for a call was over while it stood."""
        if not self._rest.done():
            self._rest.set_result(None)

    async def call(self, name: str, work: Callable[[], Coroutine[Any, Any, Any]], sure: bool) -> Any:
        """A call to the world outside, when it is this operation's turn; of several at once, one by one."""
        async with self._one_by_one:
            if self._dying:
                raise Died
            while self._calls == 0:
                await self._stand()
            self._calls -= 1
            self.tick()
            self.trail.append(name)
            fate, self._fate = ("goes" if sure else self._fate), "goes"
            self.harmed |= fate != "goes"
            if fate == "refused":
                raise ConnectionError(f"{name} was refused")
            answer = await work()
        if fate == "unanswered":
            raise ConnectionError(f"the answer of {name} was lost")
        return answer


class Port:
    """A store as a node sees it. `watch` is told of each call that was made; `sure`: never away."""

    def __init__(self, real: Any, name: str, watch: Watch | None = None, *, sure: bool = False) -> None:
        self._real, self._name, self._watch, self._sure = real, name, watch, sure

    def __getattr__(self, method: str) -> Any:
        real, name = getattr(self._real, method), f"{self._name}.{method}"
        if method in {"known", "tells"}:  # in the memory of the process: no step
            return real

        async def work(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            answer = await real(*args, **kwargs)
            if self._watch is not None:
                self._watch(name, args, kwargs, answer)
            return answer

        async def call(*args: Any, **kwargs: Any) -> Any:
            operation = _current.get()
            if operation is None:
                return await work(args, kwargs)
            return await operation.call(name, lambda: work(args, kwargs), self._sure)

        return call


def now_running() -> Operation | None:
    """The step that makes this call to a store; None: the test itself."""
    return _current.get()
