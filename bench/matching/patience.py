"""How long people wait before they leave: laws of patience, drawn apart from who comes.

No strategy knows them. Whoever is still there when `QUEUE_S` ends goes then.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from bench.matching.population import ARRIVALS_S, PHONE
from core.ticket import Ticket

_MEAN_S, _APART = 18, 3.0  # of each one's own patience: the mean, and how many times less or more

_HASTE = 0.8  # by how much less than the mean it is when people are in most of a hurry

Draw = Callable[[Generator, Sequence[Ticket]], NDArray[np.float64]]  # seconds of patience of these people


class Law(Struct, frozen=True):
    """A law of patience; `queue_s` is the setting of the product on such an evening."""

    name: str
    draw: Draw
    queue_s: int = 30

    def patience_ms(self, people: Sequence[Ticket], seed: int) -> Mapping[str, int]:
        """By ticket, for how long each waits at most."""
        seconds = np.minimum(self.draw(default_rng((seed, 7)), people), self.queue_s)
        return {ticket.id: round(s * 1000) for ticket, s in zip(people, seconds, strict=True)}


def _half_gone(chance: Generator, people: Sequence[Ticket]) -> NDArray[np.float64]:
    """Half leave within 5 s, the others stay for 30."""
    number = len(people)
    return np.where(chance.random(number) < 0.5, chance.uniform(0, 5, number), 30)


def _alike(_chance: Generator, people: Sequence[Ticket]) -> NDArray[np.float64]:
    return np.full(len(people), 30.0)


def _own(chance: Generator, people: Sequence[Ticket]) -> NDArray[np.float64]:
    """Exponential, with a mean of each one's own; on a phone half as long."""
    places = ((crc32(ticket.user_id.encode()) % 997) / 997 for ticket in people)
    means = [
        _MEAN_S * _APART ** (2 * place - 1) * (0.5 if PHONE in ticket.traits else 1.0)
        for ticket, place in zip(people, places, strict=True)
    ]
    return np.asarray(means) * chance.exponential(1, len(people))


def mean_by_hour_s(at: int) -> float:
    """How long people wait in the mean who come at this time (ms) of an evening that is a day."""
    return _MEAN_S * (1 - _HASTE * math.cos(2 * math.pi * at / (ARRIVALS_S * 1000)))


def _by_hour(chance: Generator, people: Sequence[Ticket]) -> NDArray[np.float64]:
    means = [mean_by_hour_s(ticket.joined_at) for ticket in people]
    return np.asarray(means) * chance.exponential(1, len(people))


LAWS = {
    "fixed": Law("everybody waits for 30 s", _alike),
    "half": Law("half gone within 5 s", _half_gone),
    "heavy": Law(
        "heavy tail, 3 + 4·Pareto(1.1) s", lambda chance, people: 3 + 4 * chance.pareto(1.1, len(people))
    ),
    "exponential": Law("exponential, mean 20 s", lambda chance, people: chance.exponential(20, len(people))),
    "own": Law("each their own, mean 6 to 54 s, on a phone half of it", _own),
    "hours": Law("by the hour, mean 4 to 32 s", _by_hour),
    "by hand": Law("`QUEUE_S` 300, all leave by hand at 30 s", _alike, queue_s=300),
}
