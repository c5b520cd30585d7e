"""The ladder: what comes next for somebody with these strikes. Pure; a moderator may do otherwise.

The steps are data. Each strike that stands is one, and nobody comes down: after a harder step comes a harder
one. To be too young is no misconduct: it has a step of its own, and is none of this ladder.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from core.clock import DAY_MS
from core.vocabulary import StrikeAction


class Step(Struct, frozen=True):
    """`days`: of a suspension; None: one that goes on until a moderator ends it."""

    action: StrikeAction
    days: int | None = None


LADDER: Final = (Step("warn"), Step("suspend", 1), Step("suspend", 7), Step("ban"))
# What there is for these reasons, however often: who may be a minor is out until a moderator has settled when
# they were born (`services/admin_users.py`).
ALWAYS: Final[Mapping[str, Step]] = {"underage": Step("suspend")}


class Taken(Protocol):
    """What was decided against somebody, from when until when in ms."""

    @property
    def action(self) -> StrikeAction: ...
    @property
    def reason(self) -> str: ...
    @property
    def at(self) -> int: ...
    @property
    def until(self) -> int | None: ...


def step_of(strike: Taken) -> int:
    """The highest step that this strike reaches, whoever chose how long it lasts."""
    if strike.action != "suspend":
        return next(n for n, step in enumerate(LADDER) if step.action == strike.action)
    lasts = None if strike.until is None else strike.until - strike.at
    return max(
        n
        for n, step in enumerate(LADDER)
        if step.action == "suspend" and (n == _FIRST_SUSPENSION or lasts is None or _ms(step) <= lasts)
    )


def next_step(strikes: Sequence[Taken], reason: str) -> Step:
    """What comes for this reason, for somebody with these strikes, all of which stand."""
    if reason in ALWAYS:
        return ALWAYS[reason]
    steps = [step_of(strike) for strike in strikes if strike.reason not in ALWAYS]
    return LADDER[min(max(len(steps), max(steps, default=-1) + 1), len(LADDER) - 1)]


def suspension_days(strikes: Sequence[Taken], reason: str) -> int | None:
    """For how long it would suspend them: the next suspension, or the last. None: until somebody ends it."""
    if reason in ALWAYS:
        return ALWAYS[reason].days
    reached = LADDER.index(next_step(strikes, reason))
    days = [step.days for n, step in enumerate(LADDER) if step.days is not None and n >= reached]
    return days[0] if days else max(step.days or 0 for step in LADDER)


def _ms(step: Step) -> int:
    return (step.days or 0) * DAY_MS


_FIRST_SUSPENSION: Final = next(n for n, step in enumerate(LADDER) if step.action == "suspend")
