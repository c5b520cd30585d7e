"""The chat that follows: said once, in order, to both, and there after everything."""

import asyncio

from tests.integration.conftest import Meeting, SignUp


async def test_a_message_reaches_every_device_of_both(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    laptop = await pair.he.connect("ben-laptop")
    said = await pair.ana.ask("chat:send", room_id=room, client_id="m1", content="Hello, Ben")
    message = said["message"]
    assert (message["seq"], message["sender_id"], message["type"]) == (1, pair.she.id, "text")
    for device in (pair.ana, pair.ben, laptop):
        assert (await device.next("chat:message"))["message"] == message


async def test_the_same_client_id_is_the_same_message(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    answers = await asyncio.gather(
        *(pair.ana.ask("chat:send", room_id=room, client_id="once", content="Hi") for _ in range(5))
    )
    assert len({a["message"]["id"] for a in answers}) == 1
    await pair.ben.ask("chat:send", room_id=room, client_id="after", content="Hi too")
    await pair.ana.next("chat:message", message=(await pair.ben.next("chat:message"))["message"])
    last = await pair.ana.next("chat:message")
    assert last["message"]["seq"] == 2
    assert pair.ana.has_heard("chat:message") == 2


async def test_what_both_say_at_once_is_numbered_without_a_gap(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    sends = [
        device.ask("chat:send", room_id=room, client_id=f"{name}-{n}", content=str(n))
        for n in range(20)
        for name, device in (("ana", pair.ana), ("ben", pair.ben))
    ]
    answers = await asyncio.gather(*sends)
    assert sorted(a["message"]["seq"] for a in answers) == list(range(1, 41))
    page = await pair.ana.ask("chat:history", room_id=room, limit=30)
    assert [m["seq"] for m in page["messages"]] == list(range(11, 41))
    assert page["has_more"] is True
    older = await pair.ana.ask("chat:history", room_id=room, before_seq=11)
    assert ([m["seq"] for m in older["messages"]], older["has_more"]) == (list(range(1, 11)), False)
    newer = await pair.ben.ask("chat:history", room_id=room, after_seq=38)
    assert [m["seq"] for m in newer["messages"]] == [39, 40]


async def test_what_cannot_be_said(pair: Meeting, sign_up: SignUp) -> None:
    room = (await pair.connect())["room_id"]
    said = {"room_id": room, "client_id": "m"}
    assert await pair.ana.refused("chat:send", **said) == "invalid_request"
    assert await pair.ana.refused("chat:send", **said, content="") == "invalid_request"
    assert await pair.ana.refused("chat:send", **said, content="x\0y") == "invalid_request"
    assert await pair.ana.refused("chat:send", **said, content="x" * 4001) == "payload_too_large"
    assert await pair.ana.refused("chat:history", room_id=room, limit=101) == "invalid_request"
    stranger = await (await sign_up()).connect()
    assert await stranger.refused("chat:send", **said, content="hi") == "not_found"
    assert await stranger.refused("chat:history", room_id=room) == "not_found"
    assert (await pair.ana.ask("chat:send", **said, content="x" * 4000))["message"]["seq"] == 1


async def test_what_was_missed_comes_with_the_offset(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    await pair.ben.next("connection:created")
    await pair.ben.drop()
    for n in range(3):
        await pair.ana.ask("chat:send", room_id=room, client_id=str(n), content=str(n))
    back = await pair.he.connect("ben-phone", offset=pair.ben.offset)
    assert back.ready["unread"]["rooms"] == {room: 3}
    assert [(await back.next("chat:message"))["message"]["content"] for _ in range(3)] == ["0", "1", "2"]


async def test_reading_and_its_receipt(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    await pair.ana.ask("chat:send", room_id=room, client_id="m", content="Hi")
    await pair.ben.ask("chat:read", room_id=room, seq=1)
    receipt = await pair.ana.next("chat:receipt", user_id=pair.he.id)
    assert receipt["read_seq"] == 1
    again = await pair.he.connect("ben-laptop")
    assert again.ready["unread"]["rooms"] == {}


async def test_typing_is_seen_by_the_other_alone(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    await pair.ana.ask("chat:typing", room_id=room, typing=True)
    assert await pair.ben.next("chat:typing") == {"room_id": room, "user_id": pair.she.id, "typing": True}
    assert pair.ana.has_heard("chat:typing") == 0


async def test_rooms_over_rest(pair: Meeting) -> None:
    connection = await pair.connect()
    room = connection["room_id"]
    await pair.ana.ask("chat:send", room_id=room, client_id="m", content="Hi")
    _, rooms = await pair.he.rest("GET", "/v1/rooms")
    [item] = rooms["items"]
    assert (item["id"], item["unread"], item["last_message"]["content"]) == (room, 1, "Hi")
    status, page = await pair.he.rest("GET", f"/v1/rooms/{room}/messages")
    assert (status, [m["content"] for m in page["items"]]) == (200, ["Hi"])
