"""Jobs: asked for with the act or not at all, done at least once, and seen when they fail for good."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from core.clock import now_ms
from core.errors import Unavailable
from core.job import Job
from core.keys import Keyring
from core.seals import Seals
from core.tasks import beside, end
from db.postgres.jobs import LEASE_S, JobStore, Schedule, until_next
from services.job_keeping import FAILED_DAYS, LOG_DAYS, JobKeeping, KeepJobs
from services.job_metrics import JobMetrics
from services.job_worker import JobWorker
from services.jobs import GivenUp, by_kind, pause_ms, work
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import World

SECRET = "a secret of the tests"
DAY_MS = 86_400_000


class Greet(Job, frozen=True, kw_only=True, tag="greet"):
    name: str


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """A database of its own: nobody else does what waits in it."""
    return await new_database()


@pytest.fixture(autouse=True)
async def empty(world: World) -> None:
    await world.pool.execute("TRUNCATE jobs.pgqueuer, jobs.pgqueuer_log, jobs.pgqueuer_schedules")


def store(world: World, secret: str = SECRET) -> JobStore:
    """As a process has it; each is another worker."""
    return JobStore(world.pool, Seals(Keyring(secret).keys("jobs")), now_ms)


class Greeter:
    """Does jobs, by what a test says of the name, and remembers whom it greeted."""

    def __init__(self, act: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.greeted: asyncio.Queue[str] = asyncio.Queue()
        self._act = act

    async def greet(self, job: Greet) -> None:
        self.greeted.put_nowait(job.name)
        if self._act:
            await self._act(job.name)

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await self.greeted.get()


def worker(jobs: JobStore, greeter: Greeter, *schedules: Schedule, tries: int = 3) -> JobWorker:
    works = by_kind([work(Greet, greeter.greet, tries=tries, within_s=PATIENCE_S)])
    return JobWorker(
        jobs, works, schedules, JobMetrics(CollectorRegistry()), at_once=4, every_s=0.05, plan_s=0.05
    )


@asynccontextmanager
async def working(
    jobs: JobStore, greeter: Greeter, *schedules: Schedule, tries: int = 3
) -> AsyncIterator[None]:
    async with beside(worker(jobs, greeter, *schedules, tries=tries).run()):
        yield


async def until_rows(world: World, *expected: tuple[str, int]) -> None:
    """Until the queue has just these states with so many tries before."""
    query = "SELECT status::text, attempts FROM jobs.pgqueuer ORDER BY id"
    async with asyncio.timeout(PATIENCE_S):
        while [tuple(row) for row in await world.pool.fetch(query)] != list(expected):
            await asyncio.sleep(0.01)


async def test_what_is_asked_for_in_a_transaction_is_done_with_it_or_not_at_all(world: World) -> None:
    jobs, greeter = store(world), Greeter()
    async with working(jobs, greeter):
        async with world.pool.acquire() as connection:
            given_up = connection.transaction()
            await given_up.start()
            await jobs.add(Greet(name="nobody"), within=connection)
            await given_up.rollback()
            async with connection.transaction():
                await jobs.add(Greet(name="ana"), within=connection)
        assert await greeter.next() == "ana"
        await until_rows(world)
    assert greeter.greeted.empty()


async def test_many_workers_do_each_job_once(world: World) -> None:
    greeters, names = [Greeter() for _ in range(3)], {f"n{n}" for n in range(30)}
    await store(world).add(*(Greet(name=name) for name in names))
    first, second, third = (working(store(world), greeter) for greeter in greeters)
    async with first, second, third:
        await until_rows(world)
    done = [g.greeted.get_nowait() for g in greeters for _ in range(g.greeted.qsize())]
    assert sorted(done) == sorted(names)


async def test_of_jobs_with_a_key_one_at_a_time_waits(world: World) -> None:
    jobs, greeter = store(world), Greeter()
    for name in ("first", "second"):
        await jobs.add(Greet(name=name), key="the same")
    await jobs.add(Greet(name="later"), at_ms=now_ms() + DAY_MS)
    async with working(jobs, greeter):
        await until_rows(world, ("queued", 0))
        await jobs.add(Greet(name="third"), key="the same")
        await until_rows(world, ("queued", 0))
    assert [greeter.greeted.get_nowait() for _ in range(greeter.greeted.qsize())] == ["first", "third"]


async def test_a_job_that_fails_is_tried_again_and_kept_when_it_fails_for_good(world: World) -> None:
    async def fail(_: str) -> None:
        raise Unavailable("not now")

    jobs, greeter = store(world), Greeter(fail)

    async def once() -> None:
        """It fails; the worker has ended before anybody looks, so it waits for no other time to come."""
        async with working(jobs, greeter, tries=2):
            assert await greeter.next() == "ana"

    await jobs.add(Greet(name="ana"))
    await once()
    await until_rows(world, ("queued", 1))
    pause = "SELECT extract(epoch FROM execute_after - updated)::int FROM jobs.pgqueuer"
    assert await world.pool.fetchval(pause) * 1000 == pause_ms(1)
    await world.pool.execute("UPDATE jobs.pgqueuer SET execute_after = now()")
    await once()
    await until_rows(world, ("failed", 1))
    [failed] = await jobs.list_failed(10)
    assert (failed.kind, failed.tries, failed.said) == ("greet", 2, "Unavailable: not now")
    assert greeter.greeted.empty()
    assert await jobs.begin_again([failed.id + 1]) == 0
    assert await jobs.begin_again([failed.id]) == 1
    await once()
    await until_rows(world, ("queued", 1))
    assert await jobs.drop(None) == 0


async def test_what_can_never_be_done_is_not_tried_again(world: World) -> None:
    async def never(_: str) -> None:
        raise GivenUp("it is no use")

    jobs = store(world)
    await jobs.add(Greet(name="ana"))
    async with working(jobs, Greeter(never)):
        await until_rows(world, ("failed", 0))
    assert await jobs.drop(None) == 1


async def test_a_copy_of_the_database_does_not_tell_what_jobs_are_about(world: World) -> None:
    await store(world).add(Greet(name="ana@example.org"))
    payload = await world.pool.fetchval("SELECT payload FROM jobs.pgqueuer")
    assert b"ana" not in payload
    async with working(store(world, "quite another secret"), Greeter()):
        await until_rows(world, ("failed", 0))
    [failed] = await store(world).list_failed(1)
    assert "cannot be read" in failed.said


async def test_the_job_of_a_worker_that_is_lost_is_done_by_another_and_not_for_ever(world: World) -> None:
    """A job that takes each of its workers along is given up in the end."""
    stale = f"UPDATE jobs.pgqueuer SET heartbeat = now() - interval '{LEASE_S + 1} s'"
    jobs, greeter = store(world), Greeter()
    await jobs.add(Greet(name="ana"))
    for lost in range(2):
        [taken] = await store(world).take({"greet": Greet}, 5)
        assert taken.tries == lost
        assert await store(world).take({"greet": Greet}, 5) == []
        await world.pool.execute(stale)
    async with working(jobs, greeter, tries=3):
        assert await greeter.next() == "ana"
        await until_rows(world)
        await jobs.add(Greet(name="ben"))
        assert await greeter.next() == "ben"
        await until_rows(world)
    await jobs.add(Greet(name="the killer"))
    for _ in range(3):
        await store(world).take({"greet": Greet}, 5)
        await world.pool.execute(stale)
    async with working(jobs, greeter, tries=3):
        await until_rows(world, ("failed", 3))
    assert greeter.greeted.empty()


async def test_a_worker_that_is_at_work_keeps_its_job(world: World) -> None:
    """However long it takes: signs of life are enough."""
    go_on = asyncio.Event()

    async def wait(_: str) -> None:
        await go_on.wait()

    jobs, greeter = store(world), Greeter(wait)
    busy = worker(jobs, greeter)
    await jobs.add(Greet(name="ana"))
    async with beside(busy.run()):
        assert await greeter.next() == "ana"
        await world.pool.execute("UPDATE jobs.pgqueuer SET heartbeat = now() - interval '1 hour'")
        await busy.loops[1]._job()  # the loop that gives signs of life, whose time it is not yet
        assert await store(world).take({"greet": Greet}, 5) == []
        go_on.set()
        await until_rows(world)


async def test_a_worker_that_ends_finishes_what_it_can(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is told to end meanwhile."""
    monkeypatch.setattr("core.tasks.AGAIN_S", 0.01)
    monkeypatch.setattr("services.job_worker._ENDING_S", PATIENCE_S)
    go_on = asyncio.Event()

    async def wait(_: str) -> None:
        await go_on.wait()

    jobs, greeter = store(world), Greeter(wait)
    await jobs.add(Greet(name="ana"))
    running = asyncio.create_task(worker(jobs, greeter).run())
    assert await greeter.next() == "ana"
    ending = asyncio.create_task(end([running]))
    async with asyncio.timeout(PATIENCE_S):
        while running.cancelling() < 3 and not running.done():
            await asyncio.sleep(0.01)
    go_on.set()
    await ending
    await until_rows(world)


