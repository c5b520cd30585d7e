"""Pictures, voice messages, replies, edits and deletions, by the socket, on two nodes."""

from typing import Any

from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import Person
from tests.rest.pictures import drawn, encoded, form
from tests.rest.recordings import recorded


async def uploaded(person: Person, data: bytes, media: str = "image/jpeg") -> dict[str, Any]:
    status, made = await person.rest("POST", "/v1/media", data=form(data, purpose="chat", media=media))
    assert (status, made["state"]) == (201, "ready"), made
    found: dict[str, Any] = made
    return found


async def test_a_picture_goes_to_both_and_with_its_message(pair: Meeting, sign_up: SignUp) -> None:
    """Whoever reads the message may look at it; once it is deleted, nobody may."""
    room, media = (await pair.connect())["room_id"], await uploaded(pair.she, encoded(drawn(3)))
    said = {"room_id": room, "client_id": "1", "type": "image", "media_id": media["id"]}
    assert await pair.ben.refused("chat:send", **said) == "not_found"  # it is not his
    message = (await pair.ana.ask("chat:send", **said, content="Look"))["message"]
    assert (message["type"], message["content"], message["media"]["id"]) == ("image", "Look", media["id"])
    assert (await pair.ana.ask("chat:send", **said))["message"]["id"] == message["id"]
    assert (await pair.ben.next("chat:message"))["message"] == message
    stranger, path = await sign_up(), f"/v1/media/{media['id']}"
    assert [(await who.rest("GET", path))[0] for who in (pair.he, stranger)] == [200, 404]
    assert (await pair.she.rest("DELETE", path))[0] == 409
    _, page = await pair.he.rest("GET", f"/v1/rooms/{room}/messages")
    assert page["items"][0]["media"]["urls"]["original"].startswith("http")
    deleted = (await pair.ana.ask("chat:delete", message_id=message["id"]))["message"]
    assert (await pair.ben.next("chat:changed"))["message"] == deleted
    assert (deleted["content"], "media" in deleted, "deleted_at" in deleted) == (None, False, True)
    assert [(await who.rest("GET", path))[0] for who in (pair.he, pair.she)] == [404, 404]
    assert await pair.ana.refused("chat:edit", message_id=message["id"], content="Hi") == "gone"


