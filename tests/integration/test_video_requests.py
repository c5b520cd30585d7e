"""Video requests: who asks, who answers, and that calls have video after that."""

from typing import Any

from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Person


async def ask(device: ClientDevice, connection: dict[str, Any]) -> str:
    answer = await device.ask("video:request", connection_id=connection["id"])
    request_id: str = answer["request_id"]
    return request_id


async def requests(person: Person) -> list[dict[str, Any]]:
    _, page = await person.rest("GET", "/v1/video-requests")
    items: list[dict[str, Any]] = page["items"]
    return items


async def test_he_asks_and_she_says_yes(pair: Meeting, elsewhere: str) -> None:
    """Both hear it on every device; from then on calls of the two may have video."""
    connection = await pair.connect()
    laptop = await pair.she.connect("laptop", address=elsewhere)
    request_id = await ask(pair.ben, connection)
    for device in (pair.ana, laptop, pair.ben):
        request = (await device.next("video:requested"))["request"]
        assert (request["id"], request["status"], request["responded_at"]) == (request_id, "pending", None)
        assert (request["requester_id"], request["approver_id"]) == (pair.he.id, pair.she.id)
    news = (await laptop.next("notification:new"))["notification"]
    assert (news["kind"], news["subject"]["id"]) == ("video_request", request_id)
    assert await ask(pair.ben, connection) == request_id, "while it waits it is the same"
    assert await pair.ben.refused("video:respond", request_id=request_id, approve=True) == "forbidden"
    assert await pair.ana.ask("video:respond", request_id=request_id, approve=True) == {}
    for device in (pair.ana, laptop, pair.ben):
        request = (await device.next("video:responded"))["request"]
        assert (request["id"], request["status"]) == (request_id, "approved")
    assert [one["status"] for one in await requests(pair.he)] == ["approved"]
    _, shown = await pair.he.rest("GET", f"/v1/connections/{connection['id']}")
    assert shown["video_enabled"]
    call = await pair.ben.ask("call:invite", connection_id=connection["id"], mode="video")
    assert (await laptop.next("call:offered", call_id=call["call_id"]))["mode"] == "video"
    assert await pair.ben.refused("video:request", connection_id=connection["id"]) == "conflict"


async def test_she_says_no_and_he_may_ask_again(pair: Meeting) -> None:
    connection = await pair.connect()
    first = await ask(pair.ben, connection)
    await pair.ana.ask("video:respond", request_id=first, approve=False)
    await pair.ben.next("video:responded")
    assert await pair.ana.ask("video:respond", request_id=first, approve=False) == {}
    assert await pair.ana.refused("video:respond", request_id=first, approve=True) == "already_decided"
    invite = {"connection_id": connection["id"], "mode": "video"}
    assert await pair.ben.refused("call:invite", **invite) == "forbidden"
    second = await ask(pair.ben, connection)
    assert second != first
    assert [one["id"] for one in await requests(pair.she)] == [second, first]


async def test_she_asks_and_that_is_the_answer(pair: Meeting) -> None:
    """She alone decides; both are told of the request and of the answer."""
    connection = await pair.connect()
    request_id = await ask(pair.ana, connection)
    for device in (pair.ana, pair.ben):
        assert (await device.next("video:requested"))["request"]["status"] == "pending"
        request = (await device.next("video:responded"))["request"]
        assert (request["id"], request["status"]) == (request_id, "approved")
    assert await ask(pair.ana, connection) == request_id, "a second copy has the first answer"
    assert await pair.ben.refused("video:request", connection_id=connection["id"]) == "conflict"
    assert [device.has_heard("video:responded") for device in (pair.ana, pair.ben)] == [1, 1]


async def test_of_two_women_the_other_answers(meet: Meet) -> None:
    pair = await meet(his="female")
    await pair.hang_up()
    for device in (pair.ana, pair.ben):
        await device.ask("decision:submit", call_id=pair.call_id, connect=True)
    connection = (await pair.ana.next("connection:created"))["connection"]
    await ask(pair.ana, connection)
    request = (await pair.ben.next("video:requested"))["request"]
    assert (request["requester_id"], request["approver_id"]) == (pair.she.id, pair.he.id)
    await pair.ben.ask("video:respond", request_id=request["id"], approve=True)
    await pair.ana.next("video:responded")


async def test_what_is_not_theirs(pair: Meeting, sign_up: SignUp) -> None:
    connection = await pair.connect()
    request_id = await ask(pair.ben, connection)
    other = await sign_up()
    stranger = await other.connect()
    assert await stranger.refused("video:request", connection_id=connection["id"]) == "not_found"
    assert await stranger.refused("video:respond", request_id=request_id, approve=True) == "not_found"
    assert await requests(other) == []


async def test_the_connection_has_ended(pair: Meeting) -> None:
    connection = await pair.connect()
    request_id = await ask(pair.ben, connection)
    await pair.ana.next("notification:new")
    await pair.ben.ask("connection:end", connection_id=connection["id"])
    assert (await pair.ana.next("notification:read"))["unread"] == 0
    assert (await pair.she.rest("GET", "/v1/notifications"))[1]["items"] == []
    assert [one["status"] for one in await requests(pair.she)] == ["expired"], "nothing is left to answer"
    assert await pair.ana.refused("video:respond", request_id=request_id, approve=True) == "gone"
    assert await pair.ben.refused("video:request", connection_id=connection["id"]) == "gone"
