"""New passwords: by a link in a mail, or with the present one. Whatever the old one could do is over then."""

import asyncio
from typing import Any

import pytest
from msgspec import structs
from redis.asyncio import Redis

from core.ids import new_id
from services.letters import Letters
from tests.rest.conftest import SETTINGS
from tests.rest.server import PASSWORD, Answer, RestServer, serving

NEW = "quite another horse"
FORGOT, RESET, CHANGE = (f"/v1/auth/password/{what}" for what in ("forgot", "reset", "change"))


async def forgot(rest: RestServer, email: str, **what: Any) -> Answer:
    return await rest.ask("POST", FORGOT, json={"email": email}, **what)


async def reset(rest: RestServer, token: str, password: str = NEW) -> Answer:
    return await rest.ask("POST", RESET, json={"token": token, "password": password})


async def change(rest: RestServer, signed_in: Any, **body: Any) -> Answer:
    return await rest.ask("POST", CHANGE, token=signed_in["access_token"], json=body)


async def may(rest: RestServer, signed_in: Any) -> bool:
    return (await rest.ask("GET", "/v1/me", token=signed_in["access_token"])).status == 200


async def test_a_link_gives_a_new_password_once_and_ends_all_sessions(rest: RestServer) -> None:
    ana = await rest.sign_up()
    email, username = ana["user"]["email"], ana["user"]["username"]
    assert (await forgot(rest, email.upper())).status == 202
    token = await rest.link_to(email)
    assert (await reset(rest, token)).status == 204
    assert not await may(rest, ana)
    assert (await rest.refresh(ana["refresh_token"])).code == "unauthenticated"
    assert (await rest.login(email)).code == "unauthenticated"
    again = await rest.login(username, NEW)
    assert again.body["user"]["verified"] == {"email": True, "phone": False}
    assert again.body["user"]["status"] == "active"
    newest, *_ = await rest.mail_to(email)
    assert newest.subject == "Your password was changed"
    assert (await reset(rest, token, PASSWORD)).code == "unauthenticated"
    assert (await rest.login(email, NEW)).status == 200


async def test_of_many_who_open_a_link_at_once_one_has_it(rest: RestServer) -> None:
    ana = await rest.sign_up()
    await forgot(rest, ana["user"]["email"])
    token = await rest.link_to(ana["user"]["email"])
    given = [f"{NEW} {n}" for n in range(5)]
    answers = await asyncio.gather(*(reset(rest, token, each) for each in given))
    assert sorted(answer.status for answer in answers) == [204, 401, 401, 401, 401]
    [right] = [password for password, answer in zip(given, answers, strict=True) if answer.status == 204]
    assert (await rest.login(ana["user"]["email"], right)).status == 200


async def test_a_link_expires_and_the_newest_alone_serves(rest: RestServer) -> None:
    rest.clock.stop()
    ana = await rest.sign_up()
    email = ana["user"]["email"]
    await forgot(rest, email)
    first = await rest.link_to(email)
    await forgot(rest, email)
    assert await rest.link_to(email) == first, "a link was sent just now: that one serves"
    rest.clock.advance(s=SETTINGS.code_again_s)
    await forgot(rest, email)
    second = await rest.link_to(email)
    assert (await reset(rest, first)).code == "unauthenticated"
    rest.clock.advance(s=SETTINGS.reset_link_m * 60)
    assert (await reset(rest, second)).code == "expired"
    assert (await rest.login(email)).status == 200


async def test_nothing_tells_whether_an_address_is_known(rest: RestServer) -> None:
    """The same answer, by the same statements: who it is for is looked up later, by a worker."""
    ana = await rest.sign_up()
    nobody = f"{new_id()}@example.org"
    known, unknown = [await forgot(rest, email) for email in (ana["user"]["email"], nobody)]
    assert (known.status, known.body) == (unknown.status, unknown.body) == (202, "")
    assert known.headers.keys() == unknown.headers.keys()
    query = "SELECT entrypoint FROM jobs.pgqueuer WHERE status = 'queued' ORDER BY id DESC LIMIT 2"
    assert [row[0] for row in await rest.world.pool.fetch(query)] == ["password-link"] * 2
    assert await rest.mail_to(nobody) == []
    assert await rest.world.pool.fetch("SELECT FROM jobs.pgqueuer WHERE entrypoint = 'password-link'") == []


async def test_neither_a_token_nor_an_address_can_be_read_in_the_database(rest: RestServer) -> None:
    ana = await rest.sign_up()
    email = ana["user"]["email"]
    await forgot(rest, email)
    rows = await rest.world.pool.fetch("SELECT payload FROM jobs.pgqueuer")
    assert rows
    assert not [row for row in rows if email.encode() in row["payload"]]
    token = await rest.link_to(email)
    codes = await rest.world.pool.fetch("SELECT * FROM identity.one_time_codes")
    assert token not in str(codes)


