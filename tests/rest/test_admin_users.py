"""Moderators find users, see how they stand, and correct what users cannot change themselves."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.clock import to_ms
from core.ids import new_id
from core.vocabulary import Role
from db.postgres.audit import AuditLog
from services.admin_users import minor_until
from services.expulsions import EXPULSIONS
from tests.rest.server import Answer, RestServer, new_person
from tests.rest.test_appeals import staff

PATH = "/v1/admin/users"


async def correct(rest: RestServer, mod: Any, user_id: str, **body: Any) -> Answer:
    return await rest.ask("PATCH", f"{PATH}/{user_id}", json=body, token=mod["access_token"])


async def found(rest: RestServer, mod: Any, q: str) -> list[str]:
    answer = await rest.ask("GET", PATH, params={"q": q}, token=mod["access_token"])
    assert answer.status == 200, answer.body
    return [item["id"] for item in answer.body["items"]]


async def log(rest: RestServer, user_id: str) -> list[tuple[str | None, str, Any]]:
    entries = await AuditLog(rest.world.pool).entries(user_id=user_id, before=None, limit=20)
    return [(e.actor, e.action, e.details) for e in entries if e.subject == user_id]


async def test_a_user_is_found_by_what_one_knows(rest: RestServer) -> None:
    """Id, or how username, address or display name begins, in any case; `%` and `_` are letters."""
    mod, tag = await staff(rest), new_id()[-12:]
    ana = (await rest.sign_up(username=f"u{tag}", email=f"e{tag}@example.org", display_name=f"N{tag} An"))[
        "user"
    ]
    ben = (await rest.sign_up(username=f"u{tag}.b"))["user"]
    for q in (ana["id"], ana["id"].upper(), f"E{tag}@ex", f"n{tag} a", f"N{tag}"):
        assert await found(rest, mod, q) == [ana["id"]], q
    assert await found(rest, mod, f"U{tag}") == [ben["id"], ana["id"]]
    for q in (f"{tag}", f"u{tag}%", "%", f"_{tag}", new_id()):
        assert not {ana["id"], ben["id"]} & set(await found(rest, mod, q)), q


async def test_a_probe_is_found_by_its_name_and_is_none_of_all(rest: RestServer) -> None:
    mod, name = await staff(rest), f"x{new_id()[-12:]}"
    probe = (await rest.sign_up(username=name))["user"]["id"]
    await rest.world.pool.execute("UPDATE identity.users SET probe = true WHERE id = $1", probe)
    newest = (await rest.ask("GET", f"{PATH}?limit=100", token=mod["access_token"])).body
    assert mod["user"]["id"] in {item["id"] for item in newest["items"]} or len(newest["items"]) == 100
    assert probe not in {item["id"] for item in newest["items"]}
    assert await found(rest, mod, name) == [probe]


async def test_pages_of_users_fit_together(rest: RestServer) -> None:
    """Newest first, also of all; a search says that it was made, and not what for."""
    mod, tag = await staff(rest), new_id()[-12:]
    ids = [(await rest.sign_up(username=f"p{tag}.{n}"))["user"]["id"] for n in range(3)]
    path, token = f"{PATH}?q=p{tag}&limit=2", mod["access_token"]
    first = (await rest.ask("GET", path, token=token)).body
    last = (await rest.ask("GET", f"{path}&cursor={first['next_cursor']}", token=token)).body
    assert [item["id"] for page in (first, last) for item in page["items"]] == ids[::-1]
    assert last["next_cursor"] is None
    newest = await rest.ask("GET", f"{PATH}?limit=100", token=token)
    # Others sign up meanwhile, some at a time that tests have set forward.
    assert [item["id"] for item in newest.body["items"] if item["id"] in ids] == ids[::-1]
    entries = await AuditLog(rest.world.pool).entries(user_id=mod["user"]["id"], before=None, limit=9)
    assert {(e.action, e.subject, tuple(e.details)) for e in entries if e.action == "users_searched"} == {
        ("users_searched", None, ("found",))
    }


async def test_no_moderator_finds_out_who_reported_them(rest: RestServer) -> None:
    """Neither by their own reports nor by those of others; nor what is said of admins. Other staff does."""
    mod, other, admin = [await staff(rest, role) for role in ("moderator", "moderator", "admin")]
    ana = await rest.world.person("Ana")
    for reported in (mod["user"]["id"], admin["user"]["id"]):
        await rest.world.report(await rest.world.talked((ana, reported)), ana, reported)

    async def seen(by: Any, user_id: str, side: str) -> Any:
        answer = await rest.ask("GET", f"{PATH}/{user_id}", token=by["access_token"])
        return answer.body[side]["count"], answer.body[side]["people"], len(answer.body[side]["ids"])

    for by, told in ((mod, 0), (other, 1), (admin, 1)):
        assert await seen(by, mod["user"]["id"], "reports_about") == (told,) * 3
        assert await seen(by, ana, "reports_by") == (told,) * 3
    assert await seen(other, admin["user"]["id"], "reports_about") == (0, 0, 0)


async def test_a_user_is_shown_with_all_that_a_decision_needs(rest: RestServer) -> None:
    """The look is on the audit log."""
    mod, ana = await staff(rest), await rest.sign_up(device_id="phone-1")
    user_id, ben = ana["user"]["id"], await rest.world.person("Ben")
    call_id = await rest.world.talked((user_id, ben))
    await rest.world.report(call_id, ben, user_id)
    given = await rest.world.strike(user_id, "warn")
    shown = await rest.ask("GET", f"{PATH}/{user_id}", token=mod["access_token"])
    assert shown.status == 200, shown.body
    body = shown.body
    for field in ("id", "email", "username", "display_name", "role", "birth_date", "gender", "created_at"):
        assert body[field] == ana["user"][field], field
    assert (body["status"], body["standing"]["strikes"][0]["id"]) == ("active", given.strike_id)
    [session] = body["sessions"]
    assert (session["device_id"], session["current"]) == ("phone-1", False)
    assert body["last_login"] == body["last_active"] == session["created_at"]
    about = body["reports_about"]
    assert (about["count"], about["people"], len(about["ids"])) == (1, 1, 1)
    assert body["reports_by"] == {"count": 0, "people": 0, "ids": []}
    assert (mod["user"]["id"], "user_viewed", {}) in await log(rest, user_id)
    missing = await rest.ask("GET", f"{PATH}/{new_id()}", token=mod["access_token"])
    assert missing.code == "not_found"


async def test_only_moderators_change_a_birth_date(rest: RestServer) -> None:
    """And the gender; what was changed is on the audit log, and not the date."""
    mod, ana = await staff(rest), await rest.sign_up()
    user_id, own = ana["user"]["id"], ana["access_token"]
    refused = await rest.ask(
        "PATCH", "/v1/me", json={"birth_date": "1990-01-01"}, token=own, headers={"If-Match": "*"}
    )
    assert (refused.code, refused.body["details"]) == ("invalid_request", {"field": "birth_date"})
    answer = await correct(rest, mod, user_id, birth_date="1990-01-02", gender="other")
    assert (answer.status, answer.body["birth_date"], answer.body["gender"]) == (200, "1990-01-02", "other")
    assert answer.body["status"] == "active"
    me = (await rest.ask("GET", "/v1/me", token=own)).body
    assert (me["birth_date"], me["gender"]) == ("1990-01-02", "other")
    await correct(rest, mod, user_id, birth_date="1990-01-02")
    corrected = [e for e in await log(rest, user_id) if e[1] == "user_corrected"]
    assert corrected == [(mod["user"]["id"], "user_corrected", {"fields": ["birth_date", "gender"]})]
    for wrong in ("1850-01-01", "2990-01-01"):
        answer = await correct(rest, mod, user_id, birth_date=wrong)
        assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "birth_date"})


async def test_who_turns_out_to_be_a_minor_is_suspended_until_they_are_none(rest: RestServer) -> None:
    """They read why, and can appeal."""
    mod, person = await staff(rest), new_person()
    user_id = (await rest.sign_up(**person))["user"]["id"]
    day = datetime.fromtimestamp(rest.clock() / 1000, UTC).date()
    born = date(day.year - 15, 1, 1)
    async with rest.hearing(EXPULSIONS) as heard:
        answer = await correct(rest, mod, user_id, birth_date=born.isoformat())
        assert (answer.status, answer.body["status"]) == (200, "suspended")
        await heard()  # no node waits until it looks by itself
    refused = await rest.login(person["email"])
    assert refused.body["details"]["until"] == f"{day.year + 3}-01-01T00:00:00.000Z"
    standing = (await rest.ask("GET", "/v1/me/standing", token=refused.body["details"]["token"])).body
    assert [(s["action"], s["reason"]) for s in standing["strikes"]] == [("suspend", "underage")]


@pytest.mark.parametrize(
    ("born", "until"),
    [
        (date(2008, 6, 15), None),
        (date(2008, 6, 16), (2026, 6, 16)),
        (date(2012, 2, 29), (2030, 3, 1)),
    ],
)
def test_when_somebody_comes_of_age(born: date, until: tuple[int, int, int] | None) -> None:
    now = to_ms(datetime(2026, 6, 15, 12, tzinfo=UTC))
    assert minor_until(born, now) == (until and to_ms(datetime(*until, tzinfo=UTC)))


async def test_roles_are_for_admins_alone(rest: RestServer) -> None:
    """Nobody changes their own; nor does a moderator correct an admin. The new role counts at once."""
    mod, admin, ana = await staff(rest), await staff(rest, "admin"), await rest.sign_up()
    user_id = ana["user"]["id"]
    assert (await correct(rest, mod, user_id, role="moderator")).code == "forbidden"
    assert (await correct(rest, mod, admin["user"]["id"], gender="other")).code == "forbidden"
    for person, role in ((mod, "admin"), (admin, "user")):
        assert (await correct(rest, person, person["user"]["id"], role=role)).code == "forbidden"
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).code == "not_found"
    roles: list[Role] = ["moderator", "user"]
    for role, status in zip(roles, (200, 404), strict=True):
        assert (await correct(rest, admin, user_id, role=role)).body["role"] == role
        assert (await rest.ask("GET", PATH, token=ana["access_token"])).status == status
    changed = [e for e in await log(rest, user_id) if e[1] == "role_changed"]
    assert [actor for actor, _, _ in changed] == [admin["user"]["id"]] * 2


async def test_to_others_there_is_no_such_thing(rest: RestServer) -> None:
    ana = await rest.sign_up()
    path, token = f"{PATH}/{ana['user']['id']}", ana["access_token"]
    for method, where in (("GET", PATH), ("GET", path), ("PATCH", path)):
        assert (await rest.ask(method, where, json={}, token=token)).code == "not_found"
    assert (await correct(rest, await staff(rest), new_id(), gender="male")).code == "not_found"
