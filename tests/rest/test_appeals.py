"""Moderators decide appeals: open ones first, each once, and not those against their own strikes."""

import asyncio
from typing import Any

import pytest

from core.ids import new_id
from core.vocabulary import Role
from db.postgres.appeals import AppealFacts
from db.postgres.audit import AuditLog
from services.appeals import may_decide
from tests.conftest import NewDatabase
from tests.rest.server import Answer, RestServer, new_person
from tests.rest.test_standing import appeal

PATH = "/v1/admin/appeals"
ANA = "ana"


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    """A database of its own: who else is a moderator counts, and whose appeals wait."""
    return await new_database()


async def staff(rest: RestServer, role: Role = "moderator") -> Any:
    """A new moderator."""
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], role)
    return signed_in


async def decide(rest: RestServer, appeal_id: str, moderator: Any, *, grant: bool, **more: Any) -> Answer:
    path = f"{PATH}/{appeal_id}/decide"
    return await rest.ask("POST", path, json={"grant": grant, **more}, token=moderator["access_token"])


@pytest.mark.parametrize(
    ("moderator", "struck_by", "others", "above", "may"),
    [
        ("moderator", "another", True, False, True),
        ("moderator", None, False, False, True),
        ("moderator", "moderator", True, False, False),
        ("moderator", "moderator", False, False, True),
        ("moderator", "another", False, True, False),
        (ANA, "another", False, False, False),
    ],
)
def test_who_may_decide(moderator: str, struck_by: str | None, others: bool, above: bool, may: bool) -> None:
    """Another one than who struck, where there is one; never those who appeal, nor staff below them."""
    assert may_decide(moderator, AppealFacts(ANA, struck_by, others, above)) is may


async def test_an_admin_is_for_admins_to_let_in_again(rest: RestServer) -> None:
    mod, admin, rogue = [await staff(rest, role) for role in ("moderator", "admin", "admin")]
    appeal_id = await rest.world.appeal(rogue["user"]["id"])
    assert (await decide(rest, appeal_id, mod, grant=True)).code == "forbidden"
    assert (await decide(rest, appeal_id, admin, grant=True)).status == 200


async def test_granting_lifts_the_strike_and_its_ban(rest: RestServer) -> None:
    """And nothing else; they sign in again, and see what has become of it."""
    person = new_person()
    ana = await rest.sign_up(**person)
    user_id, mod = ana["user"]["id"], await staff(rest)
    wrong = await rest.world.strike(user_id)
    right = await rest.world.strike(user_id, "suspend", until=rest.clock() + 60_000)
    own = (await rest.login(person["email"])).body["details"]["token"]
    await appeal(rest, wrong.strike_id, own, "My brother.")
    [item] = (await rest.ask("GET", PATH, token=mod["access_token"])).body["items"]
    assert (item["user_id"], item["display_name"], item["text"], item["state"]) == (
        user_id, "Ana", "My brother.", "open"
    )  # fmt: skip
    assert (item["strike"]["id"], item["strike"]["action"], item["strike"]["by"]) == (
        wrong.strike_id, "ban", None
    )  # fmt: skip
    answer = await decide(rest, item["id"], mod, grant=True, note="A brother.")
    assert (answer.status, answer.body["state"], answer.body["note"]) == (200, "granted", "A brother.")
    assert answer.body["decided_by"] == mod["user"]["id"]
    standing = (await rest.ask("GET", "/v1/me/standing", token=own)).body
    assert [s["id"] for s in standing["strikes"]] == [right.strike_id, wrong.strike_id]
    assert standing["strikes"][1]["appeal"] == {"state": "granted", "text": "My brother."}
    assert (await rest.login(person["email"])).code == "banned"
    rest.clock.advance(s=60)
    assert (await rest.login(person["email"])).status == 200
    log = await AuditLog(rest.world.pool).entries(user_id=user_id, before=None, limit=9)
    [entry] = [entry for entry in log if entry.action == "appeal_decided"]
    assert entry.actor == mod["user"]["id"]
    assert entry.details == {"appeal": item["id"], "strike": wrong.strike_id, "state": "granted"}


