"""Appeals: what somebody says against a strike, and who may decide it. Times are in ms."""

from core.contract.appeals import Appeal, AppealDecision
from core.contract.standing import AppealView
from core.errors import Forbidden, InvalidRequest
from db.postgres.appeals import AppealFacts, AppealStore
from db.postgres.idempotency import IdempotencyKey
from services.notifications import Notifications


class Appeals:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: AppealStore, notifications: Notifications) -> None:
        self._store, self._notifications = store, notifications

    async def file(
        self, user_id: str, strike_id: str, text: str, key: IdempotencyKey | None, now: int
    ) -> AppealView:
        """Appeal against one's own strike, once.

        Raises `InvalidRequest`, `NotFound`, `Gone`, `Conflict`, `IdempotencyConflict`.
        """
        if not text.strip():
            raise InvalidRequest("An appeal says something.", details={"field": "text"})
        return await self._store.file(user_id, strike_id, text, key, now)

    async def decide(self, appeal_id: str, decision: AppealDecision, by: str, now: int) -> Appeal:
        """Grant or refuse it. Raises `NotFound`, `Forbidden`, `AlreadyDecided`, `Gone`."""
        if not may_decide(by, await self._store.facts(appeal_id, by, now)):
            raise Forbidden("Another moderator decides this appeal.")
        decided = await self._store.decide(appeal_id, decision, by, now)
        await self._notifications.hurry(decided.user_id)
        return decided


def may_decide(moderator: str, appeal: AppealFacts) -> bool:
    """Never those who appeal, nor staff below them; who struck only where nobody else is there. Pure."""
    if moderator == appeal.user_id or appeal.above:
        return False
    return moderator != appeal.struck_by or not appeal.others
