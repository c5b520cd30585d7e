"""Who is banned signs in to see why, to appeal and to sign out again; nothing else serves them."""

import asyncio

import pytest

from core.clock import rfc3339
from core.contract.index import ENDPOINTS
from core.wire.endpoint import ById, Endpoint
from tests.rest.server import Answer, RestServer, new_person

LOGOUT = ("POST", "/v1/auth/logout")
RESTRICTED = {"logout", "standing", "appeal", "start_export", "export", "restore_me"}


def token(refused: Answer) -> str:
    """Of a refusal that gives one."""
    assert refused.code == "banned"
    given: str = refused.body["details"]["token"]
    return given


async def test_right_credentials_of_one_who_is_banned_give_a_token(rest: RestServer) -> None:
    """With the time until which; the refresh token of the session that the ban has ended is as good."""
    person = new_person()
    signed_in = await rest.sign_up(**person)
    until = rest.clock() + 3_600_000
    await rest.world.ban(signed_in["user"]["id"], until=until - 1000)
    await rest.world.ban(signed_in["user"]["id"], until=until)
    for refused in (await rest.login(person["email"]), await rest.refresh(signed_in["refresh_token"])):
        assert refused.body["details"].keys() == {"until", "token"}
        assert refused.body["details"]["until"] == rfc3339(until)
        assert (await rest.ask("GET", "/v1/me", token=token(refused))).body.get("details") is None
    await rest.world.ban(signed_in["user"]["id"])
    assert (await rest.login(person["email"])).body["details"]["until"] is None


async def test_wrong_credentials_give_none(rest: RestServer) -> None:
    """A wrong password looks as always; to a token that was signed out or used nothing more is said."""
    person = new_person()
    signed_in = await rest.sign_up(**person)
    out = (await rest.login(person["email"])).body
    await rest.ask(*LOGOUT, token=out["access_token"])
    used = signed_in["refresh_token"]
    fresh = (await rest.refresh(used)).body
    await rest.ask("GET", "/v1/me", token=fresh["access_token"])
    await rest.world.ban(signed_in["user"]["id"])
    wrong = await rest.login(person["email"], "wrong password")
    assert (wrong.code, wrong.body.get("details")) == ("unauthenticated", None)
    refused = await rest.refresh(out["refresh_token"])
    assert (refused.code, refused.body.get("details")) == ("banned", None)
    assert (await rest.refresh(used)).code == "unauthenticated"
    refused = await rest.refresh(fresh["refresh_token"])
    assert (refused.code, refused.body.get("details")) == ("banned", None)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.auth], ids=lambda endpoint: endpoint.name)
async def test_the_token_serves_what_says_so(rest: RestServer, endpoint: Endpoint) -> None:
    """Everything else is `banned`, as with a token from before the ban."""
    person = new_person()
    signed_in = await rest.sign_up(**person)
    await rest.world.set_role(signed_in["user"]["id"], "admin")
    await rest.world.ban(signed_in["user"]["id"])
    own, path = token(await rest.login(person["email"])), endpoint.path
    for name in endpoint.parameters.__struct_fields__ if endpoint.parameters else ():
        path = path.replace(f"{{{name}}}", signed_in["user"]["id"] if endpoint.parameters is ById else "x")
    answer = await rest.ask(endpoint.method, path, token=own)
    banned = answer.status == 403 and answer.code == "banned"
    assert banned is (endpoint.name not in RESTRICTED), answer
    assert endpoint.restricted is (endpoint.name in RESTRICTED)
    assert (await rest.ask(endpoint.method, path, token=signed_in["access_token"])).code == "banned"


async def test_signing_out_ends_it_and_so_does_time(rest: RestServer) -> None:
    """It lives as long as any access token, and cannot be refreshed."""
    person = new_person()
    await rest.world.ban((await rest.sign_up(**person))["user"]["id"])
    own, other = [token(await rest.login(person["email"])) for _ in range(2)]
    assert (await rest.ask(*LOGOUT, token=own)).status == 204
    assert (await rest.ask(*LOGOUT, token=own)).code == "unauthenticated"
    assert (await rest.refresh(other)).code == "unauthenticated"
    rest.clock.advance(s=901)
    assert (await rest.ask(*LOGOUT, token=other)).code == "token_expired"


async def test_a_ban_that_is_over_leaves_nothing_of_it(rest: RestServer) -> None:
    """With such a token one signs in again; it is not among one's sessions."""
    person = new_person()
    signed_in = await rest.sign_up(**person)
    await rest.world.ban(signed_in["user"]["id"], until=rest.clock() + 60_000)
    own = token(await rest.login(person["email"]))
    rest.clock.advance(s=60)
    assert (await rest.ask("GET", "/v1/me", token=own)).code == "unauthenticated"
    again = (await rest.login(person["email"])).body
    sessions = await rest.ask("GET", "/v1/auth/sessions", token=again["access_token"])
    assert len(sessions.body["items"]) == 2


async def test_a_ban_is_lifted_while_they_sign_in(rest: RestServer) -> None:
    """They are in, or refused with a token: never anything else."""
    person = new_person()
    user_id = (await rest.sign_up(**person))["user"]["id"]
    await rest.world.ban(user_id)
    lift = rest.world.pool.execute("UPDATE identity.bans SET lifted_at = now() WHERE user_id = $1", user_id)
    answers, _ = await asyncio.gather(asyncio.gather(*(rest.login(person["email"]) for _ in range(8))), lift)
    for answer in answers:
        assert answer.status == 200 or token(answer)
