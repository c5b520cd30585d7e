"""Friends on two nodes: who hears what, who sees whom, and what a block takes away."""

import asyncio

import pytest

from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S


async def befriend(ana: Person, ben: Person) -> str:
    """She asks and he says yes; gives their room."""
    _, request = await ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id})
    status, friend = await ben.rest("POST", f"/v1/friends/requests/{request['id']}/accept")
    assert status == 200, friend
    room_id: str = friend["room_id"]
    return room_id


@pytest.fixture
async def ana(sign_up: SignUp) -> Person:
    return await sign_up()


@pytest.fixture
async def ben(sign_up: SignUp, elsewhere: str) -> Person:
    """On another node."""
    person = await sign_up()
    person.address = elsewhere
    return person


async def devices(*people: Person) -> list[ClientDevice]:
    return [await person.connect() for person in people]


async def test_both_hear_of_a_request_and_of_the_answer(ana: Person, ben: Person) -> None:
    """Each with the other's card and the box that it is in; then they talk, without a call."""
    hers, his = await devices(ana, ben)
    status, request = await ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id})
    assert (status, request.keys()) == (201, {"id", "user", "box", "created_at"})
    got = (await his.next("friend:requested"))["request"]
    assert (got["id"], got["box"], got["user"]["user_id"]) == (request["id"], "in", ana.id)
    assert (await hers.next("friend:requested"))["request"] == request
    _, friend = await ben.rest("POST", f"/v1/friends/requests/{request['id']}/accept")
    assert friend.keys() == {"user", "since", "room_id"}
    assert (await his.next("friend:added"))["friend"] == friend
    added = (await hers.next("friend:added"))["friend"]
    assert (added["user"]["user_id"], added["room_id"]) == (ben.id, friend["room_id"])
    _, listed = await ben.rest("GET", "/v1/friends")
    assert listed == {"items": [friend], "next_cursor": None}
    await hers.ask("chat:send", room_id=friend["room_id"], client_id="1", content="hello")
    assert (await his.next("chat:message"))["message"]["content"] == "hello"


async def test_requests_that_cross_on_two_nodes(ana: Person, ben: Person) -> None:
    """Both are answered; one of them, or both, the friendship, which each hears of once."""
    hers, his = await devices(ana, ben)
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(
            ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id}),
            ben.rest("POST", "/v1/friends/requests", json={"user_id": ana.id}),
        )
    assert [status for status, _ in answers] == [201, 201]
    assert any(body.keys() == {"user", "since", "room_id"} for _, body in answers)
    rooms = {(await device.next("friend:added"))["friend"]["room_id"] for device in (hers, his)}
    assert len(rooms) == 1
    for person in (ana, ben):
        _, listed = await person.rest("GET", "/v1/friends/requests?box=out")
        assert listed["items"] == []
    await hers.ask("chat:send", room_id=rooms.pop(), client_id="1", content="hello")
    await his.next("chat:message")
    assert his.has_heard("friend:added") == hers.has_heard("friend:added") == 1


async def test_friends_see_each_others_presence(ana: Person, ben: Person) -> None:
    """While they are friends, live; who ends it is not seen any more."""
    hers, his = await devices(ana, ben)
    assert (await his.ask("presence:watch", user_ids=[ana.id]))["presences"] == []
    await befriend(ana, ben)
    [seen] = (await his.ask("presence:watch", user_ids=[ana.id]))["presences"]
    assert seen["status"] == "online"
    await hers.ask("presence:set", status="away")
    await his.next("presence:changed", user_id=ana.id, status="away")
    status, _ = await ana.rest("DELETE", f"/v1/friends/{ben.id}")
    assert status == 204
    removed = await his.next("friend:removed")
    assert removed["user_id"] == ana.id
    assert (await hers.next("friend:removed")) == {"user_id": ben.id, "room_id": removed["room_id"]}
    await his.next("presence:changed", user_id=ana.id, status="offline")
    assert await his.refused("chat:send", room_id=removed["room_id"], client_id="1", content="?") == "gone"
    assert await his.refused("chat:typing", room_id=removed["room_id"], typing=True) == "gone"


async def test_a_block_takes_friends_and_requests_away(ana: Person, ben: Person, sign_up: SignUp) -> None:
    """Both hear that it is over, not that it was a block; neither finds the other anywhere."""
    cleo = await sign_up()
    hers, his, hers_too = await devices(ana, ben, cleo)
    room_id = await befriend(ana, ben)
    _, request = await cleo.rest("POST", "/v1/friends/requests", json={"user_id": ana.id})
    await hers.next(
        "friend:requested",
    )
    for person in (ben, cleo):
        status, _ = await ana.rest("POST", "/v1/blocks", json={"user_id": person.id})
        assert status == 201
    assert await his.next("friend:removed") == {"user_id": ana.id, "room_id": room_id}
    assert await hers_too.next("friend:withdrawn") == {"request_id": request["id"]}
    assert await his.refused("chat:send", room_id=room_id, client_id="1", content="?") == "gone"
    for path in ("/v1/friends", "/v1/friends/requests", "/v1/friends/suggestions"):
        _, listed = await ana.rest("GET", path)
        assert listed["items"] == []
    status, body = await ben.rest("POST", "/v1/friends/requests", json={"user_id": ana.id})
    assert (status, body["code"]) == (404, "not_found")


async def test_friends_of_friends_are_suggested(ana: Person, ben: Person, sign_up: SignUp) -> None:
    """By how many; not who is a friend, was asked, or is blocked."""
    friends = [ben, await sign_up()]
    likely, unlikely, asked, blocked = [await sign_up() for _ in range(4)]
    for friend in friends:
        await befriend(ana, friend)
        for person in (likely, asked, blocked):
            await befriend(friend, person)
    await befriend(ben, unlikely)
    await asked.rest("POST", "/v1/friends/requests", json={"user_id": ana.id})
    await blocked.rest("POST", "/v1/blocks", json={"user_id": ana.id})
    _, first = await ana.rest("GET", "/v1/friends/suggestions?limit=1")
    _, rest = await ana.rest("GET", f"/v1/friends/suggestions?limit=1&cursor={first['next_cursor']}")
    found = [
        (item["user"]["user_id"], item["reason"], item["count"]) for item in first["items"] + rest["items"]
    ]
    assert found == [(likely.id, "friends", 2), (unlikely.id, "friends", 1)]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("first", ["her", "him"])
async def test_refused_and_taken_back_look_the_same(first: str, ana: Person, ben: Person) -> None:
    """A request that waits no longer; who says yes then is told that there is none."""
    hers, his = await devices(ana, ben)
    _, request = await ana.rest("POST", "/v1/friends/requests", json={"user_id": ben.id})
    path = f"/v1/friends/requests/{request['id']}"
    status, _ = await (ana if first == "her" else ben).rest("POST", f"{path}/refuse")
    assert status == 204
    for device in (hers, his):
        assert await device.next("friend:withdrawn") == {"request_id": request["id"]}
    status, body = await ben.rest("POST", f"{path}/accept")
    assert (status, body["code"]) == (404, "not_found")
