"""What is recorded of a match, so that it can be explained later. Pure: the claim carries it to Postgres.

Of people only what the policy judges by is kept: no name, text, picture or device, and not where they go.
"""

from collections.abc import Collection, Sequence

import msgspec
from msgspec.structs import replace

from core.ticket import Claim, Contender, Fate, MatchDecision, Road, Ticket
from matching.haunts import unmarked
from matching.policy import Choice, Policy, Survey

# How many better candidates that could not be had are recorded, beside the best.
_PASSED_OVER = 24


class Recorder:
    """Makes the records of one policy; `keep` is how many of the candidates each holds."""

    def __init__(self, policy: Policy, keep: int) -> None:
        self._policy = msgspec.msgpack.encode(policy)
        self._keep = keep

    def record(
        self,
        road: Road,
        seeker: Ticket,
        survey: Survey,
        winner: Choice,
        *,
        avoid: Collection[str],
        taken: Collection[str],
        now: int,
        instead: Sequence[Choice] = (),
    ) -> MatchDecision:
        """The record of deciding for `winner`, one of the survey's choices, at `now`.

        `avoid` are users whom the seeker must not meet, `taken` tickets that were gone when tried. `instead`
        may turn out to have won in the end (`settled`): choices behind the winner.
        """
        place = survey.choices.index(winner)
        last = survey.choices.index(instead[-1]) if instead else place
        fates: list[tuple[Choice, Fate]] = []
        for nth, choice in enumerate(self._kept(survey.choices, place, last)):
            if choice is winner:
                fates.append((choice, "won"))
            elif choice.ticket.user_id in avoid:
                fates.append((choice, "avoided"))
            elif choice.ticket.id in taken:
                fates.append((choice, "taken"))
            else:
                # "unseen" happens in sweeps only: they look at pairs in turns.
                fates.append((choice, "lower" if nth > place else "unseen"))
        own, tickets = unmarked(seeker, [choice.ticket for choice, _ in fates])
        return MatchDecision(
            road=road,
            decided_at=now,
            seeker=own,
            policy=self._policy,
            considered=survey.considered,
            removed=survey.removed,
            contenders=tuple(
                Contender(ticket=ticket, score=c.score, asked=c.asked, fate=fate, likely=c.likely)
                for ticket, (c, fate) in zip(tickets, fates, strict=True)
            ),
        )

    def _kept(self, choices: Sequence[Choice], place: int, last: int) -> Sequence[Choice]:
        """The best choices, those before the winner, and from the winner to the last who may be it."""
        most = self._keep + _PASSED_OVER
        if place < most:
            return choices[: max(self._keep, last + 1)]
        return [*choices[: most - 1], *choices[place : last + 1]]


def settled(claim: Claim) -> Claim:
    """The claim with the record of whom it took, who may be another than was best: then that one was gone."""
    decision, winner = claim.decision, claim.first.id
    if decision is None:
        return claim
    places = {contender.ticket.id: nth for nth, contender in enumerate(decision.contenders)}
    if winner not in places or decision.contenders[places[winner]].fate == "won":
        return claim
    contenders = list(decision.contenders)
    for nth, contender in enumerate(contenders[: places[winner]]):
        if contender.fate in {"won", "lower"}:
            contenders[nth] = replace(contender, fate="taken")
    contenders[places[winner]] = replace(contenders[places[winner]], fate="won")
    return replace(claim, decision=replace(decision, contenders=tuple(contenders)))
