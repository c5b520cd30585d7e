"""Past calls, connections, rooms and messages: pages by cursor, one's own only."""

from typing import Any

import pytest

from core.ids import new_id
from tests.rest.server import RestServer

LISTS = [
    "/v1/me/calls",
    "/v1/connections",
    "/v1/rooms",
    "/v1/auth/sessions",
    "/v1/blocks",
    "/v1/friends",
    "/v1/friends/requests",
]


async def pages(rest: RestServer, path: str, token: str, limit: int) -> list[list[Any]]:
    """All pages of a list."""
    found, cursor = [], None
    while True:
        after = f"&cursor={cursor}" if cursor else ""
        answer = await rest.ask("GET", f"{path}?limit={limit}{after}", token=token)
        assert answer.status == 200, answer.body
        found.append(answer.body["items"])
        cursor = answer.body["next_cursor"]
        if cursor is None:
            return found


async def test_past_calls_as_each_side_saw_them(rest: RestServer) -> None:
    """With the other's card; open decisions have no outcome yet."""
    ana, ben = await rest.sign_up(), await rest.sign_up(display_name="Ben")
    users = (ana["user"]["id"], ben["user"]["id"])
    call_id = await rest.world.talked(users)
    await rest.world.offered(users)
    answer = await rest.ask("GET", "/v1/me/calls", token=ana["access_token"])
    (call,) = answer.body["items"]
    assert call.keys() == {
        *("call_id", "mode", "origin", "outgoing", "peer", "started_at", "ended_at", "duration_s"),
        *("reason", "outcome"),
    }
    assert (call["call_id"], call["reason"], call["outcome"]) == (call_id, "hung_up", None)
    assert call["peer"]["display_name"] == "Ben"
    await rest.world.connect(call_id, users)
    again = await rest.ask("GET", "/v1/me/calls", token=ben["access_token"])
    assert again.body["items"][0]["outcome"] == "connected"


async def test_connections_and_rooms_are_seen_by_their_two(rest: RestServer) -> None:
    """Each with the other's card; to a third they are not there."""
    ana, ben, eve = [await rest.sign_up(display_name=name) for name in ("Ana", "Ben", "Eve")]
    row = await rest.world.connected((ana["user"]["id"], ben["user"]["id"]))
    for kind, key in (("connections", row.id), ("rooms", row.room_id)):
        listed = await rest.ask("GET", f"/v1/{kind}", token=ana["access_token"])
        single = await rest.ask("GET", f"/v1/{kind}/{key}", token=ana["access_token"])
        assert (listed.body["items"], listed.body["next_cursor"]) == ([single.body], None)
        assert single.body["peer"]["display_name"] == "Ben"
        other = await rest.ask("GET", f"/v1/{kind}/{key}", token=ben["access_token"])
        assert other.body["peer"]["display_name"] == "Ana"
        assert (await rest.ask("GET", f"/v1/{kind}/{key}", token=eve["access_token"])).code == "not_found"
    unseen = await rest.ask("GET", f"/v1/rooms/{row.room_id}/messages", token=eve["access_token"])
    assert unseen.code == "not_found"


async def test_messages_come_newest_first_and_once(rest: RestServer) -> None:
    """Also while new ones arrive between two pages."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    users = (ana["user"]["id"], ben["user"]["id"])
    room_id = (await rest.world.connected(users)).room_id
    for n in range(5):
        await rest.world.say(room_id, users[n % 2], f"message {n + 1}")
    path = f"/v1/rooms/{room_id}/messages"
    first = await rest.ask("GET", f"{path}?limit=2", token=ana["access_token"])
    assert [m["seq"] for m in first.body["items"]] == [5, 4]
    await rest.world.say(room_id, users[0], "one more")
    rest_of_it = await rest.ask(
        "GET", f"{path}?limit=3&cursor={first.body['next_cursor']}", token=ana["access_token"]
    )
    assert [m["content"] for m in rest_of_it.body["items"]] == ["message 3", "message 2", "message 1"]
    assert rest_of_it.body["next_cursor"] is None


async def test_pages_of_calls_connections_and_rooms_fit_together(rest: RestServer) -> None:
    """Every item once, newest first."""
    ana = await rest.sign_up()
    for _ in range(5):
        await rest.world.connected((ana["user"]["id"], await rest.world.person("Ben")))
    for path, key in (("/v1/me/calls", "call_id"), ("/v1/connections", "id"), ("/v1/rooms", "id")):
        found = await pages(rest, path, ana["access_token"], 2)
        keys = [item[key] for page in found for item in page]
        assert [len(page) for page in found] == [2, 2, 1]
        assert len(set(keys)) == 5
        assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("path", [*LISTS, "/v1/rooms/{room}/messages"])
@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=0", "invalid_request", "limit"),
        ("limit=101", "invalid_request", "limit"),
        ("limit=many", "invalid_request", "limit"),
        ("cursor=nonsense", "invalid_request", "cursor"),
        ("cursor=", "invalid_request", "cursor"),
        ("cursor=%00", "invalid_request", "cursor"),
        ("cursor=" + "a" * 101, "payload_too_large", "cursor"),
        ("offset=3", "invalid_request", "offset"),
    ],
)
async def test_a_query_that_cannot_be_is_named(
    rest: RestServer, path: str, query: str, code: str, field: str
) -> None:
    token = (await rest.sign_up())["access_token"]
    answer = await rest.ask("GET", f"{path.format(room=new_id())}?{query}", token=token)
    assert (answer.code, answer.body["details"]) == (code, {"field": field})


async def test_a_cursor_of_any_content_is_harmless(rest: RestServer) -> None:
    """The greatest number that eight bytes can say is beyond what a room counts to."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    row = await rest.world.connected((ana["user"]["id"], ben["user"]["id"]))
    path = f"/v1/rooms/{row.room_id}/messages?cursor=__________8"
    assert (await rest.ask("GET", path, token=ana["access_token"])).status == 200
    assert (await rest.ask("GET", f"/v1/rooms?cursor={'_' * 21}w", token=ana["access_token"])).status == 200
