"""The flight recorder: what admins and the two themselves read of a call afterwards."""

import asyncio
import json
from typing import Any

import pytest

from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import Person, Refused
from tests.integration.test_direct_calls import connected
from tests.signaling.samples import SAMPLES
from tests.stores.world import world_at

HOST = "candidate:1 1 udp 2122260223 192.0.2.10 54321 typ host generation 0"
BEHIND = "candidate:2 1 udp 1686052607 198.51.100.7 54321 typ srflx raddr 192.0.2.10 rport 54321"
RELAY = "candidate:3 1 udp 41885439 203.0.113.5 3478 typ relay raddr 198.51.100.7 rport 54321"


@pytest.fixture
async def admin(sign_up: SignUp, database_of_product: str) -> Person:
    person = await sign_up()
    async with world_at(database_of_product) as world:
        await world.set_role(person.id, "admin")
    return person


async def timeline(admin: Person, call_id: str) -> dict[str, Any]:
    status, told = await admin.rest("GET", f"/v1/admin/calls/{call_id}/timeline")
    assert status == 200, told
    found: dict[str, Any] = told
    return found


async def verdict(person: Person, call_id: str) -> dict[str, Any]:
    """What stands in this person's past calls."""
    _, listed = await person.rest("GET", "/v1/me/calls")
    (call,) = [each for each in listed["items"] if each["call_id"] == call_id]
    found: dict[str, Any] = call["verdict"]
    return found


def of_kind(told: dict[str, Any], kind: str) -> list[tuple[str | None, dict[str, Any]]]:
    return [(event.get("user_id"), event["data"]) for event in told["events"] if event["kind"] == kind]


async def meet_on_two_nodes(sign_up: SignUp, elsewhere: str) -> Meeting:
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone", address=elsewhere)
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    offered = await ana.next("call:offered")
    await ben.next("call:offered", call_id=offered["call_id"])
    return Meeting(ana, ben, she, he, offered["call_id"])


async def test_a_call_on_two_nodes_has_one_timeline(sign_up: SignUp, elsewhere: str, admin: Person) -> None:
    """From the queue to the decision, with counts and no addresses; each reads what it comes to."""
    pair = await meet_on_two_nodes(sign_up, elsewhere)
    call_id, offer = pair.call_id, {"type": "offer", "sdp": SAMPLES["chromium-video.offer"].sdp}
    await pair.ana.ask("call:accept", call_id=call_id)
    await pair.ben.ask("call:accept", call_id=call_id)
    offers = (await pair.ana.next("call:started"))["role"] == "offerer"
    offerer = pair.ana if offers else pair.ben
    await offerer.ask("call:signal", call_id=call_id, epoch=1, description=offer)
    for device in (pair.ana, pair.ben):
        for text in (HOST, BEHIND, BEHIND, RELAY):
            candidate = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}
            await device.ask("call:signal", call_id=call_id, epoch=1, candidate=candidate)
        path = {"local": "relay", "remote": "srflx", "protocol": "udp"}
        await device.ask("call:connected", call_id=call_id, epoch=1, path=path)
    for device in (pair.ana, pair.ben):
        await device.next("call:state", state="live")
    await pair.ana.ask("call:media", call_id=call_id, audio=False, video=True)
    await pair.ben.ask("call:quality", call_id=call_id, epoch=1, loss=0.31, rtt_ms=80, send_kbps=900)
    await pair.ben.ask("call:restart", call_id=call_id, epoch=1)
    going_on = await timeline(admin, call_id)
    assert going_on["verdict"]["code"] == "going_on"
    for device in (pair.ana, pair.ben):
        await device.ask("call:connected", call_id=call_id, epoch=2)
    await pair.ana.next("call:state", state="live")
    await pair.ana.ask("call:end", call_id=call_id)
    await pair.ben.next("call:ended")
    await pair.ana.ask("decision:submit", call_id=call_id, connect=True)
    await pair.ben.next("decision:result", outcome="connected")

    told = await timeline(admin, call_id)
    kinds = [event["kind"] for event in told["events"]]
    assert kinds[:5] == ["queued", "queued", "offered", "accepted", "accepted"]
    assert [kind for kind in kinds if kind in {"started", "live", "reconnecting", "restarted"}] == [
        "started", "live", "restarted", "started", "reconnecting", "live"
    ]  # fmt: skip
    assert kinds[-3:] == ["ended", "voted", "decided"]
    assert [event["at"] for event in told["events"]] == sorted(event["at"] for event in told["events"])
    counted = dict(of_kind(told, "candidates"))
    assert counted[pair.she.id].items() >= {"epoch": 1, "host": 1, "srflx": 2, "relay": 1}.items()
    assert counted[pair.he.id].items() >= {"epoch": 1, "host": 1, "srflx": 2, "relay": 1}.items()
    (paths,) = {json.dumps(data) for _, data in of_kind(told, "connected") if data["epoch"] == 1}
    assert json.loads(paths).items() >= {"path": "relay", "protocol": "udp"}.items()
    assert of_kind(told, "media") == [(pair.she.id, {"audio": False, "video": True})]
    ((sampler, sample),) = of_kind(told, "quality")
    assert (sampler, sample["loss"], sample["rtt_ms"]) == (pair.he.id, 0.31, 80)
    assert of_kind(told, "decided") == [(None, {"outcome": "connected"})]
    said = json.dumps(told)
    assert not any(word in said for word in ("192.0.2", "198.51", "203.0.113", "phone", "fingerprint"))
    assert set(told["call"]["users"]) == {pair.she.id, pair.he.id}
    assert (told["call"]["reason"], told["call"]["ended_by"]) == ("hung_up", pair.she.id)
    assert told["verdict"] == {
        "code": "loss_up",
        "text": "31 % of what one side sent was lost on the way.",
        "values": {"percent": 31},
        "user_id": pair.he.id,
    }
    assert await verdict(pair.he, call_id) == {
        "code": "loss_up",
        "text": "31 % of what you sent was lost on the way.",
        "values": {"percent": 31},
    }
    assert await verdict(pair.she, call_id) == {
        "code": "other_side",
        "text": "The cause was at the other side.",
    }


