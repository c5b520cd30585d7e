"""What a process does besides answering: jobs that go on until the end. One that ends before is a fault.

Owner of the tasks. Each job handles what it can foresee; what it cannot is logged and counted here, and fails
`/readyz`, so that the node is replaced rather than trusted.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from core.tasks import end
from db.periodic import PeriodicTask

MOST_IN_A_ROW = 5  # faults; an outage is none, and one run that succeeds makes the job good again
_log = structlog.get_logger()


class Job(Protocol):
    """Runs its `loops` until it is cancelled."""

    @property
    def loops(self) -> Sequence[PeriodicTask]: ...

    async def run(self) -> None: ...


class Jobs:
    """Runs each job as a task of its own for as long as the block lasts."""

    def __init__(self, registry: CollectorRegistry, **jobs: Job) -> None:
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []
        registry.register(_Faults(jobs))

    async def __aenter__(self) -> "Jobs":
        for name, job in self._jobs.items():
            task = asyncio.create_task(job.run(), name=name)
            task.add_done_callback(_report)
            self._tasks.append(task)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """End all of them, and see them end."""
        await end(self._tasks)

    async def check(self) -> None:
        """Raises RuntimeError, naming the jobs that have ended, or of which a loop fails at every run."""
        if ended := [task.get_name() for task in self._tasks if task.done()]:
            raise RuntimeError(f"These jobs have ended: {', '.join(ended)}.")
        if failing := [name for name, job in self._jobs.items() if _always_fails(job)]:
            raise RuntimeError(f"These jobs fail at every run: {', '.join(failing)}.")


class _Faults(Collector):
    """Shows what the loops have counted, for Prometheus: each job from the start."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self._jobs = jobs

    def collect(self) -> Iterator[CounterMetricFamily]:
        about = (
            "Faults of background jobs, which are no outages: each is in the log with its traceback, but of "
            "a lane that cannot be announced only the first."
        )
        family = CounterMetricFamily("realtime_job_faults", about, labels=["job"])
        for name, job in self._jobs.items():
            family.add_metric([name], sum(loop.faults for loop in job.loops))
        yield family


def _always_fails(job: Job) -> bool:
    return any(loop.in_a_row >= MOST_IN_A_ROW for loop in job.loops)


def _report(task: asyncio.Task[None]) -> None:
    # A job may also look whether it is asked to end: a library may lose the cancellation itself.
    ended = task.cancelled() or (task.cancelling() and task.exception() is None)
    if not ended:
        _log.error("a job has ended", job=task.get_name(), exc_info=task.exception())
