"""What a population saw, moment by moment: the checks read nothing else.

`at` is in seconds of one monotonic clock, that of the process in which all clients live. A user is a number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Code = str  # "ok", or that of the error


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that one user did or saw."""

    at: float
    user: int


@dataclass(frozen=True, slots=True)
class Asked(Moment):
    """A command has been sent; `ask` tells it from all others of this user."""

    ask: int
    command: str


@dataclass(frozen=True, slots=True)
class Answered(Moment):
    """It was acknowledged."""

    ask: int
    code: Code


@dataclass(frozen=True, slots=True)
class Acknowledged(Moment):
    """The user's message of this number has become the room's message `seq`."""

    room: str
    number: int
    seq: int


@dataclass(frozen=True, slots=True)
class Shown(Moment):
    """A message came that was no repeat: `told` by an event with a new offset, or `read` from the history."""

    room: str
    seq: int
    sender: int
    number: int
    way: Literal["told", "read"]


@dataclass(frozen=True, slots=True)
class Welcomed(Moment):
    """`session:ready`."""

    recovered: bool
    call: str | None


@dataclass(frozen=True, slots=True)
class Closed(Moment):
    """The socket is gone; `wanted` where its user has left."""

    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Unserved(Moment):
    """The node of this user's socket stands still, until `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Overslept(Moment):
    """The clients' own process came to read what had come so many seconds late; its user is nobody."""

    by_s: float


@dataclass(frozen=True, slots=True)
class CallMoment(Moment):
    """Something about a call."""

    call: str


@dataclass(frozen=True, slots=True)
class Started(CallMoment):
    """`call:started`."""


@dataclass(frozen=True, slots=True)
class Told(CallMoment):
    """`call:state`, or what `session:ready` says of it."""

    state: str


@dataclass(frozen=True, slots=True)
class HangsUp(CallMoment):
    """This user is about to end it."""


@dataclass(frozen=True, slots=True)
class Ended(CallMoment):
    """`call:ended`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Heard(CallMoment):
    """The other one's signal of this number has come, which was sent after the fault."""

    number: int


@dataclass(frozen=True, slots=True)
class Seen(Moment):
    """The presence of somebody who left long ago, as this user is told when asking."""

    of: int
    status: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as the room has it in the end."""

    room: str
    seq: int
    sender: int
    number: int


_M = TypeVar("_M", bound=Moment)


@dataclass(slots=True)
class History:
    """One fault from before it struck until all was said about it."""

    struck: float = 0.0  # from then on
    over: float = 0.0  # until then: what follows is recovery
    answer_s: float = 3.0  # within which a command has to be answered
    moments: list[Moment] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    members: dict[str, Sequence[int]] = field(default_factory=dict)  # of each room
    tracebacks: int = 0

    def of(self, kind: type[_M]) -> Iterator[_M]:
        """All moments of this kind, in their order."""
        return (moment for moment in self.moments if isinstance(moment, kind))

    def by_user(self) -> dict[int, list[Moment]]:
        """Each user's moments, in their order."""
        found: dict[int, list[Moment]] = {}
        for moment in self.moments:
            found.setdefault(moment.user, []).append(moment)
        return found
