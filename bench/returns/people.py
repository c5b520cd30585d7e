"""People of a simulated product: where they connect from, with what, and what they say of themselves.

Numbers from one seeded generator. How common a phone, a carrier or a birthday is, is an assumption: a few
phones are most people's, everybody is seen at home and through a carrier whose clients share addresses, and
nobody is born on a chosen day.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from msgspec import Struct

from core.ids import new_id
from services.marks import Sighting, client_print

DAY_MS = 86_400_000
NOW = 1_800_000_000_000
CLIENTS = 400
CARRIERS = 12
_NAMES = (
    "Anna",
    "Ben",
    "Cem",
    "Dana",
    "Elif",
    "Finn",
    "Gina",
    "Hugo",
    "Ida",
    "Jan",
    "Kim",
    "Leo",
    "Mia",
    "Nils",
)
_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "ri", "so", "ta", "vi", "xo", "zu", "ke", "lo", "mi")


class Human(Struct, kw_only=True):
    """Somebody with an account. `home` is an address; `carrier` a number; `client` what the phone says."""

    id: str
    email: str
    name: str
    birth_date: date
    gender: str
    home: str
    carrier: int
    client: tuple[str, ...]
    opened_at: int
    device: str
    token: str


class Crowd:
    """Makes people, of whom no two are the same by intention."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._numbers = iter(range(10_000_000))
        self._shares = [1 / (1 + rank) for rank in range(CLIENTS)]

    def human(self, *, opened_at: int, home: str | None = None, young: bool = False) -> Human:
        """Somebody new; `young`: a student."""
        number = next(self._numbers)
        return Human(
            id=new_id(opened_at),
            email=f"{self.name()}{number}@example.org",
            name=self.name(),
            birth_date=self.birth_date(young=young),
            gender=self.chance.choice(("female", "male")),
            home=home or self.home(),
            carrier=self.chance.randrange(CARRIERS),
            client=self.client(),
            opened_at=opened_at,
            device=f"device-{number}",
            token=f"token-{number}",
        )

    def name(self) -> str:
        """A third are called as many are, the others as hardly anybody is."""
        if self.chance.random() < 1 / 3:
            return self.chance.choice(_NAMES)
        return "".join(self.chance.choices(_SYLLABLES, k=4))

    def birth_date(self, *, young: bool = False) -> date:
        """Students are 18 to 26; others are younger rather than older."""
        years = self.chance.uniform(18, 26) if young else 18 + min(45, self.chance.expovariate(1 / 11))
        return date(2027, 1, 15) - timedelta(days=int(years * 365.25))

    def client(self) -> tuple[str, ...]:
        """What a phone or browser says of itself: every tenth has the commonest in the commonest language."""
        [model] = self.chance.choices(range(CLIENTS), self._shares)
        return client_print("rest", f"Client/{model}", self.chance.choice(("de", "de", "de", "en", "tr")))

    def home(self) -> str:
        """An address of one's own, one in a /24 of some two hundred homes."""
        return f"81.{self.chance.randrange(256)}.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}"

    def mobile(self, carrier: int) -> str:
        """One of the 1,024 addresses that this carrier's clients share; another each time."""
        return f"100.{carrier}.{self.chance.randrange(4)}.{self.chance.randrange(256)}"

    def vpn(self) -> str:
        """One of 2,000 addresses of some provider."""
        return f"185.{self.chance.randrange(8)}.{self.chance.randrange(250)}.1"


def at(network: str, human: Human) -> Sighting:
    """This person signs in from there."""
    return Sighting(
        user_id=human.id,
        network=network,
        device_ids=(human.device,),
        device_marks=(human.token,),
        client=human.client,
    )


def usual(crowd: Crowd, human: Human) -> Sequence[Sighting]:
    """Where somebody is seen in the course of some weeks: at home and on the way."""
    return [at(human.home, human), *(at(crowd.mobile(human.carrier), human) for _ in range(3))]
