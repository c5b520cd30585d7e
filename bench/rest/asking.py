"""What is asked of either server, by whom: requests as bytes, made one after the other as they are needed.

People, their sessions and their keys follow from the filling, so that nobody has to sign up.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from random import Random

import asyncpg
import msgspec

from bench.rest import filling
from bench.rest.load import Make, request
from core.clock import now_ms
from core.keys import Keyring
from core.settings import Settings
from core.signed_codes import SignedCodes
from core.tokens import AccessTokens

_TOKEN_S = 86_400
_PAGE = 20
_POINTS = 5_000


class NobodyLeftError(Exception):
    """All people have checked in, or all rewards are redeemed: ask for fewer rounds, or shorter ones."""


class Asking:
    """Makes requests. Nobody checks in twice, and no reward is redeemed twice, whichever server is asked."""

    def __init__(self, rows: int, places: Sequence[asyncpg.Record], partner: Sequence[str]) -> None:
        keyring, self._chance = Keyring.of(Settings()), Random(14)
        self._tokens = AccessTokens(keyring.keys("access token"), _TOKEN_S)
        self._codes = SignedCodes(keyring.keys("code of a reward"))
        self.size, self._people = rows, filling.people(rows)
        self._places, self._partner = places, partner
        self._numbers, self._visitors, self._rewards = (
            count(),
            count(filling.READERS + filling.STAFF),
            count(),
        )
        self._readers = [self.token(number) for number in range(filling.READERS)]
        self._staff = [self.token(filling.READERS + number) for number in range(filling.STAFF)]
        self._profiles = [self.profile(*self._pair()) for _ in range(_POINTS)]
        self._feeds = [self.feed(number) for number in range(filling.READERS)]
        self._looks = [self.near_by(number % filling.READERS) for number in range(_POINTS)]

    @classmethod
    async def of(cls, database: asyncpg.Connection, rows: int) -> "Asking":
        """For a database with so many rows."""
        places = await database.fetch(
            "SELECT id, position[1] AS lat, position[0] AS lon FROM places.locations"
            " WHERE type = 'nutrition' ORDER BY id LIMIT 5000"
        )
        partner = await database.fetch("SELECT id FROM places.locations WHERE partner_id IS NOT NULL")
        return cls(rows, places, [str(row["id"]) for row in partner])

    @property
    def rows(self) -> Mapping[str, Make]:
        """What is measured, by name: each gives the next request."""
        numbers = count()
        profiles, feeds, looks = self._profiles, self._feeds, self._looks
        return {
            "profile": lambda: profiles[next(numbers) % len(profiles)],
            "feed": lambda: feeds[next(numbers) % len(feeds)],
            "near-by": lambda: looks[next(numbers) % len(looks)],
            "check-in": lambda: self.check_in(self.visitor()),
            "redeem": lambda: self.redeem(self.reward(), self.key()),
        }

    def token(self, number: int) -> str:
        """An access token of somebody."""
        person, session = filling.person(number), filling.session(number)
        return self._tokens.issue(person, session, filling.token_hash(number), now_ms())

    def key(self) -> str:
        """One for a request that has no copies."""
        return f"bench-{next(self._numbers)}"

    def visitor(self) -> int:
        """Somebody who has not checked in today."""
        if (number := next(self._visitors)) >= self._people:
            raise NobodyLeftError
        return number

    def reward(self) -> str:
        """One that has not been redeemed."""
        staff = range(filling.READERS, filling.READERS + filling.STAFF)
        while (number := next(self._rewards)) % self._people in staff:
            pass  # nobody redeems their own
        if number >= filling.REWARDS:
            raise NobodyLeftError
        return filling.reward(number)

    def profile(self, reader: int, friend: int) -> bytes:
        """The card of somebody."""
        return request("GET", f"/v1/profiles/{filling.person(friend)}", self._readers[reader])

    def feed(self, reader: int) -> bytes:
        """The newest page."""
        return request("GET", f"/v1/feed?limit={_PAGE}", self._readers[reader])

    def near_by(self, reader: int) -> bytes:
        """Places near some point."""
        reach = filling.DEGREES * 0.45
        lat, lon = (middle + self._chance.uniform(-reach, reach) for middle in (filling.LAT, filling.LON))
        return request("GET", f"/v1/locations?near={lat:.5f},{lon:.5f}&limit={_PAGE}", self._readers[reader])

    def check_in(self, visitor: int, key: str | None = None) -> bytes:
        """That they are at some place."""
        place = self._chance.choice(self._places)
        said = {
            "location_id": str(place["id"]),
            "lat": place["lat"],
            "lon": place["lon"],
            "accuracy_m": 12.5,
            "mood": "calm",
            "time_zone": "Europe/London",
        }
        body = msgspec.json.encode(said)
        return request("POST", "/v1/check-ins", self.token(visitor), body, Idempotency_Key=key or self.key())

    def redeem(self, reward: str, key: str) -> bytes:
        """By the code that its owner would show now."""
        chance = self._chance
        said = {"code": self._codes.write(reward, now_ms()).text, "location_id": chance.choice(self._partner)}
        token = chance.choice(self._staff)
        return request("POST", "/v1/rewards/redeem", token, msgspec.json.encode(said), Idempotency_Key=key)

    def _pair(self) -> tuple[int, int]:
        reader = self._chance.randrange(filling.READERS)
        return reader, self._chance.choice(filling.friends_of(reader, self._people))
