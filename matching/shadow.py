"""What another policy would have decided in the place of the one in force. Pure.

Both are shown the same people at the same moment, and each what it makes of the market.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from core.ticket import Ticket
from matching.policy import Choice, Policy

# The same partner, or another; nobody, where the one in force found somebody (`later`), or somebody where
# that found nobody (`sooner`); or both nobody.
Parting = Literal["same", "other", "sooner", "later", "neither"]


class Measured(Struct, frozen=True):
    """The score of a pair by the policy in force and by the other one, each from 0 to 1."""

    in_force: float
    tried: float


class Compared(Struct, frozen=True, kw_only=True):
    """How two decisions part; `won` is the pair of the policy in force, `instead` that of the other."""

    parting: Parting
    won: Measured | None
    instead: Measured | None


def compared(
    seeker: Ticket, won: Choice | None, instead: Choice | None, in_force: Policy, tried: Policy, now: int
) -> Compared:
    """These choices of the two policies for the seeker at `now`; None: nobody."""

    def measured(choice: Choice | None) -> Measured | None:
        if choice is None:
            return None
        return Measured(*(policy.score(seeker, choice.ticket, now) for policy in (in_force, tried)))

    return Compared(parting=_parting(won, instead), won=measured(won), instead=measured(instead))


def best(choices: Iterable[Choice], avoid: Iterable[str]) -> Choice | None:
    """The first of these, best first, who need not be avoided."""
    apart = frozenset(avoid)
    return next((choice for choice in choices if choice.ticket.user_id not in apart), None)


def _parting(won: Choice | None, instead: Choice | None) -> Parting:
    if won is None:
        return "neither" if instead is None else "sooner"
    if instead is None:
        return "later"
    return "same" if won.ticket.id == instead.ticket.id else "other"
