"""The call, from the offer to its end, as two devices hear it."""

import asyncio
from typing import Any

import pytest

from core.settings import Settings
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Refused
from tests.signaling.samples import SAMPLES

OFFER, ANSWER = SAMPLES["chromium-video.offer"].sdp, SAMPLES["chromium-video.answer"].sdp
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host generation 0 ufrag abcd",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "abcd",
}


def sides(pair: Meeting) -> tuple[ClientDevice, ClientDevice]:
    """The device that offers, and the one that answers."""
    started = [p for n, p, _ in pair.ana.heard if n == "call:started"]
    return (pair.ana, pair.ben) if started[-1]["role"] == "offerer" else (pair.ben, pair.ana)


async def test_both_accept_and_one_of_them_offers(pair: Meeting) -> None:
    for device in (pair.ana, pair.ben):
        assert await device.ask("call:accept", call_id=pair.call_id) == {}
    hers, his = [await d.next("call:started", call_id=pair.call_id) for d in (pair.ana, pair.ben)]
    assert {hers["role"], his["role"]} == {"offerer", "answerer"}
    assert (hers["epoch"], hers["ice_transport_policy"], hers["max_duration_s"]) == (1, "all", 1800)
    assert (hers["decider"], his["decider"]) == ("you", "peer")
    assert hers["video_start"] == his["video_start"] == "open"


async def test_a_decline_gives_the_other_the_old_place(pair: Meeting) -> None:
    assert await pair.ben.ask("call:decline", call_id=pair.call_id) == {}
    ended = await pair.ana.next("call:ended", reason="declined")
    assert ended["ticket"]["state"] == "waiting"
    assert "ticket" not in await pair.ben.next("call:ended", reason="declined")
    assert await pair.ben.ask("call:decline", call_id=pair.call_id) == {}
    assert await pair.ana.refused("call:accept", call_id=pair.call_id) == "gone"
    joined = await pair.ana.ask("queue:join", mode="video")
    assert joined["ticket"] == ended["ticket"]


@pytest.mark.hurried
async def test_an_offer_that_lapses(pair: Meeting) -> None:
    """The one who was ready is queued at the old place, the other is not."""
    await pair.ana.ask("call:accept", call_id=pair.call_id)
    assert "ticket" in await pair.ana.next("call:ended", reason="no_answer")
    assert "ticket" not in await pair.ben.next("call:ended", reason="no_answer")
    late: dict[str, dict[str, Any]] = {
        "call:accept": {},
        "call:end": {},
        "call:media": {"audio": True, "video": True},
        "call:quality": {"epoch": 0, "rtt_ms": 20},
        "call:signal": {"epoch": 0, "candidate": None},
    }
    for command, more in late.items():
        assert await pair.ben.refused(command, call_id=pair.call_id, **more) == "expired", command


async def test_a_signal_reaches_the_other_side_checked(pair: Meeting) -> None:
    await pair.start()
    offerer, answerer = sides(pair)
    call = {"call_id": pair.call_id, "epoch": 1}
    await offerer.ask("call:signal", **call, description={"type": "offer", "sdp": OFFER})
    assert (await answerer.next("call:signal"))["description"]["type"] == "offer"
    await answerer.ask("call:signal", **call, description={"type": "answer", "sdp": ANSWER})
    assert (await offerer.next("call:signal"))["description"]["type"] == "answer"
    await offerer.ask("call:signal", **call, candidate=CANDIDATE)
    assert (await answerer.next("call:signal"))["candidate"] == CANDIDATE
    for end in (None, ""):
        await offerer.ask("call:signal", **call, candidate=end)
        assert (await answerer.next("call:signal"))["candidate"] is None


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        ("invalid_request", {}),
        ("invalid_request", {"description": {"type": "offer", "sdp": OFFER}, "candidate": None}),
        ("invalid_request", {"description": {"type": "offer", "sdp": "v=0\r\n"}}),
        ("invalid_request", {"description": {"type": "pranswer", "sdp": OFFER}}),
        ("payload_too_large", {"description": {"type": "offer", "sdp": "x" * 30_000}}),
        ("stale_epoch", {"epoch": 2, "description": {"type": "offer", "sdp": ""}}),
        ("stale_epoch", {"epoch": 0, "candidate": None}),
        (
            "invalid_request",
            {"candidate": {**CANDIDATE, "candidate": "candidate:1 1 udp 1 example.org 9 typ host"}},
        ),
        ("payload_too_large", {"candidate": {**CANDIDATE, "candidate": "x" * 600}}),
    ],
)
async def test_a_signal_that_does_not_pass(pair: Meeting, code: str, signal: dict[str, Any]) -> None:
    await pair.start()
    offerer, _ = sides(pair)
    assert await offerer.refused("call:signal", **{"call_id": pair.call_id, "epoch": 1, **signal}) == code