async def test_strangers_cannot_flood_a_mailbox_nor_make_a_link_useless(
    rest: RestServer, redis: Redis
) -> None:
    """What is too much has no effect and looks the same; the link that was sent last goes on serving."""
    strict = structs.replace(
        SETTINGS, rate_limits="on", mailbox_burst=2, forgotten_burst=4, forgotten_per_h=1
    )
    async with serving(rest.world, redis, rest.redis_client, strict) as at:
        at.clock.stop()
        ana = await at.sign_up()
        email = ana["user"]["email"]
        for _ in range(4):
            assert (await forgot(at, email)).status == 202
            links = [sent for sent in await at.mail_to(email) if "#reset" in sent.text]
            at.clock.advance(s=strict.code_again_s)
        assert len(links) == 2
        assert (await forgot(at, f"{new_id()}@example.org")).code == "rate_limited"
        assert (await reset(at, await at.link_to(email))).status == 204


async def test_who_is_signed_in_changes_it_and_stays_signed_in_alone(rest: RestServer) -> None:
    ana = await rest.sign_up()
    email = ana["user"]["email"]
    other = (await rest.login(email)).body
    assert (await change(rest, ana, password="wrong", new_password=NEW)).body["details"] == {
        "factor": "password"
    }
    assert (await change(rest, ana, password=PASSWORD, new_password="short")).code == "invalid_request"
    assert await may(rest, other)
    assert (await change(rest, ana, password=PASSWORD, new_password=NEW)).status == 204
    assert (await may(rest, ana), await may(rest, other)) == (True, False)
    assert (await rest.refresh(ana["refresh_token"])).status == 200
    assert (await rest.login(email)).code == "unauthenticated"
    assert (await rest.login(email, NEW)).status == 200
    newest, *_ = await rest.mail_to(email)
    assert newest.subject == "Your password was changed"


async def test_after_some_minutes_the_present_password_is_needed(rest: RestServer) -> None:
    """And of two changes at once with the same one, one counts."""
    rest.clock.stop()
    ana = await rest.sign_up()
    assert (await change(rest, ana, new_password=PASSWORD)).status == 204
    rest.clock.advance(s=SETTINGS.fresh_sign_in_m * 60)
    assert (await change(rest, ana, new_password=NEW)).body["details"] == {"factor": "password"}
    news = [f"{NEW} {n}" for n in range(3)]
    answers = await asyncio.gather(*(change(rest, ana, password=PASSWORD, new_password=new) for new in news))
    assert [answer.status for answer in answers].count(204) == 1


async def test_a_new_password_makes_links_useless_that_were_mailed_before(rest: RestServer) -> None:
    """Who has read an old mail gets nothing of it: neither a password nor another address."""
    ana = await rest.sign_up()
    email, away = ana["user"]["email"], f"{new_id()}@example.net"
    rest.clock.advance(s=SETTINGS.code_again_s)
    body = {"email": away}
    assert (
        await rest.ask("POST", "/v1/auth/email/change", token=ana["access_token"], json=body)
    ).status == 202
    await forgot(rest, email)
    to_password, to_address = await rest.link_to(email), await rest.link_to(away)
    assert (await change(rest, ana, password=PASSWORD, new_password=NEW)).status == 204
    assert (await reset(rest, to_password)).code == "unauthenticated"
    answer = await rest.ask("POST", "/v1/auth/email/verify", json={"token": to_address})
    assert answer.code == "unauthenticated"


@pytest.mark.parametrize(
    ("own", "browser", "subject"),
    [
        (None, "de-AT,de;q=0.9", "Wähle ein neues Passwort"),
        ("en", "de", "Choose a new password"),
        ("de", "fr", "Wähle ein neues Passwort"),
        (None, "fr", "Choose a new password"),
    ],
)
async def test_mails_are_in_the_owners_language(
    rest: RestServer, own: str | None, browser: str, subject: str
) -> None:
    ana = await rest.sign_up()
    token, email = ana["access_token"], ana["user"]["email"]
    assert (await rest.ask("PATCH", "/v1/me/settings", token=token, json={"language": own})).status == 200
    await forgot(rest, email, headers={"Accept-Language": browser})
    newest, *_ = await rest.mail_to(email)
    assert newest.subject == subject


def test_a_letter_leads_to_the_page_in_text_and_in_html() -> None:
    letters = Letters(sender="Us <us@example.org>", page="https://a.example")
    letter = letters.write("reset", "ana@b.c", "de", letter_id="7", token="T-_k", lasts_ms=3_600_000)
    assert letter.message_id == "<7@example.org>"
    assert "https://a.example/#reset=T-_k\n" in letter.text
    assert '<a href="https://a.example/#reset=T-_k">' in (letter.html or "")
    assert "einmal, 1 Stunde lang" in letter.text
    hours = letters.write("verify", "ana@b.c", None, letter_id="8", token="T", lasts_ms=48 * 3_600_000)
    assert "for 48 hours" in hours.text
    minutes = letters.write("verify", "ana@b.c", None, letter_id="9", token="T", lasts_ms=90 * 60_000)
    assert "for 90 minutes" in minutes.text
