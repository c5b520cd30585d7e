"""One's own profile, and the cards of others."""

import asyncio
from typing import Any

import pytest

from core.ids import new_id
from tests.rest.server import Answer, RestServer


async def patch(rest: RestServer, token: str, body: Any, tag: str | None) -> Answer:
    headers = {"If-Match": tag} if tag else {}
    return await rest.ask("PATCH", "/v1/me", token=token, json=body, headers=headers)


async def test_a_profile_is_changed_and_its_tag_with_it(rest: RestServer) -> None:
    """What is left out stays; null clears; repeated words count once."""
    token = (await rest.sign_up())["access_token"]
    before = await rest.ask("GET", "/v1/me", token=token)
    changes = {
        "display_name": "Ana B.",
        "intent": "serious",
        "languages": ["de", "en", "de"],
        "country": "DE",
        "city": "Berlin",
        "bio": "Climbs.",
        "seeking": {"genders": ["male", "male"], "age_min": 25, "age_max": 40},
    }
    rest.clock.advance(s=1)
    after = await patch(rest, token, changes, before.headers["ETag"])
    expected = {"languages": ["de", "en"], "seeking": {"genders": ["male"], "age_min": 25, "age_max": 40}}
    assert after.status == 200
    assert after.body == before.body | changes | expected | {"updated_at": after.body["updated_at"]}
    assert after.body["updated_at"] > before.body["updated_at"]
    assert after.headers["ETag"] != before.headers["ETag"]

    cleared = await patch(
        rest, token, {"country": None, "city": None, "bio": None, "seeking": {"age_max": 30}}, "*"
    )
    assert [cleared.body[name] for name in ("country", "city", "bio")] == [None, None, None]
    assert cleared.body["seeking"] == {"genders": ["male"], "age_min": 25, "age_max": 30}
    again = await rest.ask("GET", "/v1/me", token=token)
    assert (again.body, again.headers["ETag"]) == (cleared.body, cleared.headers["ETag"])


async def test_nothing_changed_is_no_new_version(rest: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    assert (await patch(rest, token, {"intent": "casual"}, '"1"')).headers["ETag"] == '"1"'


@pytest.mark.parametrize("tag", [None, '"0"', '"99"', 'W/"1"', "1", '"x"', "", '"0", "7"'])
async def test_a_change_over_another_version_is_refused(rest: RestServer, tag: str | None) -> None:
    """And one that does not say over which."""
    token = (await rest.sign_up())["access_token"]
    answer = await patch(rest, token, {"bio": "new"}, tag)
    assert (answer.status, answer.code) == (412, "precondition_failed")
    assert (await rest.ask("GET", "/v1/me", token=token)).body["bio"] is None


async def test_of_changes_at_once_one_wins(rest: RestServer) -> None:
    """No change is lost unseen."""
    token = (await rest.sign_up())["access_token"]
    answers = await asyncio.gather(*(patch(rest, token, {"bio": f"bio {n}"}, '"1"') for n in range(6)))
    assert sorted(a.status for a in answers) == [200] + [412] * 5


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"email": "new@example.org"}, "invalid_request", "email"),
        ({"role": "admin"}, "invalid_request", "role"),
        ({"birth_date": "1990-01-01"}, "invalid_request", "birth_date"),
        ({"gender": "male"}, "invalid_request", "gender"),
        ({"display_name": None}, "invalid_request", "display_name"),
        ({"display_name": " "}, "invalid_request", "display_name"),
        ({"display_name": "\u0958" * 100}, "payload_too_large", "display_name"),  # two letters each in NFC
        ({"intent": None}, "invalid_request", "intent"),
        ({"languages": ["english"]}, "invalid_request", "languages[0]"),
        ({"languages": ["en"] * 21}, "payload_too_large", "languages"),
        ({"country": "de"}, "invalid_request", "country"),
        ({"city": "x" * 101}, "payload_too_large", "city"),
        ({"bio": "x" * 2001}, "payload_too_large", "bio"),
        ({"bio": "a\0b"}, "invalid_request", "bio"),
        ({"seeking": None}, "invalid_request", "seeking"),
        ({"seeking": {"genders": []}}, "invalid_request", "seeking.genders"),
        ({"seeking": {"age_min": 17}}, "invalid_request", "seeking.age_min"),
        ({"seeking": {"age_min": 40, "age_max": 30}}, "invalid_request", "seeking.age_min"),
        ({"seeking": {"height": 180}}, "invalid_request", "seeking.height"),
    ],
)
async def test_what_cannot_be_is_named(rest: RestServer, body: Any, code: str, field: str) -> None:
    token = (await rest.sign_up())["access_token"]
    answer = await patch(rest, token, body, '"1"')
    assert (answer.code, answer.body["details"]) == (code, {"field": field})


async def test_lone_surrogates_do_not_reach_the_database(rest: RestServer) -> None:
    """JSON can write them, PostgreSQL cannot keep them."""
    token = (await rest.sign_up())["access_token"]
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    answer = await rest.ask("PATCH", "/v1/me", token=token, data=b'{"bio": "\\ud800"}', headers=headers)
    assert answer.code == "invalid_request"


async def test_a_card_shows_what_others_may_see(rest: RestServer) -> None:
    """Neither address nor birth date."""
    ana, ben = await rest.sign_up(birth_date="1996-06-16"), await rest.sign_up()
    await rest.world.talked((ana["user"]["id"], ben["user"]["id"]))
    answer = await rest.ask("GET", f"/v1/profiles/{ana['user']['id']}", token=ben["access_token"])
    assert answer.status == 200
    shown = {"user_id", "display_name", "age", "gender", "intent", "languages", "photos", "videos"}
    assert answer.body.keys() == shown
    own = await rest.ask("GET", f"/v1/profiles/{ana['user']['id']}", token=ana["access_token"])
    assert own.body == answer.body


async def test_who_may_not_be_seen_is_not_there(rest: RestServer) -> None:
    """Blocked either way, banned, never met in an answered call, unknown, or no id: one answer for all."""
    ana, ben, eve, mia, joe = [await rest.sign_up() for _ in range(5)]
    ids = [person["user"]["id"] for person in (ana, ben, eve, mia, joe)]
    for met in ids[1:3]:
        await rest.world.talked((ids[0], met))
    await rest.world.end(await rest.world.offered((ids[0], ids[4])), reason="no_answer")
    await rest.world.block(ids[0], ids[1])
    await rest.world.ban(ids[2])
    asked = [
        (ana, ids[1]),
        (ben, ids[0]),
        (ana, ids[2]),
        (ana, ids[3]),
        (ana, ids[4]),
        (ana, new_id()),
        (ana, "me"),
        (ana, "%00"),
        (ana, f"{ids[0]}%0A"),
    ]
    answers = [
        await rest.ask("GET", f"/v1/profiles/{user_id}", token=who["access_token"]) for who, user_id in asked
    ]
    assert [(a.status, a.code) for a in answers] == [(404, "not_found")] * len(asked)
    assert len({str(a.body) for a in answers}) == 1
