"""Signing up."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import to_datetime
from tests.rest.server import PASSWORD, RestServer, new_person


async def register(rest: RestServer, body: Any, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await rest.ask("POST", "/v1/auth/register", json=body, headers=headers)


async def test_an_account_is_there_at_once(rest: RestServer) -> None:
    """201 with the account and tokens that serve; what was not asked has defaults."""
    body = new_person(display_name="  Zoë ")
    answer = await register(rest, body)
    user = answer.body["user"]
    assert answer.status == 201
    assert answer.body["expires_in_s"] == 900
    assert user["display_name"] == "Zoë"
    assert user["role"] == "user"
    assert user["intent"] == "casual"
    assert user["seeking"] == {"genders": ["female", "male", "other"], "age_min": 18, "age_max": 120}
    assert (await rest.ask("GET", "/v1/me", token=answer.body["access_token"])).body == user


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"email": "no address"}, "invalid_request", "email"),
        ({"email": "a@b"}, "invalid_request", "email"),
        ({"email": "a@@b.org"}, "invalid_request", "email"),
        ({"email": ".a@b.org"}, "invalid_request", "email"),
        ({"email": "a@-b.org"}, "invalid_request", "email"),
        ({"email": "a b@c.org"}, "invalid_request", "email"),
        ({"email": "a\n@b.org"}, "invalid_request", "email"),
        ({"email": "a" * 255 + "@b.org"}, "payload_too_large", "email"),
        ({"username": "ab"}, "invalid_request", "username"),
        ({"username": "a@b"}, "invalid_request", "username"),
        ({"username": "abc\n"}, "invalid_request", "username"),
        ({"username": "a" * 51}, "payload_too_large", "username"),
        ({"password": "seven77"}, "invalid_request", "password"),
        ({"password": "a" * 129}, "payload_too_large", "password"),
        ({"display_name": ""}, "invalid_request", "display_name"),
        ({"display_name": "   "}, "invalid_request", "display_name"),
        ({"display_name": "a\u202eb"}, "invalid_request", "display_name"),
        ({"display_name": "\u3164"}, "invalid_request", "display_name"),
        ({"display_name": "A\u200bna"}, "invalid_request", "display_name"),
        ({"display_name": "\u0410dmin"}, "invalid_request", "display_name"),
        ({"username": "Adm1n_"}, "invalid_request", "username"),
        ({"display_name": "a" * 101}, "payload_too_large", "display_name"),
        ({"birth_date": "30.4.1998"}, "invalid_request", "birth_date"),
        ({"birth_date": "2001-02-29"}, "invalid_request", "birth_date"),
        ({"birth_date": "2999-01-01"}, "invalid_request", "birth_date"),
        ({"birth_date": "1800-01-01"}, "invalid_request", "birth_date"),
        ({"gender": "cat"}, "invalid_request", "gender"),
        ({"role": "admin"}, "invalid_request", "role"),
    ],
)
async def test_a_field_that_does_not_serve_is_named(
    rest: RestServer, changes: dict[str, Any], code: str, field: str
) -> None:
    """And nothing is stored."""
    answer = await register(rest, new_person(**changes))
    assert (answer.code, answer.body["details"]["field"]) == (code, field)


@pytest.mark.parametrize("email", ["ana+tag@mail.example.co", "Zoë@münchen.example", "a_b-c@x.example"])
async def test_an_address_needs_no_look_up(rest: RestServer, email: str) -> None:
    """Plain and international addresses under domains that do not exist."""
    unique = f"{new_person()['username']}.{email}"
    answer = await register(rest, new_person(email=unique))
    assert answer.body["user"]["email"] == unique


async def test_lengths_are_characters(rest: RestServer) -> None:
    """A password of 128 and a name of 100 characters outside ASCII."""
    body = new_person(password="ü" * 128, display_name="名" * 100)
    assert (await register(rest, body)).status == 201
    assert (await rest.login(body["username"], "ü" * 128)).status == 200


def born_18_years_before(day: date) -> str:
    """For a birth on 29 February, the birthday is 1 March in years without one."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return f"{day.year - 18}-03-01" if is_leap_day else day.replace(year=day.year - 18).isoformat()


