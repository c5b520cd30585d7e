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


class Setting(Struct, frozen=True):
    """Arrivals a second, and the share of women among them."""

    rate: float
    female: float
    seed: int


def arrivals(setting: Setting) -> list[Ticket]:
    """Tickets by time of arrival in ms: Poisson, each person seeking the other gender."""
    chance = default_rng(setting.seed)
    times = np.sort(chance.uniform(0, ARRIVALS_S * 1000, chance.poisson(setting.rate * ARRIVALS_S)))
    ages = _ages(chance, len(times))
    values = chance.normal(size=(len(times), DIMENSIONS))
    values /= np.linalg.norm(values, axis=1)[:, None]
    return [
        _ticket(chance, setting, n, round(time), int(ages[n]), values[n].tolist())
        for n, time in enumerate(times)
    ]


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
