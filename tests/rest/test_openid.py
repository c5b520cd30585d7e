"""Signing in by ID tokens of a provider that speaks the protocol over HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import jwt
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
    other = await rest.sign_up()
    assert (await show(rest, verified, token=other["access_token"])).code == "conflict"


BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://accounts.evil.example"},
    "another app": {"aud": "somebody.else"},
    "others too, and one of them asked": {"aud": [CLIENT, "somebody.else"], "azp": "somebody.else"},
    "others too, and nobody says who asked": {"aud": [CLIENT, "somebody.else"]},
    "nobody": {"aud": []},
    "no app at all": {"aud": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a long subject": {"sub": "1" * 256},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "an end beyond all years": {"exp": 10**20},
    "a nonce that nobody asked for": {"nonce": "n"},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD.keys())
async def test_what_a_token_may_not_say(rest: RestServer, google: Provider, claims: dict[str, Any]) -> None:
    refused = await show(rest, google.signed(**claims), profile=a_profile())
    assert refused.code == "unauthenticated"


async def test_what_a_token_may_say(rest: RestServer, google: Provider) -> None:
    """Several audiences, if one of ours asked; a nonce as it is or hashed; another app that asks for it."""
    several = google.signed(aud=[CLIENT, "somebody.else"], azp=CLIENT)
    assert (await show(rest, several)).code == "profile_incomplete"
    hashed = google.signed(nonce=hashlib.sha256(b"n-3").hexdigest())
    assert (await show(rest, hashed, nonce="n-3")).code == "profile_incomplete"
    assert (await show(rest, google.signed(azp="its.android.app"))).code == "profile_incomplete"
    for nonces in ({"nonce": "n-4"}, {}):
        assert (await show(rest, hashed, **nonces)).code == "unauthenticated"
    assert (await show(rest, google.signed(), nonce="n-5")).code == "unauthenticated"


async def test_clocks_differ_by_a_minute(rest: RestServer, google: Provider) -> None:
    """A token of just now may be from the future, and one that is over may be not quite so."""
    now = rest.clock() // 1000
    for ago, code in ((50, "profile_incomplete"), (70, "unauthenticated")):
        assert (await show(rest, google.signed(exp=now - ago, iat=now - 4000))).code == code
        assert (await show(rest, google.signed(iat=now + ago))).code == code


async def test_only_keys_of_the_provider_sign(rest: RestServer, google: Provider) -> None:
    """Not our own that says so, none at all, nor its public key taken as a secret."""
    own, theirs = Key(), google.keys[0]
    assert (await show(rest, google.signed())).code == "profile_incomplete"
    forged = [
        google.signed(own),
        google.signed(own, {"kid": theirs.kid}),
        google.signed(own, {"kid": theirs.kid, "jwk": own.public}),
        jwt.encode({"sub": "1"}, "", "none", headers={"kid": theirs.kid}),
        jwt.encode({"sub": "1"}, str(theirs.public["n"]), "HS256", headers={"kid": theirs.kid}),
        google.signed(Key("ES256"), {"kid": theirs.kid}),
        "made up",
        "a.b.c",
        google.signed()[:-4],
    ]
    for token in forged:
        assert (await show(rest, token)).code == "unauthenticated", token
    no_kid = jwt.encode({"sub": "1"}, theirs.private, "RS256")
    assert (await show(rest, no_kid)).code == "unauthenticated"


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


async def test_elliptic_keys_serve_and_short_ones_do_not(rest: RestServer, google: Provider) -> None:
    google.keys = [Key("ES256"), Key(bits=1024)]
    assert (await show(rest, google.signed(google.keys[0]))).code == "profile_incomplete"
    assert (await show(rest, google.signed(google.keys[1]))).code == "unauthenticated"


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
