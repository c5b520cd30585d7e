"""What matching needs of stores, which have twins in memory, and of calls, a package above it."""

from collections.abc import Awaitable, Collection, Iterable, Sequence
from typing import Any, Protocol

from core.ticket import Census, Claim, Claimed, Departure, Market, Placed, Ticket, Turn
from core.vocabulary import LeftReason
from db.postgres.applicants import Applicant, Asked
from matching.habit import Before
from matching.rematch import Since


class Applicants(Protocol):
    """Reads users who want to be matched."""

    async def applicants(self, asked: Sequence[Asked]) -> Sequence[Applicant | None]:
        """These users, in one query; None: there is no such account (any more)."""


class Eligibility(Protocol):
    """Knows who must not meet whom, and who is busy, from Postgres."""

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        """Users blocked either way, met since then, or whose offer since then was left unanswered."""

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool:
        """Whether they have only met since then: no block, and neither has declined or skipped the other."""

    async def active_call(self, user_id: str) -> str | None:
        """The call or offer this user is in."""

    async def unfit(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users to whom no offer can be made: banned, gone, or in a call or offer."""

    async def not_by_places(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users who do not want to be matched by where they go."""


class Offers(Protocol):
    """Makes a call of a claim."""

    async def make(self, claim: Claim) -> bool:
        """Fence it, tell both `queue:left` (matched) and `call:offered`, then `settle` the claim.

        If the fence refuses, `refuse` the claim, giving users who are free their places back. False: no
        offer. Idempotent by `claim.call_id`: any node may be asked again to finish it.
        """


class TicketStore(Protocol):
    """The queue of one region. Times are ms since the epoch; a user has at most one ticket."""

    async def before(self, user_id: str) -> Before:
        """What took this user out of the queue last, for `join` to compare, and how they waited before."""

    async def before_each(self, user_ids: Sequence[str]) -> Sequence[Before]:
        """The same of several, in one trip."""

    async def join(self, ticket: Ticket, lease_until: int, out: str | None = None) -> Ticket | None:
        """Enter, and tell watchers, or get the ticket that the user has already, waiting or claimed.

        None: since then something else than `out` took the user out of the queue, perhaps into a call.
        """

    async def join_and_look(self, ticket: Ticket, lease_until: int, out: str, limit: int) -> Placed | None:
        """`join`, and then how many are `waiting` and the ids of the `candidates`, in one trip."""

    async def read(self, ids: Sequence[bytes]) -> Sequence[Ticket]:
        """Those of these tickets that still exist, and perhaps some that this process has read before."""

    def keep(self, ticket: Ticket) -> None:
        """Another node has just made it: nobody here needs to read it."""

    async def leave(
        self, user_id: str, reason: LeftReason, ticket_id: str | None = None, *, at: int | None = None
    ) -> Departure | None:
        """Take the waiting ticket out (only that one, if named); None when there is none to take.

        `at`: they leave by themselves, or their time ends, at this time: from which is learnt how long people
        wait.
        """

    async def missed(self, ticket: Ticket, call_id: str, at: int, *, waited_ms: int, gone: bool) -> None:
        """The user did not accept the offer of this call, which was made after so long a wait; once for each.

        `gone`: so they have left by themselves, at this time (ms), from which is learnt how long people wait.
        """

    async def forget(self, user_id: str) -> None:
        """What was learnt of how this user waits and answers, as their account is erased."""

    async def of(self, user_id: str) -> Ticket | None:
        """The ticket of this user, waiting or claimed."""

    async def resume(self, user_id: str, until: int) -> Ticket | None:
        """`renew` for one user, and then `of`, in one trip."""

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        """These users are connected: renew the leases of their tickets, if any, until then."""

    async def waiting(self, mode: str) -> int:
        """How many wait."""

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        """The first and the last of each pool that fits by mode, gender and age, about `limit` in all."""

    async def look(self, ticket: Ticket, limit: int) -> Sequence[Ticket] | None:
        """`candidates` of a ticket that waits; None: it does not, or not any more."""

    async def market(self, mode: str) -> Market:
        """A summary of the queue: the latest to join, how many wait in each pool, the latest waits."""

    async def census(self, ticket: Ticket, most: int) -> Census:
        """How many others wait in each fitting pool, with some of their tickets (`most` in all) at random."""

    async def everyone(self, mode: str) -> Sequence[Ticket]:
        """All who wait, the longest waiting first."""

    async def claim(self, claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        """Take both tickets out and leave the claim as a record, or do nothing.

        If the first is gone, the first of `instead` that still waits is taken. `aloud`: other nodes are told.
        """

    def settle(self, claim: Claim) -> Awaitable[Any]:
        """The claim has become an offer: remove it and the tickets that it still holds, and tell watchers."""

    async def give_up(self, claim: Claim) -> None:
        """Set aside a claim that cannot be finished. Its users leave the queue, and must be told."""

    async def reserve(self, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
        """Give a ticket back at its old place after that call failed, once for each call.

        Nobody is matched with it before it may `enter`. Gives the ticket that the user has now: another one,
        if they have joined again meanwhile; None if something else took them out of the queue since.
        """

    async def enter(self, ticket: Ticket) -> bool:
        """Let it be matched from now on. False: it does not wait any more."""

    def elsewhere(self, region: str) -> "TicketStore":
        """The queue of another region."""

    async def refuse(
        self, claim: Claim, others: Sequence[Ticket], lease_until: int
    ) -> Sequence[Ticket | None]:
        """These get their old places back and the claim is settled, at once. Gives the tickets they have."""

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        """Claims that nobody has settled, as far as this version reads them."""

    async def lapse(self, now: int, lease_ms: int | None = None) -> Sequence[Departure]:
        """Take out tickets whose lease has expired. Gives all departures that were not `told` yet.

        `lease_ms`: how long a lease is, which says when each user was last there: then they have left.
        """

    async def told(self, departures: Iterable[Departure]) -> Sequence[Departure]:
        """Note that their users have been told. Gives those that were not noted before."""

    async def last_news(self, mode: str, now: int) -> int | None:
        """When news of the wait were sent last, which is `now` from here on. None: not lately."""

    async def take_turn(self, mode: str, node: str, ms: int) -> Turn:
        """How many wait, and whether this node is the one to sweep, for at most `ms`.

        It is nobody's turn while the queue holds nothing: no ticket, claim or departure to be told.
        """

    async def end_turn(self, mode: str, node: str, rest_ms: int) -> None:
        """The sweep is done: nobody needs to sweep again for `rest_ms`."""
