"""Banning for good or for a time, and lifting a ban. A ban is a strike, so that it can be appealed.

A ban is a row. That it ends what its user is doing is the work of any node that finds it due
(`realtime/background/expulsions.py`), so one that somebody writes by hand is worth as much.
"""

from collections.abc import Awaitable, Callable

from core.clock import LATEST_MS
from core.contract.bans import BanView
from core.errors import Forbidden, InvalidRequest, NotFound
from core.vocabulary import Role, StrikeAction
from db.postgres.idempotency import IdempotencyKey
from db.postgres.penalties import PenaltyStore
from db.postgres.strikes import NewStrike

_RANKS: dict[Role, int] = {"user": 0, "moderator": 1, "admin": 2}


class Bans:
    """The use cases. `hurry` announces that somebody is to be put out; without, a node finds out by itself.

    Errors of an outage of Postgres pass through (`db.outage`).
    """

    def __init__(self, store: PenaltyStore, hurry: Callable[[], Awaitable[None]] | None = None) -> None:
        self._store, self._hurry = store, hurry

    async def ban(
        self,
        user_id: str,
        *,
        reason: str,
        until: int | None,
        by: str | None,
        now: int,
        key: IdempotencyKey | None = None,
    ) -> BanView:
        """Ban a user until that time (None: for good); `by` None: the operator, who may ban everybody.

        Raises `InvalidRequest`, `NotFound`, `Forbidden`, `IdempotencyConflict`.
        """
        if until is not None and until <= now:
            raise InvalidRequest("A ban ends after it begins.", details={"field": "until"})
        if until is not None and until > LATEST_MS:
            raise InvalidRequest("For good is a ban without an end.", details={"field": "until"})
        if not reason.strip():
            raise InvalidRequest("A ban has a reason.", details={"field": "reason"})
        if by is not None:
            await self.check(by, user_id)
        action: StrikeAction = "ban" if until is None else "suspend"
        strike = NewStrike(user_id=user_id, action=action, reason=reason, by=by, until=until)
        ban = await self._store.ban(strike, key, now)
        if self._hurry:
            await self._hurry()
        return ban

    async def check(self, by: str, user_id: str) -> Role:
        """The role of this moderator, who may act on this user. Raises `NotFound`, `Forbidden`."""
        roles = await self._store.roles((by, user_id))
        if user_id not in roles:
            raise NotFound
        if by == user_id or not may_act_on(roles.get(by, "user"), roles[user_id]):
            raise Forbidden("This is for other staff to decide.")
        return roles[by]

    async def lift(self, ban_id: str, by: str, now: int) -> None:
        """Lift it and its strike. Raises `NotFound`, `Forbidden`, `Gone`."""
        await self.check(by, await self._store.whose(ban_id))
        await self._store.lift(ban_id, by, now)


def may_act_on(actor: Role, subject: Role) -> bool:
    """Staff decides about everybody who is not above them. Pure."""
    return _RANKS[subject] <= _RANKS[actor]
