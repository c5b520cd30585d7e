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


async def test_an_appeal_and_an_undo_at_once(rest: RestServer) -> None:
    """Whoever is first: the strike is lifted once, the appeal is granted, and he is back."""
    mods = [await staff(rest) for _ in range(2)]
    for _ in range(5):
        ben = await reported(rest)
        case = await case_about(rest, ben)
        decided = (await ask(rest, mods[0], f"/{case}/decide", action="ban")).body
        await appeal(rest, decided["standing"]["strikes"][0]["id"])
        [appeal_id] = await rest.world.pool.fetchrow(
            "SELECT a.id FROM safety.appeals a JOIN safety.strikes s ON s.id = a.strike_id"
            " WHERE s.user_id = $1",
            ben["user"]["id"],
        )
        path, token = f"/v1/admin/appeals/{appeal_id}/decide", mods[1]["access_token"]
        undone, granted = await at_once(
            ask(rest, mods[0], f"/{case}/undo"), rest.ask("POST", path, token=token, json={"grant": True})
        )
        assert undone.status == 200
        assert granted.status == 200 or granted.code in {"already_decided", "gone"}
        assert undone.body["state"] == "open"
        query = "SELECT state FROM safety.appeals WHERE id = $1"
        assert await rest.world.pool.fetchval(query, appeal_id) == "granted"
        assert [entry for entry, _ in await audit(rest, ben)].count("unbanned") == 1
        assert await may_sign_in(rest, ben)
