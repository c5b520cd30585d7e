"""The population of the simulation: who arrives when, as tickets. Numbers from one seeded generator."""

import numpy as np
from msgspec import Struct
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from core.stored import StoredCard
from core.ticket import Ticket

ARRIVALS_S = 300
PATIENCE_MS = 30_000
AGE_MEAN, AGE_SD, AGE_MIN, AGE_MAX = 28, 7, 18, 60
LANGUAGES = {"en": 0.5, "de": 0.2, "fr": 0.1, "es": 0.1, "it": 0.05, "pt": 0.05}
ALSO_THE_FIRST = 0.3
INTENTS = {"casual": 0.45, "friends": 0.25, "serious": 0.2, "networking": 0.1}
COUNTRIES = ("DE", "FR", "ES", "IT", "PT", "AT", "CH", "NL")
DIMENSIONS = 16


BURST_S, BURST_EVERY_S, BURST_TIMES = 10, 60, 10


class Setting(Struct, frozen=True):
    """Arrivals a second, and the share of women among them. `bursts`: ten times as many for 10 s a minute."""

    rate: float
    female: float
    seed: int
    bursts: bool = False


def arrivals(setting: Setting) -> list[Ticket]:
    """Tickets by time of arrival in ms: Poisson, each person seeking the other gender."""
    chance = default_rng(setting.seed)
    times = _bursts(chance, setting) if setting.bursts else _steady(chance, setting)
    ages = _ages(chance, len(times))
    values = chance.normal(size=(len(times), DIMENSIONS))
    values /= np.linalg.norm(values, axis=1)[:, None]
    return [
        _ticket(chance, setting, n, round(time), int(ages[n]), values[n].tolist())
        for n, time in enumerate(times)
    ]


def _steady(chance: Generator, setting: Setting) -> NDArray[np.float64]:
    return np.sort(chance.uniform(0, ARRIVALS_S * 1000, chance.poisson(setting.rate * ARRIVALS_S)))


def _bursts(chance: Generator, setting: Setting) -> NDArray[np.float64]:
    """By the number of those expected until each second."""
    seconds = np.arange(ARRIVALS_S)
    times = np.where(seconds % BURST_EVERY_S >= BURST_EVERY_S - BURST_S, BURST_TIMES, 1) * setting.rate
    until = np.concatenate(([0], np.cumsum(times)))
    drawn = chance.uniform(0, until[-1], chance.poisson(until[-1]))
    return np.sort(np.interp(drawn, until, np.arange(ARRIVALS_S + 1) * 1000))


def _ages(chance: Generator, number: int) -> NDArray[np.float64]:
    """Whole years, normal within bounds: drawn anew until they are."""
    ages = chance.normal(AGE_MEAN, AGE_SD, number)
    while (outside := (ages < AGE_MIN) | (ages > AGE_MAX)).any():
        ages[outside] = chance.normal(AGE_MEAN, AGE_SD, int(outside.sum()))
    return np.floor(ages)


def _ticket(
    chance: Generator, setting: Setting, number: int, time: int, age: int, values: list[float]
) -> Ticket:
    female = chance.random() < setting.female
    first = next(iter(LANGUAGES))
    languages = [str(chance.choice(list(LANGUAGES), p=list(LANGUAGES.values())))]
    if chance.random() < ALSO_THE_FIRST and first not in languages:
        languages.append(first)
    name = f"{number:06d}"
    card = StoredCard(
        user_id=f"user {name}",
        display_name=name,
        age=age,
        gender="female" if female else "male",
        intent=str(chance.choice(list(INTENTS), p=list(INTENTS.values()))),
        languages=tuple(languages),
        country=str(chance.choice(COUNTRIES)),
    )
    return Ticket(
        id=name,
        user_id=card.user_id,
        region="simulation",
        mode="video",
        joined_at=time,
        device=name,
        card=card,
        genders=("male",) if female else ("female",),
        age_min=max(AGE_MIN, age - int(chance.integers(3, 10))),
        age_max=age + int(chance.integers(3, 12)),
        values={str(n): value for n, value in enumerate(values)},
    )
