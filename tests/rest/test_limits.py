"""Clients that try too often are slowed down: token buckets in Redis and in memory, and where they stand."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from core.clock import HOUR_MS
from core.contract.index import ENDPOINTS
from core.ids import new_id
from core.wire.endpoint import Endpoint
from db.redis.multiplexed import RedisClient
from db.redis.rate_limits import MemoryLimiter, NoLimits, RedisLimiter
from services.ports import Limiter
from tests.rest.conftest import SETTINGS
from tests.rest.server import PASSWORD, Answer, RestServer, new_person, path_of, serving
from tests.stores.world import World

START = 1_800_000_000_000


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest, redis_client: RedisClient) -> Limiter:
    """Time is the test's: in Redis no bucket is forgotten meanwhile."""
    return MemoryLimiter() if request.param == "memory" else RedisLimiter(redis_client, full_ms=HOUR_MS)


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


async def test_what_was_taken_can_be_given_back(limiter: Limiter) -> None:
    """But never more than the bucket holds."""
    key, take = new_id(), limiter.take
    assert [await take(key, rate_per_s=1, burst=2, cost=cost, now=START) for cost in (2, -1, 1)] == [0, 0, 0]
    assert await take(key, rate_per_s=1, burst=2, now=START) == 1000
    assert [await take(key, rate_per_s=1, burst=2, cost=cost, now=START) for cost in (-5, 2)] == [0, 0]
    assert await take(key, rate_per_s=1, burst=2, now=START) == 1000


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


async def test_a_full_bucket_is_forgotten(redis: Redis, redis_client: RedisClient) -> None:
    """Redis keeps it no longer than until it would be full again, and a second."""
    key = new_id()
    await RedisLimiter(redis_client).take(key, rate_per_s=0.01, burst=10, now=START)
    assert 0 < await redis.pttl(f"limit:{key}") <= 101_000


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
    """Over any time; a client that waits as told is let through."""
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
async def strict(world: World, redis: Redis, redis_client: RedisClient) -> AsyncIterator[RestServer]:
    """Two guesses of one login and four of all from a network, six of one login from everywhere, at once."""
    few = msgspec.structs.replace(
        SETTINGS,
        rate_limits="on",
        login_burst=4,
        login_per_m=1,
        guesses_burst=2,
        guesses_per_m=1,
        account_login_burst=6,
        account_login_per_m=1,
        register_device_per_h=2,
        trusted_proxies="127.0.0.0/8",
    )
    async with serving(world, redis, redis_client, few) as rest:
        rest.clock.stop()
        yield rest


_networks = itertools.count(1)


def a_network() -> str:
    """An address of a network that nobody has come from yet."""
    number = next(_networks)
    return f"2001:db8:{os.getpid() % 65536:x}:{number:x}::1"


async def sign_in(
    rest: RestServer, login: str, address: str, password: str = "wrong password", **more: Any
) -> Answer:
    body = {"login": login, "password": password, **more}
    return await rest.ask("POST", "/v1/auth/login", json=body, headers={"X-Forwarded-For": address})


async def guess(rest: RestServer, login: str, address: str, **more: Any) -> str:
    """What a sign-in with a wrong password gets."""
    return (await sign_in(rest, login, address, **more)).code


async def test_one_network_guesses_so_many_passwords(strict: RestServer) -> None:
    """Another network is not concerned, an address beside it in the same IPv6 network is."""
    here, there = a_network(), a_network()
    beside = here.replace("::1", ":ffff::2")
    codes = [await guess(strict, new_id(), here) for _ in range(5)]
    assert codes == ["unauthenticated"] * 4 + ["rate_limited"]
    assert await guess(strict, new_id(), beside) == "rate_limited"
    assert await guess(strict, new_id(), there) == "unauthenticated"


async def test_strangers_keep_no_owner_out(strict: RestServer) -> None:
    """Somebody guesses at a login, again and again, from one network; its owner signs in from elsewhere."""
    login, stranger, home = (await strict.sign_up())["user"]["email"], a_network(), a_network()
    for attempt in range(7):
        codes = [await guess(strict, spelt, stranger) for spelt in (login, login.upper())]
        assert codes == (["unauthenticated"] * 2 if attempt == 0 else ["rate_limited"] * 2)
        assert (await sign_in(strict, login, home, PASSWORD)).status == 200


async def test_so_many_guesses_come_from_everywhere(strict: RestServer) -> None:
    """Which keeps an owner out at last, but not on a device where they have signed in before."""
    signed_up = await strict.sign_up()
    login, mark, home = signed_up["user"]["username"], signed_up["device_token"], a_network()
    codes = [await guess(strict, login, a_network()) for _ in range(8)]
    assert codes == ["unauthenticated"] * 6 + ["rate_limited"] * 2
    assert (await sign_in(strict, login, home, PASSWORD)).code == "rate_limited"
    for address in (home, a_network()):
        known = await sign_in(strict, login, address, PASSWORD, device_token=mark)
        assert known.status == 200
    assert (
        await sign_in(strict, login, home, PASSWORD, device_token=known.body["device_token"])
    ).status == 200


