"""When somebody is suspended before a moderator has looked. Pure; what it takes is the operator's to set.

Nobody may be able to suspend whom they like, so a word counts only of those who have met the reported in a
call that was answered, and by their own record:

- one person alone suspends only by `underage`: if moderators have never found such a report of theirs wrong,
  and have not looked at the reported for it before and found nothing; and only a few people, until they do,
  a few more with all who share a device or network;
- otherwise it takes several within a time, whose word counts (`services.credibility`): accounts made to
  accuse somebody are known to nobody else. Those who are trusted count twice, suspects not at all.

Whatever happens, there is a case, and its decision ends such a suspension.
"""

from msgspec import Struct
from msgspec.structs import replace

from core.clock import HOUR_MS
from core.settings import Settings
from core.ticket import Tier
from db.postgres.accusations import Accusation, Accuser, Suspending
from services.credibility import DEFAULT_CREDIBILITY, Credibility, credible

_WEIGHT: dict[Tier, int] = {"trusted": 2, "neutral": 1, "suspect": 0}


class SuspensionRule(Struct, frozen=True, kw_only=True):
    """`enough`: of those who report within `window_ms`, and whose word counts.

    `alone`: how many may wait for a decision whom one person alone has suspended; `together`: whom those who
    share a device or network have, each alone.
    """

    enough: int
    window_ms: int
    alone: int = 3
    together: int = 10
    credibility: Credibility = DEFAULT_CREDIBILITY

    def __call__(self, said: Accusation, now: int) -> str | None:
        """The reason to suspend somebody of whom this is said; None: there is none."""
        if any(self._alone(accuser) for accuser in said.accusers) and not said.cleared:
            return "underage"
        recent = [accuser for accuser in said.accusers if now - accuser.at <= self.window_ms]
        counted = self.credibility.counted(replace(said, accusers=recent))
        if sum(_WEIGHT[accuser.tier] for accuser in counted) < self.enough:
            return None
        reasons = [accuser.reason for accuser in counted if _WEIGHT[accuser.tier]]
        return max(sorted(set(reasons)), key=reasons.count)

    def _alone(self, accuser: Accuser) -> bool:
        """Whether it is enough that this one says so."""
        room = accuser.waiting < self.alone and accuser.beside < self.together
        wrong = accuser.dismissed_underage > 0
        return accuser.reason == "underage" and not wrong and room and credible(accuser)


def suspending(settings: Settings) -> Suspending:
    """The rule as the operator has set it."""
    window_ms = settings.suspend_within_h * HOUR_MS
    return Suspending(SuspensionRule(enough=settings.suspend_reporters, window_ms=window_ms), window_ms)
