"""Rooms forget what was said in them, where the server or a group says after how long.

Any node does it, no leader: two at once take turns, as each slice locks its room.
"""

import structlog
from msgspec import Struct

from core.clock import Clock
from core.keeping import said_before, whole_hour
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.forgotten_messages import FIRST, ForgottenMessages
from realtime.background.forgotten_rows import ForgottenRows

_A_PAGE = 500
MESSAGES = "communication.messages"
_log = structlog.get_logger()


class Due(Struct, frozen=True):
    """A room that is to forget what was said before a time in ms."""

    room_id: str
    before: int


class Look(Struct):
    """One look at what is due, with time until then, in ms; and how many rows it has forgotten."""

    now: int
    until: int
    rows: int = 0


class MessageKeeping(PeriodicJob):
    """Forgets what is older than `days` (0: nothing), and than each group's own, `at_once` rows at a time.

    Looks every `every_s` seconds, and leaves what it has not done in `longest_s` to the next look: where
    years of messages are to be forgotten, the database is busy with that for a part of the time only. The log
    and `rows` say how it comes along.
    """

    def __init__(
        self,
        messages: ForgottenMessages,
        clock: Clock,
        rows: ForgottenRows | None = None,
        *,
        days: int,
        at_once: int = 1000,
        every_s: float = 600,
        longest_s: float = 60,
    ) -> None:
        self._messages, self._clock, self._days = messages, clock, days
        self._rows = rows or ForgottenRows()
        self._rows.add(MESSAGES, 0)
        self._at_once, self._longest_ms = at_once, round(longest_s * 1000)
        self._loop = PeriodicTask(every_s, self.forget, failing="no messages are forgotten")
        self.loops = (self._loop,)

    async def forget(self) -> None:
        """All that is too old, or as much as there is time for: first of groups, of which less is kept."""
        now = self._clock()
        look = Look(now, until=now + self._longest_ms)
        done = await self._looked(look)
        if look.rows:
            _log.info("messages are forgotten", rows=look.rows, done=done)

    async def _looked(self, look: Look) -> bool:
        """Whether there was time enough for all."""
        for which in (self._groups, self._all):
            after: str | None = FIRST
            while after is not None:
                rooms, after = await which(look.now, after)
                for due in rooms:
                    if not await self._forgotten(due, look):
                        return False
        return True

    async def _forgotten(self, due: Due, look: Look) -> bool:
        """Whether there was time enough."""
        more = True
        while more and (now := self._clock()) <= look.until:
            gone = await self._messages.forget(due.room_id, due.before, now, limit=self._at_once)
            look.rows += gone
            self._rows.add(MESSAGES, gone)
            more = gone >= self._at_once
        return not more

    async def _groups(self, now: int, after: str) -> tuple[list[Due], str | None]:
        """Some of those with a time of their own, and where the next begin."""
        page = await self._messages.keeping(whole_hour(now), after=after, limit=_A_PAGE)
        due = [Due(group.room_id, said_before(now, group.days)) for group in page if group.due]
        return due, page[-1].id if len(page) == _A_PAGE else None

    async def _all(self, now: int, after: str) -> tuple[list[Due], str | None]:
        """Rooms of some of the messages that the server keeps no longer, the oldest first, and where the next
        begin. Those that stay as evidence are among them each time."""
        if not self._days:
            return [], None
        before = said_before(now, self._days)
        page = await self._messages.old(before, after=after, limit=_A_PAGE)
        rooms = dict.fromkeys(room_id for _, room_id in page)
        return [Due(room_id, before) for room_id in rooms], page[-1][0] if len(page) == _A_PAGE else None
