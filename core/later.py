"""Answers that come later, where what asks for them is not to cost more than they do."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

A = TypeVar("A")


class Waits(Generic[A]):
    """A coroutine that is sure to wait, as for a store: whoever runs it gives it a task before it begins."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, A]) -> None:
        self.coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, A]:
        return self.coroutine.__await__()


class Later(Generic[A]):
    """An answer that is handed on in the turn of the loop in which it comes.

    A future would do as well, but tells only in the turn after, and costs as much as the rest of a short
    command. `settle` it once. One `then` is told, at once if it is settled already; who awaits it is that
    one.
    """

    __slots__ = ("_answers", "_then")

    def __init__(self) -> None:
        self._answers: list[A] = []
        self._then: Callable[[A], object] | None = None

    def settle(self, answer: A) -> None:
        """This is the answer."""
        if self._then is not None:
            self._then(answer)
        else:
            self._answers.append(answer)

    def then(self, tell: Callable[[A], object]) -> None:
        """Call this with the answer. It must not raise."""
        self._then = tell
        if self._answers:
            tell(self._answers.pop())

    def __await__(self) -> Generator[Any, None, A]:
        told: asyncio.Future[A] = asyncio.get_running_loop().create_future()

        def tell(answer: A) -> None:
            if not told.done():
                told.set_result(answer)

        self.then(tell)
        return (yield from told.__await__())
