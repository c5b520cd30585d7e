"""Whom somebody may know, by whom they are friends with."""

from msgspec import Struct

from core.clock import to_datetime, today
from core.contract.friends import FriendSuggestion
from db.postgres.cards import Cards
from db.postgres.pool import Pool, queries

_SQL = queries("friend_suggestions")
_FRIENDS = 100  # so many of somebody's friends are looked at, the latest


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
        after = before or (None, None)
        rows = await self._pool.fetch(_SQL["suggestions"], user_id, to_datetime(now), *after, limit, _FRIENDS)
        return [
            Suggested(
                row["rank"],
                FriendSuggestion(
                    user=self._cards.card(row, today(now)), reason="friends", count=row["common"]
                ),
            )
            for row in rows
        ]
