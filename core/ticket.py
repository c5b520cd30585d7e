"""A ticket: a place in the queue, with who waits and whom they want to meet. Pure data."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from sys import intern
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.queue import TicketView
from core.stored import StoredCard, StoredDocument
from core.vocabulary import LeftReason, Mode

Tier = Literal["trusted", "neutral", "suspect"]
Road = Literal["search", "sweep"]  # found by a search for one user, or by the sweep
Fate = Literal["won", "avoided", "taken", "lower", "unseen"]
Taken = Literal["both", "first_gone", "second_gone"]  # the result of a claim
_PROBES = "probe-"


class Offered(Struct, frozen=True, array_like=True):
    """How many offers somebody has had lately, and of how many they have not accepted."""

    offers: int = 0
    missed: int = 0


class Ticket(StoredDocument, frozen=True, kw_only=True, dict=True):
    """Stored, as are claims and decisions: see `core/stored.py` for what that asks of a field.

    Times are Unix milliseconds. `joined_at` stays when a ticket is given back: that is the old place.

    `languages`, `intents` and `countries` are wishes (empty: no wish), which relax while one waits.
    `values` is a vector of length one, by key of the value, or empty when nothing is known.
    `traits` are what else is known that may say how long somebody waits, such as `client=web`: one of each.
    `offered` is what its user has done with offers.
    `haunts` are marks of places where its user goes (`matching/haunts.py`), if they want that to count.
    `mode` is that of the queue: probes have queues of their own, which is why they never meet people.
    """

    id: str
    user_id: str
    region: str
    mode: str
    joined_at: int
    device: str
    card: StoredCard
    genders: tuple[str, ...]
    age_min: int
    age_max: int
    languages: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    values: Mapping[str, float] = {}
    tier: str = "neutral"  # a `Tier`
    traits: tuple[str, ...] = ()
    offered: Offered = Offered()
    haunts: tuple[int, ...] = ()

    @cached_property
    def direction(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """The keys of `values` in order, and how much of each: made once, and compared by the hundred."""
        keys = sorted(self.values)
        return tuple(map(intern, keys)), tuple([self.values[key] for key in keys])

    @cached_property
    def lean(self) -> "Ticket":
        """Without what no rule and no part of the score uses, and where one goes.

        Made once, and recorded with many decisions.
        """
        card = replace(self.card, display_name="", city=None, bio=None, photo_url=None)
        return replace(self, card=card, device="", traits=(), haunts=())

    @property
    def probe(self) -> bool:
        """Whether a synthetic user waits, for another one."""
        return self.mode.startswith(_PROBES)

    @property
    def call_mode(self) -> Mode:
        """The mode of the call to come."""
        return cast("Mode", self.mode.removeprefix(_PROBES))

    def view(self) -> TicketView:
        """As its owner sees it."""
        return TicketView(id=self.id, mode=self.call_mode, state="waiting", joined_at=rfc3339(self.joined_at))


class Contender(Struct, frozen=True, kw_only=True):
    """A candidate for the seeker: how well they fitted, what was asked, and what became of them.

    `likely`: how many times as likely as others they were to accept.
    """

    ticket: Ticket
    score: float
    asked: float
    fate: str  # a `Fate`
    likely: float = 1.0


class MatchDecision(StoredDocument, frozen=True, kw_only=True):
    """Why these two: what the policy was given, and its result. Enough to decide it again.

    `policy` is the policy in force, as msgpack. `considered` tickets were looked at; `removed` counts those
    excluded, by rule, wish or because more was asked. The best of the rest are the `contenders`, best first.
    """

    road: str  # a `Road`
    decided_at: int
    seeker: Ticket
    policy: bytes
    considered: int
    removed: Mapping[str, int]
    contenders: tuple[Contender, ...]


class Claim(StoredDocument, frozen=True, kw_only=True):
    """Two tickets taken out of the queue together, to become the call `call_id`, and why these two.

    `again`: the two may meet though they met lately.
    """

    call_id: str
    first: Ticket
    second: Ticket
    claimed_at: int
    decision: MatchDecision | None = None
    again: bool = False


class Arrival(Struct, frozen=True):
    """A ticket that a partner is to be searched for, as a node tells the process that matches.

    `avoid`: whom its user must not be offered to, if it has just joined, as was read at the time `at` (ms);
    `seen`: the ids of those found when it had its place. None: a node of the version before tells.
    """

    ticket: Ticket
    avoid: frozenset[str] | None
    at: int
    seen: tuple[bytes, ...] | None = None


class Claimed(Struct, frozen=True):
    """What became of a claim: whose it is if it took `both`, and tickets that were named for it and gone."""

    outcome: Taken
    claim: Claim
    gone: Sequence[str] = ()


def claims_channel(region: str) -> str:
    """Where nodes that search among the same people say the ids of the tickets that they have claimed."""
    return f"claims:{{{region}}}"


def arrivals_channel(region: str) -> str:
    """Where nodes that do not search themselves tell of an `Arrival`, as msgpack."""
    return f"arrivals:{{{region}}}"


def claimed(claim: Claim, firsts: Sequence[Ticket], gone: int) -> Claimed:
    """The result of a claim for which these were named, the best first, and so many found gone; -1: the
    seeker was."""
    if gone < 0:
        return Claimed("second_gone", claim, (claim.second.id,))
    passed = [ticket.id for ticket in firsts[:gone]]
    if gone == len(firsts):
        return Claimed("first_gone", claim, passed)
    return Claimed("both", replace(claim, first=firsts[gone]) if gone else claim, passed)


class Placed(Struct, frozen=True):
    """What a join finds: the user's ticket, how many wait in its mode, and the ids of whom it sees."""

    ticket: Ticket
    waiting: int
    seen: Sequence[bytes]