async def test_a_known_device_guesses_no_more_than_others(strict: RestServer) -> None:
    """Nor does the mark of one account help with another, or a made-up one with any."""
    ana, ben = await strict.sign_up(), await strict.sign_up()
    login, mark = ana["user"]["username"], ana["device_token"]
    codes = [await guess(strict, login, a_network(), device_token=mark) for _ in range(3)]
    assert codes == ["unauthenticated", "unauthenticated", "rate_limited"]
    for other in (mark, ana["access_token"], "made.up.one", "\u00fc"):
        stranger = a_network()
        codes = [await guess(strict, new_id(), stranger, device_token=other) for _ in range(5)]
        assert codes[-1] == "rate_limited"
    codes = [await guess(strict, ben["user"]["username"], a_network(), device_token=mark) for _ in range(7)]
    assert codes[-1] == "rate_limited"


async def test_a_right_password_is_no_guess(strict: RestServer) -> None:
    """Many may sign in from behind one address."""
    login, home = (await strict.sign_up())["user"]["email"], a_network()
    answers = [await sign_in(strict, login, home, PASSWORD) for _ in range(9)]
    assert [answer.status for answer in answers] == [200] * 9


async def test_a_copy_of_a_registration_guesses_no_more_than_a_sign_in(strict: RestServer) -> None:
    """By somebody who knows all of it but the password. The right password still gets through elsewhere."""
    body, key, stranger = new_person(), {"Idempotency-Key": "1"}, a_network()

    async def copy(address: str, password: str) -> Answer:
        headers = {**key, "X-Forwarded-For": address}
        again = body | {"password": password}
        return await strict.ask("POST", "/v1/auth/register", json=again, headers=headers)

    assert (await copy(a_network(), PASSWORD)).status == 201
    codes = [(await copy(stranger, f"wrong password {number}")).code for number in range(3)]
    assert codes == ["idempotency_conflict"] * 2 + ["rate_limited"]
    assert await guess(strict, body["email"], stranger) == "rate_limited"
    assert (await copy(a_network(), PASSWORD)).status == 201


async def test_a_device_opens_so_many_accounts(strict: RestServer) -> None:
    """From wherever it comes; what was refused does not count, and other devices are not concerned."""
    device, taken = f"phone {new_id()}", new_person()

    async def sign_up(**changes: Any) -> int:
        body = new_person(**{"device_id": device, **changes})
        headers = {"X-Forwarded-For": a_network()}
        return (await strict.ask("POST", "/v1/auth/register", json=body, headers=headers)).status

    assert await sign_up(**taken) == 201
    assert [await sign_up(username=taken["username"]) for _ in range(5)] == [409] * 5
    assert [await sign_up() for _ in range(3)] == [201, 429, 429]
    assert await sign_up(device_id=f"tablet {new_id()}") == 201
    strict.clock.advance(s=1800)
    assert [await sign_up() for _ in range(2)] == [201, 429]


async def test_a_client_cannot_choose_its_address(strict: RestServer) -> None:
    """What stands before the proxy's own entry is the client's word."""
    own = a_network()
    codes = [await guess(strict, new_id(), f"203.0.113.{n}, {own}") for n in range(5)]
    assert codes[-1] == "rate_limited"


STRANGERS = [e for e in ENDPOINTS if not e.auth]


@pytest.mark.parametrize("endpoint", STRANGERS, ids=lambda e: e.name)
async def test_strangers_ask_so_often(
    world: World, redis: Redis, redis_client: RedisClient, endpoint: Endpoint
) -> None:
    """Whatever a network may ask without a token, before any of it is looked at; but not monitoring."""
    few = msgspec.structs.replace(
        SETTINGS, rate_limits="on", stranger_requests_burst=3, trusted_proxies="127.0.0.0/8"
    )
    async with serving(world, redis, redis_client, few) as rest:
        rest.clock.stop()  # on a busy machine one more is let through in a tenth of a second
        one, other = a_network(), a_network()

        async def ask(address: str) -> int:
            headers = {"X-Forwarded-For": address, "Content-Type": "application/json"}
            data = None if endpoint.body is None else b"{"
            return (await rest.ask(endpoint.method, path, data=data, headers=headers)).status

        path = path_of(endpoint.path)
        served = 200 if endpoint.body is endpoint.query is None else 400
        expected = [served] * 5 if endpoint.unlimited else [served] * 3 + [429] * 2
        assert [await ask(one) for _ in range(5)] == expected
        assert await ask(other) == served


async def test_one_account_asks_so_often(world: World, redis: Redis, redis_client: RedisClient) -> None:
    """Then it is told when to come back, and is let through then; others are not concerned."""
    few = msgspec.structs.replace(SETTINGS, rate_limits="on", requests_burst=3, requests_per_m=1)
    async with serving(world, redis, redis_client, few) as rest:
        rest.clock.stop()
        ana, ben = await rest.sign_up(), await rest.sign_up()
        answers = [await rest.ask("GET", "/v1/me", token=ana["access_token"]) for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert (answers[-1].code, answers[-1].headers["Retry-After"]) == ("rate_limited", "60")
        assert (await rest.ask("GET", "/v1/me", token=ben["access_token"])).status == 200
        rest.clock.advance(s=60)
        assert (await rest.ask("GET", "/v1/me", token=ana["access_token"])).status == 200
