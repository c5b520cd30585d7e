"""The populations of the simulation: who arrives when, as tickets. Numbers from one seeded generator.

The *town* is the one that the policy was tuned on. The *harbour* is one that nothing was tuned on: students
and people in their forties, other intents and languages, values that come in clusters or are not said at all,
and tiers of trust. The *regulars* are those of the town, half of them on phones, who come again and again.
"""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
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
QUIET_HOUR = 0.1  # of the mean, as many come when fewest do; in a day that lasts as long as the evening

Tide = Literal["steady", "bursts", "day"]
TIDES: tuple[Tide, ...] = get_args(Tide)
People = Literal["town", "harbour", "regulars"]
PEOPLE: tuple[People, ...] = get_args(People)
VISITS = 8  # of each of the regulars, about
PHONE, COMPUTER = "client=phone", "client=computer"


class Setting(Struct, frozen=True):
    """Arrivals a second, and the share of women among them.

    `tide`: as many all the time; ten times as many for 10 s a minute; or few, many and few, as in a day.
    """

    rate: float
    female: float
    seed: int
    tide: Tide = "steady"
    people: People = "town"


def arrivals(setting: Setting) -> list[Ticket]:
    """Tickets by time of arrival in ms: Poisson, each person seeking the other gender."""
    chance = default_rng(setting.seed)
    times = _TIMES[setting.tide](chance, setting)
    number = len(times)
    strange = setting.people == "harbour"
    draw = _stranger if strange else _ticket
    ages = _two_ages(chance, number) if strange else _ages(chance, number)
    values = chance.normal(size=(number, DIMENSIONS))
    if strange:
        values += _CLUSTERS * np.eye(DIMENSIONS)[chance.integers(0, _OF_CLUSTERS, number)]
    values /= np.linalg.norm(values, axis=1)[:, None]
    people = [
        draw(chance, setting, n, round(time), int(ages[n]), values[n].tolist())
        for n, time in enumerate(times)
    ]
    return _again(chance, people) if setting.people == "regulars" else people


def _steady(chance: Generator, setting: Setting) -> NDArray[np.float64]:
    return np.sort(chance.uniform(0, ARRIVALS_S * 1000, chance.poisson(setting.rate * ARRIVALS_S)))


def _bursts(chance: Generator, setting: Setting) -> NDArray[np.float64]:
    seconds = np.arange(ARRIVALS_S)
    times = np.where(seconds % BURST_EVERY_S >= BURST_EVERY_S - BURST_S, BURST_TIMES, 1)
    return _changing(chance, times * setting.rate)


def _day(chance: Generator, setting: Setting) -> NDArray[np.float64]:
    hours = 2 * np.pi * np.arange(ARRIVALS_S) / ARRIVALS_S
    return _changing(chance, (1 - (1 - QUIET_HOUR) * np.cos(hours)) * setting.rate)


def _changing(chance: Generator, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """By the number of those expected until each second."""
    until = np.concatenate(([0], np.cumsum(rates)))
    drawn = chance.uniform(0, until[-1], chance.poisson(until[-1]))
    return np.sort(np.interp(drawn, until, np.arange(ARRIVALS_S + 1) * 1000))


_TIMES: Mapping[Tide, Callable[[Generator, Setting], NDArray[np.float64]]] = {
    "steady": _steady,
    "bursts": _bursts,
    "day": _day,
}


def _ages(chance: Generator, number: int) -> NDArray[np.float64]:
    """Whole years, normal within bounds: drawn anew until they are."""
    ages = chance.normal(AGE_MEAN, AGE_SD, number)
    while (outside := (ages < AGE_MIN) | (ages > AGE_MAX)).any():
        ages[outside] = chance.normal(AGE_MEAN, AGE_SD, int(outside.sum()))
    return np.floor(ages)


def _again(chance: Generator, people: list[Ticket]) -> list[Ticket]:
    """As accounts: a few of each gender, who come several times, on one device or another."""
    accounts = max(1, len(people) // VISITS)
    who, phone = chance.integers(0, accounts, len(people)), chance.random(len(people)) < 0.5
    return [
        replace(t, user_id=f"{t.card.gender} {n}", traits=(PHONE if on_phone else COMPUTER,))
        for t, n, on_phone in zip(people, who.tolist(), phone.tolist(), strict=True)
    ]


def _two_ages(chance: Generator, number: int) -> NDArray[np.float64]:
    """Of two generations."""
    young = chance.random(number) < _STUDENTS
    drawn = np.where(young, chance.normal(21, 2, number), chance.normal(43, 6, number))
    ages: NDArray[np.float64] = np.floor(np.clip(drawn, AGE_MIN, AGE_MAX))
    return ages


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


# Of the harbour.
_STUDENTS = 0.55
_CLUSTERS, _OF_CLUSTERS = 2.5, 5  # how far apart they are, and how many
_SILENT = 0.2  # say nothing of their values
_TONGUES = {"en": 0.3, "it": 0.25, "es": 0.2, "de": 0.15, "fr": 0.1}
_AIMS = {"casual": 0.2, "friends": 0.3, "serious": 0.4, "networking": 0.1}
_TIERS = {"neutral": 0.7, "trusted": 0.25, "suspect": 0.05}


def _stranger(
    chance: Generator, setting: Setting, number: int, time: int, age: int, values: list[float]
) -> Ticket:
    usual = _ticket(chance, setting, number, time, age, values)
    first, also = (str(chance.choice(list(_TONGUES), p=list(_TONGUES.values()))) for _ in range(2))
    aim = str(chance.choice(list(_AIMS), p=list(_AIMS.values())))
    card = replace(
        usual.card,
        intent=aim,
        languages=tuple(dict.fromkeys((first, also))),
        country=COUNTRIES[int(chance.integers(0, 3))],
    )
    wide = int(chance.integers(2, 16))
    return replace(
        usual,
        card=card,
        age_min=max(AGE_MIN, age - wide),
        age_max=age + wide,
        values={} if chance.random() < _SILENT else usual.values,
        tier=str(chance.choice(list(_TIERS), p=list(_TIERS.values()))),
    )
