"""What a join reads of its user, together with all who join at the same time.

First what took them out of the queue last, so that a call which takes them out meanwhile is noticed; then who
they are. A join waits for both once, and is not woken in between.
"""

from collections.abc import Awaitable, Sequence

from db.postgres.applicants import Applicant, Asked
from db.postgres.grouped_statement import GroupedStatement
from matching.habit import Before
from matching.rematch import Since
from realtime.matchmaking.ports import Applicants, TicketStore

_MOST = 25  # in one statement, so that the first does not wait long for the last
Newcomer = tuple[Before, Applicant | None]


class Newcomers:
    """Reads users who join, in groups."""

    def __init__(self, tickets: TicketStore, applicants: Applicants) -> None:
        self._tickets, self._applicants = tickets, applicants
        self._asking = GroupedStatement(self.read, most=_MOST)

    def of(self, user_id: str, now: int, since: Since) -> Awaitable[Newcomer]:
        """How they have waited before, and the applicant; None: there is no such account (any more)."""
        return self._asking.ask((user_id, now, since))

    async def read(self, asked: Sequence[Asked]) -> list[Newcomer]:
        """The same of several, at once."""
        before = await self._tickets.before_each([user_id for user_id, _, _ in asked])
        return list(zip(before, await self._applicants.applicants(asked), strict=True))
