"""The decision after a call, and the connection that a yes makes."""

import asyncio

import pytest

from tests.integration.conftest import Meet, Meeting


async def test_she_says_yes_and_they_are_connected_at_once(pair: Meeting) -> None:
    await pair.hang_up()
    feedback = {"rating": 5, "icebreaker_helped": False}
    await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=True, feedback=feedback)
    hers, his = [await d.next("decision:result") for d in (pair.ana, pair.ben)]
    assert (hers["outcome"], his["outcome"]) == ("connected", "connected")
    assert hers["connection"]["peer"]["user_id"] == pair.he.id
    assert his["connection"]["peer"]["user_id"] == pair.she.id
    created = (await pair.ben.next("connection:created"))["connection"]
    assert created["id"] == his["connection"]["id"]
    assert (created["active"], created["video_enabled"]) == (True, False)
    _, listed = await pair.he.rest("GET", "/v1/connections")
    assert listed["items"] == [created]


@pytest.mark.hurried
async def test_she_says_no_and_it_looks_like_a_time_out(pair: Meeting) -> None:
    await pair.hang_up()
    await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=False)
    for device in (pair.ana, pair.ben):
        assert await device.next("decision:result") == {"call_id": pair.call_id, "outcome": "not_connected"}
    _, listed = await pair.she.rest("GET", "/v1/connections")
    assert listed["items"] == []


async def test_the_same_vote_again_is_fine_and_another_is_not(pair: Meeting) -> None:
    await pair.hang_up()
    vote = {"call_id": pair.call_id, "connect": False}
    for _ in range(2):
        assert await pair.ana.ask("decision:submit", **vote) == {}
    assert await pair.ana.refused("decision:submit", call_id=pair.call_id, connect=True) == "already_decided"
    assert await pair.ben.refused("decision:submit", call_id=pair.call_id, connect=True) == "forbidden"


@pytest.mark.hurried
async def test_a_late_vote(pair: Meeting) -> None:
    await pair.hang_up()
    await pair.ana.next("decision:result", outcome="not_connected")
    assert await pair.ana.refused("decision:submit", call_id=pair.call_id, connect=True) == "expired"


async def test_no_vote_before_the_end_nor_after_an_unfriendly_one(pair: Meeting) -> None:
    vote = {"call_id": pair.call_id, "connect": True}
    await pair.go_live()
    assert await pair.ana.refused("decision:submit", **vote) == "conflict"
    await pair.ben.ask("call:skip", call_id=pair.call_id)
    await pair.ana.next("call:ended", reason="skipped")
    assert await pair.ana.refused("decision:submit", **vote) == "gone"
    wrong = {**vote, "feedback": {"rating": 6}}
    assert await pair.ana.refused("decision:submit", **wrong) == "invalid_request"


async def test_both_decide_at_once_where_both_must(meet: Meet) -> None:
    """One connection, told to each once."""
    pair = await meet(her="other", his="male")
    await pair.hang_up()
    vote = {"call_id": pair.call_id, "connect": True}
    await asyncio.gather(*(d.ask("decision:submit", **vote) for d in (pair.ana, pair.ben)))
    results = [await d.next("decision:result", outcome="connected") for d in (pair.ana, pair.ben)]
    assert results[0]["connection"]["id"] == results[1]["connection"]["id"]
    for device in (pair.ana, pair.ben):
        await device.next("connection:created")
        assert device.has_heard("decision:result") == 1


async def test_an_open_decision_is_there_after_a_reconnect(pair: Meeting) -> None:
    await pair.hang_up()
    await pair.ana.drop()
    back = await pair.she.connect("ana-phone")
    [pending] = back.ready["pending_decisions"]
    assert (pending["call_id"], pending["you_decide"]) == (pair.call_id, True)
    assert pending["peer"]["user_id"] == pair.he.id
    await back.ask("decision:submit", call_id=pair.call_id, connect=True)
    await back.next("decision:result", outcome="connected")


async def test_an_open_decision_is_not_in_the_way_of_queueing(pair: Meeting) -> None:
    await pair.hang_up()
    assert (await pair.ana.ask("queue:join", mode="voice"))["ticket"]["state"] == "waiting"


async def test_the_history_of_calls(pair: Meeting) -> None:
    await pair.connect()
    _, calls = await pair.he.rest("GET", "/v1/me/calls")
    [item] = calls["items"]
    assert (item["call_id"], item["mode"], item["reason"]) == (pair.call_id, "video", "hung_up")
    assert (item["outcome"], item["peer"]["user_id"]) == ("connected", pair.she.id)
    assert item["started_at"] <= item["ended_at"]
    assert isinstance(item["duration_s"], int)


async def test_ending_a_connection(pair: Meeting) -> None:
    connection = await pair.connect()
    await pair.ben.ask("connection:end", connection_id=connection["id"])
    for device in (pair.ana, pair.ben):
        ended = (await device.next("connection:ended"))["connection"]
        assert (ended["id"], ended["active"]) == (connection["id"], False)
    said = {"room_id": connection["room_id"], "client_id": "late", "content": "hello?"}
    assert await pair.ana.refused("chat:send", **said) == "gone"
