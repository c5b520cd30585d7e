"""Direct calls between two who are connected, as their devices on two nodes hear them."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S

PASSWORD = "correct horse battery"


@dataclass
class Connected:
    """Ana and Ben, who are connected; Ben's device may be with another node."""

    she: Person
    he: Person
    ana: ClientDevice
    ben: ClientDevice
    connection: dict[str, Any]

    async def ring(self, mode: str = "voice") -> str:
        """She rings, and his device says so."""
        invited = await self.ana.ask("call:invite", connection_id=self.connection["id"], mode=mode)
        offered = await self.ben.next("call:offered", call_id=invited["call_id"])
        assert (offered["origin"], offered["mode"], offered["auto_accept"]) == ("direct", mode, False)
        assert offered["peer"]["user_id"] == self.she.id
        call_id: str = invited["call_id"]
        return call_id

    async def answer(self, mode: str = "voice") -> str:
        """He answers, and media flows."""
        call_id = await self.ring(mode)
        await self.ben.ask("call:accept", call_id=call_id)
        for device in (self.ana, self.ben):
            await device.next("call:started", call_id=call_id)
            await device.ask("call:connected", call_id=call_id, epoch=1)
        for device in (self.ana, self.ben):
            await device.next("call:state", state="live")
        return call_id


async def connected(pair: Meeting) -> Connected:
    connection = await pair.connect()
    return Connected(pair.she, pair.he, pair.ana, pair.ben, connection)


@pytest.fixture
async def two(pair: Meeting) -> Connected:
    return await connected(pair)


