"""Reporting over REST: what can be reported by whom, what is taken down of it, and what follows."""

from typing import Any

import pytest

from core.clock import now_ms
from core.ids import new_id
from db.postgres.evidence import opened
from services.expulsions import EXPULSIONS
from tests.conftest import NewDatabase
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import Answer, RestServer

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would perform the pending reports."""
    return await new_database()


async def report(rest: RestServer, who: Any, kind: str, subject: str, **more: Any) -> Answer:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    body = {"subject": {"type": kind, "id": subject}, "reason": "harassment", **more}
    return await rest.ask("POST", "/v1/reports", token=who["access_token"], json=body, headers=headers)


async def people(rest: RestServer, *names: str) -> list[Any]:
    return [await rest.sign_up(display_name=name) for name in names]


def ids(*who: Any) -> Any:
    return tuple(person["user"]["id"] for person in who)


async def on_record(rest: RestServer, report_id: str) -> Any:
    return await rest.world.pool.fetchrow("SELECT * FROM interaction.reports WHERE id = $1", report_id)


async def evidence(rest: RestServer, report_id: str) -> dict[str, Any]:
    row = await on_record(rest, report_id)
    content = opened(rest.world.seals, report_id, row["evidence_key_id"], row["evidence"])
    assert content is not None
    return content


async def blocks(rest: RestServer, who: Any) -> list[str]:
    answer = await rest.ask("GET", "/v1/blocks", token=who["access_token"])
    return [item["user_id"] for item in answer.body["items"]]


async def test_a_profile_is_reported_once(rest: RestServer) -> None:
    """Again it is the same report, though what they see of each other has ended by the first one."""
    ana, ben = await people(rest, "Ana", "Ben")
    first = await report(rest, ana, "user", ben["user"]["id"], note="rude")
    assert (first.status, list(first.body)) == (201, ["id"])
    assert (await report(rest, ana, "user", ben["user"]["id"], reason="spam")).body == first.body
    row = await on_record(rest, first.body["id"])
    assert (row["subject_type"], row["reason"], row["note"]) == ("user", "harassment", "rude")
    assert row["reported_id"] == row["subject_id"] == ben["user"]["id"]
    assert await blocks(rest, ana) == [ben["user"]["id"]]


async def test_without_a_block(rest: RestServer) -> None:
    """When the reporter says so."""
    ana, ben = await people(rest, "Ana", "Ben")
    assert (await report(rest, ana, "user", ben["user"]["id"], block=False)).status == 201
    assert await blocks(rest, ana) == []


async def test_a_user_can_be_reported_again_after_a_decision(rest: RestServer) -> None:
    """What they did since is news; a message stays what it was."""
    ana, ben, mod = await people(rest, "Ana", "Ben", "Mod")
    await rest.world.set_role(mod["user"]["id"], "moderator")
    room = (await rest.world.connected(ids(ana, ben))).room_id
    said = (await rest.world.say(room, ben["user"]["id"])).message.id
    subjects = [("user", ben["user"]["id"]), ("message", said)]
    first = [(await report(rest, ana, *subject, block=False)).body["id"] for subject in subjects]
    case = (await on_record(rest, first[0]))["case_id"]
    path = f"/v1/admin/reports/{case}/decide"
    await rest.ask("POST", path, token=mod["access_token"], json={"action": "dismiss"})
    again = [(await report(rest, ana, *subject, block=False)).body["id"] for subject in subjects]
    assert [old == new for old, new in zip(first, again, strict=True)] == [False, True]


async def test_whom_one_can_report(rest: RestServer) -> None:
    """Those one may see, or has met whatever has come between; nobody else, and not oneself."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    await rest.world.talked(ids(ana, ben))
    for other in (ben, cem):
        await rest.world.block(*ids(other, ana))
    assert (await report(rest, ana, "user", ben["user"]["id"])).status == 201
    assert (await report(rest, ana, "user", cem["user"]["id"])).code == "not_found"
    assert (await report(rest, ana, "user", new_id())).code == "not_found"
    own = await report(rest, ana, "user", ana["user"]["id"])
    assert (own.code, own.body["details"]) == ("invalid_request", {"field": "subject"})


async def test_a_message(rest: RestServer) -> None:
    """Of a room one is in, and somebody else's; what it says is kept, whatever becomes of it."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    room = (await rest.world.connected(ids(ana, ben))).room_id
    message = (await rest.world.say(room, ben["user"]["id"], "you again")).message.id
    assert (await report(rest, cem, "message", message)).code == "not_found"
    assert (await report(rest, ben, "message", message)).code == "invalid_request"
    assert (await report(rest, ana, "message", new_id())).code == "not_found"
    filed = await report(rest, ana, "message", message)
    await rest.world.pool.execute("UPDATE communication.messages SET content = 'gone' WHERE id = $1", message)
    reported = (await evidence(rest, filed.body["id"]))["reported"]
    assert (reported["id"], reported["content"]) == (message, "you again")


@pytest.mark.parametrize("kind", ["post", "comment", "review", "group"])
async def test_what_does_not_exist_yet(rest: RestServer, kind: str) -> None:
    """Nobody sees any."""
    [ana] = await people(rest, "Ana")
    assert (await report(rest, ana, kind, new_id())).code == "not_found"


async def test_a_call_that_is_over(rest: RestServer) -> None:
    """By either of the two and nobody else, for a day; the first report counts."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    call = await rest.world.talked(ids(ana, ben), now=now_ms() - 23 * HOUR_MS)
    assert (await report(rest, cem, "call", call)).code == "not_found"
    mine, theirs = [(await report(rest, who, "call", call)).body["id"] for who in (ana, ben)]
    assert mine != theirs
    assert (await report(rest, ana, "call", call, reason="hate")).body["id"] == mine
    rest.clock.advance(s=2 * 3600)
    again = await rest.login(ana["user"]["email"])
    assert (await report(rest, again.body, "call", call)).body["id"] == mine
    dan = await rest.sign_up()
    old = await rest.world.talked((dan["user"]["id"], await rest.world.person()), now=now_ms() - 26 * HOUR_MS)
    assert (await report(rest, dan, "call", old)).code == "gone"


