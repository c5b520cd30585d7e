"""Connects are noted in the background: once a day, many at once, and after an outage too."""

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from core.clock import now_ms
from core.ids import new_id
from core.keys import Keyring
from core.tasks import end
from db.outage import OUTAGES
from db.postgres.marks import MarkStore
from db.postgres.pool import Pool, open_pool
from db.postgres.suspicions import SuspicionStore
from db.postgres.trust import TrustStore
from realtime.background.sightings import SightingsWorker
from services.marks import Marker, Sighting
from services.sightings import Sightings
from services.trust import TrustService
from tests.machines.variants import is_pooled
from tests.patience import PATIENCE_S
from tests.stores.world import World

DAY = 86_400_000


class Days:
    """The time, by days: none ends by itself."""

    def __init__(self) -> None:
        self.day, self._began = 0, now_ms()

    def __call__(self) -> int:
        return self._began + self.day * DAY


def sightings(pool: Pool) -> Sightings:
    marker = Marker(Keyring("a secret of thirty-two characters!").keys("marks of accounts"))
    trust = TrustService(TrustStore(pool), now_ms, new_id, window_ms=DAY, early_ms=3_000, review_ms=DAY)
    return Sightings(MarkStore(pool), SuspicionStore(pool), marker, trust)


async def devices(world: World, user_id: str) -> int:
    query = "SELECT count(*) FROM safety.known_marks WHERE user_id = $1 AND kind = 'device'"
    return int(await world.pool.fetchval(query, user_id))


async def noted(world: World, user_id: str, number: int) -> None:
    """Until so many devices of this user are."""
    async with asyncio.timeout(PATIENCE_S):
        while await devices(world, user_id) != number:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("accounts", [1, 250])
async def test_all_who_connect_are_noted(world: World, accounts: int) -> None:
    """However many at once; and none again on the same day."""
    people = [await world.person() for _ in range(accounts)]
    days = Days()
    worker = SightingsWorker(sightings(world.pool), days)
    task = asyncio.create_task(worker.run())
    try:
        for _ in range(2):
            for who in people:
                worker.add(Sighting(user_id=who, device_ids=("phone",)))
        for who in people:
            await noted(world, who, 1)
        first, last = people[0], people[-1]
        await world.pool.execute("DELETE FROM safety.known_marks WHERE user_id = $1", first)
        worker.add(Sighting(user_id=first, device_ids=("phone",)))
        worker.add(Sighting(user_id=last, device_ids=("tablet",)))
        await noted(world, last, 1 if first == last else 2)
        assert await devices(world, first) == (first == last)
        days.day = 1
        worker.add(Sighting(user_id=first, device_ids=("phone",)))
        await noted(world, first, 1 + (first == last))
    finally:
        await end([task])


async def test_who_connects_during_an_outage_is_noted_after_it(world: World, database_url: str) -> None:
    """PostgreSQL does not answer for longer than a statement may take."""
    ana = await world.person()
    pool = await open_pool(database_url, size=2, patience_s=0.3, prepared=not is_pooled(database_url))
    worker = SightingsWorker(sightings(pool), now_ms, again_s=0.05)
    task = asyncio.create_task(worker.run())
    try:
        async with world.pool.acquire() as holder, holder.transaction(), asyncio.timeout(PATIENCE_S):
            await holder.execute("LOCK TABLE safety.known_marks IN EXCLUSIVE MODE")
            worker.add(Sighting(user_id=ana, device_ids=("phone",)))
            with capture_logs() as logs:
                while sum("nobody is noted" in line["event"] for line in logs) < 2:
                    await asyncio.sleep(0.01)
        await noted(world, ana, 1)
        assert worker.loops[0].faults == 0
    finally:
        await end([task])
        with suppress(*OUTAGES):
            await pool.close()
