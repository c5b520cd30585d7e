"""Somebody deletes their account: what others are told, on two nodes, so that no list shows who is gone."""

from typing import Any

from core.clock import now_ms, to_datetime
from services.erasures import Erase
from tests.integration.conftest import SignUp
from tests.integration.parting.pair import Pair
from tests.integration.person import ClientDevice, Person
from tests.integration.test_friends import befriend
from tests.stores.world import World

PASSWORD = "correct horse battery"


async def lists(person: Person) -> tuple[list[str], list[str]]:
    """Ids of friends, and of requests in and out, as the server lists them."""
    friends = (await person.rest("GET", "/v1/friends"))[1]["items"]
    boxes = [
        (await person.rest("GET", f"/v1/friends/requests?box={box}"))[1]["items"] for box in ("in", "out")
    ]
    return [item["user"]["user_id"] for item in friends], [item["id"] for box in boxes for item in box]


async def leave(person: Person, address: str) -> str:
    """Ask for the account to be deleted, by this node; gives a token to come back with."""
    person.address = address
    status, body = await person.rest("DELETE", "/v1/me", json={"password": PASSWORD})
    assert status == 202, body
    order = {"login": person.account["user"]["email"], "password": PASSWORD}
    status, body = await person.rest("POST", "/v1/auth/login", json=order)
    assert body["restricted"] == "erasing"
    token: str = body["access_token"]
    return token


async def unread(device: ClientDevice) -> Any:
    return (await device.next("notification:read"))["unread"]


async def test_who_leaves_goes_from_all_lists_and_comes_again(sign_up: SignUp, elsewhere: str) -> None:
    """Friends on either node, one who was asked, and one who has asked."""
    gus, ana, ben, cleo, dan = [await sign_up() for _ in range(5)]
    room_id = await befriend(gus, ana)
    await befriend(gus, ben)
    _, asked = await gus.rest("POST", "/v1/friends/requests", json={"user_id": cleo.id})
    _, asks = await dan.rest("POST", "/v1/friends/requests", json={"user_id": gus.id})
    here = [await person.connect() for person in (ana, cleo)]
    there = [await person.connect(address=elsewhere) for person in (ben, dan)]
    (anas, cleos), (bens, dans) = here, there
    for device in (anas, bens):
        await device.ask("presence:watch", user_ids=[gus.id])
    gus.token = await leave(gus, elsewhere)
    assert await anas.next("friend:removed") == {"user_id": gus.id, "room_id": room_id}
    assert (await bens.next("friend:removed"))["user_id"] == gus.id
    assert await cleos.next("friend:withdrawn") == {"request_id": asked["id"]}
    assert await dans.next("friend:withdrawn") == {"request_id": asks["id"]}
    assert await unread(cleos) == 0
    for person in (ana, ben, cleo, dan):
        assert await lists(person) == ([], [])
    assert (await gus.rest("POST", "/v1/me/restore"))[0] == 204
    for device, person in ((anas, ana), (bens, ben)):
        friend = (await device.next("friend:added"))["friend"]
        assert (await person.rest("GET", "/v1/friends"))[1]["items"] == [friend]
        assert friend["user"]["user_id"] == gus.id
    for device, request, box in ((cleos, asked, "in"), (dans, asks, "out")):
        told = (await device.next("friend:requested"))["request"]
        assert (told["id"], told["box"], told["user"]["user_id"]) == (request["id"], box, gus.id)
    assert await lists(cleo) == ([], [asked["id"]])


async def test_with_an_account_all_ends_and_is_told(sign_up: SignUp, world: World, elsewhere: str) -> None:
    """Connections end at once, with their room; whoever wrote there a moment ago hears so."""
    he, she = await sign_up(gender="male"), await sign_up(address=elsewhere)
    pair = Pair(await she.connect(), await he.connect(), she, he, "")
    await pair.befriended(world)
    watching = await she.connect("laptop")
    await watching.ask("presence:watch", user_ids=[he.id])
    await leave(he, he.address)
    await watching.next("presence:changed", user_id=he.id, status="offline")
    assert await unread(pair.ana) == 0
    _, listed = await she.rest("GET", "/v1/connections")
    assert [item["active"] for item in listed["items"]] == [True]
    assert not pair.ana.has_heard("connection:ended")  # he may come back
    await world.pool.execute(
        "UPDATE identity.erasures SET erases_at = $2 WHERE user_id = $1",
        he.id,
        to_datetime(now_ms() - 60_000),
    )
    await world.jobs.add(Erase(user_id=he.id))
    ended = (await pair.ana.next("connection:ended"))["connection"]
    assert (ended["id"], ended["active"], ended["peer"]["user_id"]) == (pair.connection_id, False, he.id)
    said = {"room_id": pair.room_id, "client_id": "after", "content": "Are you there?"}
    assert await pair.ana.refused("chat:send", **said) == "gone"
