"""Jobs in Postgres: written with the act that asks for them, taken by one worker, kept if they fail for good.

Most statements are pgqueuer's. What has to be known to do a job is sealed: it may be an
address, a code, or a text for one person alone. Ids of jobs are numbers, times ms since the epoch. What an
outage raises (`db.outage`) passes through.
"""

import traceback
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import CronExpressionEntrypoint, TracebackRecord, utc_now
from pgqueuer.domain.models import Job as Row
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import CronEntrypoint, CronExpression, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import Driver
from pgqueuer.ports.repository import EntrypointExecutionParameter

from core.clock import Clock, to_datetime, to_ms
from core.job import Job, kind_of
from core.seals import Sealed, Seals
from db.postgres.pool import Connection, Pool, queries

# How long a job is left to a worker that gives no sign of life. It gives one four times as often.
LEASE_S = 20
_SQL = queries("jobs")
_NAMES = DBSettings(
    prefix="",
    db_schema="jobs",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    statistics_table="pgqueuer_statistics",
    schedules_table="pgqueuer_schedules",
    queue_status_type="pgqueuer_status",
)


class Taken(Struct, frozen=True):
    """A job that this worker has taken; `tries`: how often it was begun before, by whomever.

    `job` None: what it is cannot be read, as when its secret is gone.
    """

    id: int
    kind: str
    tries: int
    job: Job | None
    row: Any  # as pgqueuer wants it back


class Schedule(Struct, frozen=True):
    """A job that is to be done each `every_s` seconds, counted from midnight (UTC) and `offset_s` later."""

    job: Job
    every_s: int
    offset_s: int = 0


class FailedJob(Struct, frozen=True):
    """A job that has failed for good."""

    id: int
    kind: str
    added_at: int
    failed_at: int
    tries: int
    said: str


class Count(Struct, frozen=True):
    """How many jobs of a kind are `queued`, `picked` or `failed`."""

    kind: str
    state: str
    jobs: int


