"""Whose an email address is: shown by a link. Until anything was shown, an account is `pending`."""

import asyncio
from typing import Any

from msgspec import structs
from redis.asyncio import Redis

from core.ids import new_id
from tests.rest.conftest import SETTINGS
from tests.rest.server import PASSWORD, Answer, RestServer, serving

SEND, VERIFY, CHANGE = (f"/v1/auth/email/{what}" for what in ("send", "verify", "change"))


async def verify(rest: RestServer, token: str) -> Answer:
    return await rest.ask("POST", VERIFY, json={"token": token})


async def change(rest: RestServer, signed_in: Any, email: str, **more: Any) -> Answer:
    return await rest.ask("POST", CHANGE, token=signed_in["access_token"], json={"email": email, **more})


async def me(rest: RestServer, signed_in: Any) -> Any:
    return (await rest.ask("GET", "/v1/me", token=signed_in["access_token"])).body


async def test_who_signs_up_is_pending_until_they_open_the_link(rest: RestServer) -> None:
    ana = await rest.sign_up()
    assert (ana["user"]["status"], ana["user"]["verified"]) == ("pending", {"email": False, "phone": False})
    token = await rest.link_to(ana["user"]["email"])
    assert (await verify(rest, token)).status == 204
    own = await me(rest, ana)
    assert (own["status"], own["verified"]) == ("active", {"email": True, "phone": False})
    standing = await rest.world.pool.fetchval(
        "SELECT verified_at IS NOT NULL FROM identity.users WHERE id = $1", own["id"]
    )
    assert standing, "what one is trusted for does not know of it"
    assert (await verify(rest, token)).code == "unauthenticated"
    assert (await verify(rest, "made up")).code == "unauthenticated"


async def test_the_link_is_sent_again_once_the_last_one_is_some_seconds_old(rest: RestServer) -> None:
    rest.clock.stop()
    ana = await rest.sign_up()
    first = await rest.link_to(ana["user"]["email"])
    early = await rest.ask("POST", SEND, token=ana["access_token"])
    assert (early.code, early.body["retry_after_ms"]) == ("rate_limited", SETTINGS.code_again_s * 1000)
    assert (SETTINGS.rate_limits, early.headers["Retry-After"]) == ("off", str(SETTINGS.code_again_s))
    rest.clock.advance(s=SETTINGS.code_again_s)
    assert (await rest.ask("POST", SEND, token=ana["access_token"])).status == 202
    second = await rest.link_to(ana["user"]["email"])
    assert (await verify(rest, first)).code == "unauthenticated"
    assert (await verify(rest, second)).status == 204
    rest.clock.advance(s=SETTINGS.code_again_s)
    sent = len(await rest.mail_to(ana["user"]["email"]))
    assert (await rest.ask("POST", SEND, token=ana["access_token"])).status == 202
    assert len(await rest.mail_to(ana["user"]["email"])) == sent, "there is nothing left to show"


async def test_another_address_counts_once_its_owner_has_opened_the_link(rest: RestServer) -> None:
    rest.clock.stop()
    ana = await rest.sign_up()
    before, after = ana["user"]["email"], f"{new_id()}@example.net"
    rest.clock.advance(s=SETTINGS.code_again_s)
    assert (await change(rest, ana, after)).status == 202
    assert (await me(rest, ana))["email"] == before
    assert (await verify(rest, await rest.link_to(after))).status == 204
    own = await me(rest, ana)
    assert (own["email"], own["verified"]["email"]) == (after, True)
    assert (await rest.mail_to(before))[0].subject == "Your email address was changed"
    assert (await rest.login(before)).code == "unauthenticated"
    assert (await rest.login(after)).status == 200


async def test_an_address_that_somebody_has_is_nobody_elses(rest: RestServer) -> None:
    """Told at once; and who is faster has it, with nothing left behind for the other."""
    rest.clock.stop()
    ana, ben = await rest.sign_up(), await rest.sign_up()
    rest.clock.advance(s=SETTINGS.code_again_s)
    assert (await change(rest, ana, ben["user"]["email"].upper())).code == "conflict"
    wanted = f"{new_id()}@example.net"
    tokens = []
    for one in (ana, ben):
        assert (await change(rest, one, wanted)).status == 202
        tokens.append(await rest.link_to(wanted))
    answers = await asyncio.gather(*(verify(rest, token) for token in tokens))
    assert sorted(answer.status for answer in answers) == [204, 409]
    emails = [(await me(rest, one))["email"] for one in (ana, ben)]
    assert emails.count(wanted) == 1


async def test_to_change_it_takes_the_password_after_some_minutes(rest: RestServer) -> None:
    rest.clock.stop()
    ana, away = await rest.sign_up(), f"{new_id()}@example.net"
    rest.clock.advance(s=SETTINGS.fresh_sign_in_m * 60)
    assert (await change(rest, ana, away)).body["details"] == {"factor": "password"}
    assert (await change(rest, ana, away, password="wrong")).body["details"] == {"factor": "password"}
    assert (await change(rest, ana, "no address", password=PASSWORD)).code == "invalid_request"
    assert (await change(rest, ana, away, password=PASSWORD)).status == 202


async def test_a_mailbox_is_not_flooded_however_it_is_written(rest: RestServer, redis: Redis) -> None:
    """A stranger who signs up with all the ways to write one has few mails sent, and has their accounts."""
    strict = structs.replace(SETTINGS, rate_limits="on", mailbox_burst=2, mails_burst=1)
    async with serving(rest.world, redis, rest.redis_client, strict) as at:
        at.clock.stop()
        name = new_id()
        ways = [f"{name}+{n}@gmail.com" for n in range(4)]
        people = [await at.sign_up(email=way) for way in ways]
        assert sum([len(await at.mail_to(way)) for way in ways]) == 2
        at.clock.advance(s=strict.code_again_s)
        asked = [await at.ask("POST", SEND, token=people[0]["access_token"]) for _ in range(2)]
        assert [answer.code for answer in asked] == ["rate_limited", "rate_limited"]


async def test_a_server_without_mail_says_so(rest: RestServer, redis: Redis) -> None:
    """But for a forgotten password, where nothing may be told."""
    async with serving(rest.world, redis, rest.redis_client, structs.replace(SETTINGS, mail="")) as at:
        ana = await at.sign_up()
        assert (await at.ask("POST", SEND, token=ana["access_token"])).code == "unavailable"
        assert (await change(at, ana, f"{new_id()}@example.net")).code == "unavailable"
        email = ana["user"]["email"]
        forgot = await at.ask("POST", "/v1/auth/password/forgot", json={"email": email})
        assert forgot.status == 202
        assert await at.mail_to(email) == []


async def test_the_outbox_is_for_developers_on_this_machine(rest: RestServer) -> None:
    ana = await rest.sign_up()
    await rest.mail_to(ana["user"]["email"])
    page = await rest.ask("GET", "/dev/outbox")
    assert page.status == 200
    assert ana["user"]["email"] in page.body
    listed = await rest.ask("GET", "/dev/outbox", headers={"Accept": "application/json"})
    assert listed.body["items"][0].keys() == {"by", "to", "subject", "text", "at"}
    for header in (
        {"Host": "evil.example"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
    ):
        assert (await rest.ask("GET", "/dev/outbox", headers=header)).status == 404
