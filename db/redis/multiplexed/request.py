"""One command on its way: what is sent, who waits for the answer, and how long."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from hiredis import pack_command

from core.later import another
from db.outage import AWAY
from db.redis.multiplexed.script import Script
from db.redis.multiplexed.words import Words, is_repeatable

NEVER = math.inf
# A command goes wrong less often than this before its caller is told. With Redis away that takes a third of a
# second.
_MISHAPS = 4


class Request:
    """A command and the future of its answer.

    `expires` is a tick of the client's deadlines; `ahead` are requests that have to go out just before it;
    `mishaps` counts how often it has gone wrong without having been answered. Once it `is_closed` it goes
    out, or waits to, as it is.
    """

    __slots__ = (
        "ahead", "expires", "future", "is_closed", "mishaps", "packed", "repeatable", "script", "words",
    )  # fmt: skip
    last = False  # behind all others of its turn

    def __init__(
        self,
        future: "asyncio.Future[Any]",
        words: Words,
        expires: float,
        repeatable: bool | None,
        script: Script | None,
        packed: bytes | None = None,
    ) -> None:
        self.future, self.words, self.expires = future, words, expires
        self.repeatable, self.script = repeatable, script
        if packed is None:
            packed = pack_command(words)  # type: ignore[arg-type]  # of one word, it says
        self.packed = packed
        self.ahead: Sequence[Ahead] = ()
        self.mishaps = 0
        self.is_closed = False

    def close(self) -> None:
        """From now on it stays as it is."""
        self.is_closed = True

    def answered(self, answer: Any) -> None:
        """What Redis says; perhaps nobody waits for it any more."""
        if not self.future.done():
            self.future.set_result(answer)

    def may_be_repeated(self) -> bool:
        """Whether it may be sent again, though it may have been performed."""
        return is_repeatable(self.words) if self.repeatable is None else self.repeatable

    def fail(self, error: Exception) -> None:
        """End with this error."""
        fail(self.future, error)

    def survives(self, error: Exception) -> bool:
        """Count that it has gone wrong once more. Whether it is to be tried again, with what goes ahead."""
        self.mishaps += 1
        for first in self.ahead:
            first.fault = None
        if self.mishaps >= _MISHAPS:
            self.fail(another(error))
        return not self.future.done()

    def cause(self, error: Exception) -> Exception:
        """What it is that Redis has refused: this, or already what went ahead of it."""
        return next((first.fault for first in self.ahead if first.fault is not None), error)


class Late(Request):
    """What others hear of, who may act on it at once: it goes out behind all else of its turn."""

    __slots__ = ()
    last = True


class Own(Request):
    """Of one connection: it goes with it."""

    __slots__ = ()

    def __init__(self, words: Words) -> None:
        super().__init__(asyncio.get_running_loop().create_future(), words, NEVER, False, None)


class Ahead(Own):
    """What goes before a request and is nobody's wish: only that it fails is worth noting."""

    __slots__ = ("fault",)

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.fault: Exception | None = None

    def fail(self, error: Exception) -> None:
        """What it goes before tells of it."""
        self.fault = error
        if not self.future.done():
            self.future.set_result(None)


def fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    """An outage is told of elsewhere: nobody needs to ask for it."""
    if future.done():
        return
    future.set_exception(error)
    if isinstance(error, AWAY):
        future.exception()
