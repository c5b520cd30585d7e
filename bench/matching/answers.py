"""Who accepts an offer: laws of it, drawn apart from who comes and how long they wait.

What somebody has done with offers before is on their ticket, for every strategy. What they do with this one
depends on the pair alone, so all strategies meet the same answers.
"""

from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from core.ticket import Offered, Ticket

_DECLINED_MS, _LAPSED_MS = 2_000, 8_000  # until the other waits again; half of those who do not come decline
_BEFORE = 8  # offers that each has had before, in the mean
_ALIKE = 0.85
_RARELY, _RARE, _OFTEN = 0.25, 0.35, 0.95  # so many accept so rarely, and the others so often

Draw = Callable[[Generator, int], NDArray[np.float64]]  # of so many people, how likely each accepts


class Answers(Struct, frozen=True):
    """Of one evening. `accepts`: by ticket, how likely."""

    accepts: Mapping[str, float]
    seed: int

    def accepted(self, one: Ticket, other: Ticket) -> bool:
        """Whether one accepts the other."""
        return self._chance(one, other, "accepts") < self.accepts[one.id]

    def back_ms(self, one: Ticket, other: Ticket) -> int:
        """How long it takes until the other waits again, if one does not accept."""
        return _DECLINED_MS if self._chance(one, other, "declines") < 0.5 else _LAPSED_MS

    def _chance(self, one: Ticket, other: Ticket, what: str) -> float:
        return crc32(f"{self.seed} {what} {one.id} {other.id}".encode()) / 2**32


class Willing(Struct, frozen=True):
    """A law of who accepts."""

    name: str
    draw: Draw

    def of(self, people: Sequence[Ticket], seed: int) -> tuple[list[Ticket], Answers]:
        """The same people with what they did before, and what they will do."""
        chance = default_rng((seed, 11))
        likely = self.draw(chance, len(people))
        offers = chance.poisson(_BEFORE, len(people))
        missed = chance.binomial(offers, 1 - likely)
        known = [
            replace(ticket, offered=Offered(int(number), int(less)))
            for ticket, number, less in zip(people, offers, missed, strict=True)
        ]
        return known, Answers({t.id: float(p) for t, p in zip(people, likely, strict=True)}, seed)


def _some_rarely(chance: Generator, number: int) -> NDArray[np.float64]:
    return np.where(chance.random(number) < _RARELY, _RARE, _OFTEN)


WILLING = {
    "sure": Willing("everybody accepts", lambda _, number: np.ones(number)),
    "alike": Willing(f"each accepts with {_ALIKE}", lambda _, number: np.full(number, _ALIKE)),
    "varied": Willing(f"a quarter accept with {_RARE}, the others with {_OFTEN}", _some_rarely),
    "own": Willing("each with a chance of their own, Beta(3, 1)", lambda c, number: c.beta(3, 1, number)),
}