class Departure(Struct, frozen=True, kw_only=True):
    """A ticket that left the queue without a match; kept until its user has been told."""

    ticket_id: str
    user_id: str
    reason: LeftReason


class Turn(Struct, frozen=True):
    """How many wait in a mode, and whether the node that asked has the turn to sweep it."""

    waiting: int
    taken: bool


class Wait(Struct, frozen=True):
    """How long someone of this `kind` waited, in ms, for a match or until they `left` by themselves.

    None: to the end of the time that a ticket has. `at` is when that was (ms); None: lately. `traits` are
    those of their ticket, in order.
    """

    kind: str
    waited_ms: int | None
    left: bool = False
    at: int | None = None
    traits: tuple[str, ...] = ()


class Market(Struct, frozen=True, kw_only=True):
    """A mode's queue in summary: latest arrivals, how many wait by gender and gender sought, waits."""

    arrivals: tuple[Ticket, ...] = ()
    stock: Mapping[tuple[str, str], int] = {}
    waits: tuple[Wait, ...] = ()


class Pool(Struct, frozen=True):
    """Those of one gender who fit by gender both ways: how many, and some of them, drawn at random."""

    number: int
    drawn: tuple[Ticket, ...]


class Census(Struct, frozen=True):
    """A mode's queue as one ticket sees it: how many others wait, and the pools that fit."""

    waiting: int
    pools: tuple[Pool, ...]

    @property
    def drawn(self) -> int | None:
        """The size of the sample; None if all were drawn."""
        drawn = sum(len(pool.drawn) for pool in self.pools)
        return drawn if drawn < sum(pool.number for pool in self.pools) else None


def queue_of(mode: Mode, *, probe: bool) -> str:
    """The `mode` of a ticket: whoever is in one queue is never looked for in another."""
    return f"{_PROBES}{mode}" if probe else mode


def kind(ticket: Ticket) -> str:
    """Its kind, such as `female:male female:other`. Tickets of one kind wait for the same people."""
    return _kind(ticket.card.gender, ticket.genders)


@lru_cache(256)  # there are few
def _kind(gender: str, sought: tuple[str, ...]) -> str:
    return " ".join(sorted(f"{gender}:{each}" for each in sought))
