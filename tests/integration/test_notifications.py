"""Notifications on live connections: new on every device, read on all, whoever has stored them."""

from typing import Any

from core.clock import now_ms
from core.ids import new_id
from core.notices import Notice, warned
from tests.integration.conftest import SignUp
from tests.integration.person import Person
from tests.stores.world import World

READ = "/v1/notifications/read"


async def unread_at_connect(person: Person) -> int:
    device = await person.connect("another")
    await device.leave()
    unread: int = device.ready["unread"]["notifications"]
    return unread


async def test_read_on_one_device_it_goes_on_the_others(sign_up: SignUp, elsewhere: str) -> None:
    """On two nodes; who connects later starts with what is left."""
    ana, ben = await sign_up(), await sign_up()
    phone, laptop = await ben.connect("phone"), await ben.connect("laptop", address=elsewhere)
    assert phone.ready["unread"]["notifications"] == 0
    status, request = await ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id})
    assert status == 201, request
    new = (await phone.next("notification:new"))["notification"]
    assert (await laptop.next("notification:new"))["notification"] == new
    assert (new["kind"], new["subject"], new["read_at"]) == (
        "friend_request",
        {"type": "user", "id": ana.id},
        None,
    )
    _, listed = await ben.rest("GET", "/v1/notifications?unread=true")
    assert listed["items"] == [new]
    assert await unread_at_connect(ben) == 1
    assert await ben.rest("POST", READ, json={"ids": [new["id"]]}) == (200, {"unread": 0})
    for device in (phone, laptop):
        assert await device.next("notification:read") == {"ids": [new["id"]], "unread": 0}
    assert await unread_at_connect(ben) == 0
    assert await ben.rest("POST", READ, json={"all": True}) == (200, {"unread": 0})


async def test_a_yes_is_told_to_the_asker_and_ends_the_question(sign_up: SignUp) -> None:
    ana, ben = await sign_up(), await sign_up()
    hers, his = await ana.connect(), await ben.connect()
    _, request = await ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id})
    await his.next("notification:new")
    await ben.rest("POST", f"/v1/friends/requests/{request['id']}/accept")
    assert (await his.next("notification:read"))["unread"] == 0
    told = (await hers.next("notification:new"))["notification"]
    assert (told["kind"], told["subject"]["id"]) == ("friend_accepted", ben.id)
    await ana.rest("POST", READ, json={"all": True})
    assert await hers.next("notification:read") == {"all": True, "unread": 0}


async def test_what_a_node_stored_and_died_with_is_announced_by_another(
    sign_up: SignUp, world: World
) -> None:
    """In the order in which it was stored; renewed, it is told again under its id."""
    ben, strike = await sign_up(), new_id()
    phone = await ben.connect()
    first = await world.notifications.tell(warned(ben.id, strike), now_ms())
    await world.notifications.tell(Notice(user_id=ben.id, kind="system", title="Hello"), now_ms())
    kinds = [(await phone.next("notification:new"))["notification"]["kind"] for _ in range(2)]
    assert kinds == ["strike", "system"]
    await world.notifications.tell(warned(ben.id, strike), now_ms())
    assert (await phone.next("notification:new"))["notification"]["id"] == first
    assert await unread_at_connect(ben) == 2
    await world.notifications.read(ben.id, [str(first)], now_ms())
    told: dict[str, Any] = await phone.next("notification:read")
    assert told == {"ids": [first], "unread": 1}


async def test_a_block_takes_what_is_about_the_other_off_all_devices(sign_up: SignUp, world: World) -> None:
    """Whoever has blocked; what is about nobody stays."""
    ana, ben = await sign_up(), await sign_up()
    hers = await ana.connect()
    about = Notice(user_id=ana.id, kind="friend_accepted", title="{name}", about=ben.id)
    told = await world.notifications.tell(about, now_ms())
    await hers.next("notification:new")
    await world.notifications.tell(Notice(user_id=ana.id, kind="system", title="Hello"), now_ms())
    await hers.next("notification:new")
    status, _ = await ben.rest("POST", "/v1/blocks", json={"user_id": ana.id})
    assert status == 201
    assert await hers.next("notification:read") == {"ids": [told], "unread": 1}
    _, listed = await ana.rest("GET", "/v1/notifications")
    assert [item["title"] for item in listed["items"]] == ["Hello"]
