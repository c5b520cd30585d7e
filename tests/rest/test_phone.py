"""Signing in by a code that is sent to a phone, on the real Postgres, through the real HTTP server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.phones import Phone, a_number, a_profile, wrong
from tests.rest.server import RestServer, serving
from tests.stores.world import World

LOGINS = "/v1/me/logins"


@pytest.fixture
async def strict(world: World, redis: Redis, redis_client: RedisClient) -> AsyncIterator[RestServer]:
    """With rate limits, of which those on networks are wide: all tests come from one."""
    wide = {f"{name}_{how}": 100_000 for name in ("login", "stranger_requests") for how in ("per_m", "burst")}
    wide |= {f"network_codes_{how}": 100_000 for how in ("per_h", "burst")}
    settings = replace(SETTINGS, rate_limits="on", **wide)
    async with serving(world, redis, redis_client, settings) as server:
        server.clock.stop()
        yield server


async def test_sign_up_and_in_by_phone(rest: RestServer) -> None:
    """Without a profile the code stays good; the account has neither a password nor an address."""
    phone = Phone(rest)
    sent = await phone.start()
    assert (sent.status, sent.body) == (202, {"expires_in_s": 300, "resend_after_s": 30})
    [text] = await phone.texts()
    code = text[:6]
    bare = await phone.show(code)
    assert bare.code == "profile_incomplete"
    assert bare.body["details"] == {"fields": ["username", "display_name", "birth_date", "gender"]}
    half = await phone.show(code, profile={"username": "ana_of_phones"})
    assert half.body["details"] == {"fields": ["display_name", "birth_date", "gender"]}
    profile = a_profile()
    first = await phone.show(code, profile=profile)
    assert first.status == 201
    assert first.body["user"]["email"] is None
    assert first.body["user"]["username"] == profile["username"]
    assert {"access_token", "refresh_token", "expires_in_s", "device_token"} <= first.body.keys()
    assert (await phone.show(code)).code == "unauthenticated"  # it has served

    rest.clock.advance(s=30)
    again = await phone.show(await phone.code())
    assert again.status == 200
    assert again.body["user"]["id"] == first.body["user"]["id"]
    assert (await rest.login(profile["username"])).code == "unauthenticated"
    me = await rest.ask("GET", "/v1/me", token=again.body["access_token"])
    assert (me.status, me.body["email"]) == (200, None)
    [login] = (await rest.ask("GET", LOGINS, token=again.body["access_token"])).body["items"]
    assert (login["provider"], login["hint"]) == ("phone", f"+49 … {phone.number[-2:]}")


async def test_a_sign_up_that_fails_leaves_the_code_good(rest: RestServer) -> None:
    """A name that is taken, somebody too young; and then all is well."""
    phone, taken = Phone(rest), (await rest.sign_up())["user"]["username"]
    code = await phone.code()
    refused = await phone.show(code, profile=a_profile(username=taken))
    assert (refused.code, refused.body["details"]) == ("conflict", {"field": "username"})
    assert (await phone.show(code, profile=a_profile(display_name="Admin"))).code == "invalid_request"
    assert (await phone.show(code, profile=a_profile())).status == 201
    young = Phone(rest)
    child = a_profile(birth_date="2020-01-01")
    assert (await young.show(await young.code(), profile=child)).code == "underage"


@pytest.mark.parametrize(
    "number", ["015112345678", "+49", "+1900 555 0123", "49151123", "hello", "+1800FLOWERS"]
)
async def test_what_is_no_number_gets_no_code(rest: RestServer, number: str) -> None:
    refused = await Phone(rest, number).start()
    assert (refused.code, refused.body["details"]) == ("invalid_request", {"field": "phone"})


async def test_a_number_is_one_however_it_is_written(rest: RestServer) -> None:
    number = a_number()
    code = await Phone(rest, number).code()
    spaced = f"{number[:3]} ({number[3:6]}) {number[6:9]}-{number[9:]}"
    assert (await Phone(rest, spaced).show(code, profile=a_profile())).status == 201


async def test_ten_who_show_a_code_at_once(rest: RestServer) -> None:
    """One signs up, or in; the others are refused, and there is one account."""
    phone = Phone(rest)
    code = await phone.code()
    answers = await asyncio.gather(*(phone.show(code, profile=a_profile()) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [401] * 9
    rest.clock.advance(s=30)
    code = await phone.code()
    answers = await asyncio.gather(*(phone.show(code) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 9
    sessions = "SELECT count(*) FROM identity.sessions WHERE user_id = $1"
    user_id = next(answer.body["user"]["id"] for answer in answers if answer.status == 200)
    assert await rest.world.pool.fetchval(sessions, user_id) == 2


async def test_five_wrong_codes_are_all_there_are(rest: RestServer) -> None:
    """Also at once; then not even the right one serves, and the next one does."""
    phone = Phone(rest)
    code = await phone.code()
    answers = await asyncio.gather(*(phone.show(wrong(code), profile=a_profile()) for _ in range(8)))
    assert {answer.code for answer in answers} == {"unauthenticated"}
    assert (await phone.show(code, profile=a_profile())).code == "unauthenticated"
    rest.clock.advance(s=30)
    assert (await phone.show(await phone.code(), profile=a_profile())).status == 201


async def test_another_code_waits_half_a_minute(rest: RestServer) -> None:
    phone = Phone(rest)
    rest.clock.stop()
    first = await phone.code()
    rest.clock.advance(s=10)
    early = await phone.start()
    assert (early.code, early.body["retry_after_ms"]) == ("rate_limited", 20_000)
    assert await phone.texts() == []
    rest.clock.advance(s=20)
    second = await phone.code()
    if second != first:
        assert (await phone.show(first, profile=a_profile())).code == "unauthenticated"
    rest.clock.advance(s=300)
    assert (await phone.show(second, profile=a_profile())).code == "expired"


async def test_nothing_tells_whether_a_number_is_known(rest: RestServer) -> None:
    """Not the answer to asking for a code, nor that to a wrong one."""
    known, unknown = Phone(rest), Phone(rest)
    await known.sign_up()
    rest.clock.advance(s=30)
    told = [await phone.start() for phone in (known, unknown)]
    assert told[0].body == told[1].body
    codes = [(await phone.texts())[0][:6] for phone in (unknown,)]
    refused = [await phone.show(wrong(codes[0])) for phone in (known, unknown)]
    assert refused[0].body == refused[1].body


async def test_a_server_that_sends_no_sms_says_so(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """Instead of letting somebody wait for a code."""
    async with serving(world, redis, redis_client, replace(SETTINGS, sms="")) as server:
        assert (await Phone(server).start()).code == "unavailable"


async def test_strangers_do_not_keep_out_an_owner_on_a_known_device(strict: RestServer) -> None:
    """They may use up all codes and all tries for the number: those of the known device are its own."""
    phone = Phone(strict)
    device = (await phone.sign_up())["device_token"]
    stranger = Phone(strict, phone.number)
    for _ in range(4):  # the first of five was the owner's
        strict.clock.advance(s=30)
        code = await stranger.code()
        for _ in range(5):
            await stranger.show(wrong(code))
    strict.clock.advance(s=30)
    assert (await stranger.start()).code == "rate_limited"
    assert (await phone.start()).code == "rate_limited"
    own = await phone.code(device_token=device)
    assert (await stranger.show(own)).code == "unauthenticated"  # it is that device's
    assert (await phone.show(own, device_token=device)).status == 200


async def test_the_device_of_somebody_else_is_a_stranger(strict: RestServer) -> None:
    ana, eve = Phone(strict), Phone(strict)
    await ana.sign_up()
    device = (await eve.sign_up())["device_token"]
    for _ in range(4):
        strict.clock.advance(s=30)
        await Phone(strict, ana.number).code(device_token=device)
    strict.clock.advance(s=30)
    assert (await ana.start(device_token=device)).code == "rate_limited"


async def test_somebody_who_is_banned_is_told_why(rest: RestServer) -> None:
    """After the code. Once their account is erased, the number opens no other one."""
    phone = Phone(rest)
    user_id = (await phone.sign_up())["user"]["id"]
    await rest.world.ban(user_id)
    rest.clock.advance(s=30)
    refused = await phone.show(await phone.code())
    assert refused.code == "banned"
    assert {"until", "token"} == refused.body["details"].keys()
    await rest.world.pool.execute(
        "UPDATE identity.users SET username = NULL, deleted_at = now() WHERE id = $1", user_id
    )
    rest.clock.advance(s=30)
    again = await phone.show(await phone.code(), profile=a_profile())
    assert (again.code, again.body["details"]) == ("conflict", {"field": "phone"})