async def test_the_other_side_left_the_page(pair: Meeting, admin: Person) -> None:
    await pair.go_live()
    await pair.ben.leave()
    await pair.ana.next("call:state", state="reconnecting")
    await pair.ana.ask("call:end", call_id=pair.call_id)
    await pair.ana.next("call:ended")
    assert (await verdict(pair.she, pair.call_id))["code"] == "other_left"
    assert (await verdict(pair.he, pair.call_id))["code"] == "left_page"


async def test_who_was_cut_off_reads_that_and_the_other_one_does_not(pair: Meeting) -> None:
    await pair.go_live()
    await pair.ben.drop()
    await pair.ana.next("call:state", state="reconnecting")
    await pair.ana.ask("call:end", call_id=pair.call_id)
    await pair.ana.next("call:ended")
    assert (await verdict(pair.he, pair.call_id))["code"] == "connection_lost"
    assert (await verdict(pair.she, pair.call_id))["code"] == "other_side"


async def test_a_microphone_that_was_never_given(pair: Meeting, admin: Person) -> None:
    """The client says so, and then declines."""
    await pair.ana.ask("call:accept", call_id=pair.call_id)
    for _ in range(2):
        said = {"epoch": 0, "problem": "microphone_refused"}
        await pair.ben.ask("call:quality", call_id=pair.call_id, **said)
    await pair.ben.ask("call:decline", call_id=pair.call_id)
    await pair.ana.next("call:ended", reason="declined")
    told = await timeline(admin, pair.call_id)
    assert of_kind(told, "problem") == [(pair.he.id, {"what": "microphone_refused", "epoch": 0})]
    assert (told["verdict"]["code"], told["verdict"]["user_id"]) == ("microphone_refused", pair.he.id)
    assert told["verdict"]["text"] == "One side never gave access to the microphone."


async def test_whoever_was_rung_and_has_no_microphone_reads_so(pair: Meeting) -> None:
    """In the past calls of both, though the call never started."""
    two = await connected(pair)
    call_id = await two.ring()
    await two.ben.ask("call:quality", call_id=call_id, epoch=0, problem="microphone_missing")
    await two.ben.ask("call:decline", call_id=call_id)
    await two.ana.next("call:ended", call_id=call_id)
    assert (await verdict(two.he, call_id))["text"] == "No microphone was found."
    assert (await verdict(two.she, call_id))["code"] == "other_side"


