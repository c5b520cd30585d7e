"""What another policy would have chosen, of those who could be had when a match was decided. Pure.

Of a decision its people are kept and what was asked of each pair, and not the market that this came from. So
it can be judged whom other weights would choose; what they would ask depends on who comes, and is not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from core.ticket import Contender, MatchDecision
from matching.policy import Policy
from matching.score import Weights, parts

Verdict = Literal["same", "other", "asked"]
PARTS: Sequence[str] = Weights.__struct_fields__
_GONE = {"avoided", "taken"}


class Chosen(Struct, frozen=True, kw_only=True):
    """Whom a policy would choose: the `same` as was, an `other`, or nobody, since more is `asked`.

    `score` is by the policy of then, `own` by its own; `parts` are unweighted, from 0 to 1.
    """

    verdict: Verdict
    score: float
    own: float
    parts: Mapping[str, float]


class Summary(Struct, frozen=True, kw_only=True):
    """Of one policy: how many decisions, the shares of each verdict, and means of the rest."""

    decisions: int
    shares: Mapping[Verdict, float]
    score: float
    own: float
    parts: Mapping[str, float]


def weighted(policy: Policy, weights: Mapping[str, float]) -> Policy:
    """The policy with some weights in place of its own, which are in percent.

    Raises KeyError for one that is no weight, ValueError where nothing would count or one is below 0.
    """
    shares = {name: 100 * getattr(policy.shares, name) for name in PARTS}
    for name, weight in weights.items():
        if name not in shares:
            raise KeyError(name)
        shares[name] = weight
    if min(shares.values()) < 0 or not sum(shares.values()):
        raise ValueError("weights are 0 or more, and one of them is more")
    return replace(policy, shares=Weights(**shares).shares())


def choose(decision: MatchDecision, policy: Policy, then: Policy) -> Chosen:
    """Of those who could be had, whom `policy` prefers; `then` is the policy that decided."""
    seeker, now = decision.seeker, decision.decided_at
    fit = policy.scores(seeker, now)
    there = [contender for contender in decision.contenders if contender.fate not in _GONE]

    def gain(contender: Contender) -> float:
        return policy.gain(fit(contender.ticket, 0.0), contender.asked, contender.likely)

    best = max(there, key=gain)
    own = fit(best.ticket, 0.0)
    won: Verdict = "same" if best.fate == "won" else "other"
    return Chosen(
        verdict=won if (best.fate == "won" and policy == then) or own >= best.asked else "asked",
        score=then.score(seeker, best.ticket, now),
        own=own,
        parts=parts(seeker, best.ticket, now, policy.patience_ms),
    )


def summed(chosen: Iterable[Chosen]) -> Summary:
    """All decisions of one policy, of which there is one at least."""
    every = list(chosen)

    def mean(values: Iterable[float]) -> float:
        return sum(values) / len(every)

    verdicts: Sequence[Verdict] = ("same", "other", "asked")
    return Summary(
        decisions=len(every),
        shares={verdict: mean(each.verdict == verdict for each in every) for verdict in verdicts},
        score=mean(each.score for each in every),
        own=mean(each.own for each in every),
        parts={name: mean(each.parts[name] for each in every) for name in PARTS},
    )
