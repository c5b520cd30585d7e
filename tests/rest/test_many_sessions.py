"""One account has so many sessions and no more, whatever opens them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from db.postgres.bans import NewBan, ban_within
from db.postgres.retention import RetentionStore
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, serving

MOST = 3


@pytest.fixture
async def node(rest: RestServer) -> AsyncIterator[RestServer]:
    settings = replace(SETTINGS, sessions_a_user=MOST)
    async with serving(rest.world, rest.redis, rest.redis_client, settings) as node:
        yield node


async def on_record(node: RestServer, user_id: str) -> tuple[int, int]:
    """How many sessions go on, and how many rows there are."""
    query = (
        "SELECT count(*) FILTER (WHERE revoked_at IS NULL), count(*)"
        " FROM identity.sessions WHERE user_id = $1"
    )
    row = await node.world.pool.fetchrow(query, user_id)
    return row[0], row[1]


async def test_the_one_used_longest_ago_ends(node: RestServer) -> None:
    """As by signing out: its tokens serve no more, and nodes are told to close its connections."""
    first = await node.sign_up()
    login, user_id = first["user"]["email"], first["user"]["id"]
    others = []
    for _ in range(MOST - 1):
        node.clock.advance(s=1)
        others.append((await node.login(login)).body)
    node.clock.advance(s=1)
    used = (await node.refresh(first["refresh_token"])).body
    node.clock.advance(s=1)
    last = (await node.login(login)).body

    async def answers(signed_in: dict[str, str]) -> int:
        return (await node.ask("GET", "/v1/me", token=signed_in["access_token"])).status

    assert [await answers(each) for each in (used, *others, last)] == [200, 401, 200, 200]
    assert (await node.refresh(others[0]["refresh_token"])).code == "unauthenticated"
    told = await node.world.pool.fetchrow(
        "SELECT reason, cardinality(sessions) FROM identity.expulsions WHERE user_id = $1", user_id
    )
    assert tuple(told) == ("signed_out", 1)


async def test_of_many_sign_ins_at_once_so_many_stay(node: RestServer) -> None:
    """Nor do the rows of those that have ended pile up."""
    ana = await node.sign_up()
    login, user_id = ana["user"]["email"], ana["user"]["id"]
    for _ in range(2):
        answers = await asyncio.gather(*(node.login(login) for _ in range(12)))
        assert {answer.status for answer in answers} == {200}
    assert (await node.login(login)).status == 200
    assert await on_record(node, user_id) == (MOST, 2 * MOST + 1)


async def test_neither_do_those_of_somebody_who_is_banned(node: RestServer) -> None:
    """Each of their sign-ins opens one that serves an appeal."""
    eve = await node.sign_up()
    user_id = eve["user"]["id"]
    async with node.world.pool.acquire() as connection, connection.transaction():
        await ban_within(connection, NewBan(user_id=user_id, reason="spam"), node.clock())
    for _ in range(3 * MOST):
        refused = await node.login(eve["user"]["email"])
        assert refused.code == "banned"
    token = refused.body["details"]["token"]
    assert (await node.ask("GET", "/v1/me/standing", token=token)).status == 200
    going_on, rows = await on_record(node, user_id)
    assert going_on <= MOST + 1  # the ban ends the first one when a node sees to it
    assert rows <= 2 * MOST + 1


async def test_what_was_signed_out_is_forgotten_in_time(node: RestServer) -> None:
    """Counted from then, and not from when its tokens would have expired; one that goes on stays."""
    ana = await node.sign_up()
    other = (await node.login(ana["user"]["email"])).body
    await node.ask("POST", "/v1/auth/logout", token=other["access_token"])
    assert (await node.login(ana["user"]["email"])).status == 200
    assert (await node.ask("DELETE", "/v1/auth/sessions", token=ana["access_token"])).status == 204
    assert await on_record(node, ana["user"]["id"]) == (1, 3)
    await RetentionStore(node.world.pool).sessions(node.clock() + 1, limit=1000)
    assert await on_record(node, ana["user"]["id"]) == (1, 1)
