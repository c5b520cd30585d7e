"""Things to be done later: how one asks for them, how often each is tried, and who does which kind.

A job is done at least once, by whichever process is free: what it does has to bear being done again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import structlog
from msgspec import Struct

from core.job import Job, kind_of
from db.outage import OUTAGES
from db.postgres.jobs import JobStore
from db.postgres.pool import Connection
from services.ports import Channels

JOBS = "jobs:due"
# How long after each failure it is tried again: growing, and then each hour.
_PAUSES_S = (5, 20, 60, 300, 1200)
_LONGEST_S = 3600
_log = structlog.get_logger()
J = TypeVar("J", bound=Job)


class GivenUp(Exception):
    """This job can never be done; the text says why."""


class Work(Struct, frozen=True):
    """How jobs of a kind are done: tried `tries` times, each time for `within_s` seconds at most."""

    job: type[Job]
    do: Callable[[Any], Awaitable[object]]
    tries: int = 10
    within_s: float = 60


def work(
    job: type[J], do: Callable[[J], Awaitable[object]], *, tries: int = 10, within_s: float = 60
) -> Work:
    """The same, checked: `do` takes this kind."""
    return Work(job, do, tries, within_s)


def by_kind(works: Iterable[Work]) -> Mapping[str, Work]:
    """Each by its kind. Raises ValueError where two do the same."""
    found: dict[str, Work] = {}
    for each in works:
        if kind_of(each.job) in found:
            raise ValueError(f"two do jobs of the kind {kind_of(each.job)}")
        found[kind_of(each.job)] = each
    return found


def pause_ms(tries: int) -> int:
    """How long a job rests that has failed so many times. Pure."""
    return 1000 * (_PAUSES_S[tries - 1] if tries <= len(_PAUSES_S) else _LONGEST_S)


class JobQueue:
    """How use cases ask for jobs. A store that does so within its own transaction has the `JobStore`."""

    def __init__(self, store: JobStore, channels: Channels) -> None:
        self._store, self._channels = store, channels

    async def add(
        self,
        *jobs: Job,
        within: Connection | None = None,
        at_ms: int | None = None,
        key: str | None = None,
    ) -> None:
        """Let these be done, not before `at_ms`; `within` a transaction: once it is committed, or not at all.

        Of jobs with the same `key`, one at a time waits or is being done: another has no effect. After a
        transaction it may `hurry`. Raises what an outage of Postgres raises.
        """
        await self._store.add(*jobs, within=within, at_ms=at_ms, key=key)
        if within is None and at_ms is None:
            await self.hurry()

    async def hurry(self) -> None:
        """Something is to be done at once: announce that to the workers, which also look by themselves."""
        try:
            await self._channels.publish(JOBS, b"")
        except OUTAGES as error:
            _log.debug("a job was not announced", error=repr(error))
