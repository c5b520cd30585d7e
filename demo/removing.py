"""Takes a town away: its people are erased as everybody is who leaves, and what that leaves of them goes too.

What others have had to do with it stays as it does wherever somebody leaves: a chat with a deleted account, a
reward, a review of a place that is closed.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from composition.media import MediaParts
from core.clock import now_ms
from core.settings import Settings
from db.postgres.demo import DemoStore
from db.postgres.erasures import ErasureStore
from db.postgres.expulsions import ExpulsionStore
from db.redis.traces import drop_traces
from demo.filling.progress import Progress
from demo.past import Past, past
from services.erasures import Erase

_AT_ONCE = 6
_PICTURES = 500
_SETTLED_S, _LOOK_S = 5.0, 0.1


async def remove(settings: Settings, say: Callable[[str], object], settle_s: float = _SETTLED_S) -> bool:
    """Take it away; whether there was one. DATABASE_URL and REDIS_URL say where. May be repeated. Nodes have
    `settle_s` to end what its people were doing.

    Raises `UnusableError`.
    """
    async with past(settings) as node:
        store = DemoStore(node.base.pool)
        if await store.town() is None:
            return False
        await store.find()
        people = (await store.made("person")).values()
        progress = Progress(say)
        with progress.step(f"{len(people)} people erased"):
            await _erase(node, people, progress)
        with progress.step("pictures deleted"):
            media = MediaParts(node.base).service
            while await media.collect(now_ms(), limit=_PICTURES):
                pass
        with progress.step("what was left"):
            await _settled(ExpulsionStore(node.base.pool), people, settle_s)
            await store.take_away()
            await drop_traces(node.base.redis, people)
    return True


async def _erase(node: Past, people: Collection[str], progress: Progress) -> None:
    """By the product's own rule for each table, at once: nobody of them will want to come back."""
    store, turns, now = ErasureStore(node.base.pool), asyncio.Semaphore(_AT_ONCE), now_ms()
    done = 0

    async def erase(user_id: str) -> None:
        nonlocal done
        async with turns:
            await store.ask(user_id, now, at=now)
            await node.side.own_data.erasures.erase(Erase(user_id=user_id))
        done += 1
        progress.far(done, len(people))

    async with asyncio.TaskGroup() as group:
        for user_id in people:
            group.create_task(erase(user_id))


async def _settled(store: ExpulsionStore, people: Collection[str], settle_s: float) -> None:
    """Until nodes have ended what these people were doing, such as bots; where none runs, nothing waits."""
    with suppress(TimeoutError):
        async with asyncio.timeout(settle_s):
            while await store.waiting(people):  # noqa: ASYNC110 - nodes tell nobody
                await asyncio.sleep(_LOOK_S)
