"""A month of the town: what happens, in the order in which it does. Pure.

Each has a circle of people and a few places of their own city. The first of all is the guest's: whoever looks
at the town does so as them, so there is something of everything in their month. Nothing is later than an
hour ago, but for what is said about the newest posts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import combinations
from random import Random
from zoneinfo import ZoneInfo

from core.clock import DAY_MS, to_datetime, to_ms
from demo.plan.chance import chance
from demo.plan.cities import LONDON, City
from demo.plan.deeds import (
    Befriend,
    Book,
    Call,
    CheckIn,
    Comment,
    Deed,
    FinishSessions,
    Like,
    Post,
    Read,
    Redeem,
    Review,
)
from demo.plan.people import Person
from demo.plan.places import Place
from demo.plan.sizes import DAYS, Sizes
from demo.plan.words import CAPTIONS, COMMENTS, MOODS, NOTES, REPLIES, REVIEWS, TALK

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
GUEST, MENTORS_EVERY, MOST_MENTORS = 0, 40, 8
_TRAVELLERS = 5  # one in so many checks in often
_POSTERS = 2
_UNREAD_DAYS = 5
_LIKELY = (5, 5, 5, 5, 4, 2, 1)  # of reviews
_RATINGS = (5, 5, 4, 5, 4, 3)


class Month:
    """Of these people and places, until `now` in ms."""

    def __init__(self, sizes: Sizes, people: Sequence[Person], places: Sequence[Place], now: int) -> None:
        self._seed, self._people, self._places, self._now = sizes.seed, people, places, now
        self._midnight = now - now % DAY_MS
        self._of_city: dict[str, list[int]] = {}
        for place in places:
            self._of_city.setdefault(place.city.name, []).append(place.number)

    @property
    def begins(self) -> int:
        """When the first have come."""
        return self._midnight - DAYS * DAY_MS

    def deeds(self) -> list[Deed]:
        """All, the earliest first."""
        friends = self.friends()
        every = [
            *self._befriending(friends),
            *self._visits(),
            *self._posts(friends),
            *self._calls(),
            *self._sessions(),
            Read(at=self._midnight - 6 * _HOUR, who=GUEST),
        ]
        return sorted(every, key=lambda deed: deed.at)

    def mentors(self) -> list[int]:
        """Who is one: those whose part it is, and some more."""
        some = [person.number for person in self._people if person.part == "mentor"]
        others = [each.number for each in self._people[MENTORS_EVERY::MENTORS_EVERY]]
        return [*some, *others][:MOST_MENTORS]

    def friends(self) -> list[tuple[int, int]]:
        """Pairs who are friends: whoever is near by number, as in a circle, and a few across it."""
        by, count = chance(self._seed, "friends"), len(self._people)
        pairs = {
            (one, other) for one, other in combinations(range(count), 2) if other - one <= 2 and one != GUEST
        }
        pairs |= {_pair(by.randrange(1, count), by.randrange(1, count)) for _ in range(count // 3)}
        pairs |= {(GUEST, other) for other in range(1, min(count, 26), 2)}
        return sorted((one, other) for one, other in pairs if one != other)

    def _befriending(self, friends: Sequence[tuple[int, int]]) -> Iterator[Deed]:
        by = chance(self._seed, "befriending")
        for number, (one, other) in enumerate(friends):
            who, asked = (one, other) if by.random() < 0.5 else (other, one)
            yield Befriend(at=self.begins + 3 * _HOUR + number * 15_000, who=who, other=asked)
        for other in (2, 4)[: max(0, len(self._people) - 5)]:  # they wait for an answer
            asks = Befriend(
                at=self._now - 3 * _HOUR - other * _MINUTE, who=other, other=GUEST, answered=False
            )
            yield asks

    # Places

    def _visits(self) -> Iterator[Deed]:
        for person in self._people:
            by = chance(self._seed, "visits", person.number)
            if person.number == GUEST:
                yield from self._days(person, self._near(person, by), range(1, 27), by)
            elif person.number % _TRAVELLERS == 1:
                usual, often = self._near(person, by), by.uniform(0.3, 0.98)
                days = [day for day in range(2, DAYS) if by.random() < often]
                yield from self._days(person, usual, days, by)

    def _near(self, person: Person, by: Random) -> Sequence[int]:
        """Up to five places of their city; of the guest those that the page shows first."""
        known = self._of_city.get(person.city.name) or self._of_city[LONDON.name]
        if person.number == GUEST:
            return known[:5]
        usual = by.sample(known, min(4, len(known)))
        return [0, *usual] if known[0] == 0 and by.random() < 0.6 and 0 not in usual else usual

    def _days(self, person: Person, usual: Sequence[int], days: Sequence[int], by: Random) -> Iterator[Deed]:
        seen = set[int]()
        for day in days:
            at = self._clock_shows(day, by.randrange(8 * 60, 12 * 60), person.city)
            visits = by.sample(usual, min(len(usual), 2 if by.random() < 0.15 else 1))
            for place in visits:
                yield CheckIn(
                    at=at, who=person.number, place=place, mood=by.choice(MOODS), note=by.choice(NOTES)
                )
                if place not in seen and by.random() < 0.35:
                    rating, title, content = by.choices(REVIEWS, _LIKELY)[0]
                    yield Review(
                        at=at + 20 * _MINUTE,
                        who=person.number,
                        place=place,
                        rating=rating,
                        title=title,
                        content=content,
                    )
                seen.add(place)
                at += by.randrange(90, 240) * _MINUTE
            if day % 12 == 2:
                yield Redeem(at=at + _HOUR, who=person.number)

    def _clock_shows(self, days_ago: int, minute: int, city: City) -> int:
        """When it was that minute of that day there."""
        day = to_datetime(self._midnight - days_ago * DAY_MS).date()
        there = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(city.zone))
        return to_ms(there)

    # Posts

    def _posts(self, friends: Sequence[tuple[int, int]]) -> Iterator[Deed]:
        circle: dict[int, list[int]] = {}
        for one, other in friends:
            circle.setdefault(one, []).append(other)
            circle.setdefault(other, []).append(one)
        authors = [each.number for each in self._people if each.number % _POSTERS]
        for key, author in enumerate([*authors, GUEST, GUEST], 1):
            by = chance(self._seed, "post", key)
            # Most are of the last week, and some of today.
            ago = by.randrange(30, 60 * 24 * 2) if key % 5 == 0 else by.randrange(60 * 24, 60 * 24 * 9)
            at = self._now - ago * _MINUTE
            yield Post(
                at=at,
                who=author,
                key=key,
                pictures=by.choices((1, 2, 3), (88, 9, 3))[0],
                caption=by.choice(CAPTIONS),
                visibility="everyone" if by.random() < 0.3 else "friends",
            )
            yield from self._about(key, author, at, circle.get(author, []), by)

    def _about(self, key: int, author: int, at: int, friends: Sequence[int], by: Random) -> Iterator[Deed]:
        """What friends make of it within some hours."""

        def later() -> int:
            return min(at + by.randrange(3, 600) * _MINUTE, self._now - _MINUTE)

        for friend in by.sample(friends, by.randrange(0, len(friends) + 1)):
            yield Like(at=later(), who=friend, post=key)
        for nth, friend in enumerate(by.sample(friends, min(len(friends), by.choice((0, 1, 1, 2))))):
            said = later()
            comment = key * 10 + nth * 2
            yield Comment(at=said, who=friend, key=comment, post=key, content=by.choice(COMMENTS))
            if by.random() < 0.4 and said + 2 * _MINUTE < self._now:
                yield Comment(
                    at=said + _MINUTE,
                    who=author,
                    key=comment + 1,
                    post=key,
                    content=by.choice(REPLIES),
                    to=comment,
                )

    # Calls, and sessions with mentors

    def _calls(self) -> Iterator[Deed]:
        count, by = len(self._people), chance(self._seed, "calls")
        for number in range(count // 2):
            guest = number % 12 == 0
            who = GUEST if guest else by.randrange(1, count)
            other = by.randrange(1, count)
            if who == other:
                continue
            connected = guest or by.random() < 0.4
            day = by.randrange(1, DAYS - 2)
            yield Call(
                at=self._midnight - day * DAY_MS + by.randrange(17 * 60, 22 * 60) * _MINUTE,
                who=who,
                other=other,
                mode=by.choice(("voice", "video")),
                talked_s=by.randrange(40, 1500) if connected else by.randrange(5, 300),
                connected=connected,
                reason="hung_up" if connected or by.random() < 0.6 else "skipped",
                said=by.choice(TALK) if connected else (),
                unread=guest and day <= _UNREAD_DAYS,
            )

    def _sessions(self) -> Iterator[Deed]:
        mentors, by = self.mentors(), chance(self._seed, "sessions")
        clients = [each.number for each in self._people if each.number not in mentors and not each.part]
        for day in range(DAYS - 3, 0, -3):
            for mentor in mentors:
                at = self._midnight - day * DAY_MS + 7 * _HOUR
                if clients and by.random() < 0.7:
                    yield Book(at=at, who=by.choice(clients), mentor=mentor, nth=by.randrange(4))
                yield FinishSessions(at=at + _HOUR, who=mentor, rating=by.choice(_RATINGS))
        for nth, mentor in enumerate(mentors[:2]):
            early = self._midnight - (9 - nth) * DAY_MS + 8 * _HOUR
            yield Book(at=early, who=GUEST, mentor=mentor, nth=1 + nth)
        for mentor in mentors:
            yield FinishSessions(at=self._now - 2 * _HOUR, who=mentor, rating=by.choice(_RATINGS))
        if mentors:
            yield Book(at=self._now - _HOUR, who=GUEST, mentor=mentors[0], nth=9)


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
