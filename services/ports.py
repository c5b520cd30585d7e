"""What the rules need of the outside, as interfaces. The composition roots choose what stands behind them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from core.news import News
from core.presence import Attendance, Lapse
from core.ticket import Census, Claim, Departure, Market, Taken, Ticket
from core.vocabulary import LeftReason, OwnStatus
from core.wire.message import Event
from db.postgres.applicants import Applicant
from db.postgres.blocks import Parting
from matching.apart import Since


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

    async def announce(self, news: Sequence[News]) -> list[int | None]:
        """Durable events to all devices, each in its turn and once: the same number again has no effect.

        Where it is not its turn yet, since its user has not been told what comes before it, nothing is said,
        and the answer in its place is how far that user has been told in this lane. Raises the same.
        """

    async def send_all(self, news: Iterable[tuple[str, Event]]) -> None:
        """Volatile events, each to all devices of its user, at little cost for each. Raises the same."""


class Partings(Protocol):
    """Sees to what blocks still have to bring about: calls ended, both told. The store has them on record."""

    sees_to_them: bool  # itself, at once: then a new one is taken with the block, and not left to any node

    async def parted(self, parting: Parting | None = None) -> None:
        """There is one now: this one, if it was taken, else any that nobody has taken.

        Never raises an outage: what is not done now is done when that is over.
        """


class Limiter(Protocol):
    """Token buckets, shared by all nodes."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """Take `cost` out of the bucket at time `now` in ms: 0, or the ms until it would hold enough.

        A bucket holds `burst` at most and gains `rate_per_s`; a refusal takes nothing, and a negative cost
        gives back.
        """


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


class PresenceStore(Protocol):
    """Who is there: a lease for each connection. Times are ms since the epoch."""

    async def arrive(self, user_id: str, connection: str, device: str, now: int, lease_s: int) -> Attendance:
        """The connection is there until its lease ends, unless renewed."""

    async def renew(
        self, connections: Collection[tuple[str, str]], now: int, lease_s: int
    ) -> frozenset[tuple[str, str]]:
        """Prolong leases, each of a user and a connection; gives those that are not known (any more).

        Those among them whose lapse somebody has taken up: their user may have been told that they are gone.
        """

    async def depart(self, user_id: str, connection: str, now: int) -> Attendance:
        """The connection is gone; gives what its user still has. Departing twice is as departing once.

        Like a lapse that was found: `settle` it, or it is found again.
        """

    async def set_status(self, user_id: str, status: OwnStatus, now: int) -> None:
        """How the user wants to be seen, on all their devices and when they come back."""

    async def read_many(self, user_ids: Collection[str], now: int) -> dict[str, Attendance]:
        """What is known of each of them, also of those never heard of."""

    async def lapsed(self, now: int) -> list[Lapse]:
        """Connections whose lease ran out, claimed for seconds: `settle` each, or they are found again."""

    async def settle(self, user_id: str, connection: str, now: int) -> None:
        """Its going has had its consequences: forget the connection, unless it has come back."""


class Companions(Protocol):
    """Who may see whose presence: those with an active connection. Postgres knows."""

    async def connected(self, pairs: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of these pairs, as they were given, who have an active connection with each other."""


class Busy(Protocol):
    """Who is in a call. Postgres knows."""

    async def in_call(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who are in a call or have an offer."""


class Queuing(Protocol):
    """Who waits in the queue."""

    async def queuing(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who wait in the queue."""


class Sockets(Protocol):
    """The connections of this process, by their `sid`."""

    def holds(self, sid: str) -> bool:
        """Whether it is here."""

    def send(self, sid: str, event: Event) -> None:
        """A volatile event to this connection alone; no effect when it is gone."""