class JobStore:
    """The queue, as one process uses it."""

    def __init__(self, pool: Pool, seals: Seals, clock: Clock) -> None:
        self._pool, self._seals, self._clock = pool, seals, clock
        self._queue = _queries(AsyncpgPoolDriver(pool))
        self._worker = QueueManagerId(uuid.uuid4())

    # Asking for it

    async def add(
        self,
        *jobs: Job,
        within: Connection | None = None,
        at_ms: int | None = None,
        key: str | None = None,
    ) -> None:
        """Let these be done, not before `at_ms`; `within` a transaction: once it is committed, or not at all.

        Of jobs with the same `key`, one at a time waits or is being done: another has no effect.
        """
        queue = self._queue if within is None else _queries(AsyncpgDriver(within))
        wait_ms = 0 if at_ms is None else max(0, at_ms - self._clock())
        await queue.enqueue(
            [kind_of(job) for job in jobs],
            [self._sealed(job) for job in jobs],
            [0] * len(jobs),
            [timedelta(milliseconds=wait_ms)] * len(jobs),
            [key] * len(jobs),
            on_conflict="skip",
        )

    async def add_all(self, jobs: Mapping[str, Job], *, at_ms: int) -> None:
        """Let these be done, each with its own key, not before then: as `add` in one statement."""
        wait = timedelta(milliseconds=max(0, at_ms - self._clock()))
        await self._queue.enqueue(
            [kind_of(job) for job in jobs.values()],
            [self._sealed(job) for job in jobs.values()],
            [0] * len(jobs),
            [wait] * len(jobs),
            list(jobs),
            on_conflict="skip",
        )

    # Doing it

    async def take(self, kinds: Mapping[str, type[Job]], limit: int) -> list[Taken]:
        """Take jobs of these kinds that are due, oldest first, and those that another worker has left."""
        rows = await self._queue.dequeue(
            limit,
            {QueueEntrypoint(kind): EntrypointExecutionParameter(0) for kind in kinds},
            self._worker,
            None,
            timedelta(seconds=LEASE_S),
        )
        return [Taken(row.id, row.entrypoint, row.attempts, self._opened(row, kinds), row) for row in rows]

    async def alive(self, ids: Collection[int]) -> None:
        """The worker that has taken these is at work."""
        await self._queue.update_heartbeat(list(ids))  # type: ignore[arg-type]  # a NewType of the same

    async def done(self, taken: Taken) -> None:
        """It is over."""
        await self._queue.log_jobs([(taken.row, "successful", None)])

    async def again(self, taken: Taken, in_ms: int, error: BaseException) -> None:
        """It has failed, and is to be tried again after so long."""
        await self._queue.retry_job(taken.row, timedelta(milliseconds=in_ms), _record(taken, error))

    async def failed(self, taken: Taken, error: BaseException) -> None:
        """It has failed for good: it is kept for an operator to see."""
        await self._queue.log_jobs([(taken.row, "failed", _record(taken, error))])

    async def release(self, taken: Taken) -> None:
        """Somebody else is to do it, at once."""
        await self._pool.execute(_SQL["release"], taken.id, self._worker)

    # Schedules

    async def plan(self, schedules: Sequence[Schedule], *, new: bool) -> None:
        """Add the jobs whose time has come since they were last added, by whichever process.

        `new`: they may be unknown. A job of a schedule that is still being done is not added once more.
        """
        now, by_name = self._clock(), {kind_of(s.job): s for s in schedules}
        nexts = {_name(s): timedelta(milliseconds=until_next(s, now)) for s in schedules}
        async with self._pool.acquire() as connection, connection.transaction():
            queue = _queries(AsyncpgDriver(connection))
            if new:
                await queue.insert_schedule(nexts)
            due = await queue.fetch_schedule(nexts)
            for row in due:
                job = by_name[row.entrypoint].job
                await self.add(job, within=connection, key=f"schedule:{row.entrypoint}")
            if due:
                await queue.set_schedule_queued({row.id for row in due})

    # For operators

    async def count(self) -> list[Count]:
        """How many there are."""
        return [Count(**row) for row in await self._pool.fetch(_SQL["count"])]

    async def list_failed(self, limit: int) -> list[FailedJob]:
        """Those that failed for good last."""
        return [
            FailedJob(
                row["id"],
                row["kind"],
                to_ms(row["created"]),
                to_ms(row["updated"]),
                row["attempts"] + 1,
                _said(row["traceback"]),
            )
            for row in await self._pool.fetch(_SQL["failed"], limit)
        ]

    async def begin_again(self, ids: Collection[int] | None) -> int:
        """Of those that failed for good these, or all: how many now wait again."""
        return len(await self._pool.fetch(_SQL["again"], ids))

    async def drop(self, ids: Collection[int] | None) -> int:
        """The same: how many are dropped."""
        return len(await self._pool.fetch(_SQL["drop"], ids))

    async def forget_log(self, before: int, *, limit: int) -> int:
        """Drop lines of the log from before then; how many those were."""
        return len(await self._pool.fetch(_SQL["forget_log"], to_datetime(before), limit))

    async def forget_failed(self, before: int, *, limit: int) -> int:
        """Drop jobs that failed for good before then; how many those were."""
        return len(await self._pool.fetch(_SQL["forget_failed"], to_datetime(before), limit))

    def _sealed(self, job: Job) -> bytes:
        return msgspec.msgpack.encode(self._seals.seal(msgspec.json.encode(job), kind_of(job)))

    def _opened(self, row: Row, kinds: Mapping[str, type[Job]]) -> Job | None:
        try:
            sealed = msgspec.msgpack.decode(row.payload or b"", type=Sealed)
            opened = self._seals.open(sealed, row.entrypoint)
            return None if opened is None else msgspec.json.decode(opened, type=kinds[row.entrypoint])
        except msgspec.MsgspecError:
            return None


def until_next(schedule: Schedule, now: int) -> int:
    """In how many ms its time comes next; never 0. Pure."""
    every, offset = schedule.every_s * 1000, schedule.offset_s * 1000
    return every - (now - offset) % every


def _queries(driver: Driver) -> Queries:
    return Queries(
        driver, QueryBuilderEnvironment(_NAMES), QueryQueueBuilder(_NAMES), QuerySchedulerBuilder(_NAMES)
    )


def _name(schedule: Schedule) -> CronExpressionEntrypoint:
    expression = f"each {schedule.every_s} s, {schedule.offset_s} s later"
    return CronExpressionEntrypoint(CronEntrypoint(kind_of(schedule.job)), CronExpression(expression))


def _record(taken: Taken, error: BaseException) -> TracebackRecord:
    """Where it failed, and what was said; no values of variables, in which there may be anything."""
    return TracebackRecord(
        job_id=taken.row.id,
        timestamp=utc_now(),
        exception_type=type(error).__name__,
        exception_message=str(error)[:500],
        traceback="".join(traceback.format_tb(error.__traceback__)[-10:]),
        additional_context=None,
    )


def _said(record: str | None) -> str:
    if record is None:
        return "its worker was lost"
    said = msgspec.json.decode(record)
    return f"{said['exception_type']}: {said['exception_message']}"
