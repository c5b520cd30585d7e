"""Notes what accounts are seen with, and suspects those who may be people that were banned.

Both happen at each sign-in, and in the background after a connect. A suspicion keeps people apart at once
(`identity.blocked_pairs`), and one that is grave makes a suspect (`services.trust`).
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.clock import DAY_MS
from db.outage import OUTAGES
from db.postgres.marks import Mark, MarkStore
from db.postgres.suspicions import RecordedSuspicion, Resemblance, SuspicionStore
from services.marks import Marker, Sighting
from services.returning import DEFAULT_RULE, ReturnRule, collective, suspicions

_log = structlog.get_logger()
_COUNTED_FOR_MS = 600_000
_FEW = 1_000
_ALIKE = 200


class Judge(Protocol):
    """Moves a user to the tier of trust where they belong (`services.trust.TrustService`)."""

    async def judge(self, user_id: str) -> None: ...


class Recency(Struct, frozen=True):
    """In ms: how old recent accounts are; how long before a ban one may be opened that is suspected."""

    recent_ms: int = 30 * DAY_MS
    before_ms: int = 30 * DAY_MS


DEFAULT_RECENCY = Recency()


class Sightings:
    """The use cases. Errors of an outage pass through, but for `sign_in`."""

    def __init__(
        self,
        marks: MarkStore,
        suspicions: SuspicionStore,
        marker: Marker,
        judge: Judge,
        rule: ReturnRule = DEFAULT_RULE,
        recency: Recency = DEFAULT_RECENCY,
    ) -> None:
        self._marks, self._suspicions, self._marker, self._judge = marks, suspicions, marker, judge
        self._rule, self._recency = rule, recency
        self._accounts, self._counted_at = 0, 0

    async def sign_in(self, sighting: Sighting, now: int) -> None:
        """Somebody has signed up or in. An outage keeps nobody from that: the next connect notes it."""
        try:
            await self._note([sighting], now)
            await self.compare(sighting.user_id, now)
        except OUTAGES as error:
            _log.debug("an account was seen and not noted", user=sighting.user_id, error=repr(error))

    async def seen(self, sightings: Sequence[Sighting], now: int) -> None:
        """Note with what these are seen; compare those of whom it is new with those who are banned."""
        for user_id in await self._note(sightings, now):
            await self.compare(user_id, now)

    async def _note(self, sightings: Sequence[Sighting], now: int) -> Collection[str]:
        """Gives those of whom something is new."""
        known = {user.user_id: user for user in await self._marks.known({s.user_id for s in sightings})}
        seen: dict[str, frozenset[Mark]] = {}
        for sighting in sightings:
            if user := known.get(sighting.user_id):
                marks = self._marker.marks(sighting, user)
                seen[user.user_id] = seen.get(user.user_id, frozenset()) | marks
        return await self._marks.note(seen, now)

    async def banned(self, user_id: str, now: int) -> None:
        """Somebody was banned: others who are here already may be the same person.

        Marked once more, as they may not have signed in since marks are kept. Found by what few have in
        common; who shares less is found at their next sign-in, or on the next day.
        """
        await self._note([Sighting(user_id=user_id)], now)
        recent = now - self._recency.recent_ms
        found = await self._suspicions.resemblances_with(
            user_id,
            kinds=(*self._rule.proofs, "person"),
            recent=recent,
            before_ms=self._recency.before_ms,
            limit=_ALIKE,
            now=now,
        )
        for alike, resemblance in found.items():
            await self._weigh(alike, [resemblance], recent, now)

    async def compare(self, user_id: str, now: int) -> None:
        """Suspect this user where they resemble somebody who is banned."""
        recent = now - self._recency.recent_ms
        resemblances = await self._suspicions.resemblances(
            user_id,
            proofs=self._rule.proofs,
            recent=recent,
            before_ms=self._recency.before_ms,
            newcomer_ms=int(self._rule.newcomer_days * DAY_MS),
            now=now,
        )
        if resemblances:
            await self._weigh(user_id, resemblances, recent, now)

    async def _weigh(self, user_id: str, resemblances: Sequence[Resemblance], recent: int, now: int) -> None:
        accounts = await self._count(recent, now)
        counted = [await self._with_others(user_id, each, accounts, recent) for each in resemblances]
        found = suspicions(counted, accounts, self._rule)
        if found and await self._suspicions.suspect(user_id, found, now):
            await self._judge.judge(user_id)

    async def _with_others(
        self, user_id: str, resemblance: Resemblance, accounts: int, recent: int
    ) -> Resemblance:
        """And how many others bear all of it, where that matters: hardly anybody is so much like somebody."""
        kinds = collective(resemblance, accounts, self._rule)
        if not kinds:
            return resemblance
        others = await self._suspicions.together(user_id, resemblance.of_user_id, kinds, recent=recent)
        return replace(resemblance, together=others)

    async def look(self, user_id: str, by: str, now: int) -> list[RecordedSuspicion]:
        """Whom this user is or was suspected to be: what moderators are shown of it. The look is on the
        audit log."""
        return await self._suspicions.look(user_id, by, now)

    async def clear(self, user_id: str, by: str | None, now: int) -> bool:
        """A moderator knows better: it is not suspected again. False: there was nothing to clear."""
        cleared = await self._suspicions.clear(user_id, by, now)
        await self._judge.judge(user_id)
        return cleared

    async def _count(self, recent: int, now: int) -> int:
        """How many accounts were seen lately; of many it is counted now and then, as it is a magnitude."""
        if self._accounts < _FEW or now - self._counted_at >= _COUNTED_FOR_MS:
            self._accounts, self._counted_at = await self._marks.accounts(recent), now
        return self._accounts
