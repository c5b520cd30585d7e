"""`call:echo`, as a device hears it; what answers is a process that the node starts."""

import pytest

from tests.integration.conftest import Meet, SignUp
from tests.integration.echoing import call_echo
from tests.signaling.samples import SAMPLES
from tests.stores.world import World

OFFER = SAMPLES["chromium-voice.offer"].sdp


async def test_it_is_offered_to_the_device_that_asks(sign_up: SignUp) -> None:
    person = await sign_up()
    phone, laptop = await person.connect("phone"), await person.connect("laptop")
    call_id = await call_echo(phone)
    offered = await phone.next("call:offered")
    assert (offered["call_id"], offered["origin"], offered["mode"]) == (call_id, "echo", "voice")
    assert offered["peer"] is None
    assert offered["auto_accept"] is True
    assert await phone.refused("call:echo", mode="voice") == "already_in_call"
    assert await phone.refused("queue:join", mode="voice") == "already_in_call"
    await phone.ask("call:accept", call_id=call_id)
    started = await phone.next("call:started", call_id=call_id)
    assert (started["role"], started["decider"], started["epoch"]) == ("offerer", None, 1)
    assert started["max_duration_s"] == 60
    assert (await phone.next("call:state"))["state"] == "connecting"
    again = await person.connect("phone")
    assert (again.ready["call"]["origin"], again.ready["call"]["peer"]) == ("echo", None)
    await phone.ask("call:end", call_id=call_id)
    ended = await phone.next("call:ended", call_id=call_id)
    assert ended["reason"] == "hung_up"
    assert "decision" not in ended
    assert await phone.refused("decision:submit", call_id=call_id, connect=True) == "gone"
    _, past = await person.rest("GET", "/v1/me/calls")
    assert past["items"] == []
    names = [name for name, _, _ in laptop.heard if name in ("call:offered", "call:started")]
    assert names == [], "another device is not asked"


async def test_an_offer_is_answered(sign_up: SignUp) -> None:
    """By the process: its answer takes what was offered, and tells where it is."""
    phone = await (await sign_up()).connect("phone")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    await phone.next("call:started", call_id=call_id)
    offer = {"type": "offer", "sdp": OFFER}
    await phone.ask("call:signal", call_id=call_id, epoch=1, description=offer)
    answer = (await phone.next("call:signal", call_id=call_id))["description"]
    assert answer["type"] == "answer"
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111" in answer["sdp"]
    await phone.ask("call:media", call_id=call_id, audio=False, video=False)
    assert await phone.next("call:media") == {"call_id": call_id, "audio": False, "video": False}


async def test_who_waits_in_the_queue_leaves_it_first(sign_up: SignUp) -> None:
    phone = await (await sign_up()).connect("phone")
    await phone.ask("queue:join", mode="voice")
    assert await phone.refused("call:echo", mode="voice") == "conflict"
    await phone.ask("queue:leave")
    await call_echo(phone)


async def test_who_is_in_a_call_gets_no_other(meet: Meet) -> None:
    pair = await meet()
    assert await pair.ana.refused("call:echo", mode="video") == "already_in_call"


async def test_who_wishes_relays_has_them_here_too(sign_up: SignUp) -> None:
    """The server's own addresses pass all the same: they are nobody's whom one should not know."""
    person = await sign_up()
    status, _ = await person.rest("PATCH", "/v1/me/settings", json={"relay_only": True})
    assert status == 200
    phone = await person.connect("phone")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    started = await phone.next("call:started", call_id=call_id)
    assert started["ice_transport_policy"] == "relay"
    offer = {"type": "offer", "sdp": OFFER}
    await phone.ask("call:signal", call_id=call_id, epoch=1, description=offer)
    answer = (await phone.next("call:signal", call_id=call_id))["description"]["sdp"]
    assert " typ host" in answer


async def test_there_is_nobody_to_report_or_skip(sign_up: SignUp) -> None:
    phone = await (await sign_up()).connect("phone")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    assert await phone.refused("call:report", call_id=call_id, reason="spam") == "conflict"
    assert await phone.refused("call:skip", call_id=call_id) == "conflict"
    await phone.ask("call:end", call_id=call_id)
    await phone.next("call:ended", reason="hung_up")
    assert await phone.refused("call:report", call_id=call_id, reason="spam") == "not_found"


async def test_a_ban_ends_it(sign_up: SignUp, world: World) -> None:
    person = await sign_up()
    phone = await person.connect("phone")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    await world.ban(person.id)
    assert (await phone.next("call:ended", call_id=call_id))["reason"] == "moderated"
    assert (await phone.next("session:revoked"))["code"] == "banned"


async def test_who_lost_the_connection_comes_back_to_it(sign_up: SignUp) -> None:
    person = await sign_up()
    phone, laptop = await person.connect("phone"), await person.connect("laptop")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    await phone.next("call:started", call_id=call_id)
    await phone.drop()
    phone = await person.connect("phone")
    assert phone.ready["call"]["call_id"] == call_id
    await phone.ask("call:end", call_id=call_id)
    assert (await laptop.next("call:ended", call_id=call_id))["reason"] == "hung_up"


@pytest.mark.hurried
async def test_an_offer_that_lapses(sign_up: SignUp) -> None:
    """Who does not accept has no fault and may queue at once."""
    phone = await (await sign_up()).connect("phone")
    await call_echo(phone)
    await phone.next("call:ended", reason="no_answer")
    await phone.ask("queue:join", mode="voice")


@pytest.mark.hurried
async def test_media_that_never_flows(sign_up: SignUp) -> None:
    phone = await (await sign_up()).connect("phone")
    call_id = await call_echo(phone)
    await phone.ask("call:accept", call_id=call_id)
    await phone.next("call:ended", reason="media_failed")
    await phone.ask("queue:join", mode="voice")


async def test_a_mode_that_there_is_not(sign_up: SignUp) -> None:
    phone = await (await sign_up()).connect("phone")
    assert await phone.refused("call:echo", mode="smell") == "invalid_request"
    assert await phone.refused("call:echo") == "invalid_request"
