"""What is kept of a decision, so that it can be decided again. Pure: the claim carries it to Postgres.

Of people only what the policy judges by is kept: no name, text, picture or device.
"""

from collections.abc import Collection, Sequence

import msgspec
from msgspec.structs import replace

from core.ticket import Contender, Fate, MatchDecision, Road, Ticket
from matching.policy import Choice, Policy, Survey

# Beside the best, so many who came before the winner and could not be had.
_PASSED_OVER = 24


class Recorder:
    """Writes decisions of one policy down; `keep` is how many of those who could be offered."""

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
    ) -> MatchDecision:
        """The decision of `now` for `winner`, one of the survey's choices.

        `avoid` are users who could not be had, `taken` tickets that were gone when they were tried.
        """
        place = survey.choices.index(winner)
        fates: list[tuple[Choice, Fate]] = []
        for nth, choice in enumerate(self._kept(survey.choices, place)):
            if choice is winner:
                fates.append((choice, "won"))
            elif choice.ticket.user_id in avoid:
                fates.append((choice, "avoided"))
            elif choice.ticket.id in taken:
                fates.append((choice, "taken"))
            else:
                # Only a sweep may not have come to a better one: it looks at pairs in turns.
                fates.append((choice, "lower" if nth > place else "unseen"))
        return MatchDecision(
            road=road,
            decided_at=now,
            seeker=_lean(seeker),
            policy=self._policy,
            considered=survey.considered,
            removed=survey.removed,
            contenders=tuple(
                Contender(ticket=_lean(c.ticket), score=c.score, asked=c.asked, fate=fate)
                for c, fate in fates
            ),
        )

    def _kept(self, choices: Sequence[Choice], place: int) -> Sequence[Choice]:
        """The best, those who came before the winner, and the winner."""
        most = self._keep + _PASSED_OVER
        if place < most:
            return choices[: max(self._keep, place + 1)]
        return [*choices[: most - 1], choices[place]]


def _lean(ticket: Ticket) -> Ticket:
    """The same ticket without what no rule and no part of the score looks at."""
    card = replace(ticket.card, display_name="", city=None, bio=None, photo_url=None)
    return replace(ticket, card=card, device="")
