"""What is said while one is away reaches one's devices: once for a room, and not what one has read."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from core.clock import DAY_MS, now_ms
from core.contract.devices import Device, PushKeys, PushSubscription
from core.contract.settings import NotificationPatch, SettingsPatch
from core.ids import new_id
from db.postgres.devices import DeviceStore
from db.postgres.room_pushes import RoomPushStore, UnreadMessage
from db.postgres.settings import SettingsStore
from services.device_pushes import DevicePushes
from services.push_metrics import PushMetrics
from services.room_pushes import (
    PushRoom,
    PushRoomAgain,
    RoomPushAsking,
    RoomPushes,
    due,
    next_push,
    room_push,
)
from tests.rest.test_outside_push import Browser, Service, ToBrowsers, serving
from tests.stores.grouping import Party
from tests.stores.test_notifications import session
from tests.stores.world import World


class Pocket:
    """Devices of people, and what they were sent; `node` does the jobs."""

    def __init__(self, world: World, service: Service, address: str) -> None:
        self.world, self.service, self._address = world, service, address
        self.store = RoomPushStore(world.pool)
        metrics = PushMetrics(CollectorRegistry())
        devices = DevicePushes(DeviceStore(world.pool), ToBrowsers(), metrics, now_ms)
        self.node = RoomPushes(self.store, world.jobs, devices, now_ms, texts=True)
        self.asking = RoomPushAsking(self.store, world.jobs, now_ms)
        self._browsers: dict[str, Browser] = {}

    async def give(self, user_id: str) -> None:
        """A device of theirs, which has their id."""
        browser = self._browsers[user_id] = Browser(f"{self._address}/{user_id}")
        assert browser.target.subscription is not None
        given = PushSubscription(
            endpoint=browser.target.subscription["endpoint"],
            keys=PushKeys(**browser.target.subscription["keys"]),
        )
        device = Device(platform="web", subscription=given)
        theirs = await session(self.world, user_id)
        await DeviceStore(self.world.pool).put(user_id, theirs, user_id, device, now_ms())

    def read(self, asked: tuple[str, Mapping[str, str], bytes]) -> Any:
        """What it says to a device."""
        return self._browsers[asked[0][1:]].read(asked[2])

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """Whose device showed which title and text."""
        said = [(each[0][1:], self.read(each)) for each in self.service.asked]
        return [(who, each["title"], each["body"]) for who, each in said]

    async def waiting(self, room_id: str) -> list[str]:
        """The kinds of jobs about this room."""
        rows = await self.world.pool.fetch(
            "SELECT entrypoint FROM jobs.pgqueuer WHERE dedupe_key LIKE $1 ORDER BY id",
            f"push-room%:{room_id}:%",
        )
        return [row["entrypoint"] for row in rows]


@pytest.fixture
async def pocket(world: World) -> AsyncIterator[Pocket]:
    service = Service()
    async with serving(service) as address:
        yield Pocket(world, service, address)


async def friends(pocket: Pocket) -> tuple[str, str, str]:
    """Ana, Ben who has a device, and their room."""
    ana, ben = await pocket.world.pair()
    room = (await pocket.world.connected((ana, ben))).room_id
    await pocket.give(ben)
    return ana, ben, room


async def test_the_newest_of_a_room_is_pushed_once(pocket: Pocket) -> None:
    """However often and by however many nodes it is asked for; and what comes later comes too."""
    ana, ben, room = await friends(pocket)
    for n in (1, 2):
        await pocket.world.say(room, ana, f"Hello {n}")
    await pocket.node.push(PushRoom(room_id=room, moment=1))
    assert pocket.shown == [(ben, "Ana", "Hello 2")]
    for moment in (1, 2):
        await pocket.node.push(PushRoom(room_id=room, moment=moment))
    await pocket.world.say(room, ben, "My own words")
    await pocket.node.push(PushRoom(room_id=room, moment=3))
    assert len(pocket.shown) == 1
    await pocket.world.say(room, ana, "Hello 3")
    await pocket.node.push(PushRoom(room_id=room, moment=4))
    assert pocket.shown[1:] == [(ben, "Ana", "Hello 3")]


async def test_a_job_that_broke_off_sends_what_it_had_noted(pocket: Pocket) -> None:
    """The same job is done again and sends it; another one does not."""
    ana, ben, room = await friends(pocket)
    await pocket.world.say(room, ana, "Hello")
    assert await pocket.store.note(room, {ben: 1}, 7) == {ben}
    assert await pocket.store.note(room, {ben: 1}, 8) == frozenset()
    await pocket.node.push(PushRoom(room_id=room, moment=8))
    assert pocket.shown == []
    for _ in range(2):
        await pocket.node.push(PushRoom(room_id=room, moment=7))
    assert pocket.shown == [(ben, "Ana", "Hello")]


async def test_what_was_read_or_deleted_is_not_pushed(pocket: Pocket) -> None:
    ana, ben, room = await friends(pocket)
    await pocket.world.say(room, ana)
    await pocket.asking.ask([room])
    assert await pocket.waiting(room) == ["push-room"]
    await pocket.world.read(room, ben, 1)
    await pocket.node.push(PushRoom(room_id=room, moment=1))
    said = await pocket.world.say(room, ana)
    await pocket.world.rooms.delete(said.message.id, ana, now_ms())
    await pocket.node.push(PushRoom(room_id=room, moment=2))
    assert pocket.shown == []


async def test_a_job_is_asked_for_where_somebody_has_a_device(pocket: Pocket) -> None:
    """And has something to read."""
    ana, ben, room = await friends(pocket)
    asking = RoomPushAsking(pocket.store, pocket.world.jobs, lambda: 1)
    await pocket.world.say(room, ana)
    await pocket.world.read(room, ben, 1)
    await asking.ask([room])
    assert await pocket.waiting(room) == []
    await pocket.world.say(room, ana)
    for _ in range(2):
        await asking.ask([room])
    assert await pocket.waiting(room) == ["push-room"]
    await pocket.world.say(room, ben)
    await pocket.world.read(room, ben, 3)
    await RoomPushAsking(pocket.store, pocket.world.jobs, lambda: 10_000).ask([room])
    assert await pocket.waiting(room) == ["push-room"]  # Ana has none


async def test_in_a_group_each_is_told_what_they_see(pocket: Pocket) -> None:
    """Nothing of whom a block parts from them, nothing from before they came, nothing after they went."""
    world = pocket.world
    ana, ben, cleo, dan = [await world.person(name) for name in ("Ana", "Ben", "Cleo", "Dan")]
    party = Party(world)
    group = await party.of(ana, ben, cleo, dan)
    for who in (ana, ben, cleo, dan):
        await pocket.give(who)
    await world.say(group.room_id, ana, "To all")
    await world.block(cleo, ana)
    await party.remove(group, ana, dan)
    await pocket.node.push(PushRoom(room_id=group.room_id, moment=1))
    assert pocket.shown == [(ben, "Runners", "Ana: To all")]


async def test_a_device_that_was_not_reached_is_tried_again_unless_it_was_read(pocket: Pocket) -> None:
    ana, ben, room = await friends(pocket)
    await pocket.world.say(room, ana, "Hello")
    pocket.service.status = 503
    await pocket.node.push(PushRoom(room_id=room, moment=1))
    assert await pocket.waiting(room) == ["push-room-again"]
    pocket.service.status = 201
    again = PushRoomAgain(room_id=room, user_id=ben, device_id=ben)
    await pocket.world.say(room, ana, "Are you there?")
    await pocket.node.again(again)
    assert pocket.shown[1:] == [(ben, "Ana", "Are you there?")]
    await pocket.world.read(room, ben, 2)
    await pocket.node.again(again)
    assert len(pocket.shown) == 2


async def test_nobody_is_woken_nor_told_what_they_do_not_want(pocket: Pocket) -> None:
    """It waits for the end of quiet hours, also where it is tried again."""
    ana, ben, room = await friends(pocket)
    settings = SettingsStore(pocket.world.pool)
    await settings.change(ben, patch(quiet_from="00:00", quiet_to="23:59"))
    await pocket.world.say(room, ana, "Hello")
    night = RoomPushes(pocket.store, pocket.world.jobs, _Nobody(), lambda: 3_600_000, texts=True)
    await night.push(PushRoom(room_id=room, moment=1))
    await night.again(PushRoomAgain(room_id=room, user_id=ben, device_id=ben))
    assert await pocket.waiting(room) == ["push-room", "push-room-again"]
    await settings.change(ben, patch(quiet_from=None, push_messages=False))
    await pocket.node.push(PushRoom(room_id=room, moment=2))
    assert pocket.shown == []
    await settings.change(ben, patch(push_messages=None))
    await pocket.node.push(PushRoom(room_id=room, moment=3))
    assert pocket.shown == [(ben, "Ana", "Hello")]


class _Nobody(DevicePushes):
    """Where nothing may be sent."""

    def __init__(self) -> None:
        pass


def patch(**changes: Any) -> SettingsPatch:
    return SettingsPatch(notifications=NotificationPatch(**changes))


def test_what_is_said_together_is_pushed_together() -> None:
    assert [next_push(now) for now in (0, 1, 1_999, 2_000)] == [2_000, 4_000, 4_000, 4_000]


def unread(settings: Mapping[str, Any] | None = None, **changes: Any) -> UnreadMessage:
    given: dict[str, Any] = {
        "user_id": new_id(),
        "id": "7",
        "seq": 1,
        "type": "text",
        "content": "Hello",
        "sender": "Ana",
        "group_name": None,
        "settings": settings,
        "time_zone": None,
    }
    return UnreadMessage(**given | changes)


def test_each_is_told_as_they_want_it() -> None:
    noon = DAY_MS // 2
    night = {"quiet_from": "22:00", "quiet_to": "07:00"}
    awake, nothing, never = unread(night), unread({"push_messages": False}), unread({"push": False})
    at_noon = due([awake, nothing, never], noon)
    assert (at_noon.now, at_noon.later) == ([awake], frozenset())
    at_night = due([awake, nothing, never, unread(night)], DAY_MS)
    assert (at_night.now, at_night.later) == ([], frozenset({DAY_MS + 7 * 3_600_000}))


def test_what_a_device_shows() -> None:
    said = room_push("room", unread(), texts=True)
    assert (said.title, said.body, said.topic, said.url) == ("Ana", "Hello", "room", "/#room/room")
    picture = unread(type="image", content=None, group_name="Runners")
    shown = room_push("room", picture, texts=True)
    assert (shown.title, shown.body) == ("Runners", "Ana: A picture")
    hidden = room_push("room", picture, texts=False)
    assert (hidden.title, hidden.body) == ("There is news for you", "")
