"""What matching asks of stores, which have twins in memory, and of calls, which stand above it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from core.ticket import Census, Claim, Departure, Market, Taken, Ticket
from core.vocabulary import LeftReason
from db.postgres.applicants import Applicant
from matching.apart import Since


class Applicants(Protocol):
    """Who asks to be matched."""

    async def applicant(self, user_id: str, now: int) -> Applicant | None:
        """In one query; None when there is no such account (any more). `now` in ms, for the age."""


class Acquaintances(Protocol):
    """Who must not meet whom, and who is busy. Postgres knows."""

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        """Users blocked either way, met since then, or offered since then in vain."""

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool:
        """Nothing since then but that they have met: no block, and neither would not meet the other."""

    async def active_call(self, user_id: str) -> str | None:
        """The call or offer this user is in."""

    async def unfit(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users to whom no offer would be made: banned, gone, or in a call or offer."""


class Offers(Protocol):
    """Makes a call of a claim."""

    async def make(self, claim: Claim) -> bool:
        """Fence it, tell both `queue:left` (matched) and `call:offered`, then `settle` the claim.

        Where the fence refuses, `refuse` the claim with those who are free: False, there is no offer.
        Idempotent by `claim.call_id`: any node may be asked again to finish it.
        """


class TicketStore(Protocol):
    """The queue of one region. Times are ms since the epoch; a user has at most one ticket."""

    async def out(self, user_id: str) -> str:
        """With what this user went out of the queue last, for `join` to compare; empty: not lately."""

    async def join(self, ticket: Ticket, lease_until: int, out: str | None = None) -> Ticket | None:
        """Enter, or get the ticket one has already, waiting or claimed.

        None: by now the user has gone out of the queue with something else than `out`, perhaps into a call.
        """

    async def leave(self, user_id: str, reason: LeftReason, ticket_id: str | None = None) -> Departure | None:
        """Take the waiting ticket out (only that one, if named); None when there is none to take."""

    async def of(self, user_id: str) -> Ticket | None:
        """The ticket of this user, waiting or claimed."""

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        """These users are connected: their tickets, if any, count until then."""

    async def waiting(self, mode: str) -> int:
        """How many wait."""

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        """The first and the last of each pool that fits by mode, gender and age, about `limit` in all."""

    async def market(self, mode: str) -> Market:
        """The queue from afar: the latest to join, how many wait in each pool, the latest waits."""

    async def census(self, ticket: Ticket, most: int) -> Census:
        """Who waits beside this ticket, by pool, with `most` drawn in all: at a bounded cost."""

    async def everyone(self, mode: str) -> Sequence[Ticket]:
        """All who wait, the longest waiting first."""

    async def claim(self, claim: Claim) -> Taken:
        """Take both tickets out and leave the claim as a record, or do nothing."""

    async def settle(self, claim: Claim) -> None:
        """The claim has become an offer or nothing: forget it, and the tickets it still holds."""

    async def give_up(self, claim: Claim) -> None:
        """Set aside a claim that cannot be finished; whoever it holds leaves the queue, to be told."""

    async def reserve(self, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
        """Give a ticket back at its old place after that call came to nothing, once for each call.

        Nobody is matched with it before it may `enter`. Gives the ticket that the user has now: another one,
        when they have joined again meanwhile; None when they have gone out of the queue otherwise since.
        """

    async def enter(self, ticket: Ticket) -> bool:
        """From now on it can be matched; False when it does not wait any more."""

    def elsewhere(self, region: str) -> "TicketStore":
        """The queue of another region."""

    async def refuse(
        self, claim: Claim, innocent: Sequence[Ticket], lease_until: int
    ) -> Sequence[Ticket | None]:
        """These get their old places back and the claim is settled, at once. Gives the tickets they have."""

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        """Claims that nobody has settled, as far as this version reads them."""

    async def lapse(self, now: int) -> Sequence[Departure]:
        """Take out those whose lease is over; gives all departures that nobody has `told` yet."""

    async def told(self, departures: Iterable[Departure]) -> Sequence[Departure]:
        """Their users have been told; gives those of whom nobody had said so before."""

    async def last_news(self, mode: str, now: int) -> int | None:
        """When those who wait were told last how it goes; from now on that is `now`. None: not lately."""

    async def take_turn(self, mode: str, node: str, ms: int) -> bool:
        """Whether this node is the one to sweep; for at most `ms`."""

    async def end_turn(self, mode: str, node: str, rest_ms: int) -> None:
        """The sweep is done: nobody needs to sweep again for `rest_ms`."""
