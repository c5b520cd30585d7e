"""Consents: given by signing up, given and taken back later, and never forgotten."""

from typing import Any

import asyncpg
import pytest

from core.clock import rfc3339
from core.terms import AT_SIGN_UP
from tests.rest.server import Answer, RestServer

PATH = "/v1/me/consents"


async def said(rest: RestServer, token: str) -> dict[str, Any]:
    """What counts now, by kind."""
    answer = await rest.ask("GET", PATH, token=token)
    assert answer.body["next_cursor"] is None
    return {item["kind"]: (item["version"], item["given"], item["at"]) for item in answer.body["items"]}


async def say(rest: RestServer, token: str, kind: str, version: str, given: object) -> Answer:
    body = {"kind": kind, "version": version, "given": given}
    return await rest.ask("PUT", PATH, token=token, json=body)


async def test_who_signs_up_agrees_to_rules_and_privacy(rest: RestServer) -> None:
    """In their present version, at that moment; to nothing else."""
    rest.clock.stop()
    token = (await rest.sign_up())["access_token"]
    at = rfc3339(rest.clock())
    assert await said(rest, token) == {kind: (AT_SIGN_UP[kind], True, at) for kind in ("terms", "privacy")}


async def test_what_was_said_last_counts(rest: RestServer) -> None:
    """Also when it was taken back. Somebody else's is their own."""
    rest.clock.stop()
    ana, ben = [(await rest.sign_up())["access_token"] for _ in range(2)]
    before = await said(rest, ben)
    for version, given in (("1", True), ("2", True), ("2", False)):
        rest.clock.advance(s=60)
        answer = await say(rest, ana, "analytics", version, given)
        assert (answer.status, len(answer.body["items"])) == (200, 3)
        assert (await said(rest, ana))["analytics"] == (version, given, rfc3339(rest.clock()))
    assert await said(rest, ben) == before


async def test_every_change_is_kept(rest: RestServer) -> None:
    """The same once more is none; what was said can be read by no client, and changed by nobody."""
    signed_in = await rest.sign_up()
    token, pool = signed_in["access_token"], rest.world.pool
    for given in (True, True, False, False, True):
        assert (await say(rest, token, "assistant", "1", given)).status == 200
    rows = await pool.fetch(
        "SELECT given FROM identity.consents WHERE user_id = $1 AND kind = 'assistant' ORDER BY number",
        signed_in["user"]["id"],
    )
    assert [row["given"] for row in rows] == [True, False, True]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
        await pool.execute("UPDATE identity.consents SET given = true")


@pytest.mark.parametrize(
    ("kind", "version", "given", "field"),
    [
        ("cookies", "1", True, "kind"),
        ("terms", "", True, "version"),
        ("terms", 1, True, "version"),
        ("terms", "1", "yes", "given"),
    ],
)
async def test_what_cannot_be_said(
    rest: RestServer, kind: str, version: Any, given: object, field: str
) -> None:
    token = (await rest.sign_up())["access_token"]
    answer = await say(rest, token, kind, version, given)
    assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", field)
