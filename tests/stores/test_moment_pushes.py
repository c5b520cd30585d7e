"""A ring, an offer and a decision reach devices that are not in use, and what is over is taken back."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from core.clock import DAY_MS, now_ms
from db.postgres.devices import DeviceStore
from db.postgres.moment_pushes import MomentPushStore, Wishes
from db.postgres.settings import SettingsStore, notification_settings
from services.device_pushes import DevicePushes
from services.jobs import JobQueue
from services.moment_pushes import MomentPushAsking, MomentPushes, PushMoment, is_wanted, moment_push, over
from services.push_metrics import PushMetrics
from services.room_pushes import PushRoom
from tests.patience import PATIENCE_S
from tests.rest.test_outside_push import Service, ToBrowsers, serving
from tests.stores.test_room_pushes import Pocket, friends, patch
from tests.stores.world import World


class _Silent:
    """A bus on which nobody listens."""

    async def publish(self, channel: str, message: bytes) -> None:
        pass


@pytest.fixture
async def pocket(world: World) -> AsyncIterator[Pocket]:
    service = Service()
    async with serving(service) as address:
        yield Pocket(world, service, address)


def node(pocket: Pocket, now: int | None = None) -> MomentPushes:
    """As it is now, or at that time."""
    world = pocket.world
    metrics = PushMetrics(CollectorRegistry())
    devices = DevicePushes(DeviceStore(world.pool), ToBrowsers(), metrics, now_ms)
    queue = JobQueue(world.jobs, _Silent())
    return MomentPushes(MomentPushStore(world.pool), queue, devices, lambda: now or now_ms(), texts=True)


async def rings(pocket: Pocket) -> tuple[str, PushMoment]:
    """Ben's phone, for Ana; the call is on record."""
    ana, ben = await pocket.world.pair()
    await pocket.give(ben)
    call_id = await pocket.world.offered((ana, ben))
    until = now_ms() + 600_000
    job = PushMoment(what="call", user_id=ben, subject=call_id, until=until, about=ana, video=True)
    return call_id, job


def said(pocket: Pocket) -> list[Any]:
    return [pocket.read(each) for each in pocket.service.asked]


async def test_a_device_rings_as_long_as_the_call_does(pocket: Pocket) -> None:
    """Its push service keeps it no longer, and keeps what stops it in its place."""
    call_id, job = await rings(pocket)
    await node(pocket).push(job)
    [shown] = said(pocket)
    assert (shown["title"], shown["body"], shown["tag"]) == ("Ana calls you", "Video call", call_id)
    assert shown["kind"] == "call"
    await node(pocket).push(PushMoment(what="over", user_id=job.user_id, subject=call_id, until=job.until))
    ring, stop = [headers for _, headers, _ in pocket.service.asked]
    assert said(pocket)[1] == {"id": call_id, "close": [call_id]}
    assert int(ring["TTL"]) <= 600
    assert (ring["Urgency"], ring["Topic"]) == ("high", stop["Topic"])


async def test_a_call_that_is_over_does_not_ring(pocket: Pocket) -> None:
    """Nor does one that nobody may hear of now: it is missed, of which they hear afterwards."""
    call_id, job = await rings(pocket)
    await SettingsStore(pocket.world.pool).change(job.user_id, patch(quiet_from="00:00", quiet_to="23:59"))
    await node(pocket, 3_600_000).push(job)
    await SettingsStore(pocket.world.pool).change(job.user_id, patch(quiet_from=None, push_calls=False))
    await node(pocket).push(job)
    await SettingsStore(pocket.world.pool).change(job.user_id, patch(push_calls=None))
    await node(pocket, job.until).push(job)
    await pocket.world.end(call_id)
    await node(pocket).push(job)
    assert said(pocket) == []


