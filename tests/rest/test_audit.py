"""The audit log over REST: pages for admins; to others there is no such thing."""

import pytest

from core.clock import now_ms, rfc3339
from core.ids import made_at, new_id
from core.vocabulary import Role
from db.postgres import audit
from db.postgres.audit import Entry
from tests.rest.server import RestServer
from tests.rest.test_admin import admin

PATH = "/v1/admin/audit"


async def after_all(rest: RestServer) -> int:
    """A time after all that is on the log: tests with clocks of their own write into it too."""
    newest = await rest.world.pool.fetchval("SELECT id FROM identity.audit_log ORDER BY id DESC LIMIT 1")
    return max(now_ms(), made_at(newest) + 1 if newest else 0)


async def done(rest: RestServer, actor: str | None, subject: str | None, at: int) -> Entry:
    entry = Entry(
        id=new_id(at), at=at, actor=actor, action="seen", subject=subject, details={"why": ["a", 1]}
    )
    async with rest.world.pool.acquire() as connection:
        await audit.write(connection, entry)
    return entry


async def test_an_admin_reads_who_did_what_to_whom(rest: RestServer) -> None:
    token, ben, now = await admin(rest), await rest.world.person("Ben"), await after_all(rest)
    by_system = await done(rest, None, ben, now)
    by_ben = await done(rest, ben, None, now + 1)
    answer = await rest.ask("GET", f"{PATH}?user_id={ben}", token=token)
    assert answer.status == 200
    assert answer.body == {
        "items": [
            {
                "id": entry.id,
                "at": rfc3339(entry.at),
                "actor": entry.actor or "system",
                "action": "seen",
                "subject_id": entry.subject,
                "details": {"why": ["a", 1]},
            }
            for entry in (by_ben, by_system)
        ],
        "next_cursor": None,
    }
    newest = await rest.ask("GET", f"{PATH}?limit=1", token=token)
    assert [item["id"] for item in newest.body["items"]] == [by_ben.id]


@pytest.mark.parametrize("of", ["all", "one"])
async def test_pages_fit_together(rest: RestServer, of: str) -> None:
    """Each entry once, also while new ones are added."""
    token, ben, now = await admin(rest), await rest.world.person("Ben"), await after_all(rest)
    entries = [await done(rest, ben, ben, now + n) for n in range(5)]
    path = f"{PATH}?limit=2" + (f"&user_id={ben}" if of == "one" else "")
    found, cursor = [], ""
    for _ in range(3):
        page = await rest.ask("GET", path + cursor, token=token)
        found += [item["id"] for item in page.body["items"]]
        cursor = f"&cursor={page.body['next_cursor']}"
        await done(rest, None, ben, now + 100)
    assert found[:5] == [entry.id for entry in reversed(entries)]


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("cursor=nonsense", "cursor"), ("user_id=ben", "user_id"), ("actor=x", "actor")],
)
async def test_a_query_that_cannot_be_is_named(rest: RestServer, query: str, field: str) -> None:
    answer = await rest.ask("GET", f"{PATH}?{query}", token=await admin(rest))
    assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": field})


@pytest.mark.parametrize("role", ["user", "moderator"])
async def test_to_others_there_is_no_such_thing(rest: RestServer, role: Role) -> None:
    """Whatever they ask of it; nor to those who have not signed in."""
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], role)
    for query in ("", "?limit=0"):
        assert (await rest.ask("GET", PATH + query, token=signed_in["access_token"])).code == "not_found"
    assert (await rest.ask("GET", PATH)).code == "unauthenticated"
