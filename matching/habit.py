"""How somebody has waited before, a trait of their tickets; and what they have done with offers. Pure.

From it `patience` learns when such people leave. It moves only what is asked of matches with them.
"""

from msgspec import Struct

from core.ticket import Offered

_MOST = 16  # waits: then all count for half as much
_MOST_OFFERS = 20
_ENOUGH = 2  # times that somebody has left, to say when
_SOON_S = 10
_LONG_S = 60  # in all, without ever having left


class Habit(Struct, frozen=True):
    """So many times somebody has waited, and left by themselves; how long they have waited in all (ms).

    And how many offers they had, of which they have not accepted so many (`missed`).
    """

    waits: int = 0
    left: int = 0
    ms: int = 0
    offers: int = 0
    missed: int = 0

    def after(self, waited_ms: int, *, left: bool, offered: bool = False) -> "Habit":
        """And now once more, which may have ended with an offer. The scripts of the queue do the same."""
        waits, times, ms = self.waits + 1, self.left + left, self.ms + max(0, waited_ms)
        if waits > _MOST:
            waits, times, ms = waits // 2, times // 2, ms // 2
        offers, missed = self.offers + offered, self.missed
        if offers > _MOST_OFFERS:
            offers, missed = offers // 2, missed // 2
        return Habit(waits, times, ms, offers, missed)

    def absent(self, *, gone: bool) -> "Habit":
        """The latest offer was not accepted; `gone`: and so they have left."""
        missed, left = min(self.offers, self.missed + 1), min(self.waits, self.left + gone)
        return Habit(self.waits, left, self.ms, self.offers, missed)

    @classmethod
    def read(cls, noted: bytes | None) -> "Habit":
        """From the "waits left ms offers missed" of the scripts; earlier ones wrote the first three.

        What another version notes says nothing.
        """
        match (noted or b"").split():
            case [waits, left, ms]:
                return cls(int(waits), int(left), int(ms))
            case [waits, left, ms, offers, missed]:
                return cls(int(waits), int(left), int(ms), int(offers), int(missed))
            case _:
                return cls()

    @property
    def offered(self) -> Offered:
        """As a ticket says it."""
        return Offered(self.offers, self.missed)

    @property
    def trait(self) -> str | None:
        """What it is called; None while it says nothing."""
        if self.left >= _ENOUGH:
            return "habit=leaves_soon" if self.ms < self.left * _SOON_S * 1000 else "habit=leaves"
        return "habit=stays" if not self.left and self.ms >= _LONG_S * 1000 else None


class Before(Struct, frozen=True):
    """What a join has to know of what came before it: what took the user out of the queue last (empty if
    nothing did lately), and how they have waited."""

    out: str
    habit: Habit


def traits(device_kind: str, habit: Habit) -> tuple[str, ...]:
    """What is known of somebody who joins from such a device, in order."""
    known = (device_kind and f"client={device_kind}", habit.trait)
    return tuple(sorted(trait for trait in known if trait))
