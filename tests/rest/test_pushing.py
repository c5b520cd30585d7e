"""A notification on its way to several devices, some of which are not reached at once."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from core.clock import DAY_MS, Clock, now_ms
from core.contract.devices import Device, PushKeys, PushSubscription
from core.ids import new_id
from core.notices import Notice
from db.postgres.devices import DeviceStore, Target
from db.postgres.notifications import Outgoing
from db.redis.bus import Bus
from services.device_pushes import DevicePushes, is_dead
from services.jobs import JobQueue
from services.ports import Misconfigured, Pushed
from services.push_metrics import PushMetrics
from services.pushing import Pushing, PushNotification
from tests.patience import PATIENCE_S
from tests.rest.server import RestServer
from tests.rest.test_outside_push import Browser, Service, ToBrowsers, serving


async def subscribed(rest: RestServer, who: Any, device_id: str, browser: Browser) -> None:
    """On a session that goes on; a client could name no address of this machine."""
    given = browser.target.subscription
    assert given is not None
    user_id = who["user"]["id"]
    session = await rest.world.pool.fetchval("SELECT id FROM identity.sessions WHERE user_id = $1", user_id)
    device = Device(
        platform="web",
        subscription=PushSubscription(endpoint=given["endpoint"], keys=PushKeys(**given["keys"])),
    )
    await DeviceStore(rest.world.pool).put(user_id, session, device_id, device, now_ms())


async def found(rest: RestServer, user_id: str) -> Outgoing:
    """Something to be told, which nobody has sent yet."""
    notice = Notice(user_id=user_id, kind="missed_call", title="You missed a call", body="From Ana")
    await rest.world.notifications.tell(notice, now_ms())
    listed = "SELECT id FROM social.notifications WHERE user_id = $1 AND title = $2"
    notification_id = await rest.world.pool.fetchval(listed, user_id, notice.title)
    outgoing = await rest.world.notifications.to_send(user_id, notification_id, now_ms())
    assert outgoing is not None
    return outgoing


async def waiting(rest: RestServer, notification_id: str) -> list[str]:
    """The devices that are tried again later, and not before their service wants it."""
    rows = await rest.world.pool.fetch(
        "SELECT dedupe_key FROM jobs.pgqueuer WHERE dedupe_key LIKE $1 AND execute_after > now() + '1 min'",
        f"push:{notification_id}:%",
    )
    return [row["dedupe_key"].split(":")[2] for row in rows]


def pushing(rest: RestServer, **how: Any) -> Pushing:
    world = rest.world
    queue = JobQueue(world.jobs, Bus(rest.redis_client, "test"))
    return Pushing(world.notifications, queue, to_devices(rest), now_ms, **how)


def to_devices(rest: RestServer, clock: Clock = now_ms) -> DevicePushes:
    metrics = PushMetrics(CollectorRegistry())
    return DevicePushes(DeviceStore(rest.world.pool), ToBrowsers(), metrics, clock)


async def test_only_the_device_that_was_not_reached_is_tried_again(rest: RestServer) -> None:
    """The others have it already; and nobody is told what they have read meanwhile."""
    ben = await rest.sign_up()
    user_id = ben["user"]["id"]
    busy, well, gone = Service(503, **{"Retry-After": "600"}), Service(), Service(410)
    async with serving(busy) as at_busy, serving(well) as at_well, serving(gone) as at_gone:
        one, other = Browser(f"{at_busy}/1"), Browser(f"{at_well}/2")
        for name, browser in {"busy": one, "well": other, "gone": Browser(f"{at_gone}/3")}.items():
            await subscribed(rest, ben, name, browser)
        outgoing = await found(rest, user_id)
        await pushing(rest).to_all(user_id, outgoing, now_ms())
        assert other.read(well.asked[0][2])["title"] == "You missed a call"
        assert await waiting(rest, outgoing.notification.id) == ["busy"]
        there = await DeviceStore(rest.world.pool).of_user(user_id, now_ms())
        assert [each.device_id for each in there] == ["busy", "well"]

        busy.status = 201
        again = PushNotification(user_id=user_id, notification_id=outgoing.notification.id, device_id="busy")
        await pushing(rest).again(again)
        assert [len(each.asked) for each in (busy, well, gone)] == [2, 1, 1]
        assert one.read(busy.asked[1][2])["title"] == "You missed a call"

        await rest.ask("POST", "/v1/notifications/read", token=ben["access_token"], json={"all": True})
        await pushing(rest).again(again)
        assert len(busy.asked) == 2


async def test_who_has_subscribed_anew_keeps_that(rest: RestServer) -> None:
    """That the old subscription is over is heard only afterwards."""
    ben = await rest.sign_up()
    user_id, devices = ben["user"]["id"], DeviceStore(rest.world.pool)
    await subscribed(rest, ben, "one", Browser("http://localhost/old"))
    [old] = await devices.of_user(user_id, now_ms())
    await subscribed(rest, ben, "one", Browser("http://localhost/new"))
    await devices.forget(user_id, old)
    [new] = await devices.of_user(user_id, now_ms())
    assert (new.subscription or {})["endpoint"] == "http://localhost/new"
    await devices.forget(user_id, new)
    assert await devices.of_user(user_id, now_ms()) == []


async def test_by_a_setting_nobody_between_learns_even_that_there_was_a_call(rest: RestServer) -> None:
    """A device says only that there is something to read."""
    ben = await rest.sign_up()
    service = Service()
    async with serving(service) as address:
        browser = Browser(f"{address}/1")
        await subscribed(rest, ben, "one", browser)
        outgoing = await found(rest, ben["user"]["id"])
        await pushing(rest, texts=False).to_all(ben["user"]["id"], outgoing, now_ms())
    said = browser.read(service.asked[0][2])
    assert (said["title"], said["body"]) == ("There is news for you", "")
    assert said["id"] == outgoing.notification.id


@pytest.mark.parametrize(
    ("times", "days", "dead"), [(10, 1, True), (9, 30, False), (500, 0.9, False), (1, 0, False)]
)
def test_a_service_says_no_often_and_for_long_before_a_device_is_given_up(
    times: int, days: float, dead: bool
) -> None:
    """An operator has a day to mend what is ours."""
    assert is_dead(times, round(days * DAY_MS)) is dead


async def test_who_is_always_refused_is_not_tried_for_ever(rest: RestServer) -> None:
    """Each notification is one try; whoever is taken again begins anew."""
    ben = await rest.sign_up()
    user_id, devices, later = ben["user"]["id"], DeviceStore(rest.world.pool), now_ms() + 2 * DAY_MS
    pushed = Pushed(id="7", title="News", body="", topic="7", ttl_s=60)
    service = Service(403)
    async with serving(service) as address:
        await subscribed(rest, ben, "one", Browser(f"{address}/1"))
        now = to_devices(rest)
        for _ in range(9):
            assert await now.send({user_id: pushed}) == []
        service.status = 201
        assert await now.send({user_id: pushed}) == []
        service.status = 403
        for _ in range(10):
            await now.send({user_id: pushed})
        assert [each.refused for each in await devices.of_user(user_id, now_ms())] == [10]
        await to_devices(rest, lambda: later).send({user_id: pushed})
        assert len(service.asked) == 21
    assert await devices.of_user(user_id, now_ms()) == []


async def test_who_is_refused_for_a_mistake_of_ours_stays(rest: RestServer) -> None:
    """However long it takes an operator to mend it."""
    ben = await rest.sign_up()
    user_id, devices = ben["user"]["id"], DeviceStore(rest.world.pool)
    phone = {"platform": "ios", "service": "apns", "token": new_id().replace("-", "")}
    answer = await rest.ask("PUT", "/v1/devices/iphone", token=ben["access_token"], json=phone)
    assert answer.status == 204, answer.body
    metrics, later = PushMetrics(CollectorRegistry()), now_ms() + 2 * DAY_MS
    pushed = Pushed(id="7", title="News", body="", topic="7", ttl_s=60)
    for clock in (now_ms, lambda: later):
        sending = DevicePushes(devices, Mistaken(), metrics, clock)
        for _ in range(10):
            assert await sending.send({user_id: pushed}) == []
    assert [(each.token, each.refused) for each in await devices.of_user(user_id, now_ms())] == [
        (phone["token"], 0)
    ]


class Mistaken:
    """Refuses us, whomever it is for."""

    async def send(self, device: Target, pushed: Pushed) -> None:
        raise Misconfigured("It does not know us.")


async def test_all_devices_of_many_are_reached_side_by_side(rest: RestServer) -> None:
    """None waits for the one before: all are answered once all have asked."""
    people = [await rest.sign_up() for _ in range(3)]
    service = Together(len(people))
    async with serving(service) as address:
        for n, who in enumerate(people):
            await subscribed(rest, who, "one", Browser(f"{address}/{n}"))
        pushed = Pushed(id="7", title="News", body="", topic="7", ttl_s=60)
        async with asyncio.timeout(PATIENCE_S):
            unreached = await to_devices(rest).send({who["user"]["id"]: pushed for who in people})
    assert unreached == []
    assert sorted(path for path, *_ in service.asked) == ["/0", "/1", "/2"]


class Together(Service):
    """Answers nobody before all of so many have asked."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self._all = asyncio.Barrier(people)

    async def handle(self, request: web.Request) -> web.Response:
        await self._all.wait()
        return await super().handle(request)
