"""Whoever has said that they are under 18 is refused with another birth date too; nobody else is."""

import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.ids import new_id
from db.redis.multiplexed import RedisClient
from tests.rest.conftest import SETTINGS
from tests.rest.server import Answer, RestServer, new_person, serving
from tests.stores.world import World

CHILD = {"birth_date": "2020-01-01"}
PROXIED = replace(SETTINGS, trusted_proxies="127.0.0.0/8")
_networks = itertools.count(1)


def a_network() -> str:
    """An address of a network that nobody has come from yet."""
    return f"2001:db8:{os.getpid() % 65536:x}:{next(_networks) + 32768:x}::1"


@pytest.fixture
async def behind(world: World, redis: Redis, redis_client: RedisClient) -> AsyncIterator[RestServer]:
    """A server that knows whose network it is."""
    async with serving(world, redis, redis_client, PROXIED) as rest:
        yield rest


async def sign_up(rest: RestServer, network: str, **changes: Any) -> Answer:
    headers = {"X-Forwarded-For": network}
    return await rest.ask("POST", "/v1/auth/register", json=new_person(**changes), headers=headers)


async def refused(rest: RestServer, network: str, **changes: Any) -> bool:
    answer = await sign_up(rest, network, **changes)
    assert answer.status == 201 or answer.code == "underage", answer.body
    return answer.status != 201


async def test_a_device_on_which_an_age_was_refused(behind: RestServer) -> None:
    """From wherever it comes, as whoever it comes; another device beside it may."""
    home, school = a_network(), a_network()
    phone, tablet = f"phone {new_id()}", f"tablet {new_id()}"
    assert await refused(behind, home, device_id=phone, **CHILD)
    assert await refused(behind, home, device_id=phone)
    assert await refused(behind, school, device_id=phone)
    assert not await refused(behind, home, device_id=tablet)


async def test_one_whose_device_says_nothing_of_itself(behind: RestServer) -> None:
    """The same address or name from the same network. An address alone does not keep its owner out."""
    home, elsewhere, child = a_network(), a_network(), new_person(**CHILD)
    assert await refused(behind, home, **child)
    for known in ("email", "username"):
        assert await refused(behind, home, **{known: child[known].upper()})
    assert await refused(behind, home, email=child["email"].replace("@", "+again@"))
    assert not await refused(behind, elsewhere, email=child["email"])
    assert not await refused(behind, elsewhere, username=child["username"])


async def test_others_behind_the_same_address_are_let_in(behind: RestServer) -> None:
    """However many were refused there."""
    school = a_network()
    for _ in range(12):
        assert await refused(behind, school, device_id=new_id(), **CHILD)
    assert not await refused(behind, school)
    assert not await refused(behind, school, device_id=new_id())


async def test_it_is_forgotten_by_itself(behind: RestServer) -> None:
    """Nothing of it can be read meanwhile: Redis has marks that end after UNDERAGE_H."""
    known = set(await behind.redis.keys("underage:*"))
    child = new_person(device_id="phone 1234567", **CHILD)
    assert await refused(behind, a_network(), **child)
    marks = set(await behind.redis.keys("underage:*")) - known
    assert len(marks) == 3
    assert not any(word in mark for mark in marks for word in (b"phone", child["email"].encode()))
    day = 24 * 3_600_000
    assert all([day - 600_000 < await behind.redis.pttl(mark) <= day for mark in marks])
    await behind.redis.delete(*marks)
    assert not await refused(behind, a_network(), **child | {"birth_date": "1990-01-01"})


async def test_a_changed_secret_forgets_nobody(behind: RestServer) -> None:
    phone = new_id()
    assert await refused(behind, a_network(), device_id=phone, **CHILD)
    changed = replace(PROXIED, secret="the next secret of the operator", secret_previous=PROXIED.secret)
    async with serving(behind.world, behind.redis, behind.redis_client, changed) as rest:
        assert await refused(rest, a_network(), device_id=phone)
