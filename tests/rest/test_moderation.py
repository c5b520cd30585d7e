"""Moderators at work: the queue, a case, and what becomes of whom it is about."""

from typing import Any

import pytest

from core.clock import now_ms
from core.ids import new_id
from tests.conftest import NewDatabase
from tests.rest.server import Answer, RestServer

QUEUE = "/v1/admin/reports"


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """Its queue is these tests' own, and no running product enforces their bans."""
    return await new_database()


@pytest.fixture(autouse=True)
async def empty_queue(rest: RestServer) -> None:
    await rest.world.pool.execute(
        "TRUNCATE safety.cases, safety.looks, safety.strikes, safety.appeals, interaction.reports,"
        " interaction.pending_reports, identity.bans"
    )


async def staff(rest: RestServer, role: Any = "moderator") -> Any:
    person = await rest.sign_up(display_name="Mod")
    await rest.world.set_role(person["user"]["id"], role)
    return person


async def reported(rest: RestServer, who: Any = None, reason: str = "spam", by: Any = None) -> Any:
    """Somebody whom another has met and reported."""
    who, by = who or await rest.sign_up(display_name="Ben"), by or await rest.sign_up(display_name="Ana")
    pair = by["user"]["id"], who["user"]["id"]
    await rest.world.report(await rest.world.talked(pair), *pair, reason)
    return who


async def ask(rest: RestServer, who: Any, path: str = "", **body: Any) -> Answer:
    """GET the queue or a case; POST where it is an act."""
    what = {"json": body} if path.endswith("/decide") else {}
    method = "POST" if path.count("/") == 2 else "GET"
    return await rest.ask(method, QUEUE + path, token=who["access_token"], **what)


async def case_about(rest: RestServer, who: Any) -> str:
    query = "SELECT id FROM safety.cases WHERE user_id = $1 ORDER BY opened_at DESC, id DESC LIMIT 1"
    case: str = await rest.world.pool.fetchval(query, who["user"]["id"])
    return case


async def may_sign_in(rest: RestServer, who: Any) -> bool:
    return (await rest.login(who["user"]["email"])).status == 200


async def audit(rest: RestServer, who: Any) -> list[tuple[str, str | None]]:
    """What was done to somebody, in order."""
    rows = await rest.world.pool.fetch(
        "SELECT action, actor_id FROM identity.audit_log WHERE subject_id = $1 ORDER BY at, id",
        who["user"]["id"],
    )
    return [(row["action"], row["actor_id"]) for row in rows]


async def appeal(rest: RestServer, strike: str) -> None:
    query = "INSERT INTO safety.appeals (id, strike_id, text, at) VALUES ($1, $2, 'not me', now())"
    await rest.world.pool.execute(query, new_id(), strike)


async def test_the_queue_is_by_severity_then_age(rest: RestServer) -> None:
    """A page at a time; a reason is looked for among all reports of a case."""
    mod = await staff(rest)
    spam, hate = await reported(rest, reason="spam"), await reported(rest, reason="hate")
    young = await reported(rest, reason="underage")
    harsh = await reported(rest, reason="harassment")
    await reported(rest, harsh, "scam")
    expected = [await case_about(rest, who) for who in (young, hate, harsh, spam)]
    found, cursor = [], ""
    while cursor is not None:
        page = (await ask(rest, mod, f"?limit=1{cursor}")).body
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert found == expected
    for query, cases in (
        ("reason=scam", [expected[2]]),
        ("state=open", expected),
        ("state=claimed", []),
        ("state=decided", []),
    ):
        assert [item["id"] for item in (await ask(rest, mod, f"?{query}")).body["items"]] == cases
    [first, *_] = (await ask(rest, mod)).body["items"]
    assert (first["reason"], first["suspended"], first["state"]) == ("underage", True, "open")


async def test_only_staff_sees_cases(rest: RestServer) -> None:
    """Neither the reporter, nor the reported: not even that there are any."""
    ana = await rest.sign_up()
    ben = await reported(rest, by=ana)
    case = await case_about(rest, ben)
    for who in (ana, ben):
        for path in ("", f"/{case}", f"/{case}/claim", f"/{case}/decide", f"/{case}/undo"):
            assert (await ask(rest, who, path, action="dismiss")).code == "not_found"


