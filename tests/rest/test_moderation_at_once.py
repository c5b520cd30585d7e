"""Moderators who do the same at once, or while there are more reports: one is first, and nothing is lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.rest.server import Answer, RestServer
from tests.rest.test_moderation import appeal, ask, audit, case_about, may_sign_in, reported, staff


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """No running product enforces the bans of these tests."""
    return await new_database()


# At once


async def at_once(*asked: Coroutine[Any, Any, Answer]) -> list[Answer]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*asked)


def outcomes(answers: list[Answer]) -> list[str]:
    return sorted("ok" if answer.status == 200 else answer.code for answer in answers)


async def test_a_case_is_decided_once(rest: RestServer) -> None:
    """Of two at once one is told so; there is one strike and one ban."""
    mods = [await staff(rest) for _ in range(2)]
    for _ in range(5):
        ben = await reported(rest)
        path = f"/{await case_about(rest, ben)}/decide"
        answers = await at_once(*(ask(rest, mod, path, action="ban") for mod in mods * 2))
        assert outcomes(answers) == ["already_decided"] * 3 + ["ok"]
        for table in ("safety.strikes", "identity.bans"):
            assert (
                await rest.world.pool.fetchval(
                    f"SELECT count(*) FROM {table} WHERE user_id = $1", ben["user"]["id"]
                )
                == 1
            )


async def test_a_case_is_claimed_by_one(rest: RestServer) -> None:
    mods = [await staff(rest) for _ in range(4)]
    case = await case_about(rest, await reported(rest))
    answers = await at_once(*(ask(rest, mod, f"/{case}/claim") for mod in mods))
    assert outcomes(answers) == ["conflict"] * 3 + ["ok"]


async def test_a_decision_is_undone_once(rest: RestServer) -> None:
    mods = [await staff(rest) for _ in range(4)]
    ben = await reported(rest)
    case = await case_about(rest, ben)
    await ask(rest, mods[0], f"/{case}/decide", action="ban")
    answers = await at_once(*(ask(rest, mod, f"/{case}/undo") for mod in mods))
    assert outcomes(answers) == ["conflict"] * 3 + ["ok"]
    assert [entry for entry, _ in await audit(rest, ben)].count("unbanned") == 1


async def test_a_report_during_a_decision_is_looked_at(rest: RestServer) -> None:
    """Each report is in a case that waits, unless the moderator had seen it before deciding."""
    mod = await staff(rest)
    for _ in range(5):
        ben = await reported(rest)
        case = await case_about(rest, ben)
        seen = {one["id"] for one in (await ask(rest, mod, f"/{case}")).body["reports"]}
        pairs = [(await rest.world.person(), ben["user"]["id"]) for _ in range(3)]
        calls = [await rest.world.talked(pair) for pair in pairs]
        filing = [rest.world.report(call, *pair) for call, pair in zip(calls, pairs, strict=True)]
        async with asyncio.timeout(PATIENCE_S):
            deciding = asyncio.gather(ask(rest, mod, f"/{case}/decide", action="dismiss"))
            await asyncio.gather(deciding, *filing)
        assert deciding.result()[0].status == 200
        rows = await rest.world.pool.fetch(
            "SELECT r.id, r.status, c.state FROM interaction.reports r"
            " JOIN safety.cases c ON c.id = r.case_id WHERE r.reported_id = $1",
            ben["user"]["id"],
        )
        assert {row["id"] for row in rows if row["state"] == "decided"} == seen
        assert {row["state"] for row in rows if row["status"] == "open"} == {"open"}
        assert len(rows) == 4


@pytest.mark.parametrize("grant", [True, False])
async def test_an_appeal_and_an_undo_at_once(rest: RestServer, grant: bool) -> None:
    """Of two moderators each is first or is told so; the appeal is decided once, the strike lifted once.

    Somebody suspected of being Ben lets both ways of lifting change him too.
    """
    mods = [await staff(rest) for _ in range(2)]
    for _ in range(5):
        ben = await reported(rest)
        case = await case_about(rest, ben)
        decided = (await ask(rest, mods[0], f"/{case}/decide", action="ban")).body
        await rest.world.suspect(await rest.world.person("Again"), ben["user"]["id"])
        strike = decided["standing"]["strikes"][0]["id"]
        await appeal(rest, strike)
        query = "SELECT id, state, decided_by FROM safety.appeals WHERE strike_id = $1"
        appeal_id = (await rest.world.pool.fetchrow(query, strike))["id"]
        path, token = f"/v1/admin/appeals/{appeal_id}/decide", mods[1]["access_token"]
        undone, judged = await at_once(
            ask(rest, mods[0], f"/{case}/undo"), rest.ask("POST", path, token=token, json={"grant": grant})
        )
        assert (undone.status, undone.body.get("state")) == (200, "open"), undone.body
        assert judged.status == 200 or judged.code == "already_decided", judged.body
        by, state = (1, "granted" if grant else "refused") if judged.status == 200 else (0, "granted")
        row = await rest.world.pool.fetchrow(query, strike)
        assert (row["state"], row["decided_by"]) == (state, mods[by]["user"]["id"])
        log = await audit(rest, ben)
        assert [actor for action, actor in log if action == "appeal_decided"] == [mods[by]["user"]["id"]]
        assert [action for action, _ in log].count("unbanned") == 1
        assert await may_sign_in(rest, ben)


async def test_an_appeal_and_a_lifted_ban_at_once(rest: RestServer) -> None:
    """As with an undo: one of the two moderators has decided, and it is on the log once."""
    mods = [await staff(rest) for _ in range(2)]
    for _ in range(5):
        ben = await rest.sign_up()
        given = await rest.world.strike(ben["user"]["id"])
        await rest.world.suspect(await rest.world.person("Again"), ben["user"]["id"])
        appeal_id = await rest.world.appeal_against(given, ben["user"]["id"])
        lifting, judged = await at_once(
            rest.ask("DELETE", f"/v1/admin/bans/{given.ban_id}", token=mods[0]["access_token"]),
            rest.ask(
                "POST",
                f"/v1/admin/appeals/{appeal_id}/decide",
                token=mods[1]["access_token"],
                json={"grant": True},
            ),
        )
        first = (lifting.status, judged.status) == (204, 409)
        assert first or (lifting.status, judged.status) == (410, 200), (lifting.body, judged.body)
        log = await audit(rest, ben)
        by = mods[0 if first else 1]["user"]["id"]
        assert [actor for action, actor in log if action == "appeal_decided"] == [by]
        assert [actor for action, actor in log if action == "unbanned"] == [by]