async def test_a_voice_message_says_how_long_and_how_loud_it_is(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    media = await uploaded(pair.she, recorded(video=None, loud=0.5), media="audio/mp4")
    said = {"room_id": room, "client_id": "1", "media_id": media["id"]}
    assert await pair.ana.refused("chat:send", **said) == "invalid_request"  # a text shows nothing
    assert await pair.ana.refused("chat:send", **said, type="image") == "conflict"
    message = (await pair.ana.ask("chat:send", **said, type="voice"))["message"]
    assert message["media"]["duration_ms"] == media["duration_ms"]
    told = message["waveform"]
    assert max(told[: len(told) // 3]) < 10
    assert all(100 < loudness < 160 for loudness in told[len(told) * 2 // 3 : -1])


async def test_a_file_is_taken_as_it_is_and_only_downloaded(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    media = await uploaded(pair.she, b"<html>hello</html>", media="application/octet-stream")
    assert (media["type"], media["size"]) == ("file", 18)
    said = {"client_id": "1", "type": "file", "media_id": media["id"], "content": "notes.txt"}
    message = (await pair.ana.ask("chat:send", room_id=room, **said))["message"]
    assert (await pair.ben.next("chat:message"))["message"] == message


async def test_a_reply_shows_what_it_is_to_as_it_is_now(pair: Meeting) -> None:
    room = (await pair.connect())["room_id"]
    first = (await pair.ana.ask("chat:send", room_id=room, client_id="1", content="Cofee?"))["message"]
    reply = {"room_id": room, "client_id": "1", "content": "Yes", "reply_to": first["id"]}
    answer = (await pair.ben.ask("chat:send", **reply))["message"]
    assert answer["reply"] == {
        "id": first["id"],
        "seq": 1,
        "sender_id": pair.she.id,
        "type": "text",
        "content": "Cofee?",
    }
    assert (await pair.ana.next("chat:message", message=answer))["message"] == answer
    assert await pair.ben.refused("chat:edit", message_id=first["id"], content="Tea?") == "forbidden"
    edited = (await pair.ana.ask("chat:edit", message_id=first["id"], content="Coffee?"))["message"]
    assert (await pair.ben.next("chat:changed"))["message"] == edited
    page = await pair.ben.ask("chat:history", room_id=room, after_seq=0)
    assert [m["content"] for m in page["messages"]] == ["Coffee?", "Yes"]
    assert page["messages"][1]["reply"]["content"] == "Coffee?"
    await pair.ana.ask("chat:delete", message_id=first["id"])
    page = await pair.ben.ask("chat:history", room_id=room, after_seq=0)
    assert (page["messages"][1]["reply"]["content"], page["messages"][0]["content"]) == (None, None)


async def test_what_came_and_was_read_is_told_to_the_sender(pair: Meeting) -> None:
    """What a device reports, what a connection was sent that came back, and when each was."""
    room = (await pair.connect())["room_id"]
    said = (await pair.ana.ask("chat:send", room_id=room, client_id="1", content="Hello"))["message"]
    await pair.ben.next("chat:message")
    assert await pair.ben.ask("chat:delivered", room_id=room, seq=1) == {}
    told = {"room_id": room, "user_id": pair.he.id, "delivered_seq": 1, "read_seq": 0}
    assert await pair.ana.next("chat:receipt") == told
    await pair.ben.drop()
    await pair.ana.ask("chat:send", room_id=room, client_id="2", content="Are you there?")
    back = await pair.he.connect("ben-phone", offset=pair.ben.offset)
    assert back.ready["recovered"]
    assert await pair.ana.next("chat:receipt") == {**told, "delivered_seq": 2}
    await back.ask("chat:read", room_id=room, seq=1)
    assert await pair.ana.next("chat:receipt") == {**told, "delivered_seq": 2, "read_seq": 1}
    _, page = await pair.she.rest("GET", f"/v1/messages/{said['id']}/receipts")
    [receipt] = page["items"]
    assert (receipt["user_id"], receipt["delivered_at"] <= receipt["read_at"]) == (pair.he.id, True)


async def test_what_changed_meanwhile_comes_with_the_offset(pair: Meeting) -> None:
    """In order, behind the message."""
    room = (await pair.connect())["room_id"]
    await pair.ben.next("connection:created")
    await pair.ben.drop()
    said = (await pair.ana.ask("chat:send", room_id=room, client_id="1", content="Helo"))["message"]
    await pair.ana.ask("chat:edit", message_id=said["id"], content="Hello")
    await pair.ana.ask("chat:delete", message_id=said["id"])
    back = await pair.he.connect("ben-phone", offset=pair.ben.offset)
    assert back.ready["unread"]["rooms"] == {}
    assert (await back.next("chat:message"))["message"] == said
    assert (await back.next("chat:changed"))["message"]["content"] == "Hello"
    assert "deleted_at" in (await back.next("chat:changed"))["message"]


async def test_what_was_said_is_found(pair: Meeting, sign_up: SignUp) -> None:
    """In the room and in all of one's rooms, by those who read it; a search without words finds nothing."""
    room = (await pair.connect())["room_id"]
    said = (await pair.ana.ask("chat:send", room_id=room, client_id="1", content="See you at the Café"))[
        "message"
    ]
    stranger = await sign_up()
    in_room, everywhere = f"/v1/rooms/{room}/search", "/v1/messages"
    for path in (in_room, everywhere):
        for words, items in (("the caf", [said]), ("caf the", []), ("?", [])):
            assert await pair.he.rest("GET", f"{path}?q={words}") == (
                200,
                {"items": items, "next_cursor": None},
            )
        assert (await pair.he.rest("GET", path))[0] == 400
    assert (await stranger.rest("GET", f"{in_room}?q=the"))[0] == 404
    assert (await stranger.rest("GET", f"{everywhere}?q=the"))[1]["items"] == []
