"""Calls that are kept on relays until both agree, as two devices hear it, at nodes set differently."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import ClientDevice
from tests.signaling.samples import GATHERED

TURN: dict[str, Any] = {"turn_urls": "turn:relay.example:3478?transport=udp", "turn_secret": "S"}
DIRECT, RELAY = (
    f"candidate:{words} generation 0"
    for words in (
        "1 1 udp 2122260223 203.0.113.7 54321 typ host",
        "3 1 udp 92217343 198.51.100.77 49160 typ relay raddr 203.0.113.7 rport 51716",
    )
)
HIDDEN = RELAY.replace("203.0.113.7", "0.0.0.0").replace("51716", "0")

Talk = Callable[..., Awaitable[Meeting]]


@pytest.fixture(scope="module")
async def relayed(settings: Settings) -> AsyncIterator[str]:
    """A node of the deployment that has TURN, and no more is said about it; with a queue of its own."""
    async with running(replace(settings, **TURN, region="relays")) as address:
        yield address


@pytest.fixture(scope="module")
async def open_node(settings: Settings) -> AsyncIterator[str]:
    """Another one, that hides no addresses."""
    async with running(replace(settings, **TURN, region="relays", ice_transport_policy="all")) as address:
        yield address


@pytest.fixture
def talk(relayed: str, sign_up: SignUp) -> Talk:
    """`await talk(her={"relay_only": True})`: two in a live call, after they have set something."""

    async def make(*, at: str = relayed, his_at: str = relayed, her: dict[str, Any] | None = None) -> Meeting:
        she, he = await sign_up(address=at), await sign_up(address=his_at, gender="male")
        if her:
            assert (await she.rest("PATCH", "/v1/me/settings", json=her))[0] == 200
        ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone")
        for device in (ana, ben):
            await device.ask("queue:join", mode="voice")
        call_id = (await ana.next("call:offered"))["call_id"]
        return await Meeting(ana, ben, she, he, call_id).go_live()

    return make


def both(pair: Meeting) -> tuple[ClientDevice, ClientDevice]:
    return pair.ana, pair.ben


def last_start(device: ClientDevice) -> dict[str, Any]:
    return [payload for name, payload, _ in device.heard if name == "call:started"][-1]


async def agree(device: ClientDevice, pair: Meeting, epoch: int, *, yes: bool = True) -> None:
    assert await device.ask("call:direct", call_id=pair.call_id, epoch=epoch, agree=yes) == {}


async def go_direct(pair: Meeting, epoch: int = 1) -> None:
    """Both agree, and are live in the epoch that follows."""
    for device in both(pair):
        await agree(device, pair, epoch)
    await live(pair, epoch + 1)


async def live(pair: Meeting, epoch: int) -> None:
    for device in both(pair):
        await device.next("call:started", epoch=epoch)
        await device.ask("call:connected", call_id=pair.call_id, epoch=epoch)
    for device in both(pair):
        await device.next("call:state", state="live")


async def passed(of: ClientDevice, to: ClientDevice, pair: Meeting, epoch: int, *more: str) -> list[str]:
    """Which of these candidates arrive; the end of them comes last."""
    for text in (DIRECT, RELAY, *more):
        candidate = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}
        await of.ask("call:signal", call_id=pair.call_id, epoch=epoch, candidate=candidate)
    await of.ask("call:signal", call_id=pair.call_id, epoch=epoch, candidate=None)
    arrived = []
    while (candidate := (await to.next("call:signal", epoch=epoch))["candidate"]) is not None:
        arrived.append(candidate["candidate"])
    return arrived


async def test_strangers_stay_on_relays_until_both_agree(talk: Talk) -> None:
    """Each is told who has agreed. Then a new epoch begins, and those that follow are direct too."""
    pair = await talk()
    first = last_start(pair.ana)
    assert (first["ice_transport_policy"], first["may_go_direct"]) == ("relay", True)
    assert first["direct"] == {"you": False, "peer": False}
    assert await passed(pair.ana, pair.ben, pair, 1) == [HIDDEN]
    await agree(pair.ana, pair, 1)
    assert await pair.ana.next("call:direct") == {"call_id": pair.call_id, "you": True, "peer": False}
    assert await pair.ben.next("call:direct") == {"call_id": pair.call_id, "you": False, "peer": True}
    await agree(pair.ben, pair, 1)
    for device in both(pair):
        assert (await device.next("call:direct"))["you"]
        started = await device.next("call:started", epoch=2)
        assert (started["ice_transport_policy"], started["direct"]) == ("all", {"you": True, "peer": True})
    assert await passed(pair.ana, pair.ben, pair, 2) == [DIRECT, RELAY]
    for device in both(pair):
        await device.ask("call:connected", call_id=pair.call_id, epoch=2)
    await pair.ben.ask("call:restart", call_id=pair.call_id, epoch=2)
    assert (await pair.ana.next("call:started", epoch=3))["ice_transport_policy"] == "all"


async def test_who_no_longer_agrees_is_back_on_relays(talk: Talk) -> None:
    pair = await talk()
    await go_direct(pair)
    await agree(pair.ben, pair, 2, yes=False)
    assert await pair.ana.next("call:direct") == {"call_id": pair.call_id, "you": True, "peer": False}
    await live(pair, 3)
    assert last_start(pair.ana)["ice_transport_policy"] == "relay"
    assert await passed(pair.ben, pair.ana, pair, 3) == [HIDDEN]


async def test_a_description_tells_no_address_while_it_is_on_relays(talk: Talk) -> None:
    """Whatever is in it: a client may have been changed."""
    pair = await talk()
    offerer, answerer = both(pair) if last_start(pair.ana)["role"] == "offerer" else reversed(both(pair))
    voice = GATHERED[: GATHERED.index("m=video")].replace("BUNDLE 0 1", "BUNDLE 0")
    said = {"call_id": pair.call_id, "epoch": 1, "description": {"type": "offer", "sdp": voice}}
    await offerer.ask("call:signal", **said)
    sdp = (await answerer.next("call:signal"))["description"]["sdp"]
    assert "typ relay" in sdp
    assert not any(f"typ {kind}" in sdp for kind in ("host", "srflx", "prflx"))


async def test_the_wish_for_relays_holds_whatever_both_say(talk: Talk) -> None:
    """It is answered and told, and no epoch follows: the end is what comes next."""
    pair = await talk(her={"relay_only": True})
    for device in both(pair):
        await agree(device, pair, 1)
    for device in both(pair):
        await device.next("call:direct", you=True, peer=True)
    await pair.ben.ask("call:end", call_id=pair.call_id)
    for device in both(pair):
        await device.next("call:ended")
        assert device.has_heard("call:started") == 1


async def test_a_wish_counts_from_the_moment_it_is_set(talk: Talk) -> None:
    """Amid the call, for what both agree to afterwards."""
    pair = await talk()
    await agree(pair.ana, pair, 1)
    _, settings = await pair.he.rest("PATCH", "/v1/me/settings", json={"relay_only": True})
    assert settings["relay_only"]
    assert "relay_missing" not in settings, "there are relays here"
    await agree(pair.ben, pair, 1)
    await pair.ben.next("call:direct", you=True, peer=True)
    await pair.he.rest("PATCH", "/v1/me/settings", json={"relay_only": None})
    await agree(pair.ben, pair, 1)
    assert (await pair.ana.next("call:started", epoch=2))["ice_transport_policy"] == "all"


async def test_the_wish_holds_where_nobody_elses_address_is_hidden(talk: Talk, open_node: str) -> None:
    pair = await talk(at=open_node, his_at=open_node)
    assert (last_start(pair.ben)["ice_transport_policy"], last_start(pair.ben)["may_go_direct"]) == (
        "all",
        False,
    )
    assert await pair.ana.refused("call:direct", call_id=pair.call_id, epoch=1, agree=True) == "conflict"
    await pair.ana.ask("call:end", call_id=pair.call_id)
    hidden = await talk(at=open_node, his_at=open_node, her={"relay_only": True})
    assert last_start(hidden.ben)["ice_transport_policy"] == "relay"


async def test_in_production_nobody_is_led_to_a_machine_that_nobody_meant(
    settings: Settings, talk: Talk
) -> None:
    """Where clouds tell their secrets, or behind the relay; two in one network still reach each other."""
    cloud, home = (DIRECT.replace("203.0.113.7", address) for address in ("169.254.169.254", "10.0.0.7"))
    behind = RELAY.replace("198.51.100.77", "10.0.0.7")
    guarded = replace(settings, environment="production", region="guarded")
    async with running(guarded) as address:
        pair = await talk(at=address, his_at=address)
        arrived = await passed(pair.ana, pair.ben, pair, 1, cloud, behind, home)
        assert arrived == [DIRECT, RELAY, home]
        for person in (pair.she, pair.he):
            await person.leave()


async def test_a_call_goes_on_as_it_began_on_a_node_that_is_set_otherwise(
    talk: Talk, relayed: str, open_node: str
) -> None:
    """Its record says what passes there, what a restart there begins, and what is told to who comes back."""
    pair = await talk(at=relayed, his_at=open_node)
    begun = last_start(pair.ana)["ice_transport_policy"]
    arrived = [HIDDEN] if begun == "relay" else [DIRECT, RELAY]
    assert await passed(pair.ana, pair.ben, pair, 1) == arrived
    assert await passed(pair.ben, pair.ana, pair, 1) == arrived
    for address in (relayed, open_node):
        device = await pair.she.connect("ana-laptop", address=address)
        assert device.ready["call"]["ice_transport_policy"] == begun
    await pair.ben.ask("call:restart", call_id=pair.call_id, epoch=1)
    assert (await pair.ana.next("call:started", epoch=2))["ice_transport_policy"] == begun
    await pair.ana.ask("call:restart", call_id=pair.call_id, epoch=2)
    assert (await pair.ben.next("call:started", epoch=3))["ice_transport_policy"] == begun


async def test_who_comes_back_sees_who_has_agreed(talk: Talk) -> None:
    pair = await talk()
    await agree(pair.ben, pair, 1)
    await pair.ana.leave()
    back = await pair.she.connect("ana-phone")
    call = back.ready["call"]
    assert (call["direct"], call["may_go_direct"]) == ({"you": False, "peer": True}, True)
    assert (call["ice_transport_policy"], call["epoch"]) == ("relay", 1)


async def test_each_epoch_has_credentials_of_its_own(talk: Talk) -> None:
    """For this call and this user."""
    pair = await talk()
    told = []
    for epoch in (1, 2, 3):
        [server] = last_start(pair.ana)["ice_servers"]
        expiry, *whose = server["username"].split(":")
        assert whose == [pair.call_id, pair.she.id]
        told.append((int(expiry), server["credential"]))
        await pair.ben.ask("call:restart", call_id=pair.call_id, epoch=epoch)
        await pair.ana.next("call:started", epoch=epoch + 1)
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("stale_epoch", {"epoch": 2}),
        ("invalid_request", {"agree": "yes"}),
        ("invalid_request", {"epoch": None}),
        ("not_found", {"call_id": "0190a000-0000-7000-8000-000000000000"}),
    ],
)
async def test_what_is_refused(talk: Talk, code: str, said: dict[str, Any]) -> None:
    pair = await talk()
    asked = {"call_id": pair.call_id, "epoch": 1, "agree": True, **said}
    assert await pair.ana.refused("call:direct", **asked) == code


async def test_an_offer_or_an_end_is_no_live_call(pair: Meeting) -> None:
    """And without TURN there are no relays to leave."""
    asked: dict[str, Any] = {"call_id": pair.call_id, "agree": True}
    assert await pair.ana.refused("call:direct", **asked, epoch=0) == "conflict"
    await pair.go_live()
    assert await pair.ana.refused("call:direct", **asked, epoch=1) == "conflict"
    assert last_start(pair.ana)["direct"] == {"you": False, "peer": False}
    await pair.ben.ask("call:end", call_id=pair.call_id)
    assert await pair.ana.refused("call:direct", **asked, epoch=1) == "gone"


async def test_a_wish_that_is_set_while_they_wait_holds_too(open_node: str, sign_up: SignUp) -> None:
    """Their tickets say what they wished when they joined."""
    she, he = await sign_up(address=open_node), await sign_up(address=open_node, gender="male")
    ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone")
    await ana.ask("queue:join", mode="voice")
    assert (await she.rest("PATCH", "/v1/me/settings", json={"relay_only": True}))[0] == 200
    await ben.ask("queue:join", mode="voice")
    pair = await Meeting(ana, ben, she, he, (await ana.next("call:offered"))["call_id"]).start()
    assert last_start(ben)["ice_transport_policy"] == "relay"
    assert await passed(ana, ben, pair, 1) == [HIDDEN]
