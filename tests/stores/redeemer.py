"""Staff who redeem, in a process of their own: `python -m tests.stores.redeemer DATABASE_URL`.

Each line of input is a `Rush`; the answer is a line, an `Outcome`. It ends with its input.
"""

import asyncio
import sys
from collections import Counter

import msgspec
from msgspec import Struct

from core import logs
from core.clock import now_ms
from core.errors import AppError
from core.keys import Keyring
from core.seals import Seals
from core.server_settings import DEFAULT_SECRET
from core.settings import Settings
from db.postgres.jobs import JobStore
from db.postgres.notifications import NotificationStore
from db.postgres.pool import open_pool
from db.postgres.redemptions import RedemptionStore
from tests.machines.variants import is_pooled
from tests.patience import PATIENCE_S


class Rush(Struct):
    """So many `times` at once they redeem this reward at this place."""

    reward: str
    place: str
    staff: str
    times: int


class Outcome(Struct):
    """How often it succeeded, what codes the others heard, and when they were told that it was redeemed."""

    done: int
    refused: dict[str, int]
    told: list[str]


async def rush(store: RedemptionStore, asked: Rush) -> Outcome:
    """All at once."""
    given = asked.reward, asked.place, asked.staff
    tried = await asyncio.gather(
        *(store.redeem(*given, fresh=True, key=None, now=now_ms()) for _ in range(asked.times)),
        return_exceptions=True,
    )
    refused = [each for each in tried if isinstance(each, AppError)]
    others = [each for each in tried if isinstance(each, BaseException) and not isinstance(each, AppError)]
    codes = Counter([each.code for each in refused] + [repr(each) for each in others])
    told = {str((each.details or {}).get("redeemed_at")) for each in refused}
    return Outcome(len(tried) - len(refused) - len(others), dict(codes), sorted(told))


async def serve(database_url: str) -> None:
    """Answer one line after the other."""
    pool = await open_pool(database_url, size=8, patience_s=PATIENCE_S, prepared=not is_pooled(database_url))
    jobs = JobStore(pool, Seals(Keyring(DEFAULT_SECRET).keys("jobs")), now_ms)
    store = RedemptionStore(pool, NotificationStore(pool, jobs))
    try:
        print(flush=True)  # it is ready
        while line := await asyncio.to_thread(sys.stdin.readline):
            answer = await rush(store, msgspec.json.decode(line, type=Rush))
            print(msgspec.json.encode(answer).decode(), flush=True)
    finally:
        await pool.close()


if __name__ == "__main__":
    logs.set_up(Settings())  # to where nobody reads answers
    asyncio.run(serve(sys.argv[1]))