async def past(person: Person, call_id: str) -> dict[str, Any]:
    """This call among those that are over, as soon as it is there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, page = await person.rest("GET", "/v1/me/calls")
            for call in page["items"]:
                if call["call_id"] == call_id:
                    found: dict[str, Any] = call
                    return found


async def calls_of(person: Person) -> list[str]:
    _, page = await person.rest("GET", "/v1/me/calls")
    return [call["call_id"] for call in page["items"]]


async def test_a_call_that_is_answered(two: Connected) -> None:
    """She offers, nobody decides after it, and both have it among their calls."""
    call_id = await two.answer()
    hers, his = [
        next(p for n, p, _ in device.heard if n == "call:started" and p["call_id"] == call_id)
        for device in (two.ana, two.ben)
    ]
    assert (hers["role"], his["role"]) == ("offerer", "answerer")
    assert hers["decider"] is his["decider"] is None
    await two.ben.ask("call:end", call_id=call_id)
    for device in (two.ana, two.ben):
        assert "decision" not in await device.next("call:ended", call_id=call_id, reason="hung_up")
    assert await two.ana.refused("decision:submit", call_id=call_id, connect=True) == "gone"
    for person, outgoing in ((two.she, True), (two.he, False)):
        call = await past(person, call_id)
        assert (call["origin"], call["outgoing"], call["outcome"]) == ("direct", outgoing, None)
        assert call["started_at"] is not None


async def test_the_first_of_his_devices_to_accept_has_it(two: Connected, elsewhere: str) -> None:
    laptop = await two.he.connect("laptop", address=elsewhere)
    call_id = await two.ring()
    await laptop.next("call:offered", call_id=call_id, origin="direct")
    await laptop.ask("call:accept", call_id=call_id)
    await two.ben.next("call:ended", call_id=call_id, reason="other_device")
    assert await two.ben.refused("call:accept", call_id=call_id) == "gone"
    await laptop.next("call:started", call_id=call_id, role="answerer")
    await two.ana.next("call:started", call_id=call_id, role="offerer")
    assert not two.ben.has_heard("call:started", call_id=call_id)


async def test_he_declines(two: Connected) -> None:
    call_id = await two.ring()
    await two.ben.ask("call:decline", call_id=call_id)
    for device in (two.ana, two.ben):
        assert "ticket" not in await device.next("call:ended", call_id=call_id, reason="declined")
    for person, outgoing in ((two.she, True), (two.he, False)):
        call = await past(person, call_id)
        assert (call["reason"], call["outgoing"], call["started_at"]) == ("declined", outgoing, None)
    await two.ring()


async def test_she_takes_it_back(two: Connected) -> None:
    """He has missed it, and is told so where he looks later."""
    call_id = await two.ring()
    await two.ana.ask("call:end", call_id=call_id)
    news = (await two.ben.next("notification:new"))["notification"]
    for device in (two.ana, two.ben):
        await device.next("call:ended", call_id=call_id, reason="cancelled")
    assert await two.ben.refused("call:accept", call_id=call_id) == "gone"
    assert await two.ana.ask("call:end", call_id=call_id) == {}
    assert (news["kind"], news["subject"]) == ("missed_call", {"type": "call", "id": call_id})
    assert two.connection["room_id"] in news["action"]["url"]
    assert (await past(two.he, call_id))["reason"] == "cancelled"


@pytest.mark.hurried
async def test_nobody_answers(two: Connected) -> None:
    call_id = await two.ring()
    news = (await two.ben.next("notification:new"))["notification"]
    assert (news["kind"], news["subject"]["id"]) == ("missed_call", call_id)
    for device in (two.ana, two.ben):
        await device.next("call:ended", call_id=call_id, reason="no_answer")
    assert await two.ben.refused("call:accept", call_id=call_id) == "expired"
    for person, outgoing in ((two.she, True), (two.he, False)):
        call = await past(person, call_id)
        assert (call["reason"], call["outgoing"], call["started_at"]) == ("no_answer", outgoing, None)


async def test_a_second_copy_is_the_same_call(two: Connected) -> None:
    call_id = await two.ring()
    again = await two.ana.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    assert again["call_id"] == call_id
    assert 0 < again["expires_in_ms"] <= 30_000
    laptop = await two.she.connect("laptop")
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    assert await laptop.refused("call:invite", **invite) == "already_in_call"


async def test_he_rings_back_while_it_rings(two: Connected) -> None:
    """His device is asked to accept, and told how much time is left of it."""
    call_id = await two.ring()
    await asyncio.sleep(0.01)  # what is left is told in ms, and a quick machine needs none of them
    invited = await two.ben.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    assert invited["call_id"] == call_id
    crossed = await two.ben.next("call:offered", call_id=call_id, auto_accept=True)
    first = next(p for n, p, _ in two.ben.heard if n == "call:offered" and p["call_id"] == call_id)
    assert first["expires_at"] == crossed["expires_at"]
    assert invited["expires_in_ms"] <= crossed["expires_in_ms"] < first["expires_in_ms"]


async def test_both_ring_at_once_on_two_nodes(meet: Meet, elsewhere: str) -> None:
    """It is one call, by whoever came first; the other is asked to accept it, and nobody rings twice."""
    two = await connected(await meet())
    her, his = await two.she.connect("tablet"), await two.he.connect("tablet", address=elsewhere)
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    for _ in range(5):
        hers, his_ = await asyncio.gather(her.ask("call:invite", **invite), his.ask("call:invite", **invite))
        call_id = hers["call_id"]
        assert his_["call_id"] == call_id
        async with asyncio.timeout(PATIENCE_S):  # what is told may come after what is answered
            while not any(device.has_heard("call:offered", call_id=call_id) for device in (her, his)):
                await asyncio.sleep(0.01)
        asked = {
            device: await device.next("call:offered", call_id=call_id, auto_accept=True)
            for device in (her, his)
            if device.has_heard("call:offered", call_id=call_id)
        }
        [second] = asked
        await second.ask("call:accept", call_id=call_id)
        for device in (her, his):
            await device.next("call:started", call_id=call_id)
        await her.ask("call:end", call_id=call_id)
        for device in (her, his):
            await device.next("call:ended", call_id=call_id)


async def matched(one: ClientDevice, other: ClientDevice) -> str:
    """These two are offered to each other."""
    for device in (one, other):
        await device.ask("queue:join", mode="video")
    call_id: str = (await one.next("call:offered", origin="match"))["call_id"]
    await other.next("call:offered", call_id=call_id)
    return call_id


async def test_he_is_in_another_call(two: Connected, sign_up: SignUp) -> None:
    """He hears nothing of it until it is over, she hears that nobody answers, and he finds it later."""
    stranger = await (await sign_up()).connect()
    theirs = await matched(two.ben, stranger)
    for device in (two.ben, stranger):
        await device.ask("call:accept", call_id=theirs)
    invited = await two.ana.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    call_id = invited["call_id"]
    assert await stranger.refused("call:end", call_id=call_id) == "not_found"
    await two.ana.next("call:ended", call_id=call_id, reason="no_answer")
    await two.ben.next("notification:new")
    assert not two.ben.has_heard("call:offered", call_id=call_id)
    assert not two.ben.has_heard("call:ended", call_id=call_id)
    assert not (await past(two.he, call_id))["outgoing"]
    assert (await past(two.she, call_id))["outgoing"]


async def test_a_match_that_begins_while_it_rings(two: Connected, sign_up: SignUp) -> None:
    """He is in that call then, and in no other: she hears that nobody answers."""
    call_id = await two.ring()
    stranger = await (await sign_up()).connect()
    theirs = await matched(two.ben, stranger)
    assert await two.ben.refused("call:accept", call_id=call_id) == "already_in_call"
    for device in (two.ben, stranger):
        await device.ask("call:accept", call_id=theirs)
    await two.ana.next("call:ended", call_id=call_id, reason="no_answer")
    await two.ben.next("call:ended", call_id=call_id, reason="no_answer")


async def test_an_offer_that_he_declines_while_it_rings(two: Connected, sign_up: SignUp) -> None:
    call_id = await two.ring()
    stranger = await (await sign_up()).connect()
    theirs = await matched(two.ben, stranger)
    await two.ben.ask("call:decline", call_id=theirs)
    await stranger.next("call:ended", call_id=theirs, reason="declined")
    await stranger.ask("queue:leave")
    await two.ben.ask("call:accept", call_id=call_id)
    await two.ana.next("call:started", call_id=call_id)


async def test_she_waits_in_the_queue(two: Connected) -> None:
    await two.ana.ask("queue:join", mode="video")
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    assert await two.ana.refused("call:invite", **invite) == "conflict"
    await two.ana.ask("queue:leave")
    await two.ring()


async def test_he_waits_in_the_queue_until_he_accepts(two: Connected) -> None:
    ticket = (await two.ben.ask("queue:join", mode="voice"))["ticket"]
    call_id = await two.ring()
    assert (await two.ben.ask("queue:join", mode="voice"))["ticket"] == ticket
    await two.ben.ask("call:accept", call_id=call_id)
    await two.ben.next("queue:left", ticket_id=ticket["id"], reason="left")
    assert await two.ben.refused("queue:join", mode="voice") == "already_in_call"


async def test_video_needs_approval(two: Connected) -> None:
    invite = {"connection_id": two.connection["id"], "mode": "video"}
    assert await two.ana.refused("call:invite", **invite) == "forbidden"


async def test_what_is_not_there(two: Connected, sign_up: SignUp) -> None:
    stranger = await (await sign_up()).connect()
    one = two.connection["id"]
    assert await stranger.refused("call:invite", connection_id=one, mode="voice") == "not_found"
    assert await stranger.refused("call:invite", mentor_session_id=one, mode="voice") == "not_found"
    assert await stranger.refused("call:invite", mode="voice") == "invalid_request"
    both = {"connection_id": one, "mentor_session_id": one, "mode": "voice"}
    assert await two.ana.refused("call:invite", **both) == "invalid_request"


async def test_the_connection_ends_while_it_rings(two: Connected) -> None:
    call_id = await two.ring()
    await two.ben.ask("connection:end", connection_id=two.connection["id"])
    for device in (two.ana, two.ben):
        await device.next("call:ended", call_id=call_id, reason="declined")
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    assert await two.ana.refused("call:invite", **invite) == "gone"


@pytest.mark.parametrize("who", ["ana", "ben"])
async def test_the_connection_ends_amid_a_call(two: Connected, who: str) -> None:
    """Nobody goes on talking to somebody with whom they have ended it all: it is as if they had hung up."""
    call_id = await two.answer()
    await getattr(two, who).ask("connection:end", connection_id=two.connection["id"])
    for device in (two.ana, two.ben):
        await device.next("connection:ended")
        await device.next("call:ended", call_id=call_id, reason="hung_up")
    await two.ana.ask("queue:join", mode="voice")


async def test_she_ends_the_connection_while_she_rings_somebody_who_lets_nobody_call(two: Connected) -> None:
    await two.he.rest("PATCH", "/v1/me/settings", json={"privacy": {"direct_calls": "nobody"}})
    asked = await two.ana.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    await two.ana.ask("connection:end", connection_id=two.connection["id"])
    await two.ana.next("call:ended", call_id=asked["call_id"], reason="cancelled")


async def test_a_block_amid_a_call_is_told_as_one(two: Connected) -> None:
    call_id = await two.answer()
    status, _ = await two.he.rest("POST", "/v1/blocks", json={"user_id": two.she.id})
    assert status == 201
    for device in (two.ana, two.ben):
        await device.next("call:ended", call_id=call_id, reason="blocked")


async def test_he_deletes_his_account_amid_a_call(two: Connected) -> None:
    """For her he has hung up."""
    call_id = await two.answer()
    assert (await two.he.rest("DELETE", "/v1/me", json={"password": PASSWORD}))[0] == 202
    ended = await two.ana.next("call:ended", call_id=call_id)
    assert (ended["reason"], "decision" in ended) == ("hung_up", False)
    assert (await past(two.she, call_id))["reason"] == "hung_up"


@pytest.mark.parametrize("who", ["she", "he"])
async def test_a_wish_for_relays_that_is_set_while_it_rings(two: Connected, who: str) -> None:
    """It holds from the start: whoever answers may have thought of it only now."""
    call_id = await two.ring()
    assert (await getattr(two, who).rest("PATCH", "/v1/me/settings", json={"relay_only": True}))[0] == 200
    await two.ben.ask("call:accept", call_id=call_id)
    for device in (two.ana, two.ben):
        assert (await device.next("call:started", call_id=call_id))["ice_transport_policy"] == "relay"
    back = (await two.he.connect("laptop")).ready["call"]
    assert back["ice_transport_policy"] == "relay"


async def test_a_wish_for_relays_amid_a_call_counts_from_the_next_epoch(two: Connected) -> None:
    """What this epoch has shown cannot be taken back."""
    call_id = await two.answer()
    assert (await two.he.rest("PATCH", "/v1/me/settings", json={"relay_only": True}))[0] == 200
    await two.ana.ask("call:restart", call_id=call_id, epoch=1)
    for device in (two.ana, two.ben):
        started = await device.next("call:started", call_id=call_id, epoch=2)
        assert started["ice_transport_policy"] == "relay"


@pytest.mark.parametrize("blocker", ["he", "she"])
async def test_a_block_while_it_rings_looks_like_no_block(two: Connected, blocker: str) -> None:
    """As if he had declined it, or she had taken it back; after it the connection is one that has ended."""
    call_id = await two.ring()
    who, whom = (two.he, two.she) if blocker == "he" else (two.she, two.he)
    status, _ = await who.rest("POST", "/v1/blocks", json={"user_id": whom.id})
    assert status == 201
    reason = "declined" if blocker == "he" else "cancelled"
    for device in (two.ana, two.ben):
        await device.next("call:ended", call_id=call_id, reason=reason)
    invite = {"connection_id": two.connection["id"], "mode": "voice"}
    assert await two.ana.refused("call:invite", **invite) == "gone"
    assert await two.ben.refused("call:invite", **invite) == "gone"


@pytest.mark.hurried
async def test_nobody_may_call_him(two: Connected) -> None:
    """It seems to ring and nobody answers. He learns nothing of it, then or later."""
    status, _ = await two.he.rest("PATCH", "/v1/me/settings", json={"privacy": {"direct_calls": "nobody"}})
    assert status == 200
    invited = await two.ana.ask("call:invite", connection_id=two.connection["id"], mode="voice")
    call_id = invited["call_id"]
    on = {"call_id": call_id, "audio": True, "video": False}
    assert await two.ana.refused("call:media", **on) == "conflict", "whoever is not rung hears nothing"
    await two.ana.next("call:ended", call_id=call_id, reason="no_answer")
    assert await two.ana.refused("call:media", **on) == "expired"
    assert (await past(two.she, call_id))["outgoing"]
    assert call_id not in await calls_of(two.he)
    # What was told before this has come before it.
    room = two.connection["room_id"]
    await two.ana.ask("chat:send", room_id=room, client_id="1", content="There?")
    await two.ben.next("chat:message")
    assert not two.ben.has_heard("call:offered", call_id=call_id)
    assert not [name for name, said, _ in two.ben.heard if said.get("call_id") == call_id]
    assert not two.ben.has_heard("notification:new")


async def test_a_page_that_is_loaded_again_while_it_rings(two: Connected, elsewhere: str) -> None:
    call_id = await two.ring()
    his = (await two.he.connect("phone", address=elsewhere)).ready["call"]
    hers = (await two.she.connect("phone")).ready["call"]
    assert (hers["call_id"], hers["state"], hers["origin"], hers["outgoing"]) == (
        call_id,
        "offered",
        "direct",
        True,
    )
    assert (his["call_id"], his["state"], his["outgoing"]) == (call_id, "offered", False)
    assert hers["extend"] == {"you": False, "peer": False}


async def test_both_want_to_go_on_for_longer(two: Connected) -> None:
    call_id = await two.answer()
    before = [p for n, p, _ in two.ana.heard if n == "call:state" and p["state"] == "live"][-1]["deadline"]
    await two.ana.ask("call:extend", call_id=call_id)
    await two.ana.next("call:extend", call_id=call_id, you=True, peer=False)
    await two.ben.next("call:extend", call_id=call_id, you=False, peer=True)
    await two.ben.ask("call:extend", call_id=call_id)
    for device in (two.ana, two.ben):
        await device.next("call:extend", call_id=call_id, you=True, peer=True)
        after = (await device.next("call:state", state="live"))["deadline"]
        assert after > before
    assert await two.ana.ask("call:extend", call_id=call_id) == {}