async def test_a_call_that_goes_on_waits_for_a_node(rest: RestServer) -> None:
    """Here no calls are kept: until some node has ended it, nothing happens that the other could notice."""
    ana, ben = await people(rest, "Ana", "Ben")
    call = await rest.world.offered(ids(ana, ben))
    filed = (await report(rest, ana, "call", call)).body["id"]
    assert await blocks(rest, ana) == []
    [pending] = [one for one in await rest.world.reports.due(now_ms()) if one.id == filed]
    assert (pending.call_id, pending.reporter, pending.block) == (call, ana["user"]["id"], True)
    await rest.world.reports.settle(filed, now_ms())
    assert await blocks(rest, ana) == []
    await rest.world.end(call)
    for _ in range(2):
        await rest.world.reports.settle(filed, now_ms())
    assert await blocks(rest, ana) == [ben["user"]["id"]]


async def test_evidence_is_what_was_so_then(rest: RestServer) -> None:
    """The card, the call, the last messages of the two; nothing of rooms that the reporter is not in."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    connected = await rest.world.connected(ids(ana, ben))
    other = await rest.world.connected(ids(cem, ben))
    await rest.world.say(other.room_id, ben["user"]["id"], "to another")
    for n in range(52):
        await rest.world.say(connected.room_id, ids(ana, ben)[n % 2], f"m{n}")
    filed = await report(rest, ana, "user", ben["user"]["id"])
    await rest.world.pool.execute(
        "UPDATE identity.profiles SET display_name = 'Angel', bio = 'nice' WHERE user_id = $1", *ids(ben)
    )
    then = await evidence(rest, filed.body["id"])
    assert (then["card"]["display_name"], then["card"]["user_id"]) == ("Ben", ben["user"]["id"])
    assert then["call"]["id"] == connected.call_id
    assert {message["content"] for message in then["messages"]} == {f"m{n}" for n in range(2, 52)}
    assert then["reported"] is None


async def test_evidence_is_sealed(rest: RestServer) -> None:
    """Whoever has the database alone reads nothing of it."""
    ana, ben = await people(rest, "Ana", "Benjamin")
    filed = await report(rest, ana, "user", ben["user"]["id"])
    row = await on_record(rest, filed.body["id"])
    assert b"Benjamin" not in row["evidence"]
    assert opened(rest.world.seals, new_id(), row["evidence_key_id"], row["evidence"]) is None


async def test_underage_is_suspended_until_somebody_has_looked(rest: RestServer) -> None:
    """On the word of one who has met them, and of nobody who has not."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    await report(rest, cem, "user", ben["user"]["id"], reason="underage")
    assert (await rest.ask("GET", "/v1/me", token=ben["access_token"])).status == 200
    call = await rest.world.talked(ids(ana, ben))
    await rest.world.call_records.closed(call, "not_connected", now_ms())
    async with rest.hearing(EXPULSIONS) as heard:
        await report(rest, ana, "call", call, reason="underage")
        await heard()  # every node puts them out at once
    assert (await rest.login(ben["user"]["email"])).code == "banned"
    row = await rest.world.pool.fetchrow("SELECT * FROM safety.strikes WHERE user_id = $1", *ids(ben))
    assert (row["action"], row["reason"], row["until"], row["by"]) == ("suspend", "underage", None, None)


async def test_the_answer_is_kept_for_a_copy(rest: RestServer) -> None:
    """Also after the case was decided, where another request would be another report."""
    ana, ben = await people(rest, "Ana", "Ben")
    first = await report(rest, ana, "user", ben["user"]["id"], key="k")
    await rest.world.pool.execute("UPDATE interaction.reports SET subject_id = id")
    assert (await report(rest, ana, "user", ben["user"]["id"], key="k")).body == first.body


async def test_a_picture_of_ones_own_is_evidence_once(rest: RestServer) -> None:
    """Uploaded for a report, by its reporter; it is kept as long as the evidence."""
    ana, ben, cem = await people(rest, "Ana", "Ben", "Cem")
    sent = await rest.ask(
        "POST", "/v1/media", token=ana["access_token"], data=form(encoded(drawn(16))), headers={}
    )
    picture = sent.body["id"]
    for who, media in ((cem, picture), (ana, new_id())):
        refused = await report(rest, who, "user", ben["user"]["id"], evidence_media_id=media)
        assert (refused.code, refused.body["details"]) == ("not_found", {"field": "evidence_media_id"})
    filed = await report(rest, ana, "user", ben["user"]["id"], evidence_media_id=picture)
    assert filed.status == 201
    assert (await report(rest, ana, "user", cem["user"]["id"], evidence_media_id=picture)).code == "not_found"
    expires = "SELECT expires_at IS NOT NULL FROM social.media WHERE id = $1"
    assert not await rest.world.pool.fetchval(expires, picture)
    await rest.world.pool.execute(
        "UPDATE safety.cases SET state = 'decided', action = 'dismiss', decided_by = user_id,"
        " decided_at = now() WHERE user_id = $1",
        ben["user"]["id"],
    )
    assert await rest.world.evidence.forget(now_ms() + 1000, limit=100) >= 1
    assert await rest.world.pool.fetchval(expires, picture)