async def test_who_may_send_which_signal_when(pair: Meeting, sign_up: SignUp) -> None:
    """Not before the start, not for a stranger, and no offer from the one who answers."""
    signal = {"call_id": pair.call_id, "epoch": 1, "description": {"type": "offer", "sdp": OFFER}}
    assert await pair.ana.refused("call:signal", **signal) == "conflict"
    await pair.start()
    _, answerer = sides(pair)
    assert await answerer.refused("call:signal", **signal) == "invalid_request"
    stranger = await (await sign_up()).connect()
    assert await stranger.refused("call:signal", **signal) == "not_found"


async def test_candidates_are_counted(pair: Meeting, settings: Settings) -> None:
    await pair.start()
    call = {"call_id": pair.call_id, "epoch": 1}
    for _ in range(40):
        await pair.ana.ask("call:signal", **call, candidate=CANDIDATE)
    with pytest.raises(Refused) as refused:
        await pair.ana.ask("call:signal", **call, candidate=CANDIDATE)
    said = refused.value.error
    by_then = settings.connect_s * 1000
    assert (said["code"], said["retry_after_ms"]) == ("rate_limited", by_then), "by when it has connected"


async def test_descriptions_are_counted(pair: Meeting) -> None:
    await pair.start()
    offerer, _ = sides(pair)
    signal = {"call_id": pair.call_id, "epoch": 1, "description": {"type": "offer", "sdp": OFFER}}
    for _ in range(20):
        await offerer.ask("call:signal", **signal)
    assert await offerer.refused("call:signal", **signal) == "rate_limited"


async def test_live_when_both_say_so(pair: Meeting) -> None:
    await pair.start()
    path = {"local": "host", "remote": "srflx", "protocol": "udp"}
    await pair.ana.ask("call:connected", call_id=pair.call_id, epoch=1, path=path)
    assert await pair.ben.refused("call:connected", call_id=pair.call_id, epoch=7) == "stale_epoch"
    await pair.ben.ask("call:connected", call_id=pair.call_id, epoch=1)
    for device in (pair.ana, pair.ben):
        assert "live_at" in await device.next("call:state", state="live")


@pytest.mark.hurried
async def test_media_that_never_flows(pair: Meeting) -> None:
    await pair.start()
    for device in (pair.ana, pair.ben):
        assert "decision" not in await device.next("call:ended", reason="media_failed")


async def test_mute_and_camera_reach_the_other(pair: Meeting) -> None:
    await pair.go_live()
    await pair.ana.ask("call:media", call_id=pair.call_id, audio=False, video=True)
    assert await pair.ben.next("call:media") == {"call_id": pair.call_id, "audio": False, "video": True}


async def test_hanging_up_opens_the_decision(pair: Meeting) -> None:
    await pair.go_live()
    assert await pair.ben.ask("call:end", call_id=pair.call_id) == {}
    hers = await pair.ana.next("call:ended", reason="hung_up")
    his = await pair.ben.next("call:ended", reason="hung_up")
    assert (hers["decision"]["you_decide"], his["decision"]["you_decide"]) == (True, False)
    assert await pair.ben.ask("call:end", call_id=pair.call_id) == {}
    for command in ("call:end", "call:skip", "call:accept", "call:decline"):
        assert await pair.ana.refused(command, call_id=pair.call_id) == "gone"
    assert await pair.ana.refused("call:connected", call_id=pair.call_id, epoch=1) == "gone"
    assert await pair.ana.refused("call:restart", call_id=pair.call_id, epoch=1) == "gone"
    assert await pair.ana.refused("call:media", call_id=pair.call_id, audio=True, video=True) == "gone"
    assert await pair.ana.refused("call:signal", call_id=pair.call_id, epoch=1, candidate=None) == "gone"


async def test_skip_requeues_at_once(pair: Meeting) -> None:
    """Skipping ends the call for both and queues only the one who skipped."""
    await pair.go_live()
    ticket = (await pair.ana.ask("call:skip", call_id=pair.call_id))["ticket"]
    assert (await pair.ana.next("call:ended", reason="skipped"))["ticket"] == ticket
    assert "ticket" not in await pair.ben.next("call:ended", reason="skipped")
    assert (await pair.ana.ask("call:skip", call_id=pair.call_id))["ticket"] == ticket
    assert (await pair.ana.ask("queue:join", mode="video"))["ticket"] == ticket


async def test_both_skip_at_once(meet: Meet) -> None:
    """One of them has skipped; the other hears that, and can queue."""
    pair = await meet()
    await pair.go_live()

    async def skip(device: ClientDevice) -> str:
        try:
            await device.ask("call:skip", call_id=pair.call_id)
        except Refused as refused:
            return refused.code
        return "skipped"

    outcomes = sorted(await asyncio.gather(skip(pair.ana), skip(pair.ben)))
    assert outcomes == ["gone", "skipped"]
    for device in (pair.ana, pair.ben):
        await device.next("call:ended", reason="skipped")
        await device.ask("queue:join", mode="video")


async def test_an_accept_that_crosses_a_decline(meet: Meet) -> None:
    pair = await meet()

    async def accept() -> str:
        try:
            await pair.ana.ask("call:accept", call_id=pair.call_id)
        except Refused as refused:
            return refused.code
        return "ok"

    answer, _ = await asyncio.gather(accept(), pair.ben.ask("call:decline", call_id=pair.call_id))
    assert answer in {"ok", "gone"}
    assert "ticket" in await pair.ana.next("call:ended", reason="declined")
    assert pair.ana.has_heard("call:started") == 0