async def test_a_case_gathers_what_there_is(rest: RestServer) -> None:
    """Reports with the reporters' record, evidence, standing; and the look is on the audit log."""
    mod, ana = await staff(rest), await rest.sign_up(display_name="Ana")
    other = await reported(rest, by=ana, reason="scam")
    await ask(rest, mod, f"/{await case_about(rest, other)}/decide", action="warn")
    ben = await reported(rest, by=ana, reason="hate")
    await reported(rest, ben, "spam")
    case = await case_about(rest, ben)
    seen = (await ask(rest, mod, f"/{case}")).body
    assert (seen["id"], seen["user"]["display_name"], seen["state"]) == (case, "Ben", "open")
    assert (seen["reason"], seen["report_count"], seen["reporters"]) == ("hate", 2, 2)
    mine = next(one for one in seen["reports"] if one["reason"] == "hate")
    assert mine["reporter"] == {
        "user_id": ana["user"]["id"],
        "display_name": "Ana",
        "tier": "neutral",
        "filed": 2,
        "upheld": 1,
        "dismissed": 0,
    }
    assert (mine["met"], mine["note"], mine["subject"]["type"]) == (True, "was rude", "call")
    taken = {one["report_id"]: one["content"] for one in seen["evidence"]}
    assert taken[mine["id"]]["call"]["id"] == mine["subject"]["id"]
    assert taken[mine["id"]]["card"]["display_name"] == "Ben"
    assert seen["standing"]["status"] == "active"
    assert seen["suggested"] == {"action": "warn", "days": None}
    assert seen["active_penalties"] == []
    assert await audit(rest, ben) == [("case_looked_at", mod["user"]["id"])]


async def test_a_claim_keeps_others_away_and_lapses(rest: RestServer) -> None:
    """One's own can be claimed again, and decided."""
    mod, other = await staff(rest), await staff(rest)
    case = await case_about(rest, await reported(rest))
    claimed = (await ask(rest, mod, f"/{case}/claim")).body
    assert (claimed["state"], claimed["claimed_by"]) == ("claimed", mod["user"]["id"])
    assert (await ask(rest, mod, f"/{case}/claim")).status == 200
    assert (await ask(rest, other, f"/{case}/claim")).code == "conflict"
    assert (await ask(rest, other, f"/{case}/decide", action="ban")).code == "conflict"
    rest.clock.advance(s=14 * 60)
    assert (await ask(rest, other, f"/{case}/claim")).code == "conflict"
    rest.clock.advance(s=2 * 60)
    other = (await rest.login(other["user"]["email"])).body
    assert (await ask(rest, other, f"/{case}")).body["state"] == "open"
    assert (await ask(rest, other, "?state=open")).body["items"][0]["claimed_by"] is None
    assert (await ask(rest, other, f"/{case}/claim")).status == 200
    assert (await ask(rest, other, f"/{case}/decide", action="dismiss")).status == 200


async def test_up_the_ladder(rest: RestServer) -> None:
    """What is suggested is what a suspension without days takes; a warning leaves them in."""
    mod, ana, ben = await staff(rest), await rest.sign_up(), await rest.sign_up()
    for suggested, action in (
        ({"action": "warn", "days": None}, "warn"),
        ({"action": "suspend", "days": 1}, "suspend"),
        ({"action": "suspend", "days": 7}, "suspend"),
        ({"action": "ban", "days": None}, "ban"),
    ):
        await rest.world.pool.execute(
            "UPDATE identity.bans SET until = now() - interval '1 s' WHERE until > now()"
        )
        subject = {"type": "user", "id": ben["user"]["id"]}
        body = {"subject": subject, "reason": "spam", "block": False}
        await rest.ask("POST", "/v1/reports", token=ana["access_token"], json=body)
        case = await case_about(rest, ben)
        assert (await ask(rest, mod, f"/{case}")).body["suggested"] == suggested
        decided = (await ask(rest, mod, f"/{case}/decide", action=action, note="as it says")).body
        assert decided["decision"] | {"at": None} == {
            "action": action,
            "days": suggested["days"],
            "note": "as it says",
            "by": mod["user"]["id"],
            "at": None,
        }
        assert await may_sign_in(rest, ben) == (action == "warn")
        strike = decided["standing"]["strikes"][0]
        assert (strike["action"], strike["case_id"], strike["by"]) == (action, case, mod["user"]["id"])
        assert [one["strike_id"] for one in decided["active_penalties"]] == (
            [] if action == "warn" else [strike["id"]]
        )


