"""One script for all who ask for it in one turn of the loop: with what each gives, or the same for all."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hiredis import pack_command

from core.later import another
from db.redis.multiplexed.request import Request, fail
from db.redis.multiplexed.script import Script
from db.redis.multiplexed.words import Arg

_MOST_KEYS = 512  # a millisecond or two


class Gathered(Request):
    """A script that is given the keys and arguments of each, behind a `head` that is the same for all.

    It answers with a list: an answer, or an error, for each. It may be repeated if that is so for each.
    `fault` makes of an error what one of them raises.
    """

    __slots__ = ("_args", "_fault", "_keys", "_waiting", "last")

    def __init__(
        self,
        script: Script,
        key: str,
        head: Sequence[Arg],
        expires: float,
        *,
        last: bool,
        fault: Callable[[Exception], Exception],
    ) -> None:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # The words say where; they are packed when it goes out, with those of all.
        super().__init__(future, ("EVALSHA", script.sha, 1, key), expires, True, script, b"")
        self._keys: list[str] = []
        self._args = list(head)
        self._waiting: list[asyncio.Future[Any]] = []
        self.last, self._fault = last, fault

    def add(self, keys: Sequence[str], args: Sequence[Arg], *, repeatable: bool) -> "asyncio.Future[Any]":
        """For one more. Gives the future of their own answer."""
        future: asyncio.Future[Any] = self.future.get_loop().create_future()
        self._keys += keys
        self._args += args
        self._waiting.append(future)
        self.repeatable = self.repeatable and repeatable
        return future

    @property
    def is_full(self) -> bool:
        """A script that takes long keeps all others waiting: who comes now has another one."""
        return len(self._keys) >= _MOST_KEYS

    def close(self) -> None:
        """It goes out now."""
        if not self.is_closed:
            self.is_closed = True
            assert self.script is not None
            self.words = ("EVALSHA", self.script.sha, len(self._keys), *self._keys, *self._args)
            self.packed = pack_command(self.words)  # type: ignore[arg-type]  # of one word, it says

    def answered(self, answer: Any) -> None:
        """Everybody's own."""
        super().answered(None)
        for each, given in zip(self._waiting, answer, strict=True):
            if isinstance(given, Exception):
                fail(each, self._fault(given))
            elif not each.done():
                each.set_result(given)

    def fail(self, error: Exception) -> None:
        """For all who wait."""
        super().answered(None)  # nobody waits for this one
        for each in self._waiting:
            fail(each, self._fault(error))


class Shared(Request):
    """A script that only reads: who asks the same in this turn gets the same answer.

    It is behind all else of its turn, and so sees what each of them has changed just before they asked.
    """

    __slots__ = ("_waiting",)
    last = True

    def __init__(self, script: Script, keys: Sequence[str], args: Sequence[Arg], expires: float) -> None:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        words = ("EVALSHA", script.sha, len(keys), *keys, *args)
        super().__init__(future, words, expires, script.repeatable, script)
        self._waiting: list[asyncio.Future[Any]] = []

    def add(self) -> "asyncio.Future[Any]":
        """For one more. The answer is not theirs alone: it is not to be changed."""
        future: asyncio.Future[Any] = self.future.get_loop().create_future()
        self._waiting.append(future)
        return future

    def answered(self, answer: Any) -> None:
        """The same for all."""
        super().answered(None)
        for each in self._waiting:
            if not each.done():
                each.set_result(answer)

    def fail(self, error: Exception) -> None:
        """For all who wait."""
        super().answered(None)
        for each in self._waiting:
            fail(each, another(error))
