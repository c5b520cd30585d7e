"""Deleting one's own account: asked for, taken back, or done by the registry of personal data.

From the moment it is asked for the account is out as if it was banned: nobody sees or meets it, and its
sessions end. Who signs in again may take it back, until a job has begun: the two change one row, and one of
them is first. What waits for a moderator's decision is erased when that was made. Times are ms.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from core.clock import DAY_MS, Clock, rfc3339
from core.contract.own_data import Erasing
from core.job import Job
from core.personal_data import TABLES
from core.tokens import Access
from db.postgres.erasures import ErasureStore
from db.postgres.jobs import Schedule
from db.postgres.personal_data import PersonalData
from services.expulsions import Expulsions
from services.farewells import Farewells
from services.jobs import JobQueue, Work, work
from services.owner_proofs import OwnerProofs

_AT_ONCE = 100
_LONGEST_S = 1800
_log = structlog.get_logger()


class Erase(Job, frozen=True, kw_only=True, tag="erasure"):
    """It is time to erase somebody, or to go on with that."""

    user_id: str


class EraseDue(Job, frozen=True, kw_only=True, tag="erasures-due"):
    """Each ten minutes: who is to be erased."""


ERASURES_DUE = Schedule(EraseDue(), every_s=600)


class Erasures:
    """The use cases. Errors of an outage pass through (`db.outage`)."""

    def __init__(
        self,
        store: ErasureStore,
        data: PersonalData,
        *,
        proofs: OwnerProofs,
        expulsions: Expulsions,
        farewells: Farewells,
        jobs: JobQueue,
        forget: Callable[[str], Awaitable[None]],
        grace_days: int,
        clock: Clock,
    ) -> None:
        """`forget`: what matching has learnt of somebody, which is in no table."""
        self._forget = forget
        self._store, self._data, self._proofs = store, data, proofs
        self._expulsions, self._farewells = expulsions, farewells
        self._jobs, self._clock = jobs, clock
        self._grace_ms = grace_days * DAY_MS

    @property
    def works(self) -> Sequence[Work]:
        """What is done later."""
        return work(Erase, self.erase, within_s=_LONGEST_S), work(EraseDue, self.due)

    # Its owner

    async def ask(self, access: Access, password: str | None, network: str, now: int) -> Erasing:
        """Delete the account, after some days. Raises `PasswordNeeded`, `RateLimited`, `Unauthenticated`."""
        await self._proofs.check(access, password, network, now, always=True)
        erases_at = await self._store.ask(access.user_id, now, at=now + self._grace_ms)
        await self._expulsions.hurry()
        return Erasing(erases_at=rfc3339(erases_at))

    async def take_back(self, user_id: str, now: int) -> None:
        """Stay after all. Raises `Gone` when erasing has begun."""
        if await self._store.take_back(user_id, now):
            await self._farewells.back(user_id, now)

    # Jobs

    async def due(self, _: EraseDue) -> None:
        """Let all be erased whose time has come; one at a time each."""
        for user_id in await self._store.due(self._clock(), limit=_AT_ONCE):
            await self._jobs.add(Erase(user_id=user_id), key=f"erasure {user_id}")

    async def erase(self, job: Erase) -> None:
        """Erase what can be erased of this user now, table by table. Again: what is left."""
        now = self._clock()
        if not await self._store.begin(job.user_id, now):
            return
        await self._expulsions.hurry()
        await self._forget(job.user_id)
        done = [await self._data.erase(table, job.user_id, now) for table in TABLES]
        if all(done):
            await self._store.done(job.user_id, now)
