"""One-time codes: turned on with one, asked for after the password, and what staff may do without them."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from pyotp import TOTP
from redis.asyncio import Redis

from composition.operations import Refused, operate
from core.ids import new_id
from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.server import PASSWORD, Answer, RestServer, new_person, serving
from tests.stores.world import World

ME, AUDIT = "/v1/me/totp", "/v1/admin/audit"
GUESS = "000000"


class Ana:
    """Somebody with an authenticator app."""

    def __init__(self, rest: RestServer, signed_in: Any) -> None:
        self.rest, self.token, self.user = rest, signed_in["access_token"], signed_in["user"]
        self.refresh_token, self.secret = signed_in["refresh_token"], ""

    async def ask(self, method: str = "POST", **body: Any) -> Answer:
        return await self.rest.ask(method, ME, token=self.token, json=body)

    def code(self, steps: int = 0) -> str:
        """What the app shows, or shows so many steps of 30 s later."""
        return TOTP(self.secret).at(self.rest.clock() // 1000 + 30 * steps)

    async def new_secret(self, unlike: str = GUESS) -> Any:
        """What is told with one whose codes about now differ from each other and from that: nearly any."""
        while True:
            told = (await self.ask()).body
            self.secret = told["secret"]
            if len({unlike, *map(self.code, range(-1, 3))}) == 5:
                return told

    async def turn_on(self) -> Answer:
        await self.new_secret()
        return await self.ask(code=self.code())

    async def sign_in(self, *, at: RestServer | None = None, **more: Any) -> Answer:
        body = {"login": self.user["email"], "password": PASSWORD, **more}
        return await (at or self.rest).ask("POST", "/v1/auth/login", json=body)

    async def admin(self, token: str | None = None) -> Answer:
        return await self.rest.ask("GET", AUDIT, token=token or self.token)


@pytest.fixture
async def ana(rest: RestServer) -> Ana:
    rest.clock.stop()
    return Ana(rest, await rest.sign_up())


@pytest.fixture
async def chief(world: World, redis: Redis, redis_client: RedisClient) -> AsyncIterator[Ana]:
    """An admin where each of them needs a second factor."""
    async with serving(world, redis, redis_client, replace(SETTINGS, staff_totp="required")) as rest:
        rest.clock.stop()
        chief = Ana(rest, await rest.sign_up())
        await world.set_role(chief.user["id"], "admin")
        yield chief


def asks_for_a_code(answer: Answer) -> bool:
    """And says why, where a code was there."""
    return (answer.code, answer.body.get("details", {}).get("factor")) == ("unauthenticated", "totp")


def asks_for_the_password(answer: Answer) -> bool:
    return (answer.code, answer.body.get("details")) == ("unauthenticated", {"factor": "password"})


async def test_a_stolen_token_keeps_nobody_out(ana: Ana) -> None:
    """Who has not signed in just now proves by the password that the account is theirs."""
    ana.rest.clock.advance(s=SETTINGS.fresh_sign_in_m * 60)
    ana.token = (await ana.rest.refresh(ana.refresh_token)).body["access_token"]  # which is no signing in
    for wrong in ({}, {"password": "wrong password"}):
        assert asks_for_the_password(await ana.ask(**wrong))
    assert (await ana.ask(code="123456")).code == "conflict"
    given = (await ana.ask(password=PASSWORD)).body
    ana.secret = given["secret"]
    assert given["qr"].startswith("data:image/svg+xml")
    assert (await ana.ask(code=ana.code())).status == 200
    assert asks_for_a_code(await ana.ask("DELETE"))


async def test_for_a_while_after_signing_in_nobody_is_asked_again(ana: Ana) -> None:
    """A password that comes along all the same has to be right."""
    ana.rest.clock.advance(s=SETTINGS.fresh_sign_in_m * 60 - 1)
    ana.token = (await ana.rest.refresh(ana.refresh_token)).body["access_token"]
    assert asks_for_the_password(await ana.ask(password="wrong password"))
    assert (await ana.turn_on()).status == 200


async def test_guesses_at_the_password_are_limited_there_too(ana: Ana) -> None:
    """By account and network, and apart from those of signing in: they keep its owner in."""
    few = replace(SETTINGS, rate_limits="on", guesses_burst=2, guesses_per_m=1)
    async with serving(ana.rest.world, ana.rest.redis, ana.rest.redis_client, few) as node:
        mine, ana.rest = ana.rest, node
        wrong = [await ana.ask(password="wrong password") for _ in range(3)]
        assert [answer.code for answer in wrong] == ["unauthenticated"] * 2 + ["rate_limited"]
        assert (await ana.sign_in(at=node)).status == 200
        ana.rest = mine


async def test_codes_are_turned_on_with_one_of_them(ana: Ana) -> None:
    """Of the latest secret: one that was asked for before and not turned on is forgotten."""
    assert (await ana.ask(code="123456")).code == "conflict"
    first = await ana.rest.ask("POST", ME, token=ana.token)  # no body at all
    ana.secret = first.body["secret"]
    old = ana.code()
    second = await ana.new_secret(unlike=old)
    assert second["secret"] != first.body["secret"]
    assert second["url"].startswith("otpauth://totp/")
    assert f"secret={second['secret']}&" in second["url"]
    assert asks_for_a_code(await ana.ask(code=old))
    assert (await ana.sign_in()).status == 200
    on = await ana.ask(code=ana.code())
    assert (on.status, on.body) == (200, second)
    for again in ({}, {"code": ana.code(1)}):
        assert (await ana.ask(**again)).code == "conflict"


async def test_a_sign_in_takes_a_code_after_the_password(ana: Ana) -> None:
    """Who does not know the password learns nothing. The code that turned them on has opened nothing yet."""
    assert (await ana.sign_in(totp="123456")).status == 200  # not on: nobody asks
    await ana.turn_on()
    guess = await ana.sign_in(password="wrong password", totp=ana.code())
    assert guess.code == "unauthenticated"
    assert "details" not in guess.body
    assert asks_for_a_code(await ana.sign_in())
    for wrong in ("", ana.code(2), "no code"):
        assert asks_for_a_code(await ana.sign_in(totp=wrong))
    assert (await ana.sign_in(totp=ana.code())).status == 200
    assert asks_for_a_code(await ana.sign_in(totp=ana.code()))


async def test_a_code_serves_once(ana: Ana) -> None:
    """Of many sign-ins at once one has it; nor does an earlier one count after it."""
    await ana.turn_on()
    at_once = await asyncio.gather(*(ana.sign_in(totp=ana.code()) for _ in range(6)))
    assert sorted(answer.status for answer in at_once) == [200] + [401] * 5
    assert asks_for_a_code(await ana.sign_in(totp=ana.code(-1)))
    assert (await ana.sign_in(totp=ana.code(1))).status == 200


async def test_codes_are_turned_off_with_one_of_them(ana: Ana) -> None:
    """Before they are on, nothing is asked. Turning them on and off is on the audit log."""
    assert (await ana.ask("DELETE")).status == 204
    await ana.ask()
    assert (await ana.ask("DELETE")).status == 204
    assert (await ana.ask(code="123456")).code == "conflict"
    await ana.turn_on()
    for wrong in ({}, {"code": GUESS}):
        assert asks_for_a_code(await ana.ask("DELETE", **wrong))
    assert (await ana.ask("DELETE", code=ana.code())).status == 204
    assert (await ana.sign_in()).status == 200
    rows = await ana.rest.world.pool.fetch(
        "SELECT actor_id, action FROM identity.audit_log WHERE subject_id = $1 ORDER BY action DESC",
        ana.user["id"],
    )
    assert [tuple(row) for row in rows] == [
        (ana.user["id"], "second_factor_on"), (ana.user["id"], "second_factor_off")
    ]  # fmt: skip


async def test_staff_need_a_code_for_what_is_theirs(chief: Ana) -> None:
    """With it the session serves that was opened with one; the rest of the product is open without."""
    assert asks_for_a_code(await chief.admin())
    assert (await chief.rest.ask("GET", "/v1/me", token=chief.token)).status == 200
    before = (await chief.sign_in()).body["access_token"]
    await chief.turn_on()
    assert (await chief.admin()).status == 200
    assert asks_for_a_code(await chief.admin(before))
    signed_in = (await chief.sign_in(totp=chief.code())).body["access_token"]
    assert (await chief.admin(signed_in)).status == 200
    assert (await chief.ask("DELETE", code=chief.code(1))).status == 204
    for token in (chief.token, signed_in):
        assert asks_for_a_code(await chief.admin(token))


async def test_to_others_there_is_still_no_such_thing(chief: Ana) -> None:
    nobody = Ana(chief.rest, await chief.rest.sign_up())
    assert (await nobody.admin()).code == "not_found"
    await nobody.turn_on()
    assert (await nobody.admin()).code == "not_found"


async def test_a_session_shows_a_code_when_it_is_refreshed(chief: Ana) -> None:
    """A wrong one costs nothing; what was shown once holds for what follows."""
    before = (await chief.sign_in()).body
    await chief.turn_on()

    async def refresh(token: str, **more: str) -> Answer:
        return await chief.rest.ask("POST", "/v1/auth/refresh", json={"refresh_token": token, **more})

    assert asks_for_a_code(await refresh(before["refresh_token"], totp=GUESS))
    plain = await refresh(before["refresh_token"])
    assert asks_for_a_code(await chief.admin(plain.body["access_token"]))
    shown = await refresh(plain.body["refresh_token"], totp=chief.code())
    assert (await chief.admin(shown.body["access_token"])).status == 200
    later = await refresh(shown.body["refresh_token"])
    assert (await chief.admin(later.body["access_token"])).status == 200


async def test_where_it_is_not_required_only_those_with_codes_need_them(ana: Ana) -> None:
    await ana.rest.world.set_role(ana.user["id"], "admin")
    before = (await ana.sign_in()).body["access_token"]
    assert (await ana.admin(before)).status == 200
    await ana.turn_on()
    assert asks_for_a_code(await ana.admin(before))
    assert (await ana.admin()).status == 200


async def test_a_copy_of_a_registration_needs_a_code_too(rest: RestServer) -> None:
    """It signs in, so it needs what a sign-in needs."""
    rest.clock.stop()
    body, key = new_person(), {"Idempotency-Key": new_id()}

    async def register(**more: str) -> Answer:
        return await rest.ask("POST", "/v1/auth/register", json={**body, **more}, headers=key)

    ana = Ana(rest, (await register()).body)
    await ana.turn_on()
    assert asks_for_a_code(await register())
    assert (await register(totp=ana.code())).status == 201


async def test_guesses_are_limited_wherever_they_are_made(ana: Ana) -> None:
    """By account, on all nodes together. Who signs in rightly has guessed nothing."""
    await ana.turn_on()
    few = replace(SETTINGS, rate_limits="on", totp_burst=3, totp_per_h=1)
    stores = (ana.rest.world, ana.rest.redis, ana.rest.redis_client)
    async with serving(*stores, few) as one, serving(*stores, few) as other:
        nodes = (one, other)
        for node in nodes:
            node.clock.stop()
        right = [await ana.sign_in(at=nodes[n % 2], totp=ana.code(n - 1)) for n in range(3)]
        assert [answer.status for answer in right] == [200] * 3
        wrong = [await ana.sign_in(at=nodes[n % 2], totp="wrong") for n in range(4)]
        assert [answer.code for answer in wrong] == ["unauthenticated"] * 3 + ["rate_limited"]
        other.clock.advance(s=3600)
        assert asks_for_a_code(await ana.sign_in(at=other, totp="wrong"))


async def test_the_secret_is_kept_sealed(ana: Ana) -> None:
    """It still opens when the operator's secret was changed, and is sealed anew by a sign-in."""
    await ana.turn_on()
    kept = await ana.rest.world.pool.fetchval(
        "SELECT secret FROM identity.totp WHERE user_id = $1", ana.user["id"]
    )
    assert ana.secret.encode() not in kept
    changed = replace(SETTINGS, secret="the next secret of the operator", secret_previous=SETTINGS.secret)
    stores = (ana.rest.world, ana.rest.redis, ana.rest.redis_client)
    async with serving(*stores, changed) as rest:
        assert (await ana.sign_in(at=rest, totp=ana.code())).status == 200
    async with serving(*stores, replace(changed, secret_previous="")) as rest:
        assert (await ana.sign_in(at=rest, totp=ana.code(1))).status == 200
    assert asks_for_a_code(
        await ana.sign_in(totp=ana.code(1))
    )  # with the old secret alone: a case for the operator


async def test_the_operator_turns_codes_off(ana: Ana, database_url: str) -> None:
    """For somebody whose phone is lost; nobody else's."""
    await ana.turn_on()
    settings = replace(SETTINGS, database_url=database_url)

    async def turn_off(user: str) -> str:
        return await operate(settings, Namespace(command="totp-off", user=user))

    assert "are off now" in await turn_off(ana.user["username"])
    assert (await ana.sign_in()).status == 200
    assert "were not on" in await turn_off(ana.user["username"])
    with pytest.raises(Refused, match="Nobody signs in as 'nobody'"):
        await turn_off("nobody")
