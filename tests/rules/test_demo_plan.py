"""The plan of a demo's town: the same for the same seed, and such that the server takes all of it."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.check_ins import APART_MS
from core.clock import DAY_MS, to_ms
from demo import pictures
from demo.plan.business import PARTNERS, places_of
from demo.plan.cities import CITIES, LONDON, of_number
from demo.plan.deeds import Book, Call, CheckIn, Comment, Like, Post, Review
from demo.plan.month import GUEST
from demo.plan.people import NAMED
from demo.plan.sizes import DAYS, LEAST_PEOPLE, LEAST_PLACES, Sizes
from demo.plan.town import Town, town
from services.opening_hours import checked

NOW = to_ms(datetime(2026, 3, 30, 1, 30, tzinfo=UTC))  # the night after clocks went forward
SMALL = Sizes(people=LEAST_PEOPLE, places=LEAST_PLACES)
sizes = st.builds(
    Sizes,
    seed=st.integers(0, 50),
    people=st.integers(LEAST_PEOPLE, 60),
    places=st.integers(LEAST_PLACES, 60),
)
whenever = st.integers(to_ms(datetime(2026, 1, 1, tzinfo=UTC)), to_ms(datetime(2028, 1, 1, tzinfo=UTC)))
few = effort(max_examples=12)


@pytest.fixture(scope="module")
def usual() -> Town:
    """As `make demo` makes it."""
    return town(Sizes(), NOW)


def test_a_seed_is_a_town() -> None:
    """The same again, and another one for another seed."""
    assert town(SMALL, NOW) == town(SMALL, NOW)
    assert town(SMALL, NOW) != town(Sizes(seed=2, people=6, places=10), NOW)


def test_more_people_are_not_other_people() -> None:
    few, many = town(SMALL, NOW), town(Sizes(people=40, places=30), NOW)
    assert many.people[: len(few.people)] == few.people
    assert many.places[: len(few.places)] == few.places


def test_it_is_as_large_as_is_said(usual: Town) -> None:
    """With everything in it that a newcomer is to see."""
    assert (len(usual.people), len(usual.places), len(usual.mentors)) == (300, 2000, 8)
    kinds = Counter(type(deed).__name__ for deed in usual.deeds)
    assert min(kinds.values()) > 0
    assert len(kinds) == 11
    assert kinds["CheckIn"] > 1000
    assert [person.part for person in usual.people[: len(NAMED)]] == [part for _, _, part in NAMED]


def test_the_places_of_the_reference_are_there() -> None:
    """As the reference has them."""
    first = [place.location for place in town(SMALL, NOW).places[:3]]
    assert [(each.name, each.type, each.lat, each.lon, each.address) for each in first] == [
        ("Peaceful Grounds Café", "coffee", 51.5074, -0.1278, "123 Calm Street"),
        ("Beginner Fitness Hub", "gym", 51.5085, -0.1290, "45 Support Lane"),
        ("The Quiet Gym", "gym", 51.5100, -0.1300, "78 Structure Road"),
    ]
    assert [each.anxiety_level for each in first] == ["low", "low", "medium"]
    assert [each.has_qr_reward for each in first] == [True, False, False]
    assert all(each.verified and each.beginner_friendly for each in first)
    assert {(each.city, each.country) for each in first} == {("London", "GB")}


def test_cities_have_their_share() -> None:
    assert sum(city.weight for city in CITIES) == 100
    shares = Counter(of_number(number).name for number in range(100, 200))
    assert shares == {city.name: city.weight for city in CITIES}
    assert {of_number(number) for number in range(10)} == {LONDON}


@few
@given(sizes, whenever)
def test_everything_has_happened_in_order(asked: Sizes, now: int) -> None:
    """Since the town has begun, and before now; what is said of something comes after it."""
    made = town(asked, now)
    times = [deed.at for deed in made.deeds]
    assert times == sorted(times)
    assert made.begins >= now - (DAYS + 1) * DAY_MS
    assert made.begins < times[0]
    assert times[-1] < now
    posts, comments = set[int](), set[int]()
    for deed in made.deeds:
        if isinstance(deed, Post):
            posts.add(deed.key)
        elif isinstance(deed, Like):
            assert deed.post in posts
        elif isinstance(deed, Comment):
            assert deed.post in posts
            assert deed.to is None or deed.to in comments
            comments.add(deed.key)
    assert all(0 <= deed.who < asked.people for deed in made.deeds)


@few
@given(sizes, whenever)
def test_each_check_in_is_going_to_count(asked: Sizes, now: int) -> None:
    """Apart in time, in one city, and once a place and day; who reviews a place has been there, once."""
    made = town(asked, now)
    last, reviewed, been = dict[int, CheckIn](), set[tuple[int, int]](), set[tuple[int, int]]()
    for deed in made.deeds:
        if isinstance(deed, CheckIn):
            before = last.get(deed.who)
            if before is not None:
                assert deed.at - before.at >= APART_MS
                assert made.places[deed.place].city == made.places[before.place].city
            last[deed.who] = deed
            been.add((deed.who, deed.place))
        elif isinstance(deed, Review):
            assert (deed.who, deed.place) in been - reviewed
            reviewed.add((deed.who, deed.place))


@few
@given(sizes, whenever)
def test_what_is_planned_can_be_done(asked: Sizes, now: int) -> None:
    """Names are nobody else's, hours make sense, nobody calls themselves or books themselves."""
    made = town(asked, now)
    names = [person.username for person in made.people]
    assert len(set(names)) == len(names)
    for place in made.places:
        if place.location.hours is not None:
            checked(place.location.hours)
    for deed in made.deeds:
        assert not isinstance(deed, Call) or deed.who != deed.other
        assert not isinstance(deed, Book) or (deed.mentor in made.mentors and deed.who != deed.mentor)
    given = [number for own in places_of(made.places) for number in own]
    assert len(set(given)) == len(given) >= len(PARTNERS)


def test_whoever_looks_as_the_guest_sees_something_of_everything(usual: Town) -> None:
    """They have been somewhere each day until yesterday, so their streak goes on today."""
    own = [deed for deed in usual.deeds if deed.who == GUEST]
    days = {(NOW - deed.at) // DAY_MS for deed in own if isinstance(deed, CheckIn)}
    assert days >= set(range(1, 25))
    assert {type(deed).__name__ for deed in own} >= {"CheckIn", "Post", "Call", "Book", "Redeem", "Read"}


def test_pictures_are_the_same_again() -> None:
    """A face for everybody, and no two alike."""
    assert pictures.face(1, 0, "female") == pictures.face(1, 0, "female")
    faces = {pictures.face(1, number, "male") for number in range(5)}
    assert len(faces | {pictures.scene(1, 1), pictures.room(1, 1)}) == 7
