"""Putting users out: bans, erased accounts, new passwords and signing out elsewhere are one use case.

Sessions end in Postgres, with whatever is decided. What a user is doing ends through any node that finds that
to be done (`realtime/background/expulsions.py`); `hurry` is so that none has to look first.
"""

import structlog

from db.outage import OUTAGES
from db.postgres.expulsions import ExpulsionStore
from db.redis.bus import Bus

EXPULSIONS = "expulsions:due"
_log = structlog.get_logger()


class Expulsions:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: ExpulsionStore, channels: Bus, *, most_sessions: int) -> None:
        self._store, self._channels, self._most_sessions = store, channels, most_sessions

    async def sign_out_elsewhere(self, user_id: str, session_id: str, now: int) -> None:
        """End all sessions of this user but this one."""
        await self._store.expel(user_id, "signed_out", now, keep=session_id)
        await self.hurry()

    async def make_room(self, user_id: str, now: int) -> None:
        """A session was opened: end the one that was used longest ago, where there are too many now."""
        if await self._store.make_room(user_id, now, most=self._most_sessions):
            await self.hurry()

    async def hurry(self) -> None:
        """Somebody is to be put out: announce that to the nodes, which also look by themselves."""
        try:
            await self._channels.publish(EXPULSIONS, b"")
        except OUTAGES as error:
            _log.debug("an expulsion was not announced", error=repr(error))
