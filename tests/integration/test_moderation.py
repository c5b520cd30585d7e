"""From what somebody did to where they are out: reported, looked at, decided, on all nodes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from composition.realtime import running
from composition.rest import running as rest_alone
from core.settings import Settings
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import Person, Refused
from tests.integration.test_reports import past, without_times
from tests.patience import PATIENCE_S
from tests.rest.pictures import drawn, encoded, form
from tests.stores.world import World

QUEUE = "/v1/admin/reports"


@pytest.fixture
async def other_node(settings: Settings) -> AsyncIterator[str]:
    async with running(settings) as address:
        yield address


@pytest.fixture
async def sidecar(settings: Settings) -> AsyncIterator[str]:
    """Where the REST side alone answers, as `python -m rest` runs it."""
    async with rest_alone(settings) as address:
        yield address


@pytest.fixture
async def moderator(sign_up: SignUp, world: World) -> Person:
    person = await sign_up()
    await world.set_role(person.id, "moderator")
    return person


async def report(person: Person, kind: str, subject: str, **more: Any) -> tuple[int, Any]:
    body = {"subject": {"type": kind, "id": subject}, "reason": "harassment", **more}
    return await person.rest("POST", "/v1/reports", json=body)


async def case_about(moderator: Person, person: Person) -> dict[str, Any]:
    """The case in the queue."""
    _, page = await moderator.rest("GET", f"{QUEUE}?limit=100")
    case: dict[str, Any] = next(item for item in page["items"] if item["user"]["user_id"] == person.id)
    return case


async def is_banned(person: Person) -> dict[str, Any]:
    """No connection is had any more."""
    with pytest.raises(Refused) as refused:
        await person.connect("another")
    assert refused.value.code == "banned"
    status, answer = await person.rest("GET", "/v1/me")
    assert (status, answer["code"]) == (403, "banned")
    told: dict[str, Any] = answer
    return told


async def test_reported_looked_at_and_out_on_every_node(
    pair: Meeting, moderator: Person, other_node: str
) -> None:
    """Two meet, one reports what she saw; a moderator claims and bans; undone, he is back."""
    await pair.go_live()
    pair.he.address, here = other_node, pair.he.address
    tablet = await pair.he.connect("tablet")
    pair.he.address = here
    picture = {"data": form(encoded(drawn(16)))}
    status, media = await pair.she.rest("POST", "/v1/media", **picture)
    assert status == 201, media
    given = {"call_id": pair.call_id, "reason": "nudity", "evidence_media_id": media["id"]}
    await pair.ana.ask("call:report", **given)
    assert (await pair.ben.next("call:ended"))["reason"] == "hung_up"
    assert (await pair.ana.next("call:ended"))["reason"] == "reported"
    async with asyncio.timeout(PATIENCE_S):
        while not (await pair.she.rest("GET", "/v1/blocks"))[1]["items"]:
            await asyncio.sleep(0.01)

    case = await case_about(moderator, pair.he)
    moderator.address = other_node
    status, claimed = await moderator.rest("POST", f"{QUEUE}/{case['id']}/claim")
    assert (status, claimed["state"]) == (200, "claimed")
    [evidence] = claimed["evidence"]
    assert (evidence["media_id"], evidence["content"]["call"]["id"]) == (media["id"], pair.call_id)
    assert (await moderator.rest("GET", f"/v1/media/{media['id']}"))[0] == 200
    status, decided = await moderator.rest(
        "POST", f"{QUEUE}/{case['id']}/decide", json={"action": "ban", "note": "seen"}
    )
    assert (status, decided["decision"]["action"]) == (200, "ban")

    for device in (pair.ben, tablet):
        assert (await device.next("session:revoked"))["code"] == "banned"
        async with asyncio.timeout(PATIENCE_S):
            await device.closed.wait()
    for address in (here, other_node):
        pair.he.address = address
        await is_banned(pair.he)
    assert (await moderator.rest("POST", f"{QUEUE}/{case['id']}/undo"))[0] == 200
    login = {"login": pair.he.account["user"]["email"], "password": "correct horse battery"}
    status, again = await pair.he.rest("POST", "/v1/auth/login", json=login)
    assert status == 200
    pair.he.token = again["access_token"]
    await pair.he.connect("another")


async def appealed(person: Person) -> str:
    """They have appealed against what was decided last. Gives the strike."""
    [strike, *_] = (await person.rest("GET", "/v1/me/standing"))[1]["strikes"]
    said = {"text": "Not me."}
    assert (await person.rest("POST", f"/v1/me/strikes/{strike['id']}/appeal", json=said))[0] == 201
    return str(strike["id"])


async def test_who_is_warned_hears_it_on_all_devices(
    pair: Meeting, moderator: Person, sign_up: SignUp, world: World, sidecar: str
) -> None:
    """At once, whoever decides where; not the one who reported. What comes of an appeal is told too."""
    await pair.go_live()
    tablet = await pair.he.connect("tablet")
    assert (await report(pair.she, "user", pair.he.id, block=False))[0] == 201
    case = await case_about(moderator, pair.he)
    moderator.address, here = sidecar, moderator.address

    async def acts(act: str, **given: str) -> dict[str, Any]:
        """What the warned one hears of it."""
        assert (await moderator.rest("POST", f"{QUEUE}/{case['id']}/{act}", json=given or None))[0] == 200
        told: dict[str, Any] = (await pair.ben.next("notification:new"))["notification"]
        assert (await tablet.next("notification:new"))["notification"] == told
        return told

    told = await acts("decide", action="warn")
    strike = await appealed(pair.he)
    assert (told["kind"], told["subject"]) == ("strike", {"type": "strike", "id": strike})
    assert told["read_at"] is None
    undone = await acts("undo")
    assert (undone["title"], undone["subject"]) == ("A warning was taken back", told["subject"])
    assert undone["id"] == told["id"], "it was not read, and says something else now"

    await acts("decide", action="warn")
    strike = await appealed(pair.he)
    other = await sign_up()
    await world.set_role(other.id, "moderator")
    _, page = await other.rest("GET", "/v1/admin/appeals?limit=100")
    [asked] = [a for a in page["items"] if a["user_id"] == pair.he.id and a["state"] == "open"]
    decision = await other.rest("POST", f"/v1/admin/appeals/{asked['id']}/decide", json={"grant": True})
    assert decision[0] == 200
    told = (await pair.ben.next("notification:new"))["notification"]
    assert (told["kind"], told["subject"]["id"]) == ("appeal", strike)
    moderator.address = here
    assert "notification:new" not in {name for name, _, _ in pair.ana.heard}


async def test_the_other_cannot_tell_where_a_report_was_filed(meet: Any, sidecar: str) -> None:
    """Over REST, where no calls are kept, it ends the call just as `call:end` does."""
    told = {}
    for how in ("call:end", "report"):
        pair = await meet()
        await pair.go_live()
        if how == "report":
            pair.she.address, here = sidecar, pair.she.address
            first, second = [await report(pair.she, "call", pair.call_id) for _ in range(2)]
            assert first == second
            assert first[0] == 201
            assert (await pair.ana.next("call:ended"))["reason"] == "reported"
            pair.she.address = here
            async with asyncio.timeout(PATIENCE_S):
                while not (await pair.she.rest("GET", "/v1/blocks"))[1]["items"]:
                    await asyncio.sleep(0.01)
            assert (await past(pair.she))["reason"] == "reported"
        else:
            await pair.ana.ask("call:end", call_id=pair.call_id)
        heard = await pair.ben.next("call:ended", call_id=pair.call_id)
        told[how] = without_times(heard), (await past(pair.he))["reason"]
    assert told["report"] == told["call:end"]


async def test_underage_suspends_at_once_and_only_after_the_call(pair: Meeting, moderator: Person) -> None:
    """What he hears of the call is what a hang-up tells; then he is out until a moderator has looked."""
    await pair.go_live()
    assert (await report(pair.she, "call", pair.call_id, reason="underage"))[0] == 201
    assert (await pair.ana.next("call:ended"))["reason"] == "reported"
    assert (await pair.ben.next("call:ended"))["reason"] == "hung_up"
    assert (await pair.ben.next("session:revoked"))["code"] == "banned"
    case = await case_about(moderator, pair.he)
    assert (case["reason"], case["suspended"]) == ("underage", True)
    status, _ = await moderator.rest("POST", f"{QUEUE}/{case['id']}/decide", json={"action": "dismiss"})
    assert status == 200
    login = {"login": pair.he.account["user"]["email"], "password": "correct horse battery"}
    assert (await pair.he.rest("POST", "/v1/auth/login", json=login))[0] == 200
