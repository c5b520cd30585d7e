"""Who is banned, suspended or erased is out of everything at once, on two nodes; others go on.

He is on one node, she and the moderator are on the other. What is left on each surface: `parting/`.
"""

import asyncio
from dataclasses import dataclass

import pytest

from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import ClientDevice, Person, Refused
from tests.integration.putting_out import Out, put_out, refused, told
from tests.patience import PATIENCE_S
from tests.stores.world import World

PASSWORD = "correct horse battery"


@dataclass
class Way:
    """How somebody is put out, what their devices hear, and what they are answered."""

    how: Out
    world: World
    moderator: Person

    @property
    def told(self) -> str:
        return told(self.how)

    def ended(self, as_by_themselves: str) -> str:
        """What the other hears of an offer or a call; of a deleted account nobody says `moderated`."""
        return as_by_themselves if self.how == "deleted" else "moderated"

    @property
    def refused(self) -> str:
        return refused(self.how)

    async def put_out(self, person: Person) -> None:
        await put_out(self.how, person, self.moderator, self.world)


@pytest.fixture(params=["banned", "suspended", "deleted"])
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
    assert ended["reason"] == way.ended("declined")
    assert (await apart.ana.ask("queue:join", mode="video"))["ticket"] == ended["ticket"]
    await is_closed(apart.ben, way)


async def test_out_of_a_call(way: Way, apart: Meeting) -> None:
    """There is nothing to decide, and she may queue at once."""
    await apart.go_live()
    await way.put_out(apart.he)
    ended = await apart.ana.next("call:ended", call_id=apart.call_id)
    assert (ended["reason"], "decision" in ended) == (way.ended("hung_up"), False)
    assert await apart.ana.refused("decision:submit", call_id=apart.call_id, connect=True) == "gone"
    await apart.ana.ask("queue:join", mode="video")
    await is_closed(apart.ben, way)


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
            with pytest.raises(Refused) as answer:
                await he.connect("another", address=address, token=token)
            assert answer.value.code == way.refused


async def test_while_they_accept(way: Way, sign_up: SignUp, apart: Meeting) -> None:
    """However the two cross, nobody stays in a call with somebody who is out."""
    await apart.ana.ask("call:accept", call_id=apart.call_id)
    accept = apart.ben.send_raw("call:accept", {"call_id": apart.call_id})
    await asyncio.gather(accept, way.put_out(apart.he), return_exceptions=True)
    reason = (await apart.ana.next("call:ended", call_id=apart.call_id))["reason"]
    assert reason in {way.ended("declined"), way.ended("hung_up")}
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
