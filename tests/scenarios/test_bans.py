"""Bans across processes: two nodes, and an operator at the command line."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.integration.person import Person, Refused
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.scenarios.test_roles import operate


async def test_a_ban_from_the_command_line_reaches_every_node(
    start_node: StartNode, crowd: Callable[..., Awaitable[Person]], nodes_database_url: str
) -> None:
    """Somebody is connected to both, in a call with somebody at one of them; unbanned they sign in again."""
    patient = {"OFFER_S": "120", "OFFER_SILENCE_S": "60"}
    here, there = await asyncio.gather(start_node(**patient), start_node(**patient))
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben, tablet = (
        await she.connect(),
        await he.connect(),
        await he.connect("tablet", address=here.address),
    )
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    call_id = (await ana.next("call:offered"))["call_id"]
    login = he.account["user"]["username"]
    given = ("--reason", "spam", "--until", "2999-01-01")
    code, said = await operate("ban", login, *given, DATABASE_URL=nodes_database_url)
    assert (code, said) == (0, f"{login} is banned until 2999-01-01T00:00:00.000Z.\n")
    assert (await ana.next("call:ended", call_id=call_id))["reason"] == "moderated"
    for device in (ben, tablet):
        assert (await device.next("session:revoked"))["code"] == "banned"
        async with asyncio.timeout(PATIENCE_S):
            await device.closed.wait()
    with pytest.raises(Refused) as refused:
        await he.connect("third")
    assert refused.value.code == "banned"
    code, said = await operate("unban", login, DATABASE_URL=nodes_database_url)
    assert (code, said) == (0, f"{login} is banned no more.\n")
    body = {"login": login, "password": "correct horse battery"}
    status, _ = await he.rest("POST", "/v1/auth/login", json=body)
    assert status == 200
    code, said = await operate("unban", "nobody", DATABASE_URL=nodes_database_url)
    assert code == 1
    assert "Nobody signs in as" in said
