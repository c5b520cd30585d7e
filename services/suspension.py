"""When somebody is suspended before a moderator has looked. Pure; what it takes is the operator's to set.

Nobody may be able to suspend whom they like, so a word counts only of those who have met the reported in a
call that was answered, and by their own record:

- one person alone suspends only by `underage`: if moderators have never found such a report of theirs wrong,
  and have not looked at the reported for it before and found nothing; and only a few people, until they do;
- otherwise it takes several within a time. Those who are trusted count twice. Newcomers, who have met hardly
  anybody else, do not count: accounts made to accuse somebody have met nobody but them.

The word of suspects, and of those whose reports were dismissed more often than found right, counts for
nothing. Whatever happens, there is a case, and its decision ends such a suspension.
"""

from msgspec import Struct

from core.settings import Settings
from core.ticket import Tier
from db.postgres.accusations import Accusation, Accuser, Suspending

_WEIGHT: dict[Tier, int] = {"trusted": 2, "neutral": 1, "suspect": 0}
HOUR_MS = 3_600_000


class SuspensionRule(Struct, frozen=True, kw_only=True):
    """`enough`: of those who report within `window_ms`, who have met at least `met` different people.

    `alone`: how many may wait for a decision whom one person alone has suspended.
    """

    enough: int
    window_ms: int
    met: int = 3
    alone: int = 3

    def __call__(self, accusation: Accusation, now: int) -> str | None:
        """The reason to suspend somebody of whom this is said; None: there is none."""
        if any(self._alone(accuser) for accuser in accusation.accusers) and not accusation.cleared:
            return "underage"
        counted = {
            accuser.user_id: accuser
            for accuser in accusation.accusers
            if now - accuser.at <= self.window_ms and self.weight(accuser)
        }
        if sum(self.weight(accuser) for accuser in counted.values()) < self.enough:
            return None
        reasons = [accuser.reason for accuser in counted.values()]
        return max(sorted(set(reasons)), key=reasons.count)

    def weight(self, accuser: Accuser) -> int:
        """How much the word of this one counts beside that of others."""
        newcomer = accuser.tier != "trusted" and accuser.met < self.met
        return 0 if newcomer or not _credible(accuser) else _WEIGHT[accuser.tier]

    def _alone(self, accuser: Accuser) -> bool:
        """Whether it is enough that this one says so."""
        wrong, room = accuser.dismissed_underage > 0, accuser.waiting < self.alone
        return accuser.reason == "underage" and not wrong and room and _credible(accuser)


def _credible(accuser: Accuser) -> bool:
    return accuser.met_them and accuser.tier != "suspect" and accuser.dismissed <= accuser.upheld + 1


def suspending(settings: Settings) -> Suspending:
    """The rule as the operator has set it."""
    window_ms = settings.suspend_within_h * HOUR_MS
    return Suspending(SuspensionRule(enough=settings.suspend_reporters, window_ms=window_ms), window_ms)
