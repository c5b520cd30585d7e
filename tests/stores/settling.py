"""What has changed is told again while a transaction of before goes on, be it of a neighbouring test."""

import asyncio

from db.postgres.pool import Pool
from tests.patience import PATIENCE_S

_SEEN = "SELECT pg_snapshot_{}(pg_current_snapshot())::text::bigint"


async def all_has_ended(pool: Pool) -> None:
    """Until every transaction that has begun by now, in any database of the server, is over."""
    async with asyncio.timeout(PATIENCE_S):
        begun = await pool.fetchval(_SEEN.format("xmax"))
        while await pool.fetchval(_SEEN.format("xmin")) < begun:
            await asyncio.sleep(0.005)
