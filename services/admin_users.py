"""Users as moderators see them. What users cannot change themselves is corrected here. Times are in ms."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

from msgspec import UNSET

from core.clock import age_on, to_ms, today
from core.contract.admin_users import AdminUser, UserCorrection, UserItem
from core.contract.profiles import MAX_AGE
from core.errors import Forbidden, InvalidRequest
from core.vocabulary import ADULT_AGE
from db.postgres.admin_users import AdminUsers, Correction
from services.bans import Bans


class UserModeration:
    """The use cases. `hurry` announces that somebody is to be put out.

    Errors of an outage of Postgres pass through (`db.outage`).
    """

    def __init__(self, store: AdminUsers, bans: Bans, hurry: Callable[[], Awaitable[None]]) -> None:
        self._store, self._bans, self._hurry = store, bans, hurry

    async def find(
        self, q: str | None, by: str, *, before: str | None, limit: int, now: int
    ) -> list[UserItem]:
        """Newest first. That somebody has looked for users is on the audit log, and for whom is not."""
        found = await self._store.find(q, before=before, limit=limit, now=now)
        await self._store.looked(by, None, now, found=len(found))
        return found

    async def of(self, user_id: str, by: str, now: int) -> AdminUser:
        """One of them; the look is on the audit log. Raises `NotFound`."""
        user = await self._store.of(user_id, by, now)
        await self._store.looked(by, user_id, now)
        return user

    async def correct(self, user_id: str, body: UserCorrection, by: str, now: int) -> AdminUser:
        """Correct it. Who turns out to be a minor is suspended until they are none.

        Raises `NotFound`, `InvalidRequest`, and `Forbidden` where this is for other staff.
        """
        role = await self._bans.check(by, user_id)
        if body.role is not UNSET and role != "admin":
            raise Forbidden("Roles are for admins.")
        born = None if body.birth_date is UNSET else possible(body.birth_date, today(now))
        correction = Correction(
            birth_date=born,
            gender=None if body.gender is UNSET else body.gender,
            role=None if body.role is UNSET else body.role,
            until=None if born is None else minor_until(born, now),
        )
        await self._store.correct(user_id, correction, by, now)
        if correction.until is not None:
            await self._hurry()
        return await self._store.of(user_id, by, now)


def possible(birth_date: date, day: date) -> date:
    """The date. Raises `InvalidRequest` for one on which nobody alive was born."""
    if not 0 <= age_on(birth_date, day) <= MAX_AGE:
        raise InvalidRequest("`birth_date` cannot be.", details={"field": "birth_date"})
    return birth_date


def minor_until(birth_date: date, now: int) -> int | None:
    """When somebody born then comes of age; None: they are. Born on 29 February: on 1 March."""
    if age_on(birth_date, today(now)) >= ADULT_AGE:
        return None
    year, leap = birth_date.year + ADULT_AGE, (birth_date.month, birth_date.day) == (2, 29)
    month, day = (3, 1) if leap else (birth_date.month, birth_date.day)
    return to_ms(datetime(year, month, day, tzinfo=UTC))
