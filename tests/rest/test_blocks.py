"""Blocking over REST: what is answered, what is seen, and what is left for those who hold the connections."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from core.clock import now_ms
from core.ids import new_id
from services.blocks import PENDING_BLOCKS
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.rest.server import Answer, RestServer


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would perform the pending blocks."""
    return await new_database()


async def block(rest: RestServer, who: Any, user_id: Any, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return await rest.ask(
        "POST", "/v1/blocks", token=who["access_token"], json={"user_id": user_id}, headers=headers
    )


async def unblock(rest: RestServer, who: Any, user_id: str) -> Answer:
    return await rest.ask("DELETE", f"/v1/blocks/{user_id}", token=who["access_token"])


async def blocked(rest: RestServer, who: Any) -> list[str]:
    answer = await rest.ask("GET", "/v1/blocks", token=who["access_token"])
    return [item["user_id"] for item in answer.body["items"]]


async def test_block_list_and_unblock(rest: RestServer) -> None:
    """Again and again: the same block, and no error for one that is not there."""
    ana, ben = await rest.sign_up(), await rest.sign_up(display_name="Ben")
    ben_id = ben["user"]["id"]
    first = await block(rest, ana, ben_id)
    assert (first.status, first.body["user_id"], first.body["display_name"]) == (201, ben_id, "Ben")
    assert first.body.keys() == {"user_id", "display_name", "created_at"}
    again = await block(rest, ana, ben_id)
    assert (again.status, again.body) == (201, first.body)
    listed = await rest.ask("GET", "/v1/blocks", token=ana["access_token"])
    assert listed.body == {"items": [first.body], "next_cursor": None}
    assert await blocked(rest, ben) == []
    for _ in range(2):
        assert (await unblock(rest, ana, ben_id)).status == 204
    assert (await unblock(rest, ana, new_id())).status == 204
    assert await blocked(rest, ana) == []


async def test_neither_sees_the_other(rest: RestServer) -> None:
    """Both ways, until it is taken back."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    sights = [(ana, ben["user"]["id"]), (ben, ana["user"]["id"])]
    await rest.world.talked((ana["user"]["id"], ben["user"]["id"]))
    await block(rest, ana, ben["user"]["id"])
    for who, whom in sights:
        assert (await rest.ask("GET", f"/v1/profiles/{whom}", token=who["access_token"])).code == "not_found"
    await unblock(rest, ana, ben["user"]["id"])
    for who, whom in sights:
        assert (await rest.ask("GET", f"/v1/profiles/{whom}", token=who["access_token"])).status == 200


@pytest.mark.parametrize("body", [{}, {"user_id": None}, {"user_id": "ben"}, {"user_id": 7}, []])
async def test_a_body_that_names_nobody(rest: RestServer, body: Any) -> None:
    ana = await rest.sign_up()
    answer = await rest.ask("POST", "/v1/blocks", token=ana["access_token"], json=body)
    assert answer.code == "invalid_request"


async def test_oneself_cannot_be_blocked(rest: RestServer) -> None:
    ana = await rest.sign_up()
    answer = await block(rest, ana, ana["user"]["id"])
    assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "user_id"})


async def test_who_is_not_seen_is_not_found(rest: RestServer) -> None:
    """Unknown, gone, banned, or has blocked first: all the same, and nothing is left behind."""
    ana = await rest.sign_up()
    gone, banned, shy = [await rest.world.person() for _ in range(3)]
    await rest.world.pool.execute("UPDATE identity.users SET deleted_at = created_at WHERE id = $1", gone)
    await rest.world.ban(banned)
    await rest.world.block(shy, ana["user"]["id"])
    for user_id in (new_id(), gone, banned, shy):
        assert (await block(rest, ana, user_id)).code == "not_found"
    assert await blocked(rest, ana) == []


async def test_who_was_met_can_be_blocked_though_not_seen(rest: RestServer) -> None:
    """Both ways at once, and a ban that ends must not bring them back."""
    ana = await rest.sign_up()
    ben = await rest.world.person("Ben")
    await rest.world.talked((ana["user"]["id"], ben))
    await rest.world.block(ben, ana["user"]["id"])
    await rest.world.ban(ben)
    assert (await block(rest, ana, ben)).status == 201
    assert await blocked(rest, ana) == [ben]


async def test_a_late_copy_of_a_request_blocks_nobody_anew(rest: RestServer) -> None:
    """With its key it is answered as the first was, though they are unblocked since."""
    ana, ben = await rest.sign_up(), await rest.world.person("Ben")
    first = await block(rest, ana, ben, "k1")
    await unblock(rest, ana, ben)
    await rest.world.pool.execute("UPDATE identity.profiles SET display_name = 'Max' WHERE user_id = $1", ben)
    late = await block(rest, ana, ben, "k1")
    assert (late.status, late.body) == (201, first.body)
    assert await blocked(rest, ana) == []
    assert (await block(rest, ana, ben, "k2")).status == 201
    assert await blocked(rest, ana) == [ben]


async def test_a_key_is_its_users_own_and_serves_for_one_body(rest: RestServer) -> None:
    """A refused request uses none."""
    ana, eve, ben = await rest.sign_up(), await rest.sign_up(), await rest.world.person("Ben")
    assert (await block(rest, ana, new_id(), "k")).code == "not_found"
    assert (await block(rest, ana, ben, "k")).status == 201
    assert (await block(rest, ana, eve["user"]["id"], "k")).code == "idempotency_conflict"
    assert (await block(rest, eve, ben, "k")).status == 201
    wrong = await block(rest, ana, ben, "with space")
    assert wrong.body["details"] == {"field": "Idempotency-Key"}


async def test_pages_of_blocks_fit_together(rest: RestServer) -> None:
    """Newest first, each once, also those of one millisecond."""
    ana = await rest.sign_up()
    people = [await rest.world.person(f"P{n}") for n in range(5)]
    for person in people:
        assert (await block(rest, ana, person)).status == 201
    at = "UPDATE identity.blocks SET created_at = date_trunc('second', created_at) WHERE blocker_id = $1"
    assert await blocked(rest, ana) == people[::-1]
    await rest.world.pool.execute(at, ana["user"]["id"])
    found, cursor = [], ""
    for _ in range(3):
        page = await rest.ask("GET", f"/v1/blocks?limit=2{cursor}", token=ana["access_token"])
        found += [item["user_id"] for item in page.body["items"]]
        cursor = f"&cursor={page.body['next_cursor']}"
    assert page.body["next_cursor"] is None
    assert sorted(found) == sorted(people)


@pytest.mark.parametrize("letter", ["A", "_"])
async def test_a_cursor_of_any_content_is_harmless(rest: RestServer, letter: str) -> None:
    """The greatest time that eight bytes can say is beyond what a calendar has."""
    ana = await rest.sign_up()
    answer = await rest.ask("GET", f"/v1/blocks?cursor={letter * 32}", token=ana["access_token"])
    assert answer.status == 200


async def test_the_sidecar_leaves_the_rest_to_a_node(rest: RestServer, redis: Redis) -> None:
    """A pending block on record, and an announcement for the nodes that listen."""
    ana, ben = await rest.sign_up(), await rest.world.person("Ben")
    row = await rest.world.connected((ana["user"]["id"], ben))
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(PENDING_BLOCKS)
        assert (await pubsub.get_message(timeout=PATIENCE_S))["type"] == "subscribe"
        assert (await block(rest, ana, ben)).status == 201
        async with asyncio.timeout(PATIENCE_S):
            while (await pubsub.get_message(timeout=5) or {}).get("type") != "message":
                pass
    [pending] = [p for p in await rest.world.blocks.due(now_ms(), limit=1000) if p.blocked == ben]
    assert (pending.blocker, pending.connection_id) == (ana["user"]["id"], row.id)
    await rest.world.blocks.settled(pending.id)