async def test_refusing_leaves_everything(rest: RestServer) -> None:
    """The one who appealed reads that, and cannot appeal again."""
    ana, mod = await rest.sign_up(), await staff(rest)
    appeal_id = await rest.world.appeal(ana["user"]["id"])
    assert (await decide(rest, appeal_id, mod, grant=False)).body["state"] == "refused"
    standing = await rest.ask("GET", "/v1/me/standing", token=ana["access_token"])
    [strike] = standing.body["strikes"]
    assert strike["appeal"]["state"] == "refused"
    assert (await appeal(rest, strike["id"], ana["access_token"])).code == "conflict"


async def test_two_moderators_decide_at_once(rest: RestServer) -> None:
    """One has decided, whatever both have said; so it stays."""
    ana = await rest.sign_up()
    moderators = [await staff(rest), await staff(rest, "admin")]
    for _ in range(5):
        appeal_id = await rest.world.appeal(ana["user"]["id"])
        answers = await asyncio.gather(
            *(decide(rest, appeal_id, mod, grant=n == 0) for n, mod in enumerate(moderators))
        )
        assert sorted(a.status for a in answers) == [200, 409], [a.body for a in answers]
        [done] = [a.body for a in answers if a.status == 200]
        [late] = [a for a in answers if a.status == 409]
        assert late.code == "already_decided"
        page = (await rest.ask("GET", PATH, token=moderators[0]["access_token"])).body["items"]
        assert [a["state"] for a in page if a["id"] == appeal_id] == [done["state"]]


async def test_who_struck_does_not_decide_while_there_is_another(rest: RestServer) -> None:
    """Once there is nobody else who could, they do. Nobody decides their own."""
    ana, mod, other = await rest.sign_up(), await staff(rest), await staff(rest)
    given = await rest.world.strike(ana["user"]["id"], "warn", by=mod["user"]["id"])
    await appeal(rest, given.strike_id, ana["access_token"])
    [item] = (await rest.ask("GET", PATH, token=mod["access_token"])).body["items"]
    assert (await decide(rest, item["id"], mod, grant=True)).code == "forbidden"
    await rest.world.ban(other["user"]["id"])
    assert (await decide(rest, item["id"], mod, grant=True)).status == 200
    own = await rest.world.appeal(mod["user"]["id"])
    assert (await decide(rest, own, mod, grant=True)).code == "forbidden"


async def test_a_strike_is_lifted_while_it_is_appealed_and_decided(rest: RestServer) -> None:
    """Whoever is first: it is lifted in the end, and nothing waits to be decided."""
    mod = await staff(rest)
    for _ in range(6):
        ana = await rest.sign_up()
        given = await rest.world.strike(ana["user"]["id"])
        appeal_id = await rest.world.appeal_against(given, ana["user"]["id"])
        answer, _ = await asyncio.gather(
            decide(rest, appeal_id, mod, grant=True), rest.world.unban(ana["user"]["id"])
        )
        assert answer.status in (200, 409), answer.body
        query = "SELECT lifted_at IS NOT NULL FROM safety.strikes WHERE id = $1"
        assert await rest.world.pool.fetchval(query, given.strike_id)
    page = (await rest.ask("GET", PATH, token=mod["access_token"])).body["items"]
    assert {a["state"] for a in page} <= {"granted"}


async def test_pages_have_the_open_ones_first(rest: RestServer) -> None:
    """Of each the oldest first, each once."""
    mod, ana = await staff(rest), await rest.world.person()
    appeals = sorted([await rest.world.appeal(ana) for _ in range(5)])  # two may be of one millisecond
    for n in (0, 3):
        await decide(rest, appeals[n], mod, grant=False)
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await rest.ask("GET", f"{PATH}?limit=2{cursor}", token=mod["access_token"])).body
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [appeals[n] for n in (1, 2, 4, 0, 3)]
    assert page["next_cursor"] is None


async def test_to_others_there_is_no_such_thing(rest: RestServer) -> None:
    ana = await rest.sign_up()
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).code == "not_found"
    assert (await decide(rest, new_id(), ana, grant=True)).code == "not_found"
    assert (await decide(rest, new_id(), await staff(rest), grant=True)).code == "not_found"
