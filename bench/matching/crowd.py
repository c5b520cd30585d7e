"""Those who wait and those who come in the live benchmark: people of the simulation, as accounts in Postgres.

Those who wait are of two kinds, in turn. *Men* seek women and would be matched, but they are many and women
come one by one. The *unmet*, women and men, seek an age that nobody has, and stay for ever; they are looked
at by every search all the same. So a pool keeps its size when as many women come as men.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise

import asyncpg
from msgspec.structs import replace

from bench.matching.population import ARRIVALS_S, Setting, arrivals
from core.clock import now_ms, to_datetime
from core.ids import new_id
from core.ticket import Ticket
from core.vocabulary import Gender

Row = tuple[object, ...]

_NOBODYS_AGE = 119
_AGO_MS = 30 * 86_400_000
_YEAR = timedelta(days=365.25)


class BenchCrowd:
    """A supply of new people."""

    def __init__(self, people: Sequence[Ticket]) -> None:
        self._by_gender: dict[Gender, Iterator[Ticket]] = {
            gender: iter([ticket for ticket in people if ticket.card.gender == gender])
            for gender in ("female", "male")
        }

    def next(self, gender: Gender) -> Ticket:
        """Somebody who has not been seen before. Raises StopIteration when everybody has."""
        return next(self._by_gender[gender])

    def waiting(self, number: int, since: int, until: int) -> list[Ticket]:
        """So many who wait, having come between these times (ms)."""
        unmet: Iterator[Gender] = iter(("female", "male") * number)
        turns = (self._unmet(next(unmet)) if n % 2 else self.next("male") for n in range(number))
        return [
            replace(ticket, joined_at=since + (until - since) * n // number)
            for n, ticket in enumerate(islice(turns, number))
        ]

    def _unmet(self, gender: Gender) -> Ticket:
        return replace(self.next(gender), age_min=_NOBODYS_AGE, age_max=_NOBODYS_AGE)


def accounts(number: int, seed: int) -> Sequence[Ticket]:
    """About so many of the simulation's people, half of them women, as if they had signed up."""
    return [_as_account(ticket) for ticket in arrivals(Setting(number / ARRIVALS_S, 0.5, seed))]


def _as_account(ticket: Ticket) -> Ticket:
    user_id = new_id()
    card = replace(ticket.card, user_id=user_id)
    values = {f"{place:016x}": value for place, value in enumerate(ticket.values.values(), 1)}
    return replace(
        ticket, id=new_id(), user_id=user_id, card=card, values=values, device=user_id, region="main"
    )


async def sign_up(database_url: str, people: Sequence[Ticket]) -> None:
    """Put them on record: account, profile with whom they seek, and values; and that they have met others
    a month ago. Statements are planned by what there is, and stay as they are planned: with no calls on
    record an offer would read all that come, one by one."""
    now = to_datetime(now_ms())
    connection = await asyncpg.connect(database_url)
    try:
        for table, columns, records in (
            ("users", "id email username password_hash created_at updated_at", _users(people, now)),
            ("profiles", _PROFILE, _profiles(people, now)),
            ("user_values", "user_id key category value_name strength place", _values(people)),
        ):
            names = columns.split()
            places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
            # Row by row, as COPY is none for a table with row-level security.
            await connection.executemany(
                f"INSERT INTO identity.{table} ({', '.join(names)}) VALUES ({places})",
                records,
            )
        await connection.executemany(_MET, _calls(people))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


_MET = """
    WITH call AS (
        INSERT INTO interaction.calls (id, origin, mode, region, offered_at, started_at, ended_at,
            end_reason, duration_s, closed_at)
        VALUES ($1, 'match', 'video', 'main', $2, $2, $2, 'hung_up', 0, $2)
    )
    INSERT INTO interaction.call_participants (call_id, user_id, active)
    VALUES ($1, $3, false), ($1, $4, false)
"""


def _calls(people: Sequence[Ticket]) -> Iterator[Row]:
    """Of each with the next."""
    then = now_ms() - _AGO_MS
    for one, other in pairwise(people):
        yield new_id(then), to_datetime(then), one.user_id, other.user_id


def _users(people: Iterable[Ticket], now: datetime) -> Iterator[Row]:
    return ((t.user_id, f"{t.user_id}@example.org", t.user_id, "none", now, now) for t in people)


_PROFILE = (
    "user_id display_name birth_date gender intent languages country "
    "seeking_genders seeking_age_min seeking_age_max updated_at"
)


def _profiles(people: Iterable[Ticket], now: datetime) -> Iterator[Row]:
    for t in people:
        who, born = t.card, (now - (t.card.age + 0.5) * _YEAR).date()
        described = (t.user_id, who.display_name, born, who.gender, who.intent, who.languages, who.country)
        yield (*described, list(t.genders), t.age_min, t.age_max, now)


def _values(people: Iterable[Ticket]) -> Iterator[Row]:
    """As strengths around 50, of which the product makes a vector of length one again."""
    for t in people:
        for place, (name, value) in enumerate(t.values.items(), 1):
            yield t.user_id, f"{place:016x}", "dimensions", name, round(50 + 50 * value), place
