"""What moderators do with cases: look, claim, decide, undo. The store does each in one transaction.

A decision ends what the system did by itself; what it bans takes effect on live connections as any ban does.
Reports that were dismissed do not count towards the trust in whom they are about.
"""

from core.errors import InvalidRequest
from db.postgres.cases import CaseStore, Dossier, Verdict
from services.expulsions import Expulsions
from services.ladder import suspension_days
from services.notifications import Notifications
from services.trust import TrustService


class Cases:
    """The use cases, by a moderator `by`. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: CaseStore,
        trust: TrustService,
        expulsions: Expulsions,
        notifications: Notifications,
        *,
        claim_ms: int,
    ) -> None:
        self._store, self._trust = store, trust
        self._expulsions, self._notifications = expulsions, notifications
        self._claim_ms = claim_ms

    async def look(self, case_id: str, by: str, now: int) -> Dossier:
        """All of a case. Raises `NotFound`, also for one about oneself, or to a moderator about an admin."""
        return await self._store.look(case_id, by, now)

    async def claim(self, case_id: str, by: str, now: int) -> Dossier:
        """Take it on for a while, or for a while longer. Raises `Conflict`, `AlreadyDecided` too."""
        await self._store.claim(case_id, by, now, now + self._claim_ms)
        return await self.look(case_id, by, now)

    async def decide(self, case_id: str, by: str, verdict: Verdict, now: int) -> Dossier:
        """Decide it. Raises `InvalidRequest` (days of what has none), `Conflict`, `AlreadyDecided` too."""
        if verdict.days is not None and verdict.action != "suspend":
            raise InvalidRequest("Only a suspension lasts for days.", details={"field": "days"})
        user_id = await self._store.decide(case_id, by, verdict, now, days=suspension_days)
        await self._expulsions.hurry()
        await self._notifications.hurry(user_id)
        await self._trust.judge(user_id)
        return await self.look(case_id, by, now)

    async def undo(self, case_id: str, by: str, now: int) -> Dossier:
        """Lift what the decision caused, and nothing else; the case is open again. Raises `Conflict` too."""
        user_id = await self._store.undo(case_id, by, now)
        await self._notifications.hurry(user_id)
        await self._trust.judge(user_id)
        return await self.look(case_id, by, now)
