"""Moderators ban and lift: a ban is a strike, and nobody bans those above them."""

import asyncio
from typing import Any

import pytest

from core.clock import rfc3339
from core.ids import new_id
from core.vocabulary import Role
from db.postgres.audit import AuditLog
from services.bans import may_act_on
from tests.rest.server import Answer, RestServer, new_person
from tests.rest.test_appeals import staff

PATH = "/v1/admin/bans"


async def ban(rest: RestServer, mod: Any, user_id: str, reason: str = "spam", **more: Any) -> Answer:
    body = {"user_id": user_id, "reason": reason, **more}
    return await rest.ask("POST", PATH, json=body, token=mod["access_token"])


async def test_a_moderator_bans_and_lifts(rest: RestServer) -> None:
    """Who is banned reads why; both acts are on the audit log with who did them."""
    person, mod = new_person(), await staff(rest)
    user_id, own = (await rest.sign_up(**person))["user"]["id"], mod["access_token"]
    answer = await ban(rest, mod, user_id, "He sold pills.")
    assert answer.status == 201, answer.body
    given = answer.body
    assert (given["user_id"], given["by"], given["active"]) == (user_id, mod["user"]["id"], True)
    refused = await rest.login(person["email"])
    assert refused.body["details"]["until"] is None
    token = refused.body["details"]["token"]
    [strike] = (await rest.ask("GET", "/v1/me/standing", token=token)).body["strikes"]
    assert (strike["id"], strike["action"], strike["reason"]) == (
        given["strike_id"], "ban", "He sold pills."
    )  # fmt: skip
    lift = ("DELETE", f"{PATH}/{given['id']}")
    assert (await rest.ask(*lift, token=own)).status == 204
    assert (await rest.ask(*lift, token=own)).code == "gone"
    assert (await rest.login(person["email"])).status == 200
    listed = await rest.ask("GET", f"{PATH}?user_id={user_id}", token=own)
    [item] = listed.body["items"]
    assert item == given | {"active": False, "lifted_at": item["lifted_at"]}
    log = await AuditLog(rest.world.pool).entries(user_id=user_id, before=None, limit=9)
    assert {(e.actor, e.action) for e in log} >= {
        (mod["user"]["id"], "banned"), (mod["user"]["id"], "unbanned")
    }  # fmt: skip


async def test_nobody_lifts_a_ban_of_those_above_them(rest: RestServer) -> None:
    """Whoever gave it: an admin is for admins to let in again. Among equals any may."""
    mod, peer, admin, rogue = [
        await staff(rest, role) for role in ("moderator", "moderator", "admin", "admin")
    ]
    for who, lifting, status in ((rogue, mod, 403), (rogue, admin, 204), (peer, mod, 204)):
        given = (await ban(rest, admin, who["user"]["id"])).body
        answer = await rest.ask("DELETE", f"{PATH}/{given['id']}", token=lifting["access_token"])
        assert answer.status == status


async def test_a_ban_that_ends_is_a_suspension(rest: RestServer) -> None:
    """Not one that has ended already, nor one without a reason, nor of nobody."""
    person, mod = new_person(), await staff(rest)
    user_id = (await rest.sign_up(**person))["user"]["id"]
    until = rest.clock() + 60_000
    for wrong, field in (
        ({"until": rfc3339(rest.clock() - 1)}, "until"),
        ({"until": "2030-01-01T00:00:00"}, "until"),
        ({"until": "9999-12-31T23:59:59.999-23:59"}, "until"),
        ({"until": "9999-12-31T23:59:59.9999Z"}, "until"),
        ({"reason": " "}, "reason"),
    ):
        answer = await ban(rest, mod, user_id, **wrong)
        assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": field})
    assert (await ban(rest, mod, new_id())).code == "not_found"
    assert (await ban(rest, mod, user_id, until=rfc3339(until))).body["until"] == rfc3339(until)
    assert (await rest.login(person["email"])).body["details"]["until"] == rfc3339(until)
    rest.clock.advance(s=60)
    again = (await rest.login(person["email"])).body["access_token"]
    standing = (await rest.ask("GET", "/v1/me/standing", token=again)).body
    assert (standing["status"], standing["strikes"][0]["action"]) == ("active", "suspend")


@pytest.mark.parametrize(
    ("actor", "subject", "may"),
    [
        ("moderator", "user", True),
        ("moderator", "moderator", True),
        ("moderator", "admin", False),
        ("admin", "admin", True),
        ("user", "moderator", False),
    ],
)
async def test_nobody_bans_staff_above_them(rest: RestServer, actor: Role, subject: Role, may: bool) -> None:
    """Nor themselves."""
    assert may_act_on(actor, subject) is may
    if actor == "user":
        return
    mod, other = await staff(rest, actor), await staff(rest, subject)
    answer = await ban(rest, mod, other["user"]["id"])
    assert (answer.status, answer.body.get("code")) == ((201, None) if may else (403, "forbidden"))
    assert (await ban(rest, mod, mod["user"]["id"])).code == "forbidden"


async def test_two_who_ban_and_lift_at_once(rest: RestServer) -> None:
    """Each ban is one; one that is lifted twice at once is lifted once, and others stay."""
    mods = [await staff(rest), await staff(rest, "admin")]
    user_id = await rest.world.person()
    bans = [a.body["id"] for a in await asyncio.gather(*(ban(rest, mod, user_id) for mod in mods))]
    path = f"{PATH}/{bans[0]}"
    answers = await asyncio.gather(*(rest.ask("DELETE", path, token=m["access_token"]) for m in mods))
    assert sorted(a.status for a in answers) == [204, 410]
    items = (await rest.ask("GET", f"{PATH}?user_id={user_id}", token=mods[0]["access_token"])).body["items"]
    assert {(item["id"], item["active"]) for item in items} == {(bans[0], False), (bans[1], True)}


async def test_pages_of_bans_fit_together(rest: RestServer) -> None:
    """Newest first."""
    mod, user_id = await staff(rest), await rest.world.person()
    given = [(await ban(rest, mod, user_id)).body["id"] for _ in range(3)]
    path = f"{PATH}?user_id={user_id}&limit=2"
    first = (await rest.ask("GET", path, token=mod["access_token"])).body
    rest_of = (await rest.ask("GET", f"{path}&cursor={first['next_cursor']}", token=mod["access_token"])).body
    found = [item["id"] for page in (first, rest_of) for item in page["items"]]
    assert found == sorted(given, reverse=True)


async def test_to_others_there_is_no_such_thing(rest: RestServer) -> None:
    ana = await rest.sign_up()
    assert (await ban(rest, ana, await rest.world.person())).code == "not_found"
    for method, path in (("GET", PATH), ("DELETE", f"{PATH}/{new_id()}")):
        assert (await rest.ask(method, path, token=ana["access_token"])).code == "not_found"
