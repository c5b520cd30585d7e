"""No block without effect: wherever two may be with each other, a block parts them at once."""

from typing import Any

from core.clock import now_ms
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import ClientDevice, Person
from tests.stores.world import World

TWO_DAYS_MS = 2 * 86_400_000


async def block(who: Person, whom: Person) -> Any:
    status, body = await who.rest("POST", "/v1/blocks", json={"user_id": whom.id})
    assert status == 201, body
    return body


async def unblock(who: Person, whom: Person) -> None:
    status, _ = await who.rest("DELETE", f"/v1/blocks/{whom.id}")
    assert status == 204


async def ended(pair: Meeting) -> None:
    """Both hear that this call was ended by a block; nobody is queued again, nobody is asked to decide."""
    for device in (pair.ana, pair.ben):
        told = await device.next("call:ended", call_id=pair.call_id)
        assert told["reason"] == "blocked"
        assert not {"decision", "ticket"} & told.keys()
    for person in (pair.she, pair.he):
        assert (await person.connect("tablet")).ready["call"] is None


async def status_of(watcher: ClientDevice, person: Person) -> list[str]:
    """How the watcher is shown this person when asking now."""
    answer = await watcher.ask("presence:watch", user_ids=[person.id])
    return [shown["status"] for shown in answer["presences"]]


async def test_a_block_ends_an_offer(pair: Meeting) -> None:
    """Also for the one who has accepted already; it cannot be accepted any more."""
    await pair.ben.ask("call:accept", call_id=pair.call_id)
    await block(pair.she, pair.he)
    await ended(pair)
    assert await pair.ana.refused("call:accept", call_id=pair.call_id) == "gone"


async def test_a_block_ends_a_live_call(pair: Meeting) -> None:
    """By whichever of the two, and there is nothing to decide."""
    await pair.go_live()
    await block(pair.he, pair.she)
    await ended(pair)
    assert await pair.ben.refused("call:media", call_id=pair.call_id, audio=True, video=True) == "gone"
    assert await pair.ana.refused("decision:submit", call_id=pair.call_id, connect=True) == "gone"


async def test_both_block_each_other_in_a_call(pair: Meeting) -> None:
    """The first ends it, the second finds it ended, and each hears of one end."""
    await pair.go_live()
    await block(pair.he, pair.she)
    await block(pair.she, pair.he)
    await ended(pair)
    assert [d.has_heard("call:ended") for d in (pair.ana, pair.ben)] == [1, 1]


async def test_a_block_closes_an_open_decision(pair: Meeting) -> None:
    """Nobody is connected by a yes that comes after it."""
    await pair.hang_up()
    await block(pair.he, pair.she)
    for device in (pair.ana, pair.ben):
        assert (await device.next("decision:result"))["outcome"] == "not_connected"
    assert await pair.ana.refused("decision:submit", call_id=pair.call_id, connect=True) == "expired"
    _, listed = await pair.she.rest("GET", "/v1/connections")
    assert listed["items"] == []
    assert (await pair.she.connect("tablet")).ready["pending_decisions"] == []


async def test_a_block_ends_the_connection_and_the_chat(pair: Meeting) -> None:
    """Both are told, once; what was said stays readable, nothing more is said."""
    connection = await pair.connect()
    room = connection["room_id"]
    await pair.ana.ask("chat:send", room_id=room, client_id="m", content="Hi")
    await block(pair.she, pair.he)
    assert await pair.ben.refused("chat:send", room_id=room, client_id="n", content="Hello?") == "gone"
    assert await pair.ana.refused("chat:typing", room_id=room, typing=True) == "gone"
    for device in (pair.ana, pair.ben):
        told = (await device.next("connection:ended"))["connection"]
        assert (told["id"], told["active"]) == (connection["id"], False)
    await block(pair.she, pair.he)
    said = await pair.ben.ask("chat:history", room_id=room)
    assert [m["content"] for m in said["messages"]] == ["Hi"]
    assert [d.has_heard("connection:ended") for d in (pair.ana, pair.ben)] == [1, 1]