async def test_a_report_ends_the_call_and_they_never_meet_again(pair: Meeting) -> None:
    await pair.go_live()
    report = {"call_id": pair.call_id, "reason": "harassment", "note": "rude"}
    assert await pair.ana.ask("call:report", **report) == {}
    assert "decision" not in await pair.ana.next("call:ended", reason="reported")
    await pair.ben.next("call:ended", reason="hung_up")
    assert await pair.ana.ask("call:report", **report) == {}
    status, _ = await pair.he.rest("GET", f"/v1/profiles/{pair.she.id}")
    assert status == 404


async def test_a_restart_begins_anew_for_both(pair: Meeting) -> None:
    await pair.go_live()
    await pair.ben.ask("call:restart", call_id=pair.call_id, epoch=1)
    for device in (pair.ana, pair.ben):
        assert (await device.next("call:started", epoch=2))["epoch"] == 2
    assert await pair.ana.ask("call:restart", call_id=pair.call_id, epoch=1) == {}
    late = {"call_id": pair.call_id, "epoch": 1, "candidate": None}
    assert await pair.ana.refused("call:signal", **late) == "stale_epoch"
    for device in (pair.ana, pair.ben):
        await device.ask("call:connected", call_id=pair.call_id, epoch=2)
    for device in (pair.ana, pair.ben):
        await device.next("call:state", state="live")


@pytest.mark.hurried
async def test_a_lost_connection_that_does_not_come_back(pair: Meeting) -> None:
    await pair.go_live()
    await pair.ben.drop()
    assert "deadline" in await pair.ana.next("call:state", state="reconnecting")
    ended = await pair.ana.next("call:ended", reason="connection_lost")
    assert ended["decision"]["you_decide"] is True


@pytest.mark.hurried
async def test_a_page_that_closes_is_missed_at_once_and_a_restart_prolongs_nothing(pair: Meeting) -> None:
    await pair.go_live()
    await pair.ben.leave()
    gone = await pair.ana.next("call:state", state="reconnecting")
    for epoch in (1, 2):
        await pair.ana.ask("call:restart", call_id=pair.call_id, epoch=epoch)
        state = await pair.ana.next("call:state", state="reconnecting")
        assert state["deadline"] == gone["deadline"]
    await pair.ana.next("call:ended", reason="connection_lost")


async def test_the_first_device_to_accept_has_the_call(pair: Meeting) -> None:
    """The offer was heard on both; the other device hears that it is over there, and gets no signals."""
    laptop = await pair.she.connect("ana-laptop")
    assert laptop.ready["call"]["state"] == "offered"
    await pair.ana.ask("call:accept", call_id=pair.call_id)
    assert (await laptop.next("call:ended"))["reason"] == "other_device"
    assert await laptop.refused("call:accept", call_id=pair.call_id) == "gone"
    await pair.ben.ask("call:accept", call_id=pair.call_id)
    await pair.ana.next("call:started")
    await pair.ben.ask("call:signal", call_id=pair.call_id, epoch=1, candidate=CANDIDATE)
    await pair.ana.next("call:signal")
    assert await laptop.refused("call:signal", call_id=pair.call_id, epoch=1, candidate=None) == "conflict"
    assert await laptop.refused("call:media", call_id=pair.call_id, audio=True, video=True) == "conflict"
    assert laptop.has_heard("call:signal") == laptop.has_heard("call:started") == 0


async def test_another_device_takes_over_when_the_first_is_gone(pair: Meeting) -> None:
    await pair.go_live()
    laptop = await pair.she.connect("ana-laptop")
    assert await laptop.refused("call:restart", call_id=pair.call_id, epoch=1) == "conflict"
    await pair.ana.drop()
    await pair.ben.next("call:state", state="reconnecting")
    await laptop.ask("call:restart", call_id=pair.call_id, epoch=1)
    assert (await laptop.next("call:started"))["epoch"] == 2
    await pair.ben.next("call:started", epoch=2)


@pytest.mark.parametrize("command", ["call:accept", "call:decline", "call:end", "call:skip"])
async def test_a_strangers_call_does_not_exist(pair: Meeting, sign_up: SignUp, command: str) -> None:
    stranger = await (await sign_up()).connect()
    assert await stranger.refused(command, call_id=pair.call_id) == "not_found"


async def test_what_comes_too_early(pair: Meeting) -> None:
    """Whoever has accepted says nothing to somebody who has not, and may not."""
    await pair.ana.ask("call:accept", call_id=pair.call_id)
    media = {"call_id": pair.call_id, "audio": True, "video": False}
    assert await pair.ana.refused("call:media", **media) == "conflict"
    for command, more in (("call:connected", {"epoch": 0}), ("call:restart", {"epoch": 0})):
        assert await pair.ana.refused(command, call_id=pair.call_id, **more) == "conflict"
    await pair.start()
    assert await pair.ana.refused("call:decline", call_id=pair.call_id) == "conflict"
