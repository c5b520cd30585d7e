"""A block is filed by one process and has its effect in another, whatever is lost in between."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from composition.rest import running
from core.clock import now_ms
from core.ids import new_id
from core.settings import Settings
from core.ticket import Claim
from db.redis.calls import RedisCalls
from db.redis.multiplexed import open_redis_client
from signaling.call import Rules, offer
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import Person
from tests.patience import PATIENCE_S
from tests.rules.people import card, ticket
from tests.stores.world import World


@pytest.fixture
async def sidecar(settings: Settings) -> AsyncIterator[str]:
    """Where the REST side alone answers, as `python -m rest` runs it."""
    async with running(settings) as address:
        yield address


def claim(call_id: str, she: Person, he: Person) -> Claim:
    """Their tickets, taken."""
    hers, his = (msgspec.structs.replace(ticket(p.id), id=new_id(), card=card(p.id)) for p in (she, he))
    return Claim(call_id=call_id, first=hers, second=his, claimed_at=now_ms())


async def test_a_block_at_the_sidecar_ends_a_live_call(pair: Meeting, sidecar: str) -> None:
    """It keeps no calls and holds no connection: a node that hears of it does the rest."""
    await pair.go_live()
    pair.she.address = sidecar
    status, _ = await pair.she.rest("POST", "/v1/blocks", json={"user_id": pair.he.id})
    assert status == 201
    for device in (pair.ana, pair.ben):
        assert (await device.next("call:ended"))["reason"] == "blocked"


async def test_a_block_at_the_sidecar_ends_a_connection(pair: Meeting, sidecar: str) -> None:
    """For those who watch each other, too."""
    connection = await pair.connect()
    await pair.ben.ask("presence:watch", user_ids=[pair.she.id])
    pair.she.address = sidecar
    await pair.she.rest("POST", "/v1/blocks", json={"user_id": pair.he.id})
    for device in (pair.ana, pair.ben):
        assert (await device.next("connection:ended"))["connection"]["id"] == connection["id"]
    await pair.ben.next("presence:changed", user_id=pair.she.id, status="offline")


async def test_a_block_that_nobody_was_told_of(pair: Meeting, world: World) -> None:
    """The process that filed it died before it could say so: a node finds it on record."""
    await pair.go_live()
    await world.blocks.block(pair.she.id, pair.he.id, None, now_ms())
    for device in (pair.ana, pair.ben):
        assert (await device.next("call:ended"))["reason"] == "blocked"


async def test_a_block_between_the_fence_and_the_call(
    sign_up: SignUp, world: World, product_redis_url: str
) -> None:
    """An offer is on record before it is in Redis: a block that falls in between ends it when it is there."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    ana, ben = await she.connect(), await he.connect()
    call_id = await world.offered((she.id, he.id))
    status, _ = await she.rest("POST", "/v1/blocks", json={"user_id": he.id})
    assert status == 201
    async with open_redis_client(product_redis_url) as redis:
        made = offer(claim(call_id, she, he), now_ms(), Rules(offer_s=30))
        assert await RedisCalls(redis).save(made, (), version=0, now=now_ms()) == []
    for device in (ana, ben):
        assert (await device.next("call:ended", call_id=call_id))["reason"] == "blocked"
    assert await world.call_records.active_call(she.id) is None


async def test_a_block_is_answered_when_an_offer_of_just_before_has_ended(
    sign_up: SignUp, world: World, product_redis_url: str
) -> None:
    """Its call comes into Redis when the block has found none there: it does not go on for seconds."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    call_id = await world.offered((she.id, he.id))
    async with open_redis_client(product_redis_url) as redis:
        made = offer(claim(call_id, she, he), now_ms(), Rules(offer_s=30))
        blocking = asyncio.create_task(she.rest("POST", "/v1/blocks", json={"user_id": he.id}))
        begun = "SELECT count(*) FROM interaction.pending_blocks WHERE blocker_id = $1"
        async with asyncio.timeout(PATIENCE_S):
            while not await world.pool.fetchval(begun, she.id):
                await asyncio.sleep(0)
        looks = 0
        while not blocking.done() and (looks := looks + 1) < 20:  # time enough for its first look
            await world.pool.fetchval(begun, she.id)
        assert await RedisCalls(redis).save(made, (), version=0, now=now_ms()) == []
    assert (await blocking)[0] == 201
    assert await world.pool.fetchval(
        "SELECT ended_at IS NOT NULL FROM interaction.calls WHERE id = $1", call_id
    )


async def test_nothing_is_left_when_all_is_done(pair: Meeting, world: World) -> None:
    """A pending block is removed once both were told, so that it is not done again."""
    await pair.go_live()
    await pair.she.rest("POST", "/v1/blocks", json={"user_id": pair.he.id})
    await pair.ben.next("call:ended", reason="blocked")
    left = "SELECT count(*) FROM interaction.pending_blocks WHERE blocker_id = $1"
    async with asyncio.timeout(PATIENCE_S):
        while await world.pool.fetchval(left, pair.she.id):
            await asyncio.sleep(0.01)
