"""Signing in, staying signed in, signing out."""

import pytest
from redis.asyncio import Redis

from core.keys import Keyring
from core.settings import Settings
from core.tokens import AccessTokens
from db.redis.multiplexed import RedisClient
from tests.rest.server import RestServer, new_person, serving
from tests.stores.world import World


async def test_email_and_username_sign_in(rest: RestServer) -> None:
    """In any case of letters; each sign-in is a session of its own."""
    user = (await rest.sign_up())["user"]
    answers = [await rest.login(user[field].upper()) for field in ("email", "username")]
    assert [a.status for a in answers] == [200, 200]
    assert [a.body["user"] for a in answers] == [user, user]
    sessions = await rest.ask("GET", "/v1/auth/sessions", token=answers[0].body["access_token"])
    assert [session["network"] for session in sessions.body["items"]] == ["127.0.0.1"] * 3


async def test_a_wrong_password_and_an_unknown_login_look_the_same(rest: RestServer) -> None:
    """Nobody can ask who has an account."""
    user = (await rest.sign_up())["user"]
    wrong, unknown = await rest.login(user["email"], "wrong password"), await rest.login("nobody@example.org")
    assert wrong.code == unknown.code == "unauthenticated"
    assert wrong.body == unknown.body


async def test_a_banned_user_is_told_with_the_right_password_only(rest: RestServer) -> None:
    """And every token of theirs stops serving at once."""
    body = new_person()
    signed_in = await rest.sign_up(**body)
    await rest.world.ban(signed_in["user"]["id"])
    assert (await rest.login(body["email"])).code == "banned"
    assert (await rest.login(body["email"], "wrong password")).code == "unauthenticated"
    assert (await rest.ask("GET", "/v1/me", token=signed_in["access_token"])).code == "banned"
    assert (await rest.refresh(signed_in["refresh_token"])).code == "banned"


async def test_a_ban_ends(rest: RestServer) -> None:
    """What was refused while it lasted serves again: the refresh token was not spent."""
    signed_in = await rest.sign_up()
    await rest.world.ban(signed_in["user"]["id"], until=rest.clock() + 60_000)
    assert (await rest.refresh(signed_in["refresh_token"])).code == "banned"
    rest.clock.advance(s=61)
    assert (await rest.refresh(signed_in["refresh_token"])).status == 200


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "Bearer x.y.z", "Bearer é"])
async def test_without_a_token_nothing_is_shown(rest: RestServer, header: str | None) -> None:
    answer = await rest.ask("GET", "/v1/me", headers={"Authorization": header} if header else {})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_of_another_server_is_no_token(rest: RestServer) -> None:
    """Nor is one of ours for a session that never was."""
    user_id = (await rest.sign_up())["user"]["id"]
    forged, orphan = (
        AccessTokens(Keyring(secret).keys("access token"), 900).issue(
            user_id, user_id, bytes(32), rest.clock()
        )
        for secret in ("another secret, long enough for a signature", Settings().secret)
    )
    assert (await rest.ask("GET", "/v1/me", token=forged)).code == "unauthenticated"
    assert (await rest.ask("GET", "/v1/me", token=orphan)).code == "unauthenticated"


async def test_an_access_token_expires_and_is_refreshed(rest: RestServer) -> None:
    """After 15 minutes, with a code of its own."""
    signed_in = await rest.sign_up()
    rest.clock.advance(s=900)
    assert (await rest.ask("GET", "/v1/me", token=signed_in["access_token"])).code == "token_expired"
    fresh = await rest.refresh(signed_in["refresh_token"])
    assert (await rest.ask("GET", "/v1/me", token=fresh.body["access_token"])).status == 200


async def test_a_refresh_token_expires(rest: RestServer) -> None:
    """After 30 days without use; each use gives 30 days more."""
    token = (await rest.sign_up())["refresh_token"]
    for _ in range(2):
        rest.clock.advance(s=29 * 86_400)
        token = (await rest.refresh(token)).body["refresh_token"]
    rest.clock.advance(s=31 * 86_400)
    assert (await rest.refresh(token)).code == "unauthenticated"


