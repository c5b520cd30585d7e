"""The way of signals to the store: one request after the other for each sender, so that none overtakes.

What is signalled in one turn of the loop, or while a request is under way, goes with the next one together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from core.clock import Clock
from core.errors import RateLimited, Unavailable
from core.later import Later, another
from core.tasks import TaskSet
from core.wire.message import Empty
from db.redis.signals import Allowed, Request, Sender, Signal
from realtime.calls.ports import SignalStore

_ATTEMPTS = 5
_REFUSED, _PASSED = b"-", ord("1")
_DONE = Empty()
# The device that signals may go to, by the record. Raises what the sender is to be told.
AskRecord = Callable[[Sender], Awaitable[str]]
_Waiting = list[tuple[Signal, Later[Empty]]]


class SignalLanes:
    """One for each sender who has something under way; `ask_record` decides what the line does not allow.

    `retry_ms` is told with one signal too many.
    """

    def __init__(self, store: SignalStore, ask_record: AskRecord, clock: Clock, *, retry_ms: int) -> None:
        self._store, self._ask_record, self._clock = store, ask_record, clock
        self._retry_ms, self._loop = retry_ms, asyncio.get_running_loop()
        self._lanes: dict[Sender, _Waiting] = {}
        self._begun: list[Sender] = []
        self._tasks = TaskSet()

    def pass_on(self, sender: Sender, signal: Signal) -> Later[Empty]:
        """Settled when it was passed on, or with `RateLimited`, what `ask_record` raises, or an outage."""
        passed: Later[Empty] = Later()
        lane = self._lanes.get(sender)
        if lane is None:
            if not self._begun:
                self._loop.call_soon(self._send_begun)
            self._lanes[sender] = [(signal, passed)]
            self._begun.append(sender)
        else:
            lane.append((signal, passed))
        return passed

    def _send_begun(self) -> None:
        """Of all who have begun in this turn."""
        begun, self._begun = self._begun, []
        self._send(begun)

    def _send(self, senders: Sequence[Sender]) -> None:
        """All that wait, in one request; the lanes end for which nobody does."""
        asked: list[Request] = []
        sent: dict[Sender, _Waiting] = {}
        for sender in senders:
            waiting = self._lanes[sender]
            signals = [signal for signal, passed in waiting if not passed.done]
            if not signals:
                del self._lanes[sender]
                continue
            if len(signals) < len(waiting):  # nobody waits for some of them any more
                waiting = [each for each in waiting if not each[1].done]
            self._lanes[sender], sent[sender] = [], waiting
            asked.append((sender, signals))
        if not asked:
            return
        begun = 0
        try:
            for some, answers in self._store.pass_on_all(asked, now=self._clock()):
                begun += len(some)
                answers.add_done_callback(partial(self._answered, some, sent))
        except Exception as error:
            self._end(asked[begun:], sent, [error] * (len(asked) - begun))

    def _answered(
        self,
        asked: Sequence[Request],
        sent: Mapping[Sender, _Waiting],
        answers: "asyncio.Future[list[bytes | Exception]]",
    ) -> None:
        over = Unavailable() if answers.cancelled() else answers.exception()
        self._end(asked, sent, answers.result() if over is None else [over] * len(asked))

    def _end(
        self,
        asked: Sequence[Request],
        sent: Mapping[Sender, _Waiting],
        answers: Sequence[bytes | BaseException],
    ) -> None:
        """Each has its answer, and what has come meanwhile goes next."""
        answered: list[Sender] = []
        for (sender, _), answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException):
                _fail(sent[sender], answer)
            elif answer.startswith(_REFUSED):
                self._tasks.spawn(self._decide(sender, sent[sender], answer))
                continue
            else:
                self._settle(sent[sender], answer)
            if self._lanes[sender]:
                answered.append(sender)
            else:
                del self._lanes[sender]
        self._send(answered)

    async def _decide(self, sender: Sender, waiting: _Waiting, answer: bytes) -> None:
        """As the record says: it is newer than what the line said when it refused."""
        try:
            for _ in range(_ATTEMPTS):
                allowed = Allowed(await self._ask_record(sender), answer.removeprefix(_REFUSED))
                signals = [signal for signal, _ in waiting]
                answer = await self._store.pass_on(sender, signals, now=self._clock(), allowed=allowed)
                if not answer.startswith(_REFUSED):
                    self._settle(waiting, answer)
                    break
            else:
                _fail(waiting, Unavailable("This call changes too fast: try again."))
        except Exception as error:
            _fail(waiting, error)
        finally:
            self._send([sender])

    def _settle(self, waiting: _Waiting, answer: bytes) -> None:
        for (signal, passed), outcome in zip(waiting, answer[1:], strict=True):
            if outcome == _PASSED:
                passed.settle(_DONE)
            else:
                passed.settle(RateLimited(f"Too many {signal.kind}s.", retry_after_ms=self._retry_ms))


def _fail(waiting: _Waiting, error: BaseException) -> None:
    for _, passed in waiting:
        passed.settle(another(error))
