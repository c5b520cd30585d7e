"""Who tries too often is slowed down: token buckets in Redis and in memory, and where they stand."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from core.ids import new_id
from db.rate_limits import MemoryLimiter, NoLimits, RedisLimiter
from services.ports import Limiter
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, new_person, serving
from tests.stores.world import World

START = 1_800_000_000_000


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest, redis: Redis) -> Limiter:
    return MemoryLimiter() if request.param == "memory" else RedisLimiter(redis)


async def test_a_burst_then_a_steady_rate(limiter: Limiter) -> None:
    """Three at once, then one each half second; a refusal costs nothing."""
    key, take = new_id(), limiter.take
    waits = [await take(key, rate_per_s=2, burst=3, now=START) for _ in range(5)]
    assert waits == [0, 0, 0, 500, 500]
    assert await take(key, rate_per_s=2, burst=3, now=START + 499) == 1
    assert await take(key, rate_per_s=2, burst=3, now=START + 500) == 0
    assert await take(key, rate_per_s=2, burst=3, now=START + 500) == 500


async def test_a_bucket_never_holds_more_than_its_burst(limiter: Limiter) -> None:
    """However long nobody came."""
    key, take = new_id(), limiter.take
    assert await take(key, rate_per_s=10, burst=2, now=START) == 0
    waits = [await take(key, rate_per_s=10, burst=2, now=START + 3_600_000) for _ in range(3)]
    assert waits == [0, 0, 100]


async def test_what_costs_more_waits_longer(limiter: Limiter) -> None:
    key, take = new_id(), limiter.take
    assert await take(key, rate_per_s=1, burst=5, cost=4, now=START) == 0
    assert await take(key, rate_per_s=1, burst=5, cost=4, now=START) == 3000
    assert await take(key, rate_per_s=1, burst=5, cost=1, now=START) == 0


async def test_keys_do_not_know_of_each_other(limiter: Limiter) -> None:
    one, other = new_id(), new_id()
    assert await limiter.take(one, rate_per_s=1, burst=1, now=START) == 0
    assert await limiter.take(other, rate_per_s=1, burst=1, now=START) == 0


async def test_a_clock_behind_gains_nothing(limiter: Limiter) -> None:
    """Nodes differ by some milliseconds; time is counted once."""
    key, take = new_id(), limiter.take
    assert await take(key, rate_per_s=1, burst=1, now=START) == 0
    assert await take(key, rate_per_s=1, burst=1, now=START - 5000) == 1000
    assert await take(key, rate_per_s=1, burst=1, now=START + 900) == 100


async def test_many_at_once_take_what_there_is(limiter: Limiter) -> None:
    key = new_id()
    waits = await asyncio.gather(*(limiter.take(key, rate_per_s=1, burst=7, now=START) for _ in range(40)))
    assert waits.count(0) == 7


async def test_a_full_bucket_is_forgotten(redis: Redis) -> None:
    """Redis keeps it no longer than until it would be full again, and a second."""
    key = new_id()
    await RedisLimiter(redis).take(key, rate_per_s=1, burst=10, now=START)
    assert 0 < await redis.pttl(f"limit:{key}") <= 2000


async def test_memory_keeps_so_many_buckets() -> None:
    """The oldest is forgotten first."""
    limiter = MemoryLimiter(most=2)
    for key in ("a", "b", "c"):
        assert await limiter.take(key, rate_per_s=1, burst=1, now=START) == 0
    assert await limiter.take("c", rate_per_s=1, burst=1, now=START) > 0
    assert await limiter.take("a", rate_per_s=1, burst=1, now=START) == 0


async def test_limits_can_be_off() -> None:
    waits = [await NoLimits().take("k", rate_per_s=1, burst=1, now=START) for _ in range(3)]
    assert waits == [0, 0, 0]


@given(steps=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 4)), max_size=30))
async def test_no_more_is_given_than_rate_and_burst(steps: list[tuple[int, int]]) -> None:
    """Over any time, and whoever waits as told is let through."""
    limiter, now, given_out = MemoryLimiter(), START, 0
    for pause, cost in steps:
        now += pause
        wait = await limiter.take("k", rate_per_s=3, burst=4, cost=cost, now=now)
        if wait:
            now += wait
            assert await limiter.take("k", rate_per_s=3, burst=4, cost=cost, now=now) == 0
        given_out += cost
        assert given_out <= 4 + (now - START) * 3 / 1000 + 1e-3


@pytest.fixture
async def strict(world: World, redis: Redis) -> AsyncIterator[RestServer]:
    """Four sign-ins at once, two for one login; behind one trusted proxy."""
    few = msgspec.structs.replace(
        SETTINGS,
        rate_limits="on",
        login_burst=4,
        login_per_m=1,
        account_login_burst=2,
        account_login_per_m=1,
        trusted_proxies="127.0.0.0/8",
    )
    async with serving(world, redis, few) as rest:
        yield rest


async def try_login(rest: RestServer, login: str, address: str) -> str:
    """What a sign-in with a wrong password gets."""
    body = {"login": login, "password": "wrong password"}
    headers = {"X-Forwarded-For": address}
    return (await rest.ask("POST", "/v1/auth/login", json=body, headers=headers)).code


async def test_one_address_tries_so_many_logins(strict: RestServer) -> None:
    """Another address is not concerned, one beside it in the same IPv6 network is."""
    here, beside, there = "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:3::1"
    codes = [await try_login(strict, new_id(), here) for _ in range(5)]
    assert codes == ["unauthenticated"] * 4 + ["rate_limited"]
    assert await try_login(strict, new_id(), beside) == "rate_limited"
    assert await try_login(strict, new_id(), there) == "unauthenticated"


async def test_one_login_is_tried_so_often_from_anywhere(strict: RestServer) -> None:
    """In whichever case it is written."""
    login = new_person()["email"]
    codes = [
        await try_login(strict, spelt, f"192.0.2.{n}")
        for n, spelt in enumerate((login, login.upper(), login))
    ]
    assert codes == ["unauthenticated", "unauthenticated", "rate_limited"]


async def test_a_client_cannot_choose_its_address(strict: RestServer) -> None:
    """What stands before the proxy's own entry is the client's word."""
    codes = [await try_login(strict, new_id(), f"203.0.113.{n}, 198.51.100.77") for n in range(5)]
    assert codes[-1] == "rate_limited"


async def test_one_account_asks_so_often(world: World, redis: Redis) -> None:
    """Then it is told when to come back, and is let through then; others are not concerned."""
    few = msgspec.structs.replace(SETTINGS, rate_limits="on", requests_burst=3, requests_per_m=1)
    async with serving(world, redis, few) as rest:
        ana, ben = await rest.sign_up(), await rest.sign_up()
        answers = [await rest.ask("GET", "/v1/me", token=ana["access_token"]) for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert (answers[-1].code, answers[-1].headers["Retry-After"]) == ("rate_limited", "60")
        assert (await rest.ask("GET", "/v1/me", token=ben["access_token"])).status == 200
        rest.clock.advance(s=60)
        assert (await rest.ask("GET", "/v1/me", token=ana["access_token"])).status == 200
