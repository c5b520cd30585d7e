"""`python -m bench.pushes.sender DATABASE_URL ADDRESS`: does the job that pushes what is said in a room.

As a worker does it, but for where the push services are: at this address, without TLS. Each line that it is
sent is a room; it prints how long that took, in seconds, and the CPU of this process, in ns. What it logs
goes elsewhere, and a service that is late on a busy machine is waited for.
"""

import asyncio
import sys
import time

import structlog
import uvloop
from prometheus_client import CollectorRegistry

from core.clock import now_ms
from core.seals import Seals
from core.web_push_key import new_key, private_key
from db.postgres.devices import DeviceStore
from db.postgres.jobs import JobStore
from db.postgres.pool import open_pool
from db.postgres.room_pushes import RoomPushStore
from outside.fcm import Fcm, ServiceAccount
from outside.pushes import Pushes
from outside.web_push import WebPush
from services.device_pushes import DevicePushes
from services.push_metrics import PushMetrics
from services.room_pushes import PushRoom, RoomPushes
from tests.rest.test_outside_fcm import PEM

_PATIENCE_S = 110


async def run(url: str, address: str) -> None:
    """Until the standard input ends."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    pool = await open_pool(url, size=2)
    account = ServiceAccount("a-project", "us@a-project.example", PEM, f"{address}/token")
    contact, key = "mailto:us@example.org", private_key(new_key())
    web = WebPush(key, contact=contact, clock=now_ms, anywhere=True, timeout_s=_PATIENCE_S)
    phones = Fcm(account, now_ms, service=address, timeout_s=_PATIENCE_S)
    push = Pushes(web=web, phones=phones)
    devices = DevicePushes(DeviceStore(pool), push, PushMetrics(CollectorRegistry()), now_ms)
    jobs = JobStore(pool, Seals(()), now_ms)
    pushes = RoomPushes(RoomPushStore(pool), jobs, devices, now_ms, texts=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        begun, cpu = time.perf_counter(), time.process_time_ns()
        await pushes.push(PushRoom(room_id=line.strip(), moment=now_ms()))
        print(time.perf_counter() - begun, time.process_time_ns() - cpu, flush=True)
    await web.close()
    await phones.close()
    await pool.close()


if __name__ == "__main__":
    uvloop.run(run(*sys.argv[1:]))
