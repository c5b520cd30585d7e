"""The whole plan of a town."""

from collections.abc import Sequence

from msgspec import Struct

from demo.plan.deeds import Deed
from demo.plan.month import Month
from demo.plan.people import Person, people
from demo.plan.places import Place, places
from demo.plan.sizes import Sizes


class Town(Struct, frozen=True, kw_only=True):
    """Who and what there is, and what happens, the earliest first, from `begins` on (ms)."""

    sizes: Sizes
    begins: int
    people: Sequence[Person]
    places: Sequence[Place]
    mentors: Sequence[int]
    deeds: Sequence[Deed]

    def playing(self, part: str) -> Person:
        """Who plays this part."""
        return next(person for person in self.people if person.part == part)


def town(sizes: Sizes, now: int) -> Town:
    """The town of this seed and these sizes, as it has come to be by `now`."""
    everybody, everything = people(sizes), places(sizes)
    month = Month(sizes, everybody, everything, now)
    return Town(
        sizes=sizes,
        begins=month.begins,
        people=everybody,
        places=everything,
        mentors=month.mentors(),
        deeds=month.deeds(),
    )
