"""Tiers of trust: suspects meet only suspects (`matching/rules.py`), and trust adds to a score.

`tier` is pure and says which tier somebody belongs to. It takes more to come into a tier than to stay in it,
so that nobody moves to and fro. `TrustService` applies it after each call that began, after each report, and
at reviews, because what somebody did counts only for a while. Every move is on the audit log.
"""

from collections.abc import Callable

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.ticket import Tier
from db.postgres.trust import Conduct, Standing, TrustStore
from services.credibility import DEFAULT_CREDIBILITY, Credibility

_log = structlog.get_logger()
_ATTEMPTS = 5


class Suspicion(Struct, frozen=True, kw_only=True):
    """When somebody is a suspect.

    Either at least `reporters` people whose word counts, and as many as this share of those met, have
    reported them; or they left this share of at least `live` live calls early.
    """

    reporters: int
    report_share: float
    live: int
    early_share: float

    def falls_on(self, standing: Standing) -> bool:
        """Whether somebody with this standing is a suspect."""
        reported = standing.reporters >= max(self.reporters, self.report_share * standing.met)
        hangs_up = standing.live >= self.live and standing.early >= self.early_share * standing.live
        return reported or hangs_up


class Merit(Struct, frozen=True, kw_only=True):
    """When somebody is trusted: enough people met (fewer if verified), and shares no larger than these."""

    met: int
    met_verified: int
    report_share: float
    early_share: float

    def shows_in(self, standing: Standing) -> bool:
        """Whether somebody with this standing is trusted."""
        return (
            standing.met >= (self.met_verified if standing.verified else self.met)
            and standing.reporters <= self.report_share * standing.met
            and standing.early <= self.early_share * standing.live
        )


class Thresholds(Struct, frozen=True, kw_only=True):
    """What it takes to come into a tier, and what it takes to stay there, which is less."""

    become_suspect: Suspicion = Suspicion(reporters=3, report_share=0.2, live=10, early_share=0.7)
    stay_suspect: Suspicion = Suspicion(reporters=2, report_share=0.1, live=5, early_share=0.5)
    become_trusted: Merit = Merit(met=50, met_verified=5, report_share=0.02, early_share=0.2)
    stay_trusted: Merit = Merit(met=25, met_verified=1, report_share=0.04, early_share=0.4)


DEFAULT_THRESHOLDS = Thresholds()


def tier(standing: Standing, present: Tier, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Tier:
    """The tier for somebody with this standing, who is in the tier `present` now.

    Who may be somebody that was banned is a suspect, whatever they did since.
    """
    suspicion = thresholds.stay_suspect if present == "suspect" else thresholds.become_suspect
    merit = thresholds.stay_trusted if present == "trusted" else thresholds.become_trusted
    if standing.returning or suspicion.falls_on(standing):
        return "suspect"
    return "trusted" if merit.shows_in(standing) else "neutral"


def standing_of(conduct: Conduct, credibility: Credibility = DEFAULT_CREDIBILITY) -> Standing:
    """The standing of somebody who did this and of whom that is said."""
    return replace(conduct.standing, reporters=len(credibility.counted(conduct.said)))


class TrustService:
    """The use cases. `window_ms`: for how long calls and reports count; `review_ms`: between two reviews."""

    def __init__(
        self,
        store: TrustStore,
        clock: Clock,
        new_id: Callable[[int], str],
        *,
        window_ms: int,
        early_ms: int,
        review_ms: int,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        self._store, self._clock, self._new_id = store, clock, new_id
        self._window_ms, self._early_ms, self._review_ms = window_ms, early_ms, review_ms
        self._thresholds = thresholds

    async def judge(self, user_id: str) -> None:
        """Move the user to another tier if they belong there. Twice, even at once, is as good as once."""
        for _ in range(_ATTEMPTS):
            now = self._clock()
            did = await self._store.conduct(user_id, since=now - self._window_ms, early_ms=self._early_ms)
            if did is None:
                return
            before = did.said.tier
            if self._stays(did):
                return
            standing = standing_of(await self._store.with_company(did))
            after = tier(standing, before, self._thresholds)
            if before == after or await self._move(user_id, before, after, standing, now):
                return
        _log.warning("a tier changes too fast to be judged", user=user_id)

    def _stays(self, did: Conduct) -> bool:
        """Whether they stay in their tier whosever word counts. Mostly so: nobody has to look whose does."""
        bounds = did.standing, standing_of(did)  # nobody's, and that of all whom others may know
        return all(tier(each, did.said.tier, self._thresholds) == did.said.tier for each in bounds)

    async def review(self, limit: int) -> int:
        """Judge some users again whose tier may be out of date. Gives how many there were."""
        now = self._clock()
        due = await self._store.due(now, judged_before=now - self._review_ms, limit=limit)
        for user_id in due:
            await self.judge(user_id)
        return len(due)

    async def _move(self, user_id: str, before: Tier, after: Tier, standing: Standing, now: int) -> bool:
        details = {"from": before, "to": after, "standing": msgspec.to_builtins(standing)}
        return await self._store.move(
            user_id, before, after, entry_id=self._new_id(now), details=details, now=now
        )
