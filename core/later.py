"""Answers that come later, where what asks for them is not to cost more than they do."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable
from copy import copy
from typing import Any, Generic, TypeVar

import structlog

A = TypeVar("A")
E = TypeVar("E", bound=BaseException)
_log = structlog.get_logger()

_Step = tuple[Callable[..., Any], tuple[Any, ...]]


class Waits(Generic[A]):
    """A coroutine that is sure to wait, as for a store: whoever runs it gives it a task before it begins."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, A]) -> None:
        self.coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, A]:
        return self.coroutine.__await__()


class Later(Generic[A]):
    """An answer, or an error in its place, that is handed on in the turn of the loop in which it comes.

    A future would do as well, but tells only in the turn after, and costs as much as the rest of a short
    command. What it is first `settle`d with counts. Each `then` is told in its order, and what it returns is
    told to the next: so one object goes all the way from a store to a socket. Whether it is settled before or
    after: if somebody cannot take it, that is logged, and the next is told why. Who awaits it leaves it as it
    is, for others who do; one of them who is cancelled meanwhile cancels it for all, as with a future.
    """

    __slots__ = ("_steps", "done", "outcome")

    def __init__(self) -> None:
        self.done = False
        self.outcome: Any = None
        self._steps: list[_Step] = []

    def settle(self, outcome: A | BaseException) -> None:
        """This is the answer, or why there is none."""
        if self.done:
            return
        self.done, self.outcome = True, outcome
        steps, self._steps = self._steps, []
        self._hand_on(steps)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self.settle(asyncio.CancelledError())

    def then(self, tell: Callable[..., Any], *details: Any) -> "Later[Any]":
        """Call `tell(outcome, *details)` with the answer or error, at once if it is known. Gives itself."""
        if self.done:
            self._hand_on(((tell, details),))
        else:
            self._steps.append((tell, details))
        return self

    def _hand_on(self, steps: Iterable[_Step]) -> None:
        for tell, details in steps:
            try:
                self.outcome = tell(self.outcome, *details)
            except Exception as error:
                _log.exception("who waited for an answer could not take it")
                self.outcome = error

    def __await__(self) -> Generator[Any, None, A]:
        told: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self.then(_tell, told)
        try:
            return (yield from told.__await__())
        except asyncio.CancelledError:
            self.cancel()
            raise


def _tell(outcome: Any, told: "asyncio.Future[Any]") -> Any:
    if told.done():
        pass
    elif isinstance(outcome, asyncio.CancelledError):
        told.cancel()
    elif isinstance(outcome, BaseException):
        told.set_exception(outcome)
    else:
        told.set_result(outcome)
    return outcome


class _Followed(Later[A]):
    """What a future gives; who cancels it cancels that."""

    __slots__ = ("_work",)

    def __init__(self, work: "asyncio.Future[A]") -> None:
        super().__init__()
        self._work = work
        if work.done():
            self._follow(work)
        else:
            work.add_done_callback(self._follow)

    def cancel(self) -> None:
        self._work.cancel()

    def _follow(self, work: "asyncio.Future[A]") -> None:
        self.settle(asyncio.CancelledError() if work.cancelled() else work.exception() or work.result())


def follow(work: "asyncio.Future[A] | Later[A]") -> Later[A]:
    """The same as a `Later`."""
    return work if isinstance(work, Later) else _Followed(work)


def another(error: E) -> E:
    """The same for one more who waits: each raises an error of their own, which says where it comes from.

    One that cannot be made again is everybody's.
    """
    try:
        other = copy(error)
    except Exception:
        return error
    other.__cause__ = error
    return other
