"""Forgetting what is kept only for a while. Any node does it, no leader: two at once share the work."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from core.clock import Clock
from core.settings import Settings
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.codes import CodeStore
from db.postgres.evidence import EvidenceStore
from db.postgres.friends import FriendStore
from db.postgres.idempotency import KEPT_MS
from db.postgres.marks import MarkStore
from db.postgres.matches import MatchRecords
from db.postgres.retention import RetentionStore
from db.postgres.suspicions import SuspicionStore
from db.postgres.usernames import FormerUsernames

DAY_MS = 86_400_000
_AT_ONCE = 500


class Forget(Protocol):
    """Drops the oldest of one kind that are from before a time in ms, and gives how many those were."""

    async def __call__(self, before: int, *, limit: int) -> int: ...


class Kept(Struct, frozen=True):
    """Something that is kept for so many ms."""

    forget: Forget
    ms: int


def kept(
    expired: RetentionStore,
    matches: MatchRecords,
    marks: MarkStore,
    suspicions: SuspicionStore,
    evidence: EvidenceStore,
    codes: CodeStore,
    friends: FriendStore,
    usernames: FormerUsernames,
    settings: Settings,
) -> list[Kept]:
    """What is forgotten, and when: decisions of matching, keys, codes, tokens, sessions, marks,
    evidence, friend requests that were answered, names that were given up.

    A suspicion that is too old is over, and stays on record.
    """
    sessions_ms = settings.session_record_days * DAY_MS
    return [
        Kept(matches.forget, settings.match_record_days * DAY_MS),
        Kept(evidence.forget, settings.evidence_days * DAY_MS),
        Kept(expired.keys, KEPT_MS),
        Kept(codes.forget, DAY_MS),
        Kept(usernames.forget, DAY_MS),
        Kept(friends.forget, settings.friend_request_days * DAY_MS),
        Kept(expired.tokens, sessions_ms),
        Kept(expired.sessions, sessions_ms),
        Kept(marks.forget, settings.mark_days * DAY_MS),
        Kept(suspicions.lapse, settings.suspicion_days * DAY_MS),
    ]


class Retention(PeriodicJob):
    """Forgets each kind in time; looks every `every_s` seconds."""

    def __init__(self, kinds: Sequence[Kept], clock: Clock, *, every_s: float = 600) -> None:
        self._kinds, self._clock = kinds, clock
        self._loop = PeriodicTask(every_s, self.forget, failing="nothing is forgotten")
        self.loops = (self._loop,)

    async def forget(self) -> None:
        """All that is too old, a bounded number at once."""
        for kept in self._kinds:
            before = self._clock() - kept.ms
            while await kept.forget(before, limit=_AT_ONCE) == _AT_ONCE:
                pass