async def test_who_is_17_is_underage_and_who_turns_18_is_not(rest: RestServer) -> None:
    """By the day, in UTC."""
    rest.clock.stop()
    today = to_datetime(rest.clock()).date()
    birthday, too_young = (born_18_years_before(day) for day in (today, today + timedelta(days=1)))
    answer = await register(rest, new_person(birth_date=too_young))
    assert (answer.status, answer.code) == (403, "underage")
    assert (await register(rest, new_person(birth_date=birthday))).status == 201


@pytest.mark.parametrize("field", ["email", "username"])
async def test_what_somebody_has_is_taken(rest: RestServer, field: str) -> None:
    """In any spelling of upper and lower case."""
    first = new_person()
    assert (await register(rest, first)).status == 201
    answer = await register(rest, new_person(**{field: first[field].upper()}))
    assert (answer.status, answer.code, answer.body["details"]) == (409, "conflict", {"field": field})


async def test_one_name_for_ten_at_once_goes_to_one(rest: RestServer) -> None:
    """The others are told that it is taken."""
    username = new_person()["username"]
    answers = await asyncio.gather(*(register(rest, new_person(username=username)) for _ in range(10)))
    assert sorted(a.status for a in answers) == [201] + [409] * 9


async def test_the_same_key_gives_the_same_account(rest: RestServer) -> None:
    """With fresh tokens, also for five at once."""
    body, key = new_person(), new_person()["username"]
    answers = await asyncio.gather(*(register(rest, body, key) for _ in range(5)))
    assert {a.status for a in answers} == {201}
    assert len({a.body["user"]["id"] for a in answers}) == 1
    assert len({a.body["refresh_token"] for a in answers}) == 5


@pytest.mark.parametrize(
    "changes", [{"display_name": "Eve"}, {"password": "another password"}, {"email": "eve@example.org"}]
)
async def test_the_same_key_for_another_request_is_a_conflict(
    rest: RestServer, changes: dict[str, Any]
) -> None:
    """Knowing a key lets nobody in: the password is part of the request."""
    body, key = new_person(), new_person()["username"]
    assert (await register(rest, body, key)).status == 201
    answer = await register(rest, body | changes, key)
    assert (answer.status, answer.code) == (422, "idempotency_conflict")


async def test_strangers_may_use_one_key(rest: RestServer) -> None:
    """An app that numbers its requests from 1 keeps nobody out, and nobody learns that a key is in use."""
    answers = await asyncio.gather(*(register(rest, new_person(), "1") for _ in range(3)))
    assert [answer.status for answer in answers] == [201] * 3
    assert len({answer.body["user"]["id"] for answer in answers}) == 3


async def test_a_refused_registration_uses_no_key(rest: RestServer) -> None:
    """The mended request may have the same key."""
    taken, key = new_person(), new_person()["username"]
    assert (await register(rest, taken)).status == 201
    mended = new_person()
    assert (await register(rest, mended | {"email": taken["email"]}, key)).code == "conflict"
    assert (await register(rest, mended, key)).status == 201


@pytest.mark.parametrize("key", ["", "with space", "ü", "k" * 201])
async def test_a_key_is_visible_ascii(rest: RestServer, key: str) -> None:
    answer = await rest.ask("POST", "/v1/auth/register", json=new_person(), headers={"Idempotency-Key": key})
    assert answer.body["details"] == {"field": "Idempotency-Key"}


async def test_nothing_that_lets_in_is_stored(rest: RestServer) -> None:
    """Neither a password nor a token is anywhere in the tables of accounts."""
    body = new_person()
    answer = await register(rest, body, body["username"])
    tables = ("users", "profiles", "sessions", "refresh_tokens", "idempotent_requests")
    rows = [await rest.world.pool.fetch(f"SELECT t::text FROM identity.{table} t") for table in tables]
    text = str(rows)
    assert body["username"] in text
    for secret in (PASSWORD, answer.body["refresh_token"], answer.body["access_token"]):
        assert secret not in text
