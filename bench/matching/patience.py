"""How long people wait before they leave: laws of patience, drawn apart from who comes.

No strategy knows them. Whoever is still there when `QUEUE_S` ends goes then.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from core.ticket import Ticket

Draw = Callable[[Generator, int], NDArray[np.float64]]  # seconds of patience for so many people


class Law(Struct, frozen=True):
    """A law of patience; `queue_s` is the setting of the product on such an evening."""

    name: str
    draw: Draw
    queue_s: int = 30

    def patience_ms(self, people: Sequence[Ticket], seed: int) -> Mapping[str, int]:
        """By ticket, for how long each waits at most."""
        seconds = np.minimum(self.draw(default_rng((seed, 7)), len(people)), self.queue_s)
        return {ticket.id: round(s * 1000) for ticket, s in zip(people, seconds, strict=True)}


def _half_gone(chance: Generator, number: int) -> NDArray[np.float64]:
    """Half leave within 5 s, the others stay for 30."""
    return np.where(chance.random(number) < 0.5, chance.uniform(0, 5, number), 30)


def _alike(_chance: Generator, number: int) -> NDArray[np.float64]:
    return np.full(number, 30.0)


LAWS = {
    "fixed": Law("everybody waits for 30 s", _alike),
    "half": Law("half gone within 5 s", _half_gone),
    "heavy": Law(
        "heavy tail, 3 + 4·Pareto(1.1) s", lambda chance, number: 3 + 4 * chance.pareto(1.1, number)
    ),
    "exponential": Law("exponential, mean 20 s", lambda chance, number: chance.exponential(20, number)),
    "by hand": Law("`QUEUE_S` 300, all leave by hand at 30 s", _alike, queue_s=300),
}
