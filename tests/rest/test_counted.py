"""What costs others something is counted on all nodes, by account and by network; messages in shares."""

import asyncio

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.errors import RateLimited
from core.ids import new_id
from core.settings import Settings
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.rate_limits import MemoryLimiter, RedisLimiter
from services.limits import Limits
from tests.rest.conftest import SETTINGS
from tests.rest.server import Answer, RestServer, serving
from tests.rest.test_limits import START, a_network
from tests.stores.world import World


async def blocked_by(rest: RestServer, at: RestServer, token: str) -> Answer:
    """Somebody new is blocked, at one of the nodes."""
    body = {"user_id": await rest.world.person("Ben")}
    return await at.ask("POST", "/v1/blocks", token=token, json=body)


async def test_what_costs_others_something_is_counted_on_all_nodes(rest: RestServer) -> None:
    """By account: another one is not concerned. What is malformed costs nobody anything."""
    few = replace(SETTINGS, rate_limits="on", blocks_burst=3, blocks_per_m=1)
    stores = (rest.world, rest.redis, rest.redis_client)
    async with serving(*stores, few) as one, serving(*stores, few) as other:
        for node in (one, other):
            node.clock.stop()
        ana, ben = [(await rest.sign_up())["access_token"] for _ in range(2)]
        for _ in range(5):
            assert (await one.ask("POST", "/v1/blocks", token=ana, json={})).code == "invalid_request"
        blocked = [await blocked_by(rest, node, ana) for node in (one, other, one, other)]
        assert [answer.status for answer in blocked] == [201, 201, 201, 429]
        assert (await blocked_by(rest, one, ben)).status == 201
        other.clock.advance(s=60)
        assert (await blocked_by(rest, other, ana)).status == 201


async def test_a_network_refreshes_so_often_on_all_nodes(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """Right tokens or wrong ones. Another network is not concerned."""
    few = replace(
        SETTINGS, rate_limits="on", refreshes_burst=2, refreshes_per_m=1, trusted_proxies="127.0.0.0/8"
    )
    here, there = a_network(), a_network()

    async def refresh(rest: RestServer, address: str) -> str:
        headers, body = {"X-Forwarded-For": address}, {"refresh_token": "made up"}
        return (await rest.ask("POST", "/v1/auth/refresh", json=body, headers=headers)).code

    async with (
        serving(world, redis, redis_client, few) as one,
        serving(world, redis, redis_client, few) as other,
    ):
        for node in (one, other):
            node.clock.stop()
        codes = [await refresh(node, here) for node in (one, other, one)]
        assert codes == ["unauthenticated"] * 2 + ["rate_limited"]
        assert await refresh(other, there) == "unauthenticated"


async def test_all_accounts_of_a_network_ask_so_often(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """Of one node. Another network's are not concerned."""
    few = replace(
        SETTINGS,
        rate_limits="on",
        network_requests_burst=3,
        network_requests_per_m=1,
        trusted_proxies="127.0.0.0/8",
    )
    async with serving(world, redis, redis_client, few) as rest:
        rest.clock.stop()
        tokens = [(await rest.sign_up())["access_token"] for _ in range(4)]
        here, there = a_network(), a_network()

        async def ask(token: str, address: str) -> int:
            return (await rest.ask("GET", "/v1/me", token=token, headers={"X-Forwarded-For": address})).status

        assert [await ask(token, here) for token in tokens] == [200, 200, 200, 429]
        assert await ask(tokens[0], there) == 200


async def test_nobody_is_kept_from_blocking_by_an_outage() -> None:
    """What Redis would count passes while it does not answer."""
    nobody = "redis://127.0.0.1:1"
    async with open_redis_client(nobody, patience_s=0.2) as away:
        limits = Limits(Settings(blocks_burst=1), shared=RedisLimiter(away), here=MemoryLimiter())
        for _ in range(3):
            await limits.count(("blocks",), START, account=new_id(), network=None)


async def used_up(limits: Limits, account: str, now: int) -> int:
    """How many messages pass in a row, each a moment after the other; 1,000 at most."""
    for number in range(1000):
        try:
            await limits.count(("messages",), now, account=account, network=None)
        except RateLimited:
            return number
        for _ in range(20):  # what was used up is counted meanwhile
            await asyncio.sleep(0)
    return 1000


async def test_messages_are_counted_on_all_nodes_without_a_wait() -> None:
    """What a node counts by itself is a share of ten at most; what was too much is not forgiven."""
    settings, all_nodes, ana = Settings(messages_burst=100, messages_per_m=60), MemoryLimiter(), new_id()
    one, other = (Limits(settings, shared=all_nodes, here=MemoryLimiter()) for _ in range(2))
    first = await used_up(one, ana, START)
    assert 100 <= first <= 110
    assert await used_up(other, ana, START) <= 10
    assert await used_up(one, new_id(), START) == first
    assert await used_up(one, ana, START + 30_000) <= 30
    assert await used_up(other, ana, START + 3_600_000) >= 90


@pytest.mark.parametrize("burst", [1, 3])
async def test_a_share_is_no_more_than_there_is(burst: int) -> None:
    settings = Settings(messages_burst=burst, messages_per_m=1)
    limits, ana = Limits(settings, shared=MemoryLimiter(), here=MemoryLimiter()), new_id()
    assert burst <= await used_up(limits, ana, START) <= 2 * burst
    assert await used_up(limits, ana, START) == 0