async def test_who_may_be_a_minor_is_out_until_their_birth_date_is_settled(rest: RestServer) -> None:
    """By a moderator who saves it: whoever is 18 is back, and it is no step of the ladder."""
    mod, ben = await staff(rest), await reported(rest, reason="underage")
    case = await case_about(rest, ben)
    assert (await ask(rest, mod, f"/{case}")).body["suggested"] == {"action": "suspend", "days": None}
    decided = (await ask(rest, mod, f"/{case}/decide", action="suspend")).body
    assert (decided["decision"]["days"], decided["standing"]["restricted_until"]) == (None, None)
    [penalty] = decided["active_penalties"]
    assert (penalty["action"], penalty["reason"], penalty["until"]) == ("suspend", "underage", None)
    assert not await may_sign_in(rest, ben)
    path, born = f"/v1/admin/users/{ben['user']['id']}", {"birth_date": "1990-01-02"}
    other = await staff(rest)
    saved = await rest.ask("PATCH", path, token=other["access_token"], json=born)
    assert (saved.status, saved.body["status"]) == (200, "active")
    assert await may_sign_in(rest, ben)
    await reported(rest, ben, "spam")
    again = await case_about(rest, ben)
    assert (await ask(rest, mod, f"/{again}")).body["suggested"] == {"action": "warn", "days": None}


async def test_days_are_for_suspensions(rest: RestServer) -> None:
    mod = await staff(rest)
    case = await case_about(rest, await reported(rest))
    for wrong in ({"action": "ban", "days": 3}, {"action": "suspend", "days": 0}, {"action": "shout"}):
        assert (await ask(rest, mod, f"/{case}/decide", **wrong)).code == "invalid_request"
    decided = (await ask(rest, mod, f"/{case}/decide", action="suspend", days=3)).body
    assert decided["decision"]["days"] == 3


async def test_undo_lifts_what_the_decision_caused_and_nothing_else(rest: RestServer) -> None:
    """An earlier ban stays; the case waits again, and can be decided otherwise."""
    mod, ben = await staff(rest), await reported(rest)
    case = await case_about(rest, ben)
    assert (await ask(rest, mod, f"/{case}/undo")).code == "conflict"
    other = await rest.world.ban(ben["user"]["id"])
    await ask(rest, mod, f"/{case}/decide", action="ban")
    assert (await ask(rest, mod, f"/{case}/decide", action="dismiss")).code == "already_decided"
    undone = (await ask(rest, mod, f"/{case}/undo")).body
    assert [penalty["ban_id"] for penalty in undone["active_penalties"]] == [other]
    assert (undone["state"], undone["decision"], undone["undone_by"]) == ("open", None, mod["user"]["id"])
    assert undone["suggested"]["action"] == "warn"
    await rest.world.pool.execute("UPDATE identity.bans SET lifted_at = now() WHERE id = $1", other)
    assert await may_sign_in(rest, ben)
    assert (await ask(rest, mod, f"/{case}/decide", action="suspend")).status == 200
    assert not await may_sign_in(rest, ben)
    assert (await ask(rest, mod, f"/{case}/undo")).status == 200
    assert await may_sign_in(rest, ben)
    [moderator] = {actor for _, actor in await audit(rest, ben)}
    assert moderator == mod["user"]["id"]


async def test_an_undone_decision_joins_the_case_that_waits(rest: RestServer) -> None:
    """A user has one undecided case at most."""
    mod, ben = await staff(rest), await reported(rest, reason="hate")
    case = await case_about(rest, ben)
    await ask(rest, mod, f"/{case}/decide", action="warn")
    await reported(rest, ben, "spam")
    waiting = await case_about(rest, ben)
    assert waiting != case
    assert (await ask(rest, mod, f"/{case}/undo")).body["reports"] == []
    [left] = (await ask(rest, mod)).body["items"]
    assert (left["id"], left["report_count"], left["reason"], left["severity"]) == (waiting, 2, "hate", 60)


async def test_a_dismissal_ends_what_the_system_did(rest: RestServer) -> None:
    """And the reporter's word about that counts less from now on: it suspends nobody any more."""
    mod, ana = await staff(rest), await rest.sign_up()
    ben = await reported(rest, reason="underage", by=ana)
    assert not await may_sign_in(rest, ben)
    await ask(rest, mod, f"/{await case_about(rest, ben)}/decide", action="dismiss")
    assert await may_sign_in(rest, ben)
    await reported(rest, ben, "underage")
    assert await may_sign_in(rest, ben)
    cem = await reported(rest, reason="underage", by=ana)
    assert await may_sign_in(rest, cem)


