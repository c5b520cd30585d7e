"""Moderators see why an account may be that of somebody who was banned, and clear it."""

from typing import Any

from core.clock import now_ms
from core.ids import new_id
from db.postgres.audit import AuditLog
from tests.rest.server import Answer, RestServer
from tests.rest.test_appeals import staff
from tests.stores.world import since


def path(user: Any) -> str:
    return f"/v1/admin/users/{user['user']['id']}/suspicions"


async def suspicions(rest: RestServer, moderator: Any, user: Any, of: Any) -> list[Any]:
    """That this user may be that one; others who are banned meanwhile may resemble them too."""
    answer = await rest.ask("GET", path(user), token=moderator["access_token"])
    assert answer.status == 200, answer.body
    return [item for item in answer.body["items"] if item["of_user_id"] == of["user"]["id"]]


async def clear(rest: RestServer, moderator: Any, user: Any) -> Answer:
    return await rest.ask("DELETE", path(user), token=moderator["access_token"])


async def test_who_signs_up_in_the_same_browser_after_a_ban_is_suspected_until_it_is_cleared(
    rest: RestServer,
) -> None:
    """The device token stays where somebody only clears the device id; a sign-in does not bring it back."""
    mod = await staff(rest)
    ben = await rest.sign_up(device_id="ben-1")
    await rest.world.ban(ben["user"]["id"])
    again = await rest.sign_up(device_id="ben-2", device_token=ben["device_token"])
    [why] = await suspicions(rest, mod, again, ben)
    assert (why["of_user_id"], why["kind"], why["suspect"]) == (ben["user"]["id"], "device", True)
    assert why["cleared_at"] is None
    assert await suspicions(rest, mod, ben, again) == []

    assert (await clear(rest, mod, again)).status == 204
    assert (await clear(rest, mod, again)).code == "not_found"
    await rest.login(again["user"]["username"])
    [was] = await suspicions(rest, mod, again, ben)
    assert (was["cleared_by"], was["cleared_at"] is None) == (mod["user"]["id"], False)
    tier = "SELECT tier FROM identity.users WHERE id = $1"
    assert await rest.world.pool.fetchval(tier, again["user"]["id"]) == "neutral"
    entries = await AuditLog(rest.world.pool).entries(user_id=again["user"]["id"], before=None, limit=9)
    assert {entry.action for entry in entries} >= {"tier_changed", "suspicion_cleared"}
    looks = [(e.actor, e.details) for e in entries if e.action == "suspicions_viewed"]
    assert looks == [(mod["user"]["id"], {"of": [ben["user"]["id"]]})] * 2


async def test_who_comes_back_is_not_told_who_has_reported_the_first_account(rest: RestServer) -> None:
    """Neither by whom they can block, nor by whom they can report."""
    ana, eve = await rest.sign_up(), await rest.sign_up()
    ben = await rest.sign_up(device_id="ben-3")
    await rest.world.report_user(ben["user"]["id"], ana["user"]["id"])
    await rest.world.ban(ben["user"]["id"])
    again = await rest.sign_up(device_token=ben["device_token"])
    apart = await rest.world.eligibility.avoid(again["user"]["id"], since(now_ms()))
    assert apart == {ana["user"]["id"]}
    answers = []
    for who in (ana, eve):
        subject = {"type": "user", "id": who["user"]["id"]}
        for path, body in (
            ("/v1/reports", {"subject": subject, "reason": "spam", "block": False}),
            ("/v1/blocks", {"user_id": who["user"]["id"]}),
        ):
            answers.append((await rest.ask("POST", path, token=again["access_token"], json=body)).status)
    assert answers == [201] * 4


async def test_a_look_that_finds_nothing_is_on_the_log_too(rest: RestServer) -> None:
    """Of somebody; there is nobody else to look at."""
    mod, ana = (
        await staff(rest),
        await rest.sign_up(birth_date="1971-03-09", username=f"odd.{new_id()[-12:]}"),
    )
    for who in (ana["user"]["id"], new_id()):
        answer = await rest.ask("GET", f"/v1/admin/users/{who}/suspicions", token=mod["access_token"])
        assert (answer.status, answer.body) == (200, {"items": []})
    entries = await AuditLog(rest.world.pool).entries(user_id=mod["user"]["id"], before=None, limit=9)
    assert [(e.action, e.subject, e.details) for e in entries] == [
        ("suspicions_viewed", ana["user"]["id"], {"of": []})
    ]


async def test_to_all_others_there_is_no_such_thing(rest: RestServer) -> None:
    ana, ben = await rest.sign_up(), await rest.sign_up()
    for answer in (
        await rest.ask("GET", path(ben), token=ana["access_token"]),
        await rest.ask("GET", path(ben), token=ben["access_token"]),
        await clear(rest, ben, ben),
    ):
        assert answer.code == "not_found"
