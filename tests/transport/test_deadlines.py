"""The one timer behind all deadlines, on a clock that is moved by hand."""

from collections.abc import Callable
from typing import Any

from realtime.transport.deadlines import STOOD_STILL_S, Alarm, Deadlines


class Loop:
    """What an alarm asks of a loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timer: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, ring: Callable[[], None]) -> "Loop":
        self.timer = (when, ring)
        return self

    def call_later(self, delay: float, ring: Callable[[], None]) -> "Loop":
        return self.call_at(self.now + delay, ring)

    def cancel(self) -> None:
        self.timer = None

    def run_until(self, now: float) -> None:
        """Ring once, as late as that."""
        assert self.timer is not None
        (_, ring), self.timer = self.timer, None
        self.now = now
        ring()


def armed() -> tuple[Loop, list[str], Deadlines[str]]:
    loop = Loop()
    late: list[str] = []
    kind: Deadlines[str] = Deadlines(20, late.append)
    kind.add("a session", loop.time())
    clock: Any = loop
    alarm = Alarm(clock, [kind], 0.1)
    alarm.set()
    return loop, late, kind


def test_what_is_due_is_late() -> None:
    loop, late, _ = armed()
    loop.run_until(20)
    assert late == ["a session"]


def test_a_process_that_stood_still_reads_before_it_calls_anybody_late() -> None:
    """The answer came meanwhile; it was not read yet."""
    loop, late, kind = armed()
    loop.run_until(20 + STOOD_STILL_S + 1)
    assert late == []
    kind.discard("a session")
    loop.run_until(loop.now + 0.1)
    assert late == []


def test_who_has_not_answered_meanwhile_is_late_a_moment_later() -> None:
    loop, late, _ = armed()
    loop.run_until(60)
    loop.run_until(60.1)
    assert late == ["a session"]