async def test_a_refresh_token_used_twice_ends_its_family(rest: RestServer) -> None:
    """Its successor, the access tokens and the live connections included; other sessions go on."""
    signed_in = await rest.sign_up()
    user_id = signed_in["user"]["id"]
    other = (await rest.login(signed_in["user"]["email"])).body
    fresh = (await rest.refresh(signed_in["refresh_token"])).body
    rest.clock.advance(s=61)
    async with rest.listening(user_id) as heard:
        assert (await rest.refresh(signed_in["refresh_token"])).code == "unauthenticated"
        kind, session_id, code = await heard()
        assert (kind, code) == ("revoked", "signed_out")
    row = await rest.world.pool.fetchrow(
        "SELECT revoked_reason FROM identity.sessions WHERE id = $1 AND user_id = $2", session_id, user_id
    )
    assert row["revoked_reason"] == "reused"
    assert (await rest.refresh(fresh["refresh_token"])).code == "unauthenticated"
    assert (await rest.ask("GET", "/v1/me", token=fresh["access_token"])).code == "unauthenticated"
    assert (await rest.ask("GET", "/v1/me", token=other["access_token"])).status == 200


async def test_logout_ends_the_session_and_its_live_connections(rest: RestServer) -> None:
    signed_in = await rest.sign_up()
    async with rest.listening(signed_in["user"]["id"]) as heard:
        answer = await rest.ask("POST", "/v1/auth/logout", token=signed_in["access_token"])
        assert (answer.status, answer.body) == (204, "")
        assert (await heard())[::2] == ["revoked", "signed_out"]
    assert (await rest.ask("GET", "/v1/me", token=signed_in["access_token"])).code == "unauthenticated"
    assert (await rest.refresh(signed_in["refresh_token"])).code == "unauthenticated"


async def test_one_device_signs_another_out(rest: RestServer) -> None:
    """A session of somebody else is not there to be ended."""
    signed_in, stranger = await rest.sign_up(), await rest.sign_up()
    other = (await rest.login(signed_in["user"]["email"])).body
    sessions = await rest.ask("GET", "/v1/auth/sessions", token=signed_in["access_token"])
    lost = next(s["id"] for s in sessions.body["items"] if not s["current"])
    path = f"/v1/auth/sessions/{lost}"
    assert (await rest.ask("DELETE", path, token=stranger["access_token"])).code == "not_found"
    assert (await rest.ask("DELETE", path, token=signed_in["access_token"])).status == 204
    assert (await rest.ask("DELETE", path, token=signed_in["access_token"])).code == "not_found"
    assert (await rest.ask("GET", "/v1/me", token=other["access_token"])).code == "unauthenticated"
    left = (await rest.ask("GET", "/v1/auth/sessions", token=signed_in["access_token"])).body["items"]
    assert [s["current"] for s in left] == [True]


async def test_sessions_come_in_pages(rest: RestServer) -> None:
    """Every session once."""
    user = (await rest.sign_up())["user"]
    tokens = [(await rest.login(user["email"])).body["access_token"] for _ in range(4)]
    seen, cursor = [], ""
    while cursor is not None:
        page = await rest.ask(
            "GET", f"/v1/auth/sessions?limit=2{cursor and f'&cursor={cursor}'}", token=tokens[0]
        )
        seen += [s["id"] for s in page.body["items"]]
        cursor = page.body["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


async def test_a_stronger_measure_reaches_old_passwords(
    rest: RestServer, world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """At the next sign-in the hash is made anew."""
    body = new_person()
    await rest.sign_up(**body)
    query = "SELECT password_hash FROM identity.users WHERE username = $1"
    before = await world.pool.fetchval(query, body["username"])
    stronger = Settings(password_memory_kib=16, password_passes=2, rate_limits="off")
    async with serving(world, redis, redis_client, stronger) as later:
        assert (await later.login(body["username"])).status == 200
        after = await world.pool.fetchval(query, body["username"])
        assert (before != after, "m=16,t=2" in after) == (True, True)
        assert (await later.login(body["username"])).status == 200
