"""Usernames that change, and people who let themselves be found by their names."""

import asyncio
from typing import Any

import pytest

from core.ids import new_id
from tests.rest.server import Answer, RestServer, new_person

DAY_S = 86_400


def name() -> str:
    return f"n{new_id()[-12:]}"


async def rename(rest: RestServer, who: Any, username: str) -> Answer:
    headers = {"If-Match": "*"}
    token = who["access_token"]
    return await rest.ask("PATCH", "/v1/me", token=token, json={"username": username}, headers=headers)


async def register(rest: RestServer, username: str) -> Answer:
    return await rest.ask("POST", "/v1/auth/register", json=new_person(username=username))


async def allow(rest: RestServer, who: Any, *, found: bool = True) -> None:
    privacy = {"privacy": {"find_by_search": found}}
    answer = await rest.ask("PATCH", "/v1/me/settings", token=who["access_token"], json=privacy)
    assert answer.body["privacy"]["find_by_search"] is found


async def found(rest: RestServer, who: Any, words: str) -> list[str]:
    answer = await rest.ask("GET", f"/v1/profiles?q={words}", token=who["access_token"])
    assert answer.status == 200, answer.body
    return [item["display_name"] for item in answer.body["items"]]


async def test_a_former_username_is_kept_for_its_owner(rest: RestServer) -> None:
    """Nobody else has it, in whatever case, until its time is over; the owner may come back to it."""
    before, after = name(), name()
    ana = (await register(rest, before)).body
    assert (await rename(rest, ana, after)).body["username"] == after
    assert (await rest.login(after)).status == 200
    assert (await rest.login(before)).code == "unauthenticated"
    for taken in (before, before.upper(), after):
        answer = await register(rest, taken)
        assert (answer.code, answer.body["details"]) == ("conflict", {"field": "username"})
        ben = await rest.sign_up()
        answer = await rename(rest, ben, taken)
        assert (answer.code, answer.body["details"]) == ("conflict", {"field": "username"})
    assert (await rename(rest, ana, before)).status == 200
    assert (await register(rest, after)).code == "conflict"
    rest.clock.advance(s=91 * DAY_S)
    assert (await register(rest, after)).status == 201


async def test_names_are_not_hoarded(rest: RestServer) -> None:
    """Three are kept for somebody; another spelling of the same is none, and one may always go back."""
    ana = await rest.sign_up()
    names = [name() for _ in range(4)]
    for each in names[:3]:
        assert (await rename(rest, ana, each)).status == 200
    answer = await rename(rest, ana, names[3])
    assert answer.code == "rate_limited"
    assert 89 * DAY_S < answer.body["retry_after_ms"] / 1000 <= 90 * DAY_S
    assert (await rest.ask("GET", "/v1/me", token=ana["access_token"])).body["username"] == names[2]
    assert (await rename(rest, ana, names[0])).status == 200
    assert (await rename(rest, ana, names[3])).code == "rate_limited"
    ben = await rest.sign_up()
    spelled = ben["user"]["username"].upper()
    for each in (spelled, spelled.lower(), spelled):
        assert (await rename(rest, ben, each)).status == 200


async def test_a_name_that_is_given_up_at_this_moment(rest: RestServer) -> None:
    """Whoever wants it at once does not get it."""
    for _ in range(4):
        before = name()
        ana = (await register(rest, before)).body
        changed, registered = await asyncio.gather(rename(rest, ana, name()), register(rest, before))
        assert (changed.status, registered.code) == (200, "conflict")


@pytest.mark.parametrize("username", ["ab", "a b c", "ana@example.org", "moderator", None])
async def test_what_cannot_be_a_username(rest: RestServer, username: Any) -> None:
    assert (await rename(rest, await rest.sign_up(), username)).code == "invalid_request"


async def test_only_who_allows_it_is_found(rest: RestServer) -> None:
    """By the beginnings of words of either name, as they are now, while it is allowed."""
    word = name()
    ana = await rest.sign_up(display_name=f"Ana {word}-Berg", username=f"{word}.x")
    ben = await rest.sign_up()
    shown = [f"Ana {word}-Berg"]
    assert await found(rest, ben, word) == []
    await allow(rest, ana)
    for words in (word, word.upper(), word[:-2], f"ana {word[:5]}", f"{word} ber", f"berg%20{word}"):
        assert await found(rest, ben, words) == shown, words
    for words in (f"{word} bex", word[1:], "%26!|", "'):*"):
        assert await found(rest, ben, words) == [], words
    await rest.ask(
        "PATCH", "/v1/me", token=ana["access_token"], json={"display_name": "Ann"}, headers={"If-Match": "*"}
    )
    assert (await found(rest, ben, f"{word} ann"), await found(rest, ben, f"{word} berg")) == (["Ann"], [])
    assert (
        await rest.ask("GET", f"/v1/profiles/{ana['user']['id']}", token=ben["access_token"])
    ).status == 200
    await allow(rest, ana, found=False)
    assert await found(rest, ben, word) == []
    path = f"/v1/profiles/{ana['user']['id']}"
    assert (await rest.ask("GET", path, token=ben["access_token"])).code == "not_found"


async def test_found_without_accents_and_in_any_script(rest: RestServer) -> None:
    """However somebody types it."""
    word, ben = name(), await rest.sign_up()
    for full, words in (
        ("José", "jose"),
        ("Jose\u0301", "JOSÉ"),
        ("Ольга", "ольг"),
        ("王小明", "王小"),
        ("İpek", "ipek"),
    ):
        await allow(rest, await rest.sign_up(display_name=f"{full} {word}"))
        assert [one for one in await found(rest, ben, f"{word} {words}") if one[0] == full[0]], words


async def test_who_may_not_be_seen_is_not_found(rest: RestServer) -> None:
    """Blocked either way, banned or erased."""
    word = name()
    people = [await rest.sign_up(display_name=f"{word} {n}") for n in range(5)]
    ana = people[0]
    for person in people:
        await allow(rest, person)
    ids = [person["user"]["id"] for person in people]
    assert sorted(await found(rest, ana, word)) == [f"{word} {n}" for n in range(5)]
    await rest.world.block(ids[0], ids[1])
    await rest.world.block(ids[2], ids[0])
    await rest.world.ban(ids[3])
    await rest.world.erase(ids[4])
    assert await found(rest, ana, word) == [f"{word} 0"]


async def test_found_in_pages(rest: RestServer) -> None:
    """Each once."""
    word = name()
    for n in range(3):
        await allow(rest, await rest.sign_up(display_name=f"{word} {n}"))
    ana = await rest.sign_up()
    pages, cursor = [], ""
    for _ in range(3):
        path = f"/v1/profiles?q={word}&limit=1{cursor}"
        body = (await rest.ask("GET", path, token=ana["access_token"])).body
        pages += [item["display_name"] for item in body["items"]]
        cursor = f"&cursor={body['next_cursor']}"
    assert (pages, cursor) == ([f"{word} 2", f"{word} 1", f"{word} 0"], "&cursor=None")
