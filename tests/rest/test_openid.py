"""Signing in by ID tokens of a provider that speaks the protocol over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from core.ids import new_id
from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.phones import a_profile
from tests.rest.provider import CLIENT, Key, Provider
from tests.rest.server import Answer, RestServer, serving
from tests.stores.world import World

LOGINS = "/v1/me/logins"


@pytest.fixture
async def google() -> AsyncIterator[Provider]:
    provider = Provider(now_ms)
    async with provider.serving():
        yield provider


@pytest.fixture
async def rest(
    world: World, redis: Redis, redis_client: RedisClient, google: Provider
) -> AsyncIterator[RestServer]:
    settings = replace(
        SETTINGS, google_client_ids=f"another.app, {CLIENT}", google_issuer=google.issuer, apple_client_ids=""
    )
    async with serving(world, redis, redis_client, settings) as server:
        google.clock = server.clock
        yield server


async def show(
    rest: RestServer, id_token: str, *, provider: str = "google", token: str | None = None, **more: Any
) -> Answer:
    body = {"id_token": id_token, **more}
    return await rest.ask("POST", f"/v1/auth/openid/{provider}", token=token, json=body)


async def test_sign_up_and_in_by_google(rest: RestServer, google: Provider) -> None:
    """Without a profile nothing is opened; the address that Google has verified is the account's."""
    subject, address = new_id(), f"{new_id()}@example.org"
    told = {"email": address, "email_verified": True}
    first = await google.sign_in(subject, nonce="n-1", **told)
    bare = await show(rest, first, nonce="n-1")
    assert bare.code == "profile_incomplete"
    assert bare.body["details"] == {"fields": ["username", "display_name", "birth_date", "gender"]}
    opened = await show(rest, first, nonce="n-1", profile=a_profile())
    assert opened.status == 201
    assert opened.body["user"]["email"] == address
    assert opened.body["user"]["verified"] == {"email": True, "phone": False}
    again = await show(rest, await google.sign_in(subject, nonce="n-2", **told), nonce="n-2")
    assert (again.status, again.body["user"]["id"]) == (200, opened.body["user"]["id"])
    [login] = (await rest.ask("GET", LOGINS, token=again.body["access_token"])).body["items"]
    assert (login["provider"], login["hint"]) == ("google", address)
    assert google.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_ten_sign_up_at_once_with_one_token(rest: RestServer, google: Provider) -> None:
    """There is one account, which all are signed in to."""
    token = await google.sign_in(new_id())
    answers = await asyncio.gather(*(show(rest, token, profile=a_profile()) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert len({answer.body["user"]["id"] for answer in answers}) == 1
    assert google.asked.count("/keys") == 1  # all waited for one answer


async def test_an_address_that_somebody_has_opens_nothing(rest: RestServer, google: Provider) -> None:
    """Who has that mailbox signs in and links; an address that is not verified says nothing."""
    ana = await rest.sign_up()
    told = {"email": ana["user"]["email"]}
    verified = await google.sign_in("ana at google", email_verified="true", **told)
    refused = await show(rest, verified, profile=a_profile())
    assert (refused.code, refused.body["details"]) == ("conflict", {"field": "email"})
    linked = await show(rest, verified, token=ana["access_token"])
    assert (linked.status, linked.body["provider"]) == (200, "google")
    assert (await show(rest, verified)).body["user"]["id"] == ana["user"]["id"]
    claimed = await show(rest, await google.sign_in(new_id(), **told), profile=a_profile())
    assert (claimed.status, claimed.body["user"]["email"]) == (201, None)
    assert claimed.body["user"]["verified"]["email"] is False
    other = await rest.sign_up()
    assert (await show(rest, verified, token=other["access_token"])).code == "conflict"


async def test_a_token_for_somebody_else_is_refused(rest: RestServer, google: Provider) -> None:
    """All that it may not say is in the tests of the rule."""
    for claims in ({"aud": "somebody.else"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "n"}):
        refused = await show(rest, google.signed(**claims), profile=a_profile())
        assert refused.code == "unauthenticated"


async def test_keys_rotate(rest: RestServer, google: Provider) -> None:
    """A key that is not known is asked for, but not again and again; the one before serves no longer."""
    rest.clock.stop()
    before = google.signed()
    assert (await show(rest, before)).code == "profile_incomplete"
    google.rotate()
    assert (await show(rest, google.signed())).code == "unauthenticated"  # asked a moment ago
    for _ in range(3):
        assert (await show(rest, google.signed(Key()))).code == "unauthenticated"
    assert google.asked.count("/keys") == 1
    rest.clock.advance(s=31)
    assert (await show(rest, google.signed())).code == "profile_incomplete"
    assert google.asked.count("/keys") == 2
    assert (await show(rest, before)).code == "unauthenticated"


async def test_a_provider_that_is_away(rest: RestServer, google: Provider) -> None:
    """Whose keys are known still signs people in; whose are not, nobody, and is asked again soon."""
    rest.clock.stop()
    google.out_of_order = True
    assert (await show(rest, google.signed())).code == "unavailable"
    assert (await show(rest, google.signed())).code == "unavailable"
    assert len(google.asked) == 1
    google.out_of_order = False
    rest.clock.advance(s=3)
    assert (await show(rest, google.signed())).code == "profile_incomplete"
    google.out_of_order = True
    rest.clock.advance(s=2 * 3600)
    assert (await show(rest, google.signed())).code == "profile_incomplete"


async def test_who_is_not_set_signs_in_nobody(rest: RestServer, google: Provider) -> None:
    for other in ("apple", "facebook"):
        assert (await show(rest, google.signed(), provider=other)).code == "not_found"


async def test_somebody_who_is_banned_is_told_why(rest: RestServer, google: Provider) -> None:
    token = google.signed()
    user_id = (await show(rest, token, profile=a_profile())).body["user"]["id"]
    await rest.world.ban(user_id)
    refused = await show(rest, token)
    assert refused.code == "banned"
    assert {"until", "token"} == refused.body["details"].keys()
