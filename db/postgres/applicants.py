"""What a queue ticket is made of, in one query to Postgres for all who join at the same time.

Implements `realtime.matchmaking.ports.Applicants`. Ids are text, times ms since the epoch. What an outage
raises (`db.outage`) passes through.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from core.clock import to_datetime, to_ms, today
from core.contract.profiles import Seeking
from core.settings import MOST_COOL_DOWNS
from core.stored import StoredCard
from core.ticket import Tier
from db.postgres.cards import NO_PHOTOS, Cards, seeking
from db.postgres.eligibility import times
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.pool import Pool, Record, queries
from matching.rematch import Since

_AVOID = queries("eligibility")["avoid"].replace("$1", "u.id")
_SQL = queries("applicants")["applicant"].replace(":avoid", _AVOID)
_MOST = 25  # in one statement, so that the first does not wait long for the last
_Asked = tuple[str, int, Since]


class Applicant(Struct, frozen=True, kw_only=True):
    """What the queue must know of a user: the card strangers see, whom they seek, ban, trust and faults.

    `values` are strengths of 0 to 100 by key of the value; `tier` is the trust they have earned; `faults`
    are the latest times (ms, the newest first) at which a match failed through them. `call_id` is the call or
    offer that they are in, and `avoid` who must not be offered to them, as `EligibilityStore` says.
    """

    card: StoredCard
    seeking: Seeking
    banned: bool = False
    values: Mapping[str, int] = {}
    tier: Tier = "neutral"
    faults: Sequence[int] = ()
    call_id: str | None = None
    avoid: frozenset[str] = frozenset()


class ApplicantStore:
    """Applicants."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._cards = pool, cards
        self._asking = GroupedStatement(self._applicants, most=_MOST)

    async def applicant(self, user_id: str, now: int, since: Since) -> Applicant | None:
        """The user at this time, with their age then, and all as of one moment; None: the account is gone."""
        return await self._asking.ask((user_id, now, since))

    async def _applicants(self, asked: Sequence[_Asked]) -> list[Applicant | None]:
        """They ask within milliseconds of each other, with the same intervals: the earliest serves all."""
        _, first, since = min(asked, key=lambda each: each[1])
        user_ids = [user_id for user_id, _, _ in asked]
        rows = await self._pool.fetch(_SQL, user_ids, *times(since), to_datetime(first), MOST_COOL_DOWNS)
        found = {row["user_id"]: row for row in rows}
        return [
            _applicant(row, self._cards.stored(row, today(now))) if (row := found.get(u)) else None
            for u, now, _ in asked
        ]


def _applicant(row: Record, card: StoredCard) -> Applicant:
    return Applicant(
        card=card,
        seeking=seeking(row),
        banned=row["banned"],
        values=row["strengths"],
        tier=row["tier"],
        faults=tuple(map(to_ms, row["faults"])),
        call_id=row["call_id"],
        avoid=frozenset(row["avoided"]),
    )
