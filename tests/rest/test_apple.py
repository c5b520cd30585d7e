"""Signing in at Apple, which answers by a form, and tells a name once."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from core.ids import new_id
from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.phones import a_profile
from tests.rest.provider import CLIENT, Provider
from tests.rest.server import Answer, RestServer, serving
from tests.rest.test_openid import show
from tests.stores.world import World

NAME = {"firstName": "Ana", "lastName": "Lux"}
SERVICE = "org.example.page"


@pytest.fixture
async def apple() -> AsyncIterator[Provider]:
    provider = Provider(now_ms)
    async with provider.serving():
        yield provider


@pytest.fixture
async def rest(
    world: World, redis: Redis, redis_client: RedisClient, apple: Provider
) -> AsyncIterator[RestServer]:
    settings = replace(
        SETTINGS, apple_client_ids=CLIENT, apple_page_client_id=SERVICE, apple_issuer=apple.issuer
    )
    async with serving(world, redis, redis_client, settings) as server:
        apple.clock = server.clock
        server.clock.stop()
        yield server


async def goes_there(apple: Provider, nonce: str, client: str = SERVICE) -> Mapping[str, str]:
    """What a browser posts to the page when whoever sits at it comes back."""
    asked = {"response_type": "code id_token", "response_mode": "form_post", "scope": "name email"}
    asked |= {"client_id": client, "redirect_uri": "/", "state": "s", "nonce": nonce}
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"{apple.issuer}/auth/authorize", params=asked) as answer,
    ):
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', await answer.text())
    return {name: unescape(value) for name, value in fields}


async def enter(rest: RestServer, id_token: str, nonce: str | None = None, **more: Any) -> Answer:
    return await show(rest, id_token, provider="apple", **({"nonce": nonce} if nonce else {}), **more)


async def test_a_name_is_told_at_the_first_time_alone(rest: RestServer, apple: Provider) -> None:
    """And is proposed to whoever opens an account; the address, which Apple vouches for, is the account's."""
    address = f"{new_id()}@privaterelay.example"
    who = {"sub": new_id(), "email": address, "email_verified": "true", "is_private_email": "true"}
    apple.visitor = {**who, "name": NAME}
    first = await goes_there(apple, "n-1")
    assert first.keys() == {"state", "code", "id_token", "user"}
    assert (await enter(rest, first["id_token"], "n-1")).code == "profile_incomplete"
    called = " ".join(json.loads(first["user"])["name"].values())
    profile = {**a_profile(), "display_name": called}
    opened = await enter(rest, first["id_token"], "n-1", profile=profile)
    assert opened.status == 201
    user = opened.body["user"]
    assert (user["display_name"], user["email"], user["verified"]["email"]) == ("Ana Lux", address, True)
    again = await goes_there(apple, "n-2")
    assert "user" not in again
    signed_in = await enter(rest, again["id_token"], "n-2")
    assert (signed_in.status, signed_in.body["user"]["id"]) == (200, user["id"])


async def test_an_answer_serves_once(rest: RestServer, apple: Provider) -> None:
    """But for a minute, in which it may have been lost: who finds it later has nothing, here or elsewhere."""
    apple.visitor = {"sub": new_id()}
    token = (await goes_there(apple, "n"))["id_token"]
    opened = await enter(rest, token, "n", profile=a_profile())
    rest.clock.advance(s=60)
    assert (await enter(rest, token, "n")).status == 200
    rest.clock.advance(s=1)
    assert (await enter(rest, token, "n")).code == "unauthenticated"
    ben = await rest.sign_up()
    assert (await enter(rest, token, "n", token=ben["access_token"])).code == "unauthenticated"
    fresh = (await goes_there(apple, "n"))["id_token"]  # an app that has one nonce for all its life
    assert (await enter(rest, fresh, "n")).body["user"]["id"] == opened.body["user"]["id"]


async def test_what_was_not_for_this_sign_in_counts_for_nothing(rest: RestServer, apple: Provider) -> None:
    """For another app, of another sign-in, without its nonce; a code, which is no token; by another way."""
    apple.visitor = {"sub": new_id()}
    another = await goes_there(apple, "n", client="org.evil.page")
    theirs = await goes_there(apple, "theirs")
    for token, nonce in (
        (another["id_token"], "n"),
        (theirs["id_token"], "mine"),
        (theirs["id_token"], None),
        (theirs["code"], "theirs"),
    ):
        refused = await enter(rest, token, nonce, profile=a_profile())
        assert refused.code == "unauthenticated", refused.body
    assert (await show(rest, theirs["id_token"], nonce="theirs")).code == "not_found"  # no Google here
    apple.visitor = None
    assert (await goes_there(apple, "n"))["error"] == "user_cancelled_authorize"
