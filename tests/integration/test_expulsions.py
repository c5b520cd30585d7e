"""Who is banned, suspended or erased is out of everything at once, on two nodes; others go on.

One test a surface. He is on one node, she and the moderator are on the other.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from composition.realtime import running
from core.clock import now_ms, rfc3339
from core.settings import Settings
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import ClientDevice, Person, Refused
from tests.patience import PATIENCE_S
from tests.stores.world import World

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
async def elsewhere(settings: Settings) -> AsyncIterator[str]:
    """Where another node of the same product answers."""
    async with running(settings) as address:
        yield address


@dataclass
class Way:
    """How somebody is put out, what their devices hear, and what they are answered."""

    name: Literal["ban", "suspension", "erasure"]
    world: World
    moderator: Person

    @property
    def told(self) -> str:
        return "signed_out" if self.name == "erasure" else "banned"

    @property
    def refused(self) -> str:
        return "unauthenticated" if self.name == "erasure" else "banned"

    async def put_out(self, person: Person) -> None:
        if self.name == "erasure":
            await self.world.erase(person.id)
            return
        order: dict[str, Any] = {"user_id": person.id, "reason": "spam"}
        if self.name == "suspension":
            order["until"] = rfc3339(now_ms() + 86_400_000)
        status, body = await self.moderator.rest("POST", "/v1/admin/bans", json=order)
        assert status == 201, body


@pytest.fixture(params=["ban", "suspension", "erasure"])
async def way(request: pytest.FixtureRequest, sign_up: SignUp, world: World, elsewhere: str) -> Way:
    moderator = await sign_up(address=elsewhere)
    await world.set_role(moderator.id, "moderator")
    return Way(request.param, world, moderator)


@pytest.fixture
async def apart(sign_up: SignUp, elsewhere: str) -> Meeting:
    """Ana and Ben who are offered to each other, each on a node of their own."""
    she, he = await sign_up(gender="female", address=elsewhere), await sign_up(gender="male")
    ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone")
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    offered = await ana.next("call:offered")
    await ben.next("call:offered", call_id=offered["call_id"])
    return Meeting(ana, ben, she, he, offered["call_id"])


async def is_closed(device: ClientDevice, way: Way) -> None:
    assert (await device.next("session:revoked"))["code"] == way.told
    async with asyncio.timeout(PATIENCE_S):
        await device.closed.wait()


async def test_out_of_the_queue(way: Way, sign_up: SignUp, elsewhere: str) -> None:
    """And nobody is brought together with them any more."""
    he, she = await sign_up(gender="male"), await sign_up(gender="female", address=elsewhere)
    ben, ana = await he.connect(), await she.connect()
    only = {"genders": ["other"]}
    ticket = (await ben.ask("queue:join", mode="voice", preferences=only))["ticket"]
    await way.put_out(he)
    assert await ben.next("queue:left") == {"ticket_id": ticket["id"], "reason": "moderated"}
    await is_closed(ben, way)
    await ana.ask("queue:join", mode="voice", preferences={"genders": ["male"]})
    explained = await ana.ask("queue:explain")
    assert (explained["candidates"], explained["removed"]) == (0, {})


@pytest.mark.parametrize("accepted", [False, True])
async def test_out_of_an_offer(way: Way, apart: Meeting, accepted: bool) -> None:
    """The other keeps the place; also where either has accepted."""
    if accepted:
        await apart.ben.ask("call:accept", call_id=apart.call_id)
    await way.put_out(apart.he)
    ended = await apart.ana.next("call:ended", call_id=apart.call_id)
    assert ended["reason"] == "moderated"
    assert (await apart.ana.ask("queue:join", mode="video"))["ticket"] == ended["ticket"]
    await is_closed(apart.ben, way)


async def test_out_of_a_call_and_its_signals(way: Way, apart: Meeting) -> None:
    """Nothing is passed on to either after that, and there is nothing to decide."""
    await apart.go_live()
    await way.put_out(apart.he)
    for device in (apart.ana, apart.ben):
        ended = await device.next("call:ended", call_id=apart.call_id)
        assert (ended["reason"], "decision" in ended) == ("moderated", False)
    await is_closed(apart.ben, way)
    candidate = {"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}
    signal = {"call_id": apart.call_id, "epoch": 1, "candidate": candidate}
    assert await apart.ana.refused("call:signal", **signal) == "gone"
    assert await apart.ana.refused("decision:submit", call_id=apart.call_id, connect=True) == "gone"
    await apart.ana.ask("queue:join", mode="video")


async def test_out_of_an_open_decision(way: Way, apart: Meeting) -> None:
    """Nobody is connected with somebody who is out."""
    await apart.hang_up()
    await way.put_out(apart.he)
    assert (await apart.ana.next("decision:result"))["outcome"] == "not_connected"
    await is_closed(apart.ben, way)


async def test_out_of_the_chat_both_ways_and_of_sight(way: Way, apart: Meeting) -> None:
    """What is said to them waits for nobody, and they say nothing."""
    connection = await apart.connect()
    room = connection["room_id"]
    await apart.ana.ask("presence:watch", user_ids=[apart.he.id])
    await way.put_out(apart.he)
    await apart.ana.next("presence:changed", user_id=apart.he.id, status="offline")
    await is_closed(apart.ben, way)
    await apart.ana.ask("chat:send", room_id=room, client_id="1", content="Ben?")
    assert apart.ben.has_heard("chat:message", room_id=room) == 0
    path = f"/v1/rooms/{room}/messages"
    status, body = await apart.he.rest("GET", path)
    assert (status >= 400, body["code"]) == (True, way.refused)
    status, body = await apart.she.rest("GET", f"/v1/profiles/{apart.he.id}")
    assert (status, body["code"]) == (404, "not_found")
    page = await apart.ana.ask("chat:history", room_id=room)
    assert [message["content"] for message in page["messages"]] == ["Ben?"]


async def test_out_of_sessions_on_every_node(way: Way, sign_up: SignUp, elsewhere: str) -> None:
    """REST, refresh, CONNECT and signing in; the token that a ban gives connects nowhere either."""
    he = await sign_up()
    here, there = await he.connect("phone"), await he.connect("tablet", address=elsewhere)
    login = {"login": he.account["user"]["username"], "password": PASSWORD}
    await way.put_out(he)
    for device in (here, there):
        await is_closed(device, way)
    refresh = {"refresh_token": he.refresh_token}
    for method, path, sent in (
        ("GET", "/v1/me", None),
        ("POST", "/v1/auth/refresh", refresh),
        ("POST", "/v1/auth/login", login),
    ):
        _, body = await he.rest(method, path, json=sent)
        assert body["code"] == way.refused, path
    tokens = [he.token]
    if way.refused == "banned":
        tokens.append(body["details"]["token"])
    for token in tokens:
        for address in (he.address, elsewhere):
            with pytest.raises(Refused) as refused:
                await he.connect("another", address=address, token=token)
            assert refused.value.code == way.refused


async def test_while_they_accept(way: Way, sign_up: SignUp, apart: Meeting) -> None:
    """However the two cross, nobody stays in a call with somebody who is out."""
    await apart.ana.ask("call:accept", call_id=apart.call_id)
    accept = apart.ben.send_raw("call:accept", {"call_id": apart.call_id})
    await asyncio.gather(accept, way.put_out(apart.he), return_exceptions=True)
    assert (await apart.ana.next("call:ended", call_id=apart.call_id))["reason"] == "moderated"
    await is_closed(apart.ben, way)
    await apart.ana.ask("queue:leave")
    await apart.ana.ask("queue:join", mode="video")


async def test_while_they_are_matched(way: Way, sign_up: SignUp, elsewhere: str) -> None:
    """An offer that was made first ends, a later one is refused: she waits, and is free."""
    he, she = await sign_up(gender="male"), await sign_up(gender="female", address=elsewhere)
    ben, ana = await he.connect(), await she.connect()
    await ana.ask("queue:join", mode="voice")
    join = ben.send_raw("queue:join", {"mode": "voice"})
    await asyncio.gather(join, way.put_out(he), return_exceptions=True)
    await is_closed(ben, way)
    async with asyncio.timeout(PATIENCE_S):
        while await way.world.call_records.active_call(she.id) is not None:
            await asyncio.sleep(0.02)
    assert (await ana.ask("queue:join", mode="voice"))["ticket"]["state"] == "waiting"


async def test_signing_out_elsewhere_ends_what_goes_on_there(
    sign_up: SignUp, apart: Meeting, elsewhere: str
) -> None:
    """The call hangs up at once, without a time to come back; the session that asked goes on."""
    login = {"login": apart.he.account["user"]["username"], "password": PASSWORD}
    _, kept = await apart.he.rest("POST", "/v1/auth/login", json=login)
    tablet = await apart.he.connect("tablet", address=elsewhere, token=kept["access_token"])
    await apart.go_live()
    bearer = {"Authorization": f"Bearer {kept['access_token']}"}
    status, _ = await apart.he.rest("DELETE", "/v1/auth/sessions", headers=bearer)
    assert status == 204
    assert (await apart.ben.next("session:revoked"))["code"] == "signed_out"
    assert (await apart.ana.next("call:ended", call_id=apart.call_id))["reason"] == "hung_up"
    await tablet.ask("presence:set", status="online")
    _, body = await apart.he.rest("POST", "/v1/auth/refresh", json={"refresh_token": apart.he.refresh_token})
    assert body["code"] == "unauthenticated"
    status, page = await apart.he.rest("GET", "/v1/auth/sessions", headers=bearer)
    assert [item["current"] for item in page["items"]] == [True]


async def test_signing_out_ends_waiting_on_that_device(sign_up: SignUp, elsewhere: str) -> None:
    """Not what another device of the same user does."""
    he = await sign_up(gender="male")
    login = {"login": he.account["user"]["username"], "password": PASSWORD}
    others = [(await he.rest("POST", "/v1/auth/login", json=login))[1]["access_token"] for _ in range(2)]
    phone, tablet, laptop = [
        await he.connect(name, address=elsewhere, token=token)
        for name, token in zip(("phone", "tablet", "laptop"), (he.token, *others), strict=True)
    ]
    wanted = {"mode": "voice", "preferences": {"genders": ["other"]}}
    ticket = (await tablet.ask("queue:join", **wanted))["ticket"]

    async def sign_out(device: ClientDevice, token: str) -> None:
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await he.rest("POST", "/v1/auth/logout", headers=bearer))[0] == 204
        await device.next("session:revoked")

    await sign_out(phone, he.token)
    assert (await laptop.ask("queue:join", **wanted))["ticket"]["id"] == ticket["id"]
    await sign_out(tablet, others[0])
    assert await laptop.next("queue:left") == {"ticket_id": ticket["id"], "reason": "left"}
