"""Explains a match from its record: who was considered, the parts of each score, why the winner won.

Pure. Only the input is stored: the recorded policy judges the recorded tickets again. So
admins see what the rules say, and `reproduced` says whether the scores are those of the decision.
"""

from collections.abc import Sequence
from math import isclose
from typing import cast

import msgspec

from core.clock import rfc3339
from core.contract.matches import MatchCandidate, MatchReplay, MatchSeeker
from core.errors import NotFound
from core.ticket import Contender, Fate, MatchDecision, Road, Ticket
from matching.policy import Considered, Policy

_EXACT = 1e-9  # sums in another order differ by less


class _AsThen:
    """What was asked at that time, as recorded: it depends on the market of that moment."""

    def __init__(self, contenders: Sequence[Contender]) -> None:
        self._asked = {contender.ticket.id: contender.asked for contender in contenders}

    def asked(self, one: Ticket, other: Ticket, now: int) -> float:  # noqa: ARG002 - as `ReservationValues` is asked
        return self._asked[other.id]


def replay(call_id: str, decision: MatchDecision) -> MatchReplay:
    """The decision, made again by the recorded policy. Raises `NotFound`: that is of another version."""
    try:
        policy = msgspec.msgpack.decode(decision.policy, type=Policy)
    except msgspec.MsgspecError as error:
        raise NotFound from error
    seeker, now, contenders = decision.seeker, decision.decided_at, decision.contenders
    tickets = [contender.ticket for contender in contenders]
    told = policy.consider(seeker, tickets, frozenset(), now, _AsThen(contenders))
    pairs = list(zip(contenders, told, strict=True))
    return MatchReplay(
        call_id=call_id,
        decided_at=rfc3339(now),
        road=cast("Road", decision.road),
        seeker=MatchSeeker(user_id=seeker.user_id, mode=seeker.call_mode, waited_ms=now - seeker.joined_at),
        policy=msgspec.to_builtins(policy),
        considered=decision.considered,
        removed=dict(decision.removed),
        candidates=[_candidate(policy, then, again, now) for then, again in pairs],
        reproduced=all(_agree(then, again) for then, again in pairs),
        why=_why(policy, decision),
    )


def _candidate(policy: Policy, then: Contender, again: Considered, now: int) -> MatchCandidate:
    return MatchCandidate(
        user_id=then.ticket.user_id,
        waited_ms=now - then.ticket.joined_at,
        score=again.score,
        decided_score=then.score,
        asked=then.asked,
        gain=policy.gain(then.score, then.asked, then.likely),
        parts=dict(again.parts),
        outcome=cast("Fate", then.fate),
    )


def _agree(then: Contender, again: Considered) -> bool:
    """Whether the policy permits the pair again, with the score of that time."""
    return again.removed is None and isclose(then.score, again.score, abs_tol=_EXACT)


def _why(policy: Policy, decision: MatchDecision) -> str:
    """Why the winner won, in a sentence or two."""
    winner = next(contender for contender in decision.contenders if contender.fate == "won")
    gain, regard = policy.gain(winner.score, winner.asked, winner.likely), policy.stance.regard
    offered = decision.considered - sum(decision.removed.values())
    others = [contender.fate for contender in decision.contenders]
    passed = {
        "must not meet the seeker": others.count("avoided"),
        "had been taken": others.count("taken"),
        "had not had their turn in the sweep": others.count("unseen"),
    }
    excuses = "; ".join(f"{number} {why}" for why, number in passed.items() if number)
    return (
        f"Of {decision.considered} considered, {offered} could be offered, and the greatest gain of those "
        f"to be had was {gain:.3f}: a score of {winner.score:.3f}, less {regard:g} times the "
        f"{winner.asked:.3f} that was asked{_accepting(winner)}."
        + (f" Of the others, {excuses}." if excuses else "")
    )


def _accepting(winner: Contender) -> str:
    """What their answers to earlier offers had to do with it."""
    if winner.likely == 1:
        return ""
    return f", as they accept {winner.likely:.2f} times as often as others"