async def test_one_who_lies_suspends_few_until_somebody_looks(rest: RestServer) -> None:
    """Not everybody whom they meet: three wait for a moderator, and after a decision another one may."""
    mod, ana, *met = await staff(rest), *[await rest.sign_up(display_name="Ana") for _ in range(6)]
    pairs = [(ana["user"]["id"], ben["user"]["id"]) for ben in met]
    calls = [await rest.world.talked(pair) for pair in pairs]

    async def said(number: int) -> list[bool]:
        await rest.world.report(calls[number], *pairs[number], "underage")
        return [await may_sign_in(rest, ben) for ben in met[: number + 1]]

    assert [await said(number) for number in range(4)][-1] == [False, False, False, True]
    for ben in (met[0], met[3]):
        await ask(rest, mod, f"/{await case_about(rest, ben)}/decide", action="warn")
    assert await said(4) == [True, False, False, True, False]


async def test_another_decision_takes_its_place(rest: RestServer) -> None:
    """The system's own suspension ends with any decision, and undoing that brings neither back."""
    mod, ben = await staff(rest), await reported(rest, reason="underage")
    case = await case_about(rest, ben)
    decided = (await ask(rest, mod, f"/{case}/decide", action="suspend", days=2)).body
    assert [penalty["action"] for penalty in decided["active_penalties"]] == ["suspend"]
    assert decided["active_penalties"][0]["until"] is not None
    assert (await ask(rest, mod, f"/{case}/undo")).body["active_penalties"] == []
    assert await may_sign_in(rest, ben)


async def test_nobody_decides_about_themselves_nor_a_moderator_about_an_admin(rest: RestServer) -> None:
    """Nor do they learn that there is anything; an admin may decide about a moderator."""
    mod, admin = await staff(rest), await staff(rest, "admin")
    cases = [await case_about(rest, await reported(rest, who)) for who in (mod, admin)]
    for case in cases:
        for act in ("", "/claim", "/decide", "/undo"):
            assert (await ask(rest, mod, f"/{case}{act}", action="dismiss")).code == "not_found"
        assert case not in [item["id"] for item in (await ask(rest, mod)).body["items"]]
    assert [item["id"] for item in (await ask(rest, admin)).body["items"]] == cases[:1]
    assert (await ask(rest, admin, f"/{cases[1]}")).code == "not_found"
    assert (await ask(rest, admin, f"/{cases[0]}/decide", action="warn")).status == 200


async def test_no_such_case(rest: RestServer) -> None:
    mod = await staff(rest)
    for path in (f"/{new_id()}", f"/{new_id()}/claim", "/nothing"):
        assert (await ask(rest, mod, path)).code == "not_found"


async def test_what_came_after_the_look_suspends_anew(rest: RestServer) -> None:
    """A dismissal is about what its moderator has seen; whoever says `underage` meanwhile is heard."""
    mod, ben = await staff(rest), await reported(rest)
    case = await case_about(rest, ben)
    await ask(rest, mod, f"/{case}")
    await reported(rest, ben, "underage")
    decided = (await ask(rest, mod, f"/{case}/decide", action="dismiss")).body
    assert (decided["state"], decided["report_count"]) == ("decided", 1)
    assert not await may_sign_in(rest, ben)
    [next_one] = (await ask(rest, mod)).body["items"]
    assert (next_one["reason"], next_one["suspended"]) == ("underage", True)


async def test_undoing_grants_an_appeal_that_waits(rest: RestServer) -> None:
    """There is nothing left to appeal against."""
    mod, ben = await staff(rest), await reported(rest)
    case = await case_about(rest, ben)
    decided = (await ask(rest, mod, f"/{case}/decide", action="ban")).body
    await appeal(rest, decided["standing"]["strikes"][0]["id"])
    undone = (await ask(rest, mod, f"/{case}/undo")).body
    assert undone["standing"]["strikes"][0]["appeal"] == "granted"


async def test_evidence_goes_some_time_after_the_decision(rest: RestServer) -> None:
    """Never while the case or an appeal waits; the report stays."""
    mod, ben, cem = await staff(rest), await reported(rest), await reported(rest)
    cases = [await case_about(rest, who) for who in (ben, cem)]
    evidence = rest.world.evidence
    assert await evidence.forget(now_ms() + 1000, limit=10) == 0
    for case in cases:
        decided = (await ask(rest, mod, f"/{case}/decide", action="warn")).body
    await appeal(rest, decided["standing"]["strikes"][0]["id"])
    assert await evidence.forget(now_ms() - 60_000, limit=10) == 0
    assert await evidence.forget(now_ms() + 1000, limit=10) == 1
    contents = [(await ask(rest, mod, f"/{case}")).body["evidence"][0]["content"] for case in cases]
    assert contents[0] is None
    assert contents[1]["card"]["user_id"] == cem["user"]["id"]