async def test_a_block_ends_what_they_see_of_each_other(pair: Meeting) -> None:
    """Each is shown as away from the screen for good, whatever they really do."""
    await pair.connect()
    assert await status_of(pair.ana, pair.he) == ["online"]
    assert await status_of(pair.ben, pair.she) == ["online"]
    await block(pair.she, pair.he)
    for device, other in ((pair.ana, pair.he), (pair.ben, pair.she)):
        told = await device.next("presence:changed", user_id=other.id)
        assert (told["status"], told.get("last_seen")) == ("offline", None)
    await pair.ben.ask("presence:set", status="away")
    await pair.ana.ask("presence:set", status="away")
    assert await status_of(pair.ana, pair.he) == []
    assert await status_of(pair.ben, pair.she) == []
    for device, other in ((pair.ana, pair.he), (pair.ben, pair.she)):
        assert device.has_heard("presence:changed", user_id=other.id, status="away") == 0


async def test_a_block_while_one_waits(sign_up: SignUp) -> None:
    """The two are never offered to each other, whichever blocked; somebody else is found for one of them."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana, ben = await she.connect(), await he.connect()
    await ben.ask("queue:join", mode="voice")
    await block(she, he)
    await ana.ask("queue:join", mode="voice")
    for _ in range(2):  # each time, the whole queue was looked through
        assert (await ana.next("queue:updated"))["waiting"] >= 2
    third = await (await sign_up(gender="male")).connect()
    await third.ask("queue:join", mode="voice", preferences={"genders": ["female"]})
    call_id = (await third.next("call:offered"))["call_id"]
    await ana.next("call:offered", call_id=call_id)
    assert ben.has_heard("call:offered") == 0


async def test_a_block_while_both_wait(sign_up: SignUp) -> None:
    """They wait beside each other while neither seeks the other; later searches pass the blocked one over."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana, ben = await she.connect(), await he.connect()
    for device in (ana, ben):
        await device.ask("queue:join", mode="video", preferences={"genders": ["other"]})
    await block(he, she)
    for device, wanted in ((ana, "male"), (ben, "female")):
        await device.ask("queue:leave")
        await device.ask("queue:join", mode="video", preferences={"genders": [wanted]})
    for device in (ana, ben):
        await device.next("queue:updated")
        await device.next("queue:updated")
        assert device.has_heard("call:offered") == 0


async def test_an_unblock_revives_nothing(pair: Meeting) -> None:
    """The connection and the call stay ended, the chat stays closed, nobody is watched."""
    connection = await pair.connect()
    await status_of(pair.ana, pair.he)
    await block(pair.she, pair.he)
    await pair.ana.next("presence:changed", user_id=pair.he.id, status="offline")
    await unblock(pair.she, pair.he)
    _, listed = await pair.he.rest("GET", "/v1/connections")
    assert [(c["id"], c["active"]) for c in listed["items"]] == [(connection["id"], False)]
    send = {"room_id": connection["room_id"], "client_id": "m", "content": "Hi"}
    assert await pair.ben.refused("chat:send", **send) == "gone"
    assert await status_of(pair.ana, pair.he) == []
    status, _ = await pair.he.rest("GET", f"/v1/profiles/{pair.she.id}")
    assert status == 200


async def test_a_report_with_a_block_ends_a_connection_too(sign_up: SignUp, world: World) -> None:
    """Two who are connected meet again in a call; the report ends both, and what they see of each other."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    row = await world.connect(
        await world.talked((she.id, he.id), now=now_ms() - TWO_DAYS_MS), (she.id, he.id)
    )
    ana, ben = await she.connect(), await he.connect()
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    call_id = (await ben.next("call:offered"))["call_id"]
    await ana.next("call:offered", call_id=call_id)
    assert await status_of(ben, she) == ["in_call"]
    await ana.ask("call:report", call_id=call_id, reason="harassment")
    for device in (ana, ben):
        assert (await device.next("connection:ended"))["connection"]["id"] == row.id
    assert (await ben.next("presence:changed", user_id=she.id))["status"] == "offline"
    assert await status_of(ben, she) == []
    _, listed = await she.rest("GET", "/v1/blocks")
    assert [item["user_id"] for item in listed["items"]] == [he.id]
