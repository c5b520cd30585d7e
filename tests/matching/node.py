"""A node in a process of its own, as `realtime/app.py` composes it, less the gateway.

`python -m tests.matching.node DATABASE_URL REDIS_URL`. Each line of input is a list of joins, pairs of user
and gender sought, all made at once; the answer is a line: how many matches, as this node counts them so far,
Redis should have prevented. It ends with its input.
"""

import asyncio
import sys

import msgspec
from prometheus_client import CollectorRegistry

from core.contract.queue import Preferences
from core.ids import new_id
from core.settings import Settings
from core.vocabulary import Gender
from db.bus import Bus
from db.postgres import open_pool
from db.redis import open_redis
from realtime.app import Services, Stores
from realtime.gateway.roster import Roster
from tests.calls.nodes import Silence

REGION = "thousand"
# Nobody answers: an offer that lapses frees both and queues neither. Nobody is connected to renew a lease.
SETTINGS = Settings(region=REGION, offer_s=2, queue_lease_s=120, rate_limits="off")

Joins = list[tuple[str, Gender]]


async def serve(database_url: str, redis_url: str) -> None:
    """Search, sweep and attend to calls while joins come in."""
    pool, registry, node = await open_pool(database_url, size=8), CollectorRegistry(), new_id()
    async with open_redis(redis_url, size=16) as redis, Bus(redis, node) as bus:
        services = Services(Stores(pool, redis, SETTINGS), bus, Roster(Silence()), SETTINGS, node, registry)
        jobs = [
            asyncio.create_task(job.run())
            for job in (services.matchmaker, services.sweep, services.attendant)
        ]
        while line := await asyncio.to_thread(sys.stdin.readline):
            joins = msgspec.json.decode(line, type=Joins)
            await asyncio.gather(*(join(services, *one) for one in joins))
            print(registry.get_sample_value("double_match_total"), flush=True)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    await pool.close()


async def join(services: Services, user_id: str, sought: Gender) -> None:
    await services.queue.enqueue(user_id, "", "video", Preferences(genders=[sought]))


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