async def test_samples_come_at_most_once_in_five_seconds(pair: Meeting, sign_up: SignUp) -> None:
    """And only of the call, the epoch and the device that has it."""
    about = {"call_id": pair.call_id, "epoch": 1, "rtt_ms": 20}
    assert await pair.ana.refused("call:quality", **{**about, "epoch": 0}) == "conflict"
    await pair.go_live()
    often = (device.ask("call:quality", **about) for device in (pair.ana, pair.ben, *[pair.ana] * 9))
    hers, his, *more = await asyncio.gather(*often, return_exceptions=True)
    assert hers == his == {}
    refused = more[0] or more[-1]  # a busy machine may stand still for five seconds, once
    assert isinstance(refused, Refused)
    assert refused.code == "rate_limited"
    assert 0 < refused.error["retry_after_ms"] <= 5_000
    await pair.ana.ask("call:quality", call_id=pair.call_id, epoch=1, problem="relay_refused")
    stranger = await (await sign_up()).connect()
    assert await stranger.refused("call:quality", **about) == "not_found"
    laptop = await pair.she.connect("laptop")
    assert await laptop.refused("call:quality", **about) == "conflict"
    await pair.ana.ask("call:quality", call_id=pair.call_id, epoch=0, problem="microphone_busy")
    for epoch in (0, 2):
        assert await pair.ana.refused("call:quality", **{**about, "epoch": epoch}) == "stale_epoch"
    for wrong in ({"loss": 1.5}, {"rtt_ms": -1}, {"problem": "of tomorrow"}, {"note": "hello"}):
        assert await pair.ana.refused("call:quality", **{**about, **wrong}) == "invalid_request"
    await pair.ben.ask("call:end", call_id=pair.call_id)
    await pair.ana.next("call:ended")
    assert await pair.ana.refused("call:quality", **about) == "gone"


async def test_a_timeline_is_for_admins(pair: Meeting, admin: Person, database_of_product: str) -> None:
    """To anybody else there is none, nor is there one of a call that never was."""
    path = f"/v1/admin/calls/{pair.call_id}/timeline"
    async with world_at(database_of_product) as world:
        await world.set_role(pair.he.id, "moderator")
    for person in (pair.she, pair.he):
        status, told = await person.rest("GET", path)
        assert (status, told["code"]) == (404, "not_found")
    for unknown in (admin.id, "nonsense"):
        status, told = await admin.rest("GET", f"/v1/admin/calls/{unknown}/timeline")
        assert (status, told["code"]) == (404, "not_found")


async def test_a_flood_of_switches_and_restarts_is_bounded(meet: Meet, admin: Person) -> None:
    """Whoever switches their camera all the time fills no memory, and the end is there all the same."""
    pair = await meet()
    await pair.go_live()
    for number in range(150):
        await pair.ben.ask("call:media", call_id=pair.call_id, audio=True, video=number % 2 == 0)
    await pair.ana.ask("call:end", call_id=pair.call_id)
    await pair.ben.next("call:ended")
    told = await timeline(admin, pair.call_id)
    assert len(of_kind(told, "media")) <= 120
    assert told["events"][-1]["kind"] == "ended"


async def test_what_is_said_of_epochs_that_are_not_takes_no_room(pair: Meeting, admin: Person) -> None:
    """Else one side could keep the other's candidates, and with them the right verdict, out of it."""
    await pair.start()
    said = {"call_id": pair.call_id, "candidate": {"candidate": HOST, "sdpMid": "0", "sdpMLineIndex": 0}}
    for epoch in range(2, 20):
        assert await pair.ana.refused("call:signal", epoch=epoch, **said) == "stale_epoch"
    await pair.ben.ask("call:signal", epoch=1, **said)
    await pair.ana.ask("call:end", call_id=pair.call_id)
    await pair.ben.next("call:ended")
    noted = of_kind(await timeline(admin, pair.call_id), "candidates")
    assert noted == [(pair.he.id, {"epoch": 1, "host": 1})]
