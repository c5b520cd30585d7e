"""What the rules need of the outside, as interfaces. The composition roots choose what stands behind them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from core.contract.base import Event
from core.contract.people import ProfileCard, Seeking
from core.ticket import Claim, Departure, Taken, Ticket, Tier
from core.vocabulary import LeftReason, Mode, RevokedCode


class Events(Protocol):
    """The one road by which events reach users."""

    async def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> None:
        """To all devices of the user, to one, or to all but one.

        Durable events are stored first. The same `key` again (within minutes) has no effect.
        Raises `Unavailable` when Redis cannot be reached.
        """


class Sessions(Protocol):
    """Who is connected on a session."""

    async def revoked(self, user_id: str, session_id: str | None, code: RevokedCode) -> None:
        """This session (None: all of the user's) is over: its live connections end within a second.

        Raises `Unavailable` when Redis cannot be reached.
        """


class Limiter(Protocol):
    """Token buckets, shared by all nodes."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """Take `cost` out of the bucket at time `now` in ms: 0, or the ms until it would hold enough.

        A bucket holds `burst` at most and gains `rate_per_s`; a refusal takes nothing.
        """


class Applicant(Struct, frozen=True, kw_only=True):
    """What the queue must know of a user: the card strangers see, whom they seek, and how they stand.

    `values` are strengths of 0 to 100 by name of the value; `tier` is the trust they have earned.
    """

    card: ProfileCard
    seeking: Seeking
    banned: bool = False
    values: Mapping[str, int] = {}
    tier: Tier = "neutral"


class Applicants(Protocol):
    """Who asks to be matched."""

    async def applicant(self, user_id: str, now: int) -> Applicant | None:
        """In one query; None when there is no such account (any more). `now` in ms, for the age."""


class Acquaintances(Protocol):
    """Who must not meet whom, and who is busy. Postgres knows."""

    async def avoid(self, user_id: str, since_ms: int) -> frozenset[str]:
        """Users blocked either way, or met since that time in ms since the epoch."""

    async def active_call(self, user_id: str) -> str | None:
        """The call or offer this user is in."""


class Offers(Protocol):
    """Makes a call of a claim."""

    async def make(self, claim: Claim) -> None:
        """Fence it, tell both `queue:left` (matched) and `call:offered`, then `settle` the claim.

        Where the fence refuses, first `restore(ticket, claim.call_id)` for who is free, then `settle`.
        Idempotent by `claim.call_id`: any node may be asked again to finish it.
        """


class TicketStore(Protocol):
    """The queue of one region. Times are ms since the epoch; a user has at most one ticket."""

    async def join(self, ticket: Ticket, lease_until: int) -> Ticket:
        """Enter, or get the ticket one has already, waiting or claimed."""

    async def leave(self, user_id: str, reason: LeftReason, ticket_id: str | None = None) -> Departure | None:
        """Take the waiting ticket out (only that one, if named); None when there is none to take."""

    async def of(self, user_id: str) -> Ticket | None:
        """The ticket of this user, waiting or claimed."""

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        """These users are connected: their tickets, if any, count until then."""

    async def waiting(self, mode: Mode) -> int:
        """How many wait."""

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        """The longest waiting of the pools that fit by mode and gender, both ways."""

    async def everyone(self, mode: Mode) -> Sequence[Ticket]:
        """All who wait, the longest waiting first."""

    async def claim(self, claim: Claim) -> Taken:
        """Take both tickets out and leave the claim as a record, or do nothing."""

    async def settle(self, claim: Claim) -> None:
        """The claim has become an offer or nothing: forget it, and the tickets it still holds."""

    async def restore(self, ticket: Ticket, call_id: str, now: int, lease_until: int) -> Ticket:
        """Give a ticket back at its old place after that call came to nothing, once for each call.

        Gives the ticket that the user has now: another one, when they have joined again meanwhile.
        """

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        """Claims that nobody has settled."""

    async def lapse(self, now: int) -> Sequence[Departure]:
        """Take out those whose lease is over; gives all departures that nobody has `told` yet."""

    async def told(self, departures: Iterable[Departure]) -> None:
        """Their users have been told."""

    async def take_turn(self, mode: Mode, node: str, ms: int) -> bool:
        """Whether this node is the one to sweep; for at most `ms`."""

    async def end_turn(self, mode: Mode, node: str, rest_ms: int) -> None:
        """The sweep is done: nobody needs to sweep again for `rest_ms`."""
