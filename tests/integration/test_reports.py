"""A report ends what goes on and is filed; to the other it is a call that was hung up, in every respect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from core.clock import now_ms, rfc3339, to_datetime
from core.ids import new_id
from core.vocabulary import EndReason
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Person, Refused
from tests.patience import PATIENCE_S
from tests.rest.pictures import drawn, encoded, form
from tests.stores.world import World, world_at

HOUR_MS = 3_600_000
CLOCKS_MS = 2_000  # by which the product's clock may be ahead of this machine's, which may be set


@pytest.fixture
async def world(database_of_product: str) -> AsyncIterator[World]:
    async with world_at(database_of_product) as world:
        yield world


async def report(device: ClientDevice, call_id: str, **more: Any) -> None:
    assert await device.ask("call:report", call_id=call_id, **{"reason": "harassment", **more}) == {}


async def reports(world: World, call_id: str) -> list[tuple[str, str]]:
    """The reports on record: reporter, reported and reason."""
    query = "SELECT reporter_id, reason FROM interaction.reports WHERE call_id = $1 ORDER BY id"
    return [tuple(row) for row in await world.pool.fetch(query, call_id)]


async def filed(world: World, call_id: str, number: int = 1) -> None:
    """Until so many are on record: a report is answered when it is sure to be."""
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await reports(world, call_id)) < number:
            await asyncio.sleep(0.01)
    assert len(found) == number


def without_times(told: dict[str, Any]) -> dict[str, Any]:
    """What somebody was told, less what differs from call to call."""
    known = {k: v for k, v in told.items() if k not in {"call_id", "duration_s"}}
    for part in ("decision", "ticket"):
        known[part] = set(known.get(part, ()))
    return known


async def refused_at(device: ClientDevice, deadline: str) -> None:
    """Until then there is nothing to be heard, then what a refusal sounds like."""
    result = await device.next("decision:result")
    assert result["outcome"] == "not_connected"
    assert rfc3339(now_ms() + CLOCKS_MS) >= deadline


async def past(person: Person) -> dict[str, Any]:
    """The latest call of this person, as they see it."""
    _, listed = await person.rest("GET", "/v1/me/calls")
    call: dict[str, Any] = listed["items"][0]
    return {"reason": call["reason"], "outcome": call.get("outcome")}


@pytest.mark.parametrize("began", ["offered", "started", "live"])
async def test_the_other_hears_what_a_hang_up_would_have_told(meet: Meet, began: str) -> None:
    """Offered, connecting or live: the same event, the same state afterwards."""
    told: dict[str, Any] = {}
    stages: dict[str, Callable[[Meeting], Awaitable[Any]]] = {
        "offered": lambda pair: asyncio.sleep(0),
        "started": Meeting.start,
        "live": Meeting.go_live,
    }
    for command in ("call:end", "call:report"):
        pair = await meet()
        await stages[began](pair)
        more = {"reason": "hate"} if command == "call:report" else {}
        await pair.ben.ask(command, call_id=pair.call_id, **more)
        heard = await pair.ana.next("call:ended", call_id=pair.call_id)
        ready = (await pair.she.connect("tablet")).ready
        told[command] = (
            without_times(heard),
            ready["call"],
            ready["ticket"] is None,
        )
        own = await pair.ben.next("call:ended", call_id=pair.call_id)
        await pair.ana.ask("queue:leave")
    assert told["call:report"] == told["call:end"]
    assert (own["reason"], "decision" in own, "ticket" in own) == ("reported", False, False)


async def picture(person: Person) -> str:
    """The id of a picture that this person has uploaded for a report."""
    status, media = await person.rest("POST", "/v1/media", data=form(encoded(drawn())))
    assert status == 201, media
    return str(media["id"])


async def test_a_report_takes_a_picture_of_the_reporters_own(
    pair: Meeting, world: World, sign_up: SignUp
) -> None:
    """Nobody else's, and none that there is not; what is refused reports nothing, and the call goes on.

    From then on it is evidence, which moderators see.
    """
    await pair.go_live()
    hers, his = await picture(pair.she), await picture(pair.he)
    said = {"call_id": pair.call_id, "reason": "nudity"}
    for wrong in (hers, new_id()):
        with pytest.raises(Refused) as refusal:
            await pair.ben.ask("call:report", **said, evidence_media_id=wrong)
        assert refusal.value.code == "not_found"
        assert refusal.value.error["details"] == {"field": "evidence_media_id"}
    assert not pair.ana.has_heard("call:ended")
    assert await pair.ben.ask("call:report", **said, evidence_media_id=his) == {}
    assert "evidence" not in str(await pair.ana.next("call:ended", reason="hung_up"))
    await filed(world, pair.call_id)
    assert await pair.ben.ask("call:report", **said, evidence_media_id=his) == {}
    assert (await pair.he.rest("GET", f"/v1/media/{his}"))[0] == 404
    moderator = await sign_up()
    await world.set_role(moderator.id, "moderator")
    _, cases = await moderator.rest("GET", "/v1/admin/reports?limit=100")
    [case] = [item["id"] for item in cases["items"] if item["user"]["user_id"] == pair.she.id]
    _, seen = await moderator.rest("GET", f"/v1/admin/reports/{case}")
    assert [evidence["media_id"] for evidence in seen["evidence"]] == [his]
    status, media = await moderator.rest("GET", f"/v1/media/{his}")
    assert (status, media["state"]) == (200, "ready")
    assert media["urls"]["original"].startswith(moderator.address)


@pytest.mark.hurried
async def test_the_reported_one_decides_and_nothing_comes_of_it(pair: Meeting) -> None:
    """A yes is taken like any; at the deadline, not before, it is no connection, in past calls too."""
    await pair.go_live()
    await report(pair.ben, pair.call_id)
    asked = (await pair.ana.next("call:ended", reason="hung_up"))["decision"]
    assert asked["you_decide"] is True
    assert await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=True) == {}
    assert await pair.ben.refused("decision:submit", call_id=pair.call_id, connect=True) in {
        "gone",
        "expired",
    }
    tablet = await pair.he.connect("tablet")
    assert tablet.ready["pending_decisions"] == []
    await refused_at(pair.ana, asked["deadline"])
    assert await past(pair.she) == {"reason": "hung_up", "outcome": "not_connected"}
    assert (await past(pair.he))["reason"] == "reported"
    assert pair.ben.has_heard("decision:result") == 0


@pytest.mark.hurried
async def test_a_report_while_the_decision_is_open(pair: Meeting, world: World) -> None:
    """The reporter has decided by that; the other learns at the deadline that there is no connection."""
    await pair.hang_up()
    [asked] = [told["decision"] for name, told, _ in pair.ana.heard if name == "call:ended"]
    await report(pair.ben, pair.call_id, note="at last")
    assert await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=True) == {}
    assert (await pair.ben.next("decision:result"))["outcome"] == "not_connected"
    await filed(world, pair.call_id)
    await refused_at(pair.ana, asked["deadline"])
    assert [d.has_heard("decision:result") for d in (pair.ana, pair.ben)] == [1, 1]
    assert await past(pair.she) == await past(pair.he) == {"reason": "hung_up", "outcome": "not_connected"}


async def test_past_calls_look_after_a_report_as_after_a_hang_up(meet: Meet) -> None:
    """Also who was met there: the block that comes with a report changes nothing in the list."""
    seen = []
    for command, more in (("call:end", {}), ("call:report", {"reason": "spam"})):
        pair = await meet()
        await pair.he.rest("PATCH", "/v1/me", json={"city": "Graz"}, headers={"If-Match": "*"})
        await pair.go_live()
        await pair.ben.ask(command, call_id=pair.call_id, **more)
        await pair.ana.next("call:ended")
        async with asyncio.timeout(PATIENCE_S):
            while more and not (await pair.he.rest("GET", "/v1/blocks"))[1]["items"]:
                await asyncio.sleep(0.01)
        _, listed = await pair.she.rest("GET", "/v1/me/calls")
        peer = listed["items"][0]["peer"]
        seen.append({k: v for k, v in peer.items() if k not in {"user_id", "display_name"}})
    assert seen[0] == seen[1]


@pytest.mark.hurried
async def test_both_report_after_the_end(pair: Meeting, world: World) -> None:
    """Also the one who was hung up on; each once, the first counts, and both are blocked."""
    await pair.hang_up()
    for device in (pair.ana, pair.ben):
        await device.next("decision:result")
    for device, reason in ((pair.ana, "nudity"), (pair.ben, "scam"), (pair.ana, "other")):
        await report(device, pair.call_id, reason=reason)
    assert await reports(world, pair.call_id) == [(pair.she.id, "nudity"), (pair.he.id, "scam")]
    for person, other in ((pair.she, pair.he), (pair.he, pair.she)):
        _, listed = await person.rest("GET", "/v1/blocks")
        assert [item["user_id"] for item in listed["items"]] == [other.id]


async def test_a_late_report_ends_a_connection_as_a_block_does(pair: Meeting) -> None:
    """Both are told of the end, and what they see of each other ends."""
    connection = await pair.connect()
    await pair.ben.ask("presence:watch", user_ids=[pair.she.id])
    await report(pair.ana, pair.call_id)
    for device in (pair.ana, pair.ben):
        ended = (await device.next("connection:ended"))["connection"]
        assert (ended["id"], ended["active"]) == (connection["id"], False)
    assert (await pair.ben.next("presence:changed", user_id=pair.she.id))["status"] == "offline"


async def test_a_late_report_without_a_block(pair: Meeting, world: World) -> None:
    """It is filed, and everything else stays."""
    connection = await pair.connect()
    await report(pair.ana, pair.call_id, block=False)
    assert await reports(world, pair.call_id) == [(pair.she.id, "harassment")]
    await pair.ana.ask("chat:send", room_id=connection["room_id"], client_id="m", content="Hi")
    await pair.ben.next("chat:message")


async def ended(world: World, pair: tuple[Person, Person], *, ago_ms: int, reason: EndReason) -> str:
    """A call of which only the record is left."""
    then = now_ms() - ago_ms
    call_id = await world.offered((pair[0].id, pair[1].id), now=then)
    await world.end(call_id, reason=reason, now=then)
    return call_id


async def test_a_report_of_a_call_that_only_the_record_knows(
    sign_up: SignUp, world: World, product_redis_url: str
) -> None:
    """Redis keeps a call for minutes, one may report for a day, also an offer that lapsed; not for longer."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana = await she.connect()
    for reason in ("hung_up", "no_answer"):
        recent = await ended(world, (she, he), ago_ms=23 * HOUR_MS, reason=reason)
        await report(ana, recent, block=False)
        await report(ana, recent, block=False)
        assert await reports(world, recent) == [(she.id, "harassment")]
    late = {"call_id": await ended(world, (she, he), ago_ms=25 * HOUR_MS, reason="hung_up"), "reason": "spam"}
    assert await ana.refused("call:report", **late) == "gone"
    stranger = await (await sign_up()).connect()
    assert await stranger.refused("call:report", call_id=recent, reason="spam") == "not_found"
    async with Redis.from_url(product_redis_url) as redis:
        assert [key async for key in redis.scan_iter(f"call:*:{recent}")] == []


