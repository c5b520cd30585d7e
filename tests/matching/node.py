"""A node in a process of its own, as `composition/realtime.py` composes it, less the gateway.

`python -m tests.matching.node DATABASE_URL REDIS_URL SKEW_MS`: its clock is ahead by so much. Each line of
input is a `Storm`; the answer is a line: how many matches, as this node counts them so far, Redis should
have prevented, and how many tickets joined. It ends with its input.
"""

import asyncio
import contextlib
import sys

import msgspec
from msgspec import Struct

from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.services import Services
from core import logs
from core.clock import now_ms
from core.contract.queue import Preferences
from core.errors import AlreadyInCall, AppError
from core.ids import new_id
from core.settings import Settings
from core.ticket import claims_channel
from core.vocabulary import Gender
from db.postgres.pool import open_pool
from db.redis.bus import Bus
from db.redis.multiplexed import open_redis_client
from realtime.gateway.connection_registry import ConnectionRegistry
from signaling.messages import Decline
from tests.calls.nodes import Silence
from tests.patience import PATIENCE_S

REGION = "thousand"
# Nobody answers: an offer that lapses frees both and queues neither. Nobody is connected to renew a lease.
SETTINGS = Settings(
    region=REGION, offer_s=2, queue_lease_s=120, rematch_h=0, rate_limits="off", log_level="ERROR"
)


class Storm(Struct):
    """Users and the gender they seek, who all join at once.

    Each goes on from there, declines whatever comes and joins anew, until those on this node have declined
    so many calls.
    """

    people: list[tuple[str, Gender]]
    declines: int = 0


async def serve(database_url: str, redis_url: str, skew_ms: int) -> None:
    """Search, sweep and handle deadlines while joins come in."""
    pool, node_id = await open_pool(database_url, size=8, patience_s=PATIENCE_S), new_id()
    async with open_redis_client(redis_url, patience_s=PATIENCE_S) as redis, Bus(redis, node_id) as bus:
        base = Foundation(
            SETTINGS,
            pool,
            redis,
            bus,
            node_id=node_id,
            clock=lambda: now_ms() + skew_ms,
        )
        stores = LiveStores(base)
        services = Services(stores, base, ConnectionRegistry(Silence()))
        await bus.subscribe(claims_channel(REGION), services.matchmaker.claimed)
        jobs = [
            asyncio.create_task(job.run()) for job in (*services.finding.values(), services.deadline_worker)
        ]
        while line := await asyncio.to_thread(sys.stdin.readline):
            storm = msgspec.json.decode(line, type=Storm)
            declined: set[str] = set()
            await asyncio.gather(
                *(insist(stores, services, *one, declined, storm.declines) for one in storm.people)
            )
            doubles = base.registry.get_sample_value("double_match_total")
            print(
                doubles,
                base.registry.get_sample_value("realtime_matching_joins_total", {"mode": "video"}),
                flush=True,
            )
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    await pool.close()


async def insist(
    stores: LiveStores, services: Services, user_id: str, sought: Gender, declined: set[str], until: int
) -> None:
    """Join, decline what comes and join again, until so many calls have been declined on this node."""
    while True:
        try:
            await services.queue.enqueue(user_id, "", "video", Preferences(genders=[sought]))
        except AlreadyInCall:
            call_id = await stores.call_records.active_call(user_id)
            if call_id is not None and len(declined) < until:
                with contextlib.suppress(AppError):  # the other was faster
                    await services.call_service.tell(call_id, Decline(user_id))
                    declined.add(call_id)
        if len(declined) >= until:
            return


if __name__ == "__main__":
    logs.set_up(SETTINGS)
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