async def test_a_worker_that_ends_gives_back_what_it_cannot_finish(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.job_worker._ENDING_S", 0.01)

    async def wait(name: str) -> None:
        if name == "long":
            await asyncio.Event().wait()

    jobs, greeter = store(world), Greeter(wait)
    await jobs.add(Greet(name="long"))
    async with working(jobs, greeter):
        assert await greeter.next() == "long"
    await until_rows(world, ("queued", 0))
    other = Greeter()
    async with working(store(world), other):
        assert await other.next() == "long"
        await until_rows(world)


async def test_what_is_done_on_schedule_is_done_once_whatever_the_number_of_workers(world: World) -> None:
    half_a_day_on = (now_ms() + DAY_MS // 2) // 1000 % 86_400  # so that it does not come by itself
    daily = Schedule(Greet(name="morning"), every_s=86_400, offset_s=half_a_day_on)
    stores, greeters = [store(world) for _ in range(3)], [Greeter() for _ in range(3)]
    workers = [worker(s, g, daily) for s, g in zip(stores, greeters, strict=True)]
    await asyncio.gather(*(each.plan() for each in workers))
    assert await world.pool.fetchval("SELECT count(*) FROM jobs.pgqueuer") == 0
    for _ in range(2):
        await world.pool.execute("UPDATE jobs.pgqueuer_schedules SET next_run = now() - interval '1 s'")
        await asyncio.gather(*(each.plan() for each in workers))
    await until_rows(world, ("queued", 0))
    async with working(stores[0], greeters[0], daily):
        await until_rows(world)
    assert greeters[0].greeted.qsize() == 1


def test_a_schedule_counts_from_midnight() -> None:
    daily = Schedule(Greet(name="morning"), every_s=86_400, offset_s=3600)
    assert until_next(daily, 0) == 3_600_000
    assert until_next(daily, 3_600_000) == DAY_MS
    assert until_next(daily, 5 * DAY_MS + 3_600_000 + 1) == DAY_MS - 1


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_ms(tries) for tries in range(1, 9)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5_000, 3_600_000)


def test_a_kind_is_done_by_one() -> None:
    greeter = Greeter()
    with pytest.raises(ValueError, match="greet"):
        by_kind([work(Greet, greeter.greet), work(Greet, greeter.greet)])


async def test_what_was_said_of_jobs_is_forgotten(world: World) -> None:
    """And those that failed for good, much later, with what was said of them."""
    jobs, now = store(world), now_ms()

    async def never(_: str) -> None:
        raise GivenUp("no")

    await jobs.add(Greet(name="fails"))
    async with working(jobs, Greeter(never)):
        await until_rows(world, ("failed", 0))
    await jobs.add(Greet(name="works"))
    async with working(jobs, Greeter()):
        await until_rows(world, ("failed", 0))
    lines = "SELECT count(DISTINCT job_id) FROM jobs.pgqueuer_log"
    for days, left in ((0, 2), (LOG_DAYS, 1), (FAILED_DAYS, 0)):
        await JobKeeping(jobs, lambda days=days: now + days * DAY_MS + 60_000).keep(KeepJobs())  # type: ignore[misc]
        assert await world.pool.fetchval(lines) == left
    assert await jobs.list_failed(10) == []
