"""Whom somebody may know, by their contacts and by whom they are friends with."""

from msgspec import Struct

from core.clock import to_datetime, today
from core.contract.friends import FriendSuggestion
from db.postgres.cards import Cards
from db.postgres.pool import Pool, queries

_SQL = queries("friend_suggestions")
# So many of somebody's friends are looked at, and of each of those: the latest of each half of a friendship.
_FRIENDS, _OF_EACH = 40, 30


class Suggested(Struct, frozen=True):
    """A suggestion, and how likely it is."""

    rank: int
    shown: FriendSuggestion


class FriendSuggestions:
    """Suggestions, worked out when somebody asks."""

    def __init__(self, pool: Pool, cards: Cards) -> None:
        self._pool, self._cards = pool, cards

    async def page(
        self, user_id: str, *, before: tuple[int, str] | None, limit: int, now: int
    ) -> list[Suggested]:
        """The likeliest first, those that are less likely than the one of this rank and user."""
        given = (user_id, to_datetime(now), *(before or (None, None)), limit, _FRIENDS, _OF_EACH)
        rows = await self._pool.fetch(_SQL["suggestions"], *given)
        return [
            Suggested(
                row["rank"],
                FriendSuggestion(
                    user=self._cards.card(row, today(now)),
                    reason="contact" if row["contact"] else "friends",
                    count=row["common"] or None,
                ),
            )
            for row in rows
        ]