async def test_reasons_are_those_of_the_contract(pair: Meeting) -> None:
    """No free text, and the field is named."""
    for reason in ("rude", "x" * 100):
        with pytest.raises(Refused) as refused:
            await pair.ana.ask("call:report", call_id=pair.call_id, reason=reason)
        assert refused.value.error["code"] == "invalid_request"
        assert refused.value.error["details"] == {"field": "reason"}
    note = {"call_id": pair.call_id, "reason": "self_harm", "note": "x" * 2001}
    assert await pair.ana.refused("call:report", **note) == "payload_too_large"


@pytest.mark.hurried
@pytest.mark.parametrize("repeat", range(3))
async def test_a_report_and_a_hang_up_at_once(meet: Meet, world: World, repeat: int) -> None:
    """Whichever is first, it is filed once; the other hears one end and no connection comes of it."""
    pair = await meet()
    await pair.go_live()
    await asyncio.gather(
        report(pair.ben, pair.call_id),
        pair.ana.ask("call:end", call_id=pair.call_id),
        report(pair.ben, pair.call_id),
        return_exceptions=True,
    )
    await filed(world, pair.call_id)
    assert (await pair.ana.next("call:ended"))["reason"] == "hung_up"
    await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=True)
    assert (await pair.ana.next("decision:result"))["outcome"] == "not_connected"
    assert [d.has_heard("call:ended") for d in (pair.ana, pair.ben)] == [1, 1]


async def test_both_report_a_live_call_at_once(pair: Meeting, world: World) -> None:
    """The first has ended it; the second is a report of a call that is over."""
    await pair.go_live()
    await asyncio.gather(*(report(device, pair.call_id) for device in (pair.ana, pair.ben)))
    await filed(world, pair.call_id, 2)
    heard = [(await d.next("call:ended", call_id=pair.call_id))["reason"] for d in (pair.ana, pair.ben)]
    assert sorted(heard) == ["hung_up", "reported"]


async def test_a_reported_call_is_no_early_hang_up(pair: Meeting, world: World) -> None:
    """To report at once is no early hang-up, and to report an offer is no decline."""
    await report(pair.ana, pair.call_id)
    assert (await pair.ben.next("call:ended"))["reason"] == "declined"
    await filed(world, pair.call_id)
    faults = "SELECT count(*) FROM interaction.call_participants WHERE call_id = $1 AND fault_at IS NOT NULL"
    assert await world.pool.fetchval(faults, pair.call_id) == 0
    ended_at = await world.pool.fetchval("SELECT ended_at FROM interaction.calls WHERE id = $1", pair.call_id)
    assert ended_at <= to_datetime(now_ms() + CLOCKS_MS)
