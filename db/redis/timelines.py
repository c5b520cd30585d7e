"""Timelines of calls while these last: lists of notes as they came, each in the slot of its call.

Changes of a call bring their notes along (`db/redis/calls.py`); here is what clients say besides. What of it
remains is kept in Postgres (`db/postgres/timelines.py`); a loss of Redis loses nothing else.
"""

from asyncio import Future
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from db.redis.call_shards import timeline_key
from db.redis.multiplexed import RedisClient, load_script
from signaling.timeline import MOST_SAID

_LUA = Path(__file__).with_name("lua")
_NOTE = load_script(_LUA / "call_note.lua", repeatable=False)
_TOLD_ALL = load_script(_LUA / "call_told_all.lua", repeatable=True)
_AFTERWARDS_MS = 600_000


class RedisTimelines:
    """Redis' errors pass through."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def add(self, call_id: str, notes: Sequence[bytes]) -> "Future[Any]":
        """These notes, if the call has a timeline here, and room in it. Those of a turn share a script."""
        words: tuple[int | bytes, ...] = (len(notes), *notes)
        return self._redis.gather(_NOTE, [timeline_key(call_id)], words, head=(MOST_SAID,), repeatable=False)

    async def read(self, call_id: str) -> list[bytes]:
        """All notes; none: the call is over, or Redis has lost them."""
        notes: list[bytes] = await self._redis.command("LRANGE", timeline_key(call_id), 0, -1)
        return notes

    async def end(self, call_id: str) -> list[bytes]:
        """The same of a call that is over: in ten minutes they are gone."""
        notes: list[bytes] = await self._redis.run(_TOLD_ALL, [timeline_key(call_id)], (_AFTERWARDS_MS,))
        return notes
