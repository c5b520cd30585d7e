"""What queue tickets are made of, in one query to Postgres.

Implements `realtime.matchmaking.ports.Applicants`. Ids are text, times ms since the epoch. What an outage
raises (`db.outage`) passes through.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from core.clock import to_datetime, to_ms, today
from core.contract.profiles import Seeking
from core.settings import MOST_COOL_DOWNS
from core.stored import StoredCard
from core.ticket import Tier
from db.postgres.array_texts import of_words
from db.postgres.cards import NO_PHOTOS, Cards, seeking
from db.postgres.eligibility import times
from db.postgres.pool import Pool, Record, queries
from matching.haunts import DAYS, KEPT, Mark, no_marks
from matching.rematch import Since

_AVOID = queries("eligibility")["avoid"].replace("$1", "u.id")
_SQL = queries("applicants")["applicant"].replace(":avoid", _AVOID)
_LATELY = timedelta(days=DAYS)
Asked = tuple[str, int, Since]
"""A user; at what time (ms), for the age; and since when whom they met is to be avoided."""


class Applicant(Struct, frozen=True, kw_only=True):
    """What the queue must know of a user: the card strangers see, whom they seek, ban, trust and faults.

    `values` are strengths of 0 to 100 by key of the value; `tier` is the trust they have earned; `faults`
    are the latest times (ms, the newest first) at which a match failed through them. `haunts` are marks of
    places where they go, if they want to be matched by that. `call_id` is the call or
    offer that they are in, and `avoid` who must not be offered to them, as `EligibilityStore` says.
    A `probe` is a synthetic user, who always may meet the other one: it has no faults, and avoids nobody.
    """

    card: StoredCard
    seeking: Seeking
    banned: bool = False
    values: Mapping[str, int] = {}
    tier: Tier = "neutral"
    faults: Sequence[int] = ()
    call_id: str | None = None
    avoid: frozenset[str] = frozenset()
    probe: bool = False
    haunts: tuple[int, ...] = ()


class ApplicantStore:
    """Applicants. `mark` makes marks of places."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, mark: Mark = no_marks) -> None:
        self._pool, self._cards, self._mark = pool, cards, mark

    async def applicants(self, asked: Sequence[Asked]) -> list[Applicant | None]:
        """These users, of their age at that time, and all as of one moment; None: the account is gone.

        They ask within milliseconds of each other, with the same intervals: the earliest serves all.
        """
        _, first, since = min(asked, key=lambda each: each[1])
        user_ids = of_words([user_id for user_id, _, _ in asked])
        given = *times(since), to_datetime(first), MOST_COOL_DOWNS, today(first) - _LATELY, KEPT
        rows = await self._pool.fetch(_SQL, user_ids, *given)
        found = {row["user_id"]: row for row in rows}
        return [
            _applicant(row, self._cards.stored(row, today(now)), self._mark(row["haunts"]))
            if (row := found.get(u))
            else None
            for u, now, _ in asked
        ]


def _applicant(row: Record, card: StoredCard, haunts: tuple[int, ...]) -> Applicant:
    return Applicant(
        card=card,
        seeking=seeking(row),
        banned=row["banned"],
        values=row["strengths"],
        tier=row["tier"],
        faults=() if row["probe"] else tuple(map(to_ms, row["faults"])),
        call_id=row["call_id"],
        avoid=frozenset() if row["probe"] else frozenset(row["avoided"]),
        probe=row["probe"],
        haunts=haunts,
    )
