"""Posts that clients watch. Handles `post:watch`, and tells them of new counts by `post:changed`.

An announcement says that something about a post has changed. A node with a watcher of it reads the counts as
they are then, and who (still) sees it: so announcements may cross, come twice or by the hundred, and whoever
may not see the post any more hears nothing.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Protocol

from core.clock import Clock
from core.contract.posts import PostChanged, PostCounts, PostsWatched, PostWatch
from core.posts import channel
from db.outage import AWAY
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.bus import Bus
from realtime.gateway.caller import Caller
from realtime.presence.ports import Sockets
from realtime.presence.watches import Listener, Watches

_RETRY_S = 0.5
_AT_ONCE = 200


class Counts(Protocol):
    """The posts in Postgres."""

    async def counts(
        self, asked: Collection[tuple[str, str]], now: int
    ) -> list[tuple[PostCounts, frozenset[str]]]:
        """Of these posts, each asked for a user: the counts, and which of these users see it now."""


class PostWatching(PeriodicJob):
    """The handler of the command, and what the gateway calls for connections. `run` tells watchers."""

    def __init__(
        self, store: Counts, channels: Bus, sockets: Sockets, clock: Clock, *, most: int = 500_000
    ) -> None:
        self._store, self._channels, self._sockets, self._clock = store, channels, sockets, clock
        self._watches = Watches[PostCounts](most)
        self._stale: set[str] = set()
        self._telling = PeriodicTask(
            None, self._tell_some, failing="watchers of posts were not told", again_s=_RETRY_S
        )
        self.loops = (self._telling,)
        channels.on_return.append(self._look_at_all)

    async def watch(self, caller: Caller, command: PostWatch) -> PostsWatched:
        """Follow these posts instead of the previous ones; what the caller does not see is left out."""
        seen = await self._read(caller.user_id, dict.fromkeys(command.post_ids))
        if not self._sockets.holds(caller.sid):
            return PostsWatched(posts=[])
        try:
            await self._follow(caller, seen)
        except BaseException:
            await self.departed(caller)
            raise
        # Read again: what has changed before we listened was announced to nobody here.
        counts = await self._read(caller.user_id, seen)
        for post_id in self._watches.tell_first(caller.sid, counts):
            self._look_at(post_id)
        return PostsWatched(posts=list(counts.values()))

    async def departed(self, caller: Caller) -> None:
        """A connection is gone, and follows nothing any more."""
        await self._silence(self._watches.forget(caller.sid))

    async def _read(self, user_id: str, post_ids: Iterable[str]) -> dict[str, PostCounts]:
        """The counts of those of these posts that the user sees, in their order."""
        asked = [(post_id, user_id) for post_id in post_ids]
        if not asked:
            return {}
        found = {counts.post_id: counts for counts, _ in await self._store.counts(asked, self._clock())}
        return {post_id: found[post_id] for post_id, _ in asked if post_id in found}

    async def _follow(self, caller: Caller, post_ids: Iterable[str]) -> None:
        listeners, unwatched = self._watches.replace(
            caller.sid, caller.user_id, post_ids, lambda post_id: partial(self._hear, post_id)
        )
        await asyncio.gather(*(self._channels.subscribe(channel(p), heard) for p, heard in listeners.items()))
        # The connection may have closed meanwhile, and removed its listeners before they were subscribed.
        strays = {p: heard for p, heard in listeners.items() if not self._watches.uses(p, heard)}
        await self._silence(unwatched | strays)

    async def _silence(self, listeners: Mapping[str, Listener]) -> None:
        for post_id, listener in listeners.items():
            await self._channels.unsubscribe(channel(post_id), listener)

    # --- Telling watchers ---

    def _hear(self, post_id: str, _: bytes) -> None:
        self._look_at(post_id)

    def _look_at(self, post_id: str) -> None:
        self._stale.add(post_id)
        self._telling.wake()

    async def _look_at_all(self) -> None:
        """The bus was away: announcements may have been missed."""
        self._stale.update(self._watches.watched)
        self._telling.wake()

    async def _tell_some(self) -> bool:
        """In batches if there is much: whether there is more."""
        stale = {self._stale.pop() for _ in range(min(len(self._stale), _AT_ONCE))}
        try:
            await self._tell(stale)
        except AWAY:
            self._stale |= stale
            raise
        return bool(self._stale)

    async def _tell(self, post_ids: Collection[str]) -> None:
        asked = {(post, user) for post in post_ids for _, user in self._watches.watchers(post)}
        if not asked:
            return
        for counts, seen_by in await self._store.counts(asked, self._clock()):
            post_id = counts.post_id
            told = [
                sid
                for sid, user in self._watches.watchers(post_id)
                if user in seen_by and self._watches.tell(sid, post_id, counts)
            ]
            self._sockets.send(told, _changed(counts))


def _changed(counts: PostCounts) -> PostChanged:
    return PostChanged(
        post_id=counts.post_id, like_count=counts.like_count, comment_count=counts.comment_count
    )
