"""Which log a user's stream belongs to, until Redis loses some of its data: then it is another one.

A Redis that is no cluster has one log. A cluster has one for each sixteenth of its slots, and where several
masters share a sixteenth one for each of them, kept in that part: its servers lose what they lose each by
itself. A replica that has taken over may lack what was acknowledged last, and nobody can say whether: so then
too all logs of its slots are new ones.
"""

import secrets
from asyncio import Future
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from db.redis.multiplexed import RedisClient, load_script

_LOG = load_script(Path(__file__).with_name("lua") / "log.lua", repeatable=True)


class LogIdentity(Struct, frozen=True):
    """A log: its name, and its beginning in Redis' ms.

    `looks` counts how often it was read: fewer than before mean that Redis is back with older data.
    """

    name: str = ""
    born: int = 0
    looks: int = 0


WHOLE = ""  # the part that there is where there is no cluster


class Logs:
    """`known` is each log as it was read last, by the part of the slots, whose name is a hash tag in it."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self.known: dict[str, LogIdentity] = {}

    def part(self, user_id: str) -> str:
        """Of whose log this user's stream is."""
        return self._redis.part(user_id) if self._redis.is_cluster else WHOLE

    def of(self, user_id: str) -> LogIdentity:
        """The log of this user's stream, as it is known here."""
        return self.known.get(self.part(user_id)) or LogIdentity()

    @property
    def born(self) -> int:
        """Since when (ms) Redis has all that it has."""
        return max((log.born for log in self.known.values()), default=0)

    def ask(self, part: str) -> "Future[Any]":
        """Which one it is now; `seen` reads the answer. A new one, if its slots have another master."""
        log = self.known.get(part) or LogIdentity()
        key = f"events:log:{{{part}}}" if part else "events:log"
        args = (log.name, log.looks, secrets.token_hex(6), self._redis.epoch(part))
        return self._redis.run(_LOG, [key], args)

    def seen(self, part: str, reply: Any) -> LogIdentity:
        """The log as it is now."""
        name, born, looks = reply
        found, known = LogIdentity(name.decode(), int(born), looks), self.known.get(part)
        if known is None or found.name != known.name or looks > known.looks:  # answers may cross
            self.known[part] = found
        return found

    async def look(self) -> Mapping[str, LogIdentity]:
        """All of them, each by its part. Redis' errors pass through, when those that answer were read."""
        await self._redis.met()
        self._redis.keep_up()
        parts = self._redis.parts if self._redis.is_cluster else (WHOLE,)
        asked = [(part, self.ask(part)) for part in parts]
        found, fault = dict[str, LogIdentity](), None
        for part, answer in asked:
            try:
                found[part] = self.seen(part, await answer)
            except Exception as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return found
