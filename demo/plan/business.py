"""Partners of the town, what earns which reward, and who is a mentor of what."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from core.contract.locations import Hours, Week
from core.vocabulary import LocationType, ScheduleType
from demo.plan.chance import chance
from demo.plan.people import Person
from demo.plan.places import Place


class Partner(Struct, frozen=True):
    """A business, and of which type its places are."""

    about: Mapping[str, Any]
    type: LocationType


class Rule(Struct, frozen=True):
    """What earns a reward; `partner` by its place in the list, if it pays for it."""

    about: Mapping[str, Any]
    partner: int | None = None


class NewMentor(Struct, frozen=True, kw_only=True):
    """A mentor, as admins enter them."""

    title: str
    specialization: list[str]
    bio: str
    schedule_type: ScheduleType
    schedule: Hours
    session_m: int
    verified: bool = True


PARTNERS = (
    Partner(
        {
            "name": "Peaceful Grounds",
            "type": "café",
            "partnership_level": "gold",
            "description": "Coffee for those who came although it was hard.",
            "contact": {"email": "partners@peaceful-grounds.example"},
            "budget": 5000,
        },
        "coffee",
    ),
    Partner(
        {
            "name": "Quiet & Beginners",
            "type": "gyms",
            "partnership_level": "platinum",
            "description": "Two gyms where everybody was new once.",
            "contact": {"phone": "+442079460003"},
        },
        "gym",
    ),
    Partner(
        {
            "name": "Good Soup Company",
            "type": "kitchen",
            "partnership_level": "silver",
            "description": "A bowl a day.",
            "budget": 500,
        },
        "nutrition",
    ),
)
RULES = (
    Rule({"kind": "milestone", "milestone": "first_check_in", "type": "badge", "title": "First steps"}),
    Rule(
        {
            "kind": "check_in",
            "every": 5,
            "at": "coffee",
            "type": "coffee",
            "title": "A coffee on the house",
            "description": "For every fifth visit to a café.",
            "valid_days": 60,
        },
        0,
    ),
    Rule(
        {
            "kind": "streak",
            "reaches": 7,
            "type": "gym_pass",
            "title": "A free week at the gym",
            "description": "For a week in a row.",
            "valid_days": 90,
        },
        1,
    ),
    Rule(
        {
            "kind": "level",
            "reaches": 3,
            "type": "discount",
            "title": "A tenth off your next bowl",
            "description": "For level 3.",
            "valid_days": 30,
        },
        2,
    ),
    Rule({"kind": "first_call", "type": "badge", "title": "Said hello", "description": "For a first call."}),
    Rule(
        {
            "kind": "kept_connection",
            "type": "coffee",
            "title": "Coffee for two",
            "description": "For somebody you would like to see again.",
            "valid_days": 30,
        }
    ),
    Rule({"kind": "mentor_session", "type": "badge", "title": "Asked for advice"}),
)
_OWN_PLACES = 3
_TITLES = (
    ("Strength coach", ["strength", "first gym visits"]),
    ("Listener", ["anxiety", "loneliness"]),
    ("Running mate", ["running", "habits"]),
    ("Nutritionist", ["food", "habits"]),
    ("Career mentor", ["work", "moving cities"]),
    ("Yoga teacher", ["yoga", "sleep"]),
    ("Language partner", ["languages", "moving cities"]),
    ("Climbing guide", ["climbing", "strength"]),
)
_TYPES: tuple[ScheduleType, ...] = ("both", "virtual", "in-person")


def places_of(places: Sequence[Place]) -> list[list[int]]:
    """The numbers of each partner's places: the first of its type, and no two of them have the same."""
    given: list[list[int]] = []
    for partner in PARTNERS:
        own = [place.number for place in places if place.location.type == partner.type][:_OWN_PLACES]
        taken = {number for each in given for number in each}
        given.append(own or [next(place.number for place in places if place.number not in taken)])
    return given


def mentor(seed: int, nth: int, person: Person) -> NewMentor:
    """What is said of the n-th mentor."""
    by, (title, skills) = chance(seed, "mentor", nth), _TITLES[nth % len(_TITLES)]
    morning, evening = [["08:00", "12:00"]], [["13:00", "18:00"]]
    days = {
        day: by.choice((morning, evening, morning + evening)) for day in ("mon", "tue", "wed", "thu", "fri")
    }
    return NewMentor(
        title=title,
        specialization=skills,
        bio=f"{person.bio} I have been where you are, and have time to listen.",
        schedule_type=_TYPES[nth % len(_TYPES)],
        schedule=Hours(zone=person.city.zone, week=Week(**days, sat=morning)),
        session_m=by.choice((30, 45, 60)),
    )