async def test_what_was_read_elsewhere_is_closed_once(pocket: Pocket) -> None:
    """Where something was shown."""
    ana, ben, room = await friends(pocket)
    store = MomentPushStore(pocket.world.pool)
    await pocket.world.say(room, ana)
    await pocket.world.say(room, ana)
    await pocket.node.push(PushRoom(room_id=room, moment=1))
    await pocket.world.read(room, ben, 1)
    assert await store.read({(ben, room), (ana, room)}) == []
    await pocket.world.read(room, ben, 2)
    assert await store.read({(ben, room), (ana, room)}) == [(ben, room)]
    assert await store.read({(ben, room)}) == []


async def test_jobs_are_asked_for_those_who_have_a_device(pocket: Pocket) -> None:
    """All that is asked for in one moment, and what they want to be told."""
    ana, ben = await pocket.world.pair()
    await pocket.give(ben)
    asking = MomentPushAsking(
        MomentPushStore(pocket.world.pool), pocket.world.jobs, JobQueue(pocket.world.jobs, _Silent()), now_ms
    )
    asking.connected(ana, "room", ben)
    asking.offered("call", ben, until=now_ms() + 8_000)
    asking.rings("call", ben, ana, video=False, until=now_ms() + 30_000)
    asking.connected(ben, "room", ana)
    await asking.settled()
    rows = await pocket.world.pool.fetch(
        "SELECT dedupe_key FROM jobs.pgqueuer WHERE dedupe_key LIKE 'push-moment:%' AND"
        " split_part(dedupe_key, ':', 3) = ANY ($1) ORDER BY dedupe_key",
        [ana, ben],
    )
    assert [row["dedupe_key"].split(":")[1:3] for row in rows] == [["call", ben], ["connected", ben]]


class Looked(MomentPushStore):
    """Knows whom each of its statements was about."""

    def __init__(self, world: World) -> None:
        super().__init__(world.pool)
        self.about: list[set[str]] = []

    async def wishes(self, user_ids: Collection[str]) -> dict[str, Wishes]:
        self.about.append(set(user_ids))
        return await super().wishes(user_ids)


async def test_what_happens_soon_after_one_another_is_asked_about_together(world: World) -> None:
    """One after the other, with nothing under way; what comes first waits for nobody."""
    people = [await world.person(f"P{n}") for n in range(4)]
    store, resting, rested = Looked(world), asyncio.Event(), asyncio.Event()

    async def rest(_: float) -> None:
        resting.set()
        await rested.wait()

    queue = JobQueue(world.jobs, _Silent())
    asking = MomentPushAsking(store, world.jobs, queue, now_ms, every_s=PATIENCE_S, rest=rest)
    asking.offered("call", people[0], until=now_ms() + 8_000)
    async with asyncio.timeout(PATIENCE_S):
        await asking.settled()
        asking.offered("call", people[1], until=now_ms() + 8_000)
        await resting.wait()
        asking.over("call", people[2], "offer")
        await asyncio.sleep(0)
        asking.offered("call", people[3], until=now_ms() + 8_000)
        assert store.about == [{people[0]}]
        rested.set()
        await asking.settled()
    assert store.about == [{people[0]}, set(people[1:])]


def test_who_has_said_nothing_is_told_of_all_but_offers() -> None:
    nothing = notification_settings({})
    assert [is_wanted(what, nothing) for what in ("call", "connected", "over", "offer")] == [True] * 3 + [
        False
    ]
    never = notification_settings({"push": False, "push_offers": True})
    assert not any(is_wanted(what, never) for what in ("call", "connected", "over", "offer"))


def test_what_devices_show() -> None:
    job = PushMoment(what="connected", user_id="b", subject="room", until=DAY_MS, about="a")
    shown = moment_push(job, "Ana", 0, texts=True)
    assert (shown.title, shown.url, shown.ttl_s) == ("You and Ana stay in touch", "/#room/room", 86_400)
    assert moment_push(job, "Ana", 0, texts=False).title == "There is news for you"
    assert over(job).closes == ("room",)
