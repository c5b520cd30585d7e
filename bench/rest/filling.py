"""A town on record: people with sessions, friends and posts, places, check-ins with journeys, rewards.

Rows are made here and copied in. What is not measured is alike in all rows. Everything follows from the size
alone, so that a filled database can be kept: its name says which size, schema and filling it has.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from core.clock import to_ms
from core.journey import Counted, fold
from core.tokens import fingerprint
from tests.stores.places import fill as fill_places

READERS, FRIENDS, BLOCKED, STAFF, REWARDS = 200, 500, 5, 50, 60_000
LON, LAT, DEGREES = -0.1, 51.5, 2.0
LEAST_PEOPLE = 10_000
_AT_ONCE = 50_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_EVERY = timedelta(days=2)  # between two days on which somebody checks in: no streaks, so nothing to tell of
_PERSON, _SESSION, _ROOM, _POST, _PICTURE, _FACE, _CHECK_IN, _REWARD, _ENTRY, _RULE, _PARTNER = range(1, 12)


def an_id(kind: int, number: int, at: datetime = _BEGAN) -> UUID:
    """The id of the so manieth of a kind, made at that time (UUIDv7)."""
    return UUID(int=to_ms(at) << 80 | 7 << 76 | 2 << 62 | kind << 48 | number)


def person(number: int) -> str:
    """The id of somebody."""
    return str(an_id(_PERSON, number))


def session(number: int) -> str:
    """The id of their session."""
    return str(an_id(_SESSION, number))


def token_hash(number: int) -> bytes:
    """What is stored of the refresh token of their session."""
    return fingerprint(f"bench {number}")


def reward(number: int) -> str:
    """The id of a reward."""
    return str(an_id(_REWARD, number))


def people(rows: int) -> int:
    """How many there are, with so many posts and check-ins."""
    return max(rows // 20, LEAST_PEOPLE)


def friends_of(reader: int, count: int) -> list[int]:
    """Who they are, of so many people. Readers are the first, and whom they have blocked the last."""
    others = count - READERS * (1 + BLOCKED)
    return [READERS + (reader * 7919 + n * 13) % others for n in range(FRIENDS)]


class Filling:
    """Fills an empty database with so many `rows` of posts and of check-ins, and a tenth of places."""

    def __init__(self, connection: asyncpg.Connection, rows: int, today: date) -> None:
        self._connection, self._rows, self._people = connection, rows, people(rows)
        self._today = today
        self._at = datetime.combine(today, time(), UTC)

    async def run(self) -> None:
        """All of it. Rows that belong to one user cannot be copied in while the owner is held to that too."""
        forced = await self._connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relforcerowsecurity"
        )
        await self._hold_owner([row["name"] for row in forced], "NO FORCE")
        await self._fill()
        await self._hold_owner([row["name"] for row in forced], "FORCE")
        _say("tidying up")
        await self._connection.execute("VACUUM ANALYZE")

    async def _hold_owner(self, tables: Iterable[str], how: str) -> None:
        for table in tables:
            await self._connection.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")

    async def _fill(self) -> None:
        await self._copy("identity.users", "id username created_at updated_at", self._of_all(self._user))
        await self._copy(
            "identity.profiles",
            "user_id display_name birth_date gender languages country city bio updated_at photo_ids",
            self._of_all(self._profile),
        )
        await self._copy(
            "identity.sessions",
            "id user_id device created_at last_used_at expires_at",
            self._of_all(self._session),
        )
        await self._copy(
            "identity.refresh_tokens",
            "hash session_id issued_at expires_at served_at",
            self._of_all(self._token),
        )
        await self._copy("social.media", _MEDIA, self._of_all(self._face))
        await self._friends()
        await self._posts()
        await self._places()
        await self._check_ins()
        await self._rewards()

    # People

    def _of_all(self, row: Callable[[int], tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        return map(row, range(self._people))

    def _user(self, number: int) -> tuple[Any, ...]:
        return an_id(_PERSON, number), f"person{number}", _BEGAN, _BEGAN

    def _profile(self, number: int) -> tuple[Any, ...]:
        gender = ("female", "male", "other")[number % 3]
        bio = "Climbs, cooks, laughs, and reads on trains."
        faces = [an_id(_FACE, number)]
        name = f"Person {number}"
        born = date(1980 + number % 20, 1 + number % 12, 1 + number % 28)
        return (
            an_id(_PERSON, number), name, born, gender, ["en", "de"], "GB", "London", bio, _BEGAN, faces,
        )  # fmt: skip

    def _session(self, number: int) -> tuple[Any, ...]:
        ends = self._at + timedelta(days=3650)
        return an_id(_SESSION, number), an_id(_PERSON, number), "phone", self._at, self._at, ends

    def _token(self, number: int) -> tuple[Any, ...]:
        ends = self._at + timedelta(days=3650)
        return token_hash(number), an_id(_SESSION, number), self._at, ends, self._at

    def _face(self, number: int) -> tuple[Any, ...]:
        face, owner = an_id(_FACE, number), an_id(_PERSON, number)
        return _picture(face, owner, "photo", owner)

    async def _friends(self) -> None:
        count = self._people
        pairs = [(reader, other) for reader in range(READERS) for other in friends_of(reader, count)]
        rooms = ((an_id(_ROOM, n), "direct", _BEGAN) for n in range(len(pairs)))
        await self._copy("communication.rooms", "id kind created_at", rooms)
        ids = ((sorted((an_id(_PERSON, one), an_id(_PERSON, two)))) for one, two in pairs)
        rows = ((an_id(_ROOM, n), a, b, an_id(_ROOM, n), _BEGAN) for n, (a, b) in enumerate(ids))
        await self._copy("social.friendships", "id user_a user_b room_id created_at", rows)
        blocks = (
            (an_id(_PERSON, reader), an_id(_PERSON, count - 1 - reader * BLOCKED - n), _BEGAN)
            for reader in range(READERS)
            for n in range(BLOCKED)
        )
        await self._copy("identity.blocks", "blocker_id blocked_id created_at", blocks)

    # Posts

    async def _posts(self) -> None:
        """A second after the other, by whoever's turn it is; each with a picture."""

        def turn(number: int) -> tuple[UUID, UUID, UUID, datetime]:
            at = _BEGAN + timedelta(seconds=number)
            author = an_id(_PERSON, number * 7919 % self._people)
            return an_id(_POST, number, at), an_id(_PICTURE, number), author, at

        pictures = (
            _picture(picture, author, "post", post)
            for post, picture, author, _ in map(turn, range(self._rows))
        )
        await self._copy("social.media", _MEDIA, pictures)
        posts = (
            (post, author, [picture], "The first coffee of the day, and a view", "friends", 3, 2, at, at)
            for post, picture, author, at in map(turn, range(self._rows))
        )
        columns = "id author_id media_ids caption visibility like_count comment_count created_at updated_at"
        await self._copy("social.posts", columns, posts)

    # Places

    async def _places(self) -> None:
        count = self._rows // 10
        _say(f"places.locations: {count:,} rows")
        await fill_places(self._connection, count, lon=LON, lat=LAT, degrees=DEGREES)
        partner = an_id(_PARTNER, 0)
        await self._copy(
            "places.partners",
            "id name partnership_level created_at updated_at",
            [(partner, "Calm Cups", "gold", _BEGAN, _BEGAN)],
        )
        staff = ((partner, an_id(_PERSON, READERS + n), _BEGAN) for n in range(STAFF))
        await self._copy("places.partner_staff", "partner_id user_id since", staff)
        await self._connection.execute(
            "UPDATE places.locations SET partner_id = $1"
            " WHERE id IN (SELECT id FROM places.locations ORDER BY id LIMIT 100)",
            partner,
        )

    async def _check_ins(self) -> None:
        """Of all people in turns, every other day, each at places that are `nutrition`."""
        places = await self._connection.fetch("SELECT id FROM places.locations WHERE type = 'nutrition'")
        each = -(-self._rows // self._people)
        for day in sorted({self._day(back) for back in range(1, each + 1)}):
            quarter = "SELECT places.make_quarter(date_trunc('quarter', $1::date)::date)"
            await self._connection.execute(quarter, day)

        def row(number: int) -> tuple[Any, ...]:
            back, who = divmod(number, self._people)
            day = self._day(back + 1)
            at = datetime.combine(day, time(12), UTC)
            place = places[(number * 31 + who) % len(places)]["id"]
            check_in, user = an_id(_CHECK_IN, number, at), an_id(_PERSON, who)
            return check_in, user, place, "nutrition", day, "Europe/London", at, at, "position", True

        columns = "id user_id location_id location_type local_day zone at created_at verified_by counts"
        await self._copy("places.check_ins", columns, map(row, range(self._rows)))
        journeys = {more: self._journey(each - 1 + more) for more in (0, 1)}
        full = self._rows - (each - 1) * self._people
        rows = ((an_id(_PERSON, n), journeys[int(n < full)], self._at) for n in range(self._people))
        await self._copy("places.journeys", "user_id state updated_at", rows)

    def _day(self, back: int) -> date:
        return self._today - back * _EVERY

    def _journey(self, count: int) -> str:
        """What so many of these come to."""
        days = [self._day(back) for back in range(1, count + 1)]
        counted = [
            Counted(
                id=str(an_id(_CHECK_IN, 0)),
                at=to_ms(datetime.combine(day, time(12), UTC)),
                day=day,
                zone="Europe/London",
                type="nutrition",
            )
            for day in days
        ]
        return msgspec.json.encode(fold(counted)).decode()

    # Rewards

    async def _rewards(self) -> None:
        rule, partner = an_id(_RULE, 0), an_id(_PARTNER, 0)
        columns = "id kind every type title partner_id granted created_at updated_at active"
        made = (rule, "check_in", 1_000_000, "coffee", "A coffee", partner, REWARDS, _BEGAN, _BEGAN, True)
        await self._copy("places.reward_rules", columns, [made])
        rewards = (
            (an_id(_REWARD, n), an_id(_PERSON, n % self._people), rule, str(n), partner, "coffee", "A coffee",
             _BEGAN)
            for n in range(REWARDS)
        )  # fmt: skip
        columns = "id user_id rule_id occasion partner_id type title earned_at"
        await self._copy("places.rewards", columns, rewards)
        entries = ((an_id(_ENTRY, n), an_id(_REWARD, n), "granted", _BEGAN, partner) for n in range(REWARDS))
        await self._copy("places.reward_ledger", "id reward_id kind at partner_id", entries)

    async def _copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        schema, name = table.split(".")
        left, done = iter(rows), 0
        while some := list(islice(left, _AT_ONCE)):
            await self._connection.copy_records_to_table(
                name, schema_name=schema, columns=columns.split(), records=some
            )
            done += len(some)
            if not done % (10 * _AT_ONCE):
                _say(f"{table}: {done:,} rows so far")
        _say(f"{table}: {done:,} rows")


_MEDIA = (
    "id owner_id purpose type state size width height created_at key stored used_for used_at renditions"
    " blurhash"
)


def _picture(media_id: UUID, owner: UUID, purpose: str, used_for: UUID) -> tuple[Any, ...]:
    sizes, blur = ["s160", "s640", "s1280"], "LEHV6nWB2yk8pyo0adR*.7kCMdnj"
    return (
        media_id, owner, purpose, "image", "ready", 182_044, 1280, 960, _BEGAN, str(media_id), True, used_for,
        _BEGAN, sizes, blur,
    )  # fmt: skip


def _say(text: str) -> None:
    print(f"    {text}", file=sys.stderr)
