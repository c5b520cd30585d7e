"""A group on two nodes: what is said reaches everybody, and who comes and goes is told to all."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person
from tests.integration.test_friends import befriend
from tests.stores.world import World


@pytest.fixture
async def ana(sign_up: SignUp) -> Person:
    return await sign_up()


@pytest.fixture
async def ben(sign_up: SignUp, elsewhere: str) -> Person:
    """On another node."""
    person = await sign_up()
    person.address = elsewhere
    return person


async def grouped(owner: Person, *others: Person, **more: object) -> dict[str, Any]:
    """A group of these, who join by one invitation."""
    status, group = await owner.rest("POST", "/v1/groups", json={"name": "Runners", **more})
    assert (status, group["role"], group["member_count"]) == (201, "owner", 1)
    status, invitation = await owner.rest("POST", f"/v1/groups/{group['id']}/invitations", json={})
    assert status == 201
    assert invitation["url"].endswith(f"/#/join/{invitation['code']}")
    for person in others:
        status, joined = await person.rest("POST", "/v1/groups/join", json={"code": invitation["code"]})
        assert (status, joined["id"], joined["role"]) == (200, group["id"], "member")
    found: dict[str, Any] = group
    return found


async def test_who_has_a_link_sees_what_it_is_to_before_they_join(
    ana: Person, ben: Person, sign_up: SignUp
) -> None:
    """And nothing of it where they may not join: a link that is taken back, or after they were put out."""
    cleo = await sign_up()
    group = await grouped(ana, ben, description="Slowly")
    at = f"/v1/groups/{group['id']}"
    _, invitation = await ana.rest("POST", f"{at}/invitations", json={"max_uses": 1})
    code = {"code": invitation["url"]}
    status, seen = await cleo.rest("POST", "/v1/groups/preview", json=code)
    assert status == 200
    assert (seen["name"], seen["description"], seen["member_count"]) == ("Runners", "Slowly", 2)
    assert seen["expires_at"] == invitation["expires_at"]
    assert "room_id" not in seen
    assert (await ben.rest("POST", "/v1/groups/preview", json=code))[1]["room_id"] == group["room_id"]
    assert (await ana.rest("DELETE", f"{at}/members/{ben.id}"))[0] == 204
    assert (await ben.rest("POST", "/v1/groups/preview", json=code))[1]["code"] == "expired"
    assert (await cleo.rest("POST", "/v1/groups/join", json=code))[0] == 200
    assert (await (await sign_up()).rest("POST", "/v1/groups/preview", json=code))[1]["code"] == "expired"
    assert (await cleo.rest("POST", "/v1/groups/preview", json={"code": "x"}))[1]["code"] == "not_found"


async def said_of(device: ClientDevice) -> dict[str, Any]:
    """What the system says next."""
    while True:
        message: dict[str, Any] = (await device.next("chat:message"))["message"]
        if message["type"] == "system":
            return message["system"]  # type: ignore[no-any-return]


async def test_what_is_said_reaches_all_and_so_does_who_comes_and_goes(
    ana: Person, ben: Person, sign_up: SignUp
) -> None:
    """Each event in the order of the room; newcomers read from their joining on."""
    cleo = await sign_up()
    hers, his, cleos = await ana.connect(), await ben.connect(), await cleo.connect()
    group = await grouped(ana, ben)
    assert await said_of(hers) == {"kind": "created", "user_id": ana.id}
    for device in (hers, his):
        assert await said_of(device) == {"kind": "joined", "user_id": ben.id}
    room = (await his.next("room:changed"))["room"]
    assert (room["id"], room["kind"], room["name"]) == (group["room_id"], "group", "Runners")
    assert (room["role"], room["member_count"], room["last_seq"], room["unread"]) == ("member", 2, 2, 0)
    sent = await his.ask("chat:send", room_id=group["room_id"], client_id="1", content="Hello")
    assert sent["message"]["seq"] == 3
    assert (await hers.next("chat:message"))["message"] == sent["message"]
    await befriend(ana, cleo)
    path = f"/v1/groups/{group['id']}/members"
    status, member = await ana.rest("PUT", f"{path}/{cleo.id}", json={"role": "member"})
    assert (status, member["role"], member["user"]["user_id"]) == (200, "member", cleo.id)
    for device in (hers, his, cleos):
        assert await said_of(device) == {"kind": "added", "user_id": cleo.id, "by": ana.id}
    page = await cleos.ask("chat:history", room_id=group["room_id"])
    assert [message["seq"] for message in page["messages"]] == [4]
    assert (await cleo.connect("laptop")).ready["unread"]["rooms"] == {group["room_id"]: 1}
    await cleos.ask("chat:typing", room_id=group["room_id"], typing=True)
    for device in (hers, his):
        assert (await device.next("chat:typing"))["user_id"] == cleo.id
    assert (await ana.rest("DELETE", f"{path}/{cleo.id}"))[0] == 204
    while (await cleos.next("room:changed"))["room"]["active"]:
        pass
    assert await cleos.refused("chat:typing", room_id=group["room_id"], typing=True) == "not_found"
    assert (await ana.rest("PUT", f"{path}/{ben.id}", json={"role": "owner"}))[0] == 200
    while (room := (await his.next("room:changed"))["room"])["role"] != "owner":
        pass
    _, members = await ben.rest("GET", path)
    assert [(m["user"]["user_id"], m["role"]) for m in members["items"]] == [
        (ben.id, "owner"),
        (ana.id, "admin"),
    ]
    status, changed = await ben.rest("PATCH", path.removesuffix("/members"), json={"keep_days": 7})
    assert (status, changed["keep_days"]) == (200, 7)
    while (room := (await hers.next("room:changed"))["room"]).get("keep_days") != 7:
        pass
    assert room["last_message"]["system"] == {"kind": "keeping", "by": ben.id}
    _, changed = await ben.rest("PATCH", path.removesuffix("/members"), json={"keep_days": None})
    assert "keep_days" not in changed


async def test_a_block_in_a_group_leaves_a_place_where_something_was_said(
    ana: Person, ben: Person, sign_up: SignUp
) -> None:
    """Live, in history and over REST; no receipts and nothing of typing; to others nothing has changed."""
    cleo = await sign_up()
    group = await grouped(ana, ben, cleo)
    room = group["room_id"]
    hers, his, cleos = await ana.connect(), await ben.connect(), await cleo.connect()
    await cleos.ask("chat:typing", room_id=room, typing=True)  # every node has looked who hears of whom
    await his.ask("chat:typing", room_id=room, typing=True)
    await hers.next("chat:typing", user_id=ben.id)
    assert (await ana.rest("POST", "/v1/blocks", json={"user_id": ben.id}))[0] == 201
    sent = (await his.ask("chat:send", room_id=room, client_id="1", content="Hello"))["message"]
    told = (await hers.next("chat:message"))["message"]
    assert (told["seq"], told["content"], told["deleted_at"]) == (sent["seq"], None, sent["created_at"])
    assert (await cleos.next("chat:message"))["message"] == sent
    _, page = await ana.rest("GET", f"/v1/rooms/{room}/messages?limit=1")
    assert page["items"] == [told]
    history = await hers.ask("chat:history", room_id=room, limit=1)
    assert history["messages"] == [told]
    _, view = await ana.rest("GET", f"/v1/rooms/{room}")
    assert view["last_message"] == told
    await his.ask("chat:typing", room_id=room, typing=True)
    await his.ask("chat:read", room_id=room, seq=sent["seq"])
    await cleos.ask("chat:read", room_id=room, seq=sent["seq"])
    await cleos.next("chat:receipt", user_id=ben.id)
    assert (await hers.next("chat:receipt"))["user_id"] == cleo.id
    assert hers.has_heard("chat:typing", user_id=ben.id) == 1


async def test_two_who_say_things_on_two_nodes_are_heard_in_one_order(
    ana: Person, ben: Person, sign_up: SignUp
) -> None:
    """Also while people come, whose news have their turn among the messages."""
    others = [await sign_up() for _ in range(3)]
    group = await grouped(ana, ben)
    hers, his = await ana.connect(), await ben.connect()
    _, invitation = await ana.rest("POST", f"/v1/groups/{group['id']}/invitations", json={})
    joins = (person.rest("POST", "/v1/groups/join", json={"code": invitation["code"]}) for person in others)
    says = (
        device.ask("chat:send", room_id=group["room_id"], client_id=f"{name}{n}", content=str(n))
        for n in range(10)
        for name, device in (("ana", hers), ("ben", his))
    )
    await asyncio.gather(*joins, *says)
    for device in (hers, his):
        seqs = [(await device.next("chat:message"))["message"]["seq"] for _ in range(23)]
        assert seqs == list(range(3, 26))


async def test_a_full_group_hears_what_is_said_and_who_goes(world: World, ana: Person, ben: Person) -> None:
    """Of 500: a message is one statement and some scripts, and one change is as many views as members."""
    group = await grouped(ana, ben)
    await world.pool.execute(
        "WITH made AS (INSERT INTO identity.users (id, username, created_at, updated_at)"
        " SELECT gen_random_uuid(), 'full-' || gen_random_uuid(), now(), now() FROM generate_series(1, 498)"
        " RETURNING id)"
        " INSERT INTO communication.members (room_id, user_id, joined_at) SELECT $1, id, now() FROM made",
        group["room_id"],
    )
    hers, his = await ana.connect(), await ben.connect()
    for n in range(2):
        await his.ask("chat:send", room_id=group["room_id"], client_id=str(n), content=str(n))
    for n in range(2):
        assert (await hers.next("chat:message"))["message"]["content"] == str(n)
    assert (await ben.rest("DELETE", f"/v1/groups/{group['id']}/members/{ben.id}"))[0] == 204
    room = (await hers.next("room:changed"))["room"]
    assert (room["member_count"], room["unread"], room["last_seq"]) == (499, 4, 5)
    assert not (await his.next("room:changed"))["room"]["active"]
