"""Forgetting what is kept only for a while. Any node does it, no leader: two at once share the work."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from core.clock import Clock
from core.personal_data import lasts
from core.settings import Settings
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.codes import CodeStore
from db.postgres.comments import CommentStore
from db.postgres.erasures import ErasureStore
from db.postgres.evidence import EvidenceStore
from db.postgres.friends import FriendStore
from db.postgres.invitations import InvitationStore
from db.postgres.marks import MarkStore
from db.postgres.matches import MatchRecords
from db.postgres.posts import PostStore
from db.postgres.retention import RetentionStore
from db.postgres.suspicions import SuspicionStore
from db.postgres.timelines import TimelineRecords
from db.postgres.usernames import FormerUsernames
from realtime.background.forgotten_rows import ForgottenRows

_AT_ONCE = 500


class Forget(Protocol):
    """Drops the oldest of one kind that are from before a time in ms, and gives how many those were."""

    async def __call__(self, before: int, *, limit: int) -> int: ...


class Kept(Struct, frozen=True):
    """Something that is kept for so many ms, in this table."""

    forget: Forget
    ms: int
    table: str = ""


def kept(
    expired: RetentionStore,
    matches: MatchRecords,
    timelines: TimelineRecords,
    marks: MarkStore,
    suspicions: SuspicionStore,
    evidence: EvidenceStore,
    codes: CodeStore,
    friends: FriendStore,
    invitations: InvitationStore,
    posts: PostStore,
    comments: CommentStore,
    usernames: FormerUsernames,
    erasures: ErasureStore,
    settings: Settings,
) -> list[Kept]:
    """What is forgotten here, each as long after as the registry of personal data says.

    A suspicion that is too old is over, and stays on record.
    """
    forgets: dict[str, Forget] = {
        "interaction.match_decisions": matches.forget,
        "interaction.call_timelines": timelines.forget,
        "interaction.reports": evidence.forget,
        "interaction.calls": expired.calls,
        "identity.idempotent_requests": expired.keys,
        "identity.one_time_codes": codes.forget,
        "social.friend_requests": friends.forget,
        "communication.invitations": invitations.forget,
        "social.posts": posts.forget,
        "social.comments": comments.forget,
        "identity.refresh_tokens": expired.tokens,
        "identity.sessions": expired.sessions,
        "identity.former_usernames": usernames.forget,
        "identity.erasures": erasures.forget,
        "safety.known_marks": marks.forget,
        "safety.suspicions": suspicions.lapse,
    }
    return [Kept(forget, lasts(name).ms(settings), name) for name, forget in forgets.items()]


class Retention(PeriodicJob):
    """Forgets each kind in time; looks every `every_s` seconds, and says what it has forgotten to `rows`."""

    def __init__(
        self, kinds: Sequence[Kept], clock: Clock, rows: ForgottenRows | None = None, *, every_s: float = 600
    ) -> None:
        self._kinds, self._clock, self._rows = kinds, clock, rows or ForgottenRows()
        for kept in kinds:
            self._rows.add(kept.table, 0)
        self._loop = PeriodicTask(every_s, self.forget, failing="nothing is forgotten")
        self.loops = (self._loop,)

    async def forget(self) -> None:
        """All that is too old, a bounded number at once."""
        for kept in self._kinds:
            before = self._clock() - kept.ms
            more = True
            while more:
                gone = await kept.forget(before, limit=_AT_ONCE)
                self._rows.add(kept.table, gone)
                more = gone == _AT_ONCE
