"""Contacts: who of an address book is here, and who must not be found by it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms
from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.phones import Phone, a_number
from tests.rest.server import Answer, RestServer, serving
from tests.stores.world import World, since

PATH = "/v1/contacts"
MOST = 2_000
_unused = itertools.count(1_000_000)


@pytest.fixture
async def strict(world: World, redis: Redis, redis_client: RedisClient) -> AsyncIterator[RestServer]:
    """With rate limits, where a network may send no more than one account."""
    settings = replace(SETTINGS, rate_limits="on", max_body_bytes=262_144, contacts_burst=MOST)
    settings = replace(settings, network_contacts_burst=MOST + 3)
    async with serving(world, redis, redis_client, settings) as server:
        server.clock.stop()
        yield server


async def send(rest: RestServer, who: Any, *contacts: tuple[str, str | None] | str) -> Answer:
    named = [(each, None) if isinstance(each, str) else each for each in contacts]
    sent = [{"phone": phone} | ({"name": name} if name else {}) for phone, name in named]
    return await rest.ask("POST", PATH, token=who["access_token"], json={"contacts": sent})


async def matches(
    rest: RestServer, who: Any, *contacts: tuple[str, str | None] | str
) -> dict[str, str | None]:
    """Names of the address book by the ids of those who are here."""
    answer = await send(rest, who, *contacts)
    assert answer.status == 200, answer.body
    return {match["user"]["user_id"]: match.get("name") for match in answer.body["matches"]}


async def choose(rest: RestServer, who: Any, **privacy: bool) -> None:
    body = {"privacy": privacy}
    answer = await rest.ask("PATCH", "/v1/me/settings", token=who["access_token"], json=body)
    assert answer.status == 200, answer.body


async def with_phone(rest: RestServer, **privacy: bool) -> tuple[Any, str]:
    """Somebody who has signed up by phone, and their number."""
    phone = Phone(rest)
    who = await phone.sign_up()
    if privacy:
        await choose(rest, who, **privacy)
    return who, phone.number


async def suggested(rest: RestServer, who: Any) -> list[tuple[str, str, int | None]]:
    answer = await rest.ask("GET", "/v1/friends/suggestions", token=who["access_token"])
    return [(item["user"]["user_id"], item["reason"], item.get("count")) for item in answer.body["items"]]


def id_of(who: Any) -> str:
    user_id: str = who["user"]["id"]
    return user_id


def local(number: str) -> str:
    """As people in Germany write it."""
    return f"0{number[3:6]} / {number[6:]}"


async def test_only_who_allows_it_is_found(rest: RestServer) -> None:
    """However the number is written; the name comes back, and that alone once."""
    (ben, ben_s), (_, cleo_s) = await with_phone(rest, find_by_phone=True), await with_phone(rest)
    ana = await rest.sign_up()
    book = (("Benny", ben_s), ("Cleo", cleo_s), (None, a_number()), ("Home", "12"), ("?", "*#06#"))
    sent = [(number, name) for name, number in book]
    assert await matches(rest, ana, *sent) == {id_of(ben): "Benny"}
    assert await matches(rest, ana, ben_s) == {id_of(ben): None}
    assert await matches(rest, ana, (local(ben_s), "Ben")) == {}
    germany = {"json": {"country": "DE"}, "headers": {"If-Match": "*"}}
    await rest.ask("PATCH", "/v1/me", token=ana["access_token"], **germany)
    assert await matches(rest, ana, (local(ben_s), "Ben"), (ben_s, "Benny")) == {id_of(ben): "Ben"}
    assert await matches(rest, ben, ben_s) == {}  # oneself


async def test_numbers_and_names_are_not_kept(rest: RestServer) -> None:
    ana, number = await rest.sign_up(), a_number()
    await send(rest, ana, (number, "A name"))
    rows = await rest.world.pool.fetch(
        "SELECT c::text AS text FROM social.contacts c WHERE owner_id = $1", id_of(ana)
    )
    [row] = rows
    assert number[1:] not in row["text"]
    assert "name" not in row["text"]
    assert (await rest.ask("DELETE", PATH, token=ana["access_token"])).status == 204
    assert not await rest.world.pool.fetchval(
        "SELECT count(*) FROM social.contacts WHERE owner_id = $1", id_of(ana)
    )


async def test_who_joins_later_is_suggested_then(rest: RestServer) -> None:
    """While their number is theirs and they allow it; contacts before friends of friends."""
    ana, phone = await rest.sign_up(), Phone(rest)
    assert await matches(rest, ana, phone.number) == {}
    ben = await phone.sign_up()
    assert await suggested(rest, ana) == []
    await choose(rest, ben, find_by_phone=True)
    friend, third = await rest.world.person("Dora"), await rest.world.person("Emil")
    await rest.world.befriended((id_of(ana), friend))
    await rest.world.befriended((friend, third))
    assert await suggested(rest, ana) == [(id_of(ben), "contact", None), (third, "friends", 1)]
    await rest.world.befriended((friend, id_of(ben)))
    assert await suggested(rest, ana) == [(id_of(ben), "contact", 1), (third, "friends", 1)]
    profile = f"/v1/profiles/{id_of(ben)}"
    assert (await rest.ask("GET", profile, token=ana["access_token"])).status == 200
    await rest.world.erase(id_of(ben))
    assert await suggested(rest, ana) == [(third, "friends", 1)]


async def test_who_joins_at_this_moment_is_found_by_one_of_the_two(rest: RestServer) -> None:
    """Whoever is faster: the address book is sent while its owner signs up."""
    for _ in range(5):
        ana, phone = await rest.sign_up(), Phone(rest)
        _, ben = await asyncio.gather(send(rest, ana, phone.number), phone.sign_up())
        await choose(rest, ben, find_by_phone=True)
        assert await suggested(rest, ana) == [(id_of(ben), "contact", None)]


async def test_who_hides_is_not_found_and_not_offered(rest: RestServer) -> None:
    """By whoever has their number, or whose number they have; either way neither is offered to the other."""
    ben, ben_s = await with_phone(rest, find_by_phone=True, find_by_search=True, hide_from_contacts=True)
    ana, ana_s = await with_phone(rest)
    word = ben["user"]["username"]
    search = f"/v1/profiles?q={word}"
    assert len((await rest.ask("GET", search, token=ana["access_token"])).body["items"]) == 1
    for sender, number in ((ana, ben_s), (ben, ana_s)):
        assert await matches(rest, sender, number) == {}
        assert await suggested(rest, ana) == []
        assert (await rest.ask("GET", search, token=ana["access_token"])).body["items"] == []
        assert (await rest.ask("GET", f"/v1/profiles/{id_of(ben)}", token=ana["access_token"])).status == 404
        for one, other in ((ana, ben), (ben, ana)):
            avoided = await rest.world.eligibility.avoid(id_of(one), since(now_ms()))
            assert id_of(other) in avoided
        await rest.ask("DELETE", PATH, token=sender["access_token"])
    assert id_of(ben) not in await rest.world.eligibility.avoid(id_of(ana), since(now_ms()))


async def test_trying_numbers_is_counted(strict: RestServer) -> None:
    """Those that were not sent before, by account and by network; the same again costs nothing."""
    ana = await strict.sign_up()
    book = [f"+4915{next(_unused):09}" for _ in range(MOST)]
    assert (await send(strict, ana, *book)).status == 200
    assert (await send(strict, ana, *book)).status == 200
    refused = await send(strict, ana, a_number())
    assert (refused.code, refused.body["retry_after_ms"]) == ("rate_limited", 18_000)
    assert (await send(strict, await strict.sign_up(), *(a_number() for _ in range(3)))).status == 200
    assert (await send(strict, await strict.sign_up(), a_number())).code == "rate_limited"


async def test_as_many_as_may_be_are_kept(world: World, redis: Redis, redis_client: RedisClient) -> None:
    """Those that were sent last."""
    async with serving(world, redis, redis_client, replace(SETTINGS, contacts_a_user=2)) as rest:
        ana = await rest.sign_up()
        for _ in range(2):
            await send(rest, ana, a_number(), a_number())
            rest.clock.advance(s=1)
        (ben, number), _ = await with_phone(rest, find_by_phone=True), await send(rest, ana, a_number())
        await send(rest, ana, number)
        count = "SELECT count(*) FROM social.contacts WHERE owner_id = $1"
        assert await world.pool.fetchval(count, id_of(ana)) == 2
        assert [user_id for user_id, *_ in await suggested(rest, ana)] == [id_of(ben)]
