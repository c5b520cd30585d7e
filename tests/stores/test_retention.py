"""What has served its time is forgotten, by whichever node looks; what may still be shown stays."""

import asyncio

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.postgres.retention import RetentionStore
from realtime.background.retention import DAY_MS, Kept, Retention
from tests.stores.world import World


async def signed_in(world: World, *, tokens: list[int]) -> str:
    """A session whose refresh tokens, each the next one's parent, are over at these times; gives its id."""
    session_id, user_id, last = new_id(), await world.person(), to_datetime(tokens[-1])
    await world.pool.execute(
        "INSERT INTO identity.sessions (id, user_id, created_at, last_used_at, expires_at)"
        " VALUES ($1, $2, $3, $3, $3)",
        *(session_id, user_id, last),
    )
    parent = None
    for at in tokens:
        used, fresh = to_datetime(at) if at != tokens[-1] else None, new_id().encode()[:32]
        await world.pool.execute(
            "INSERT INTO identity.refresh_tokens (hash, session_id, issued_at, expires_at, used_at, parent)"
            " VALUES ($1, $2, $3, $3, $4, $5)",
            *(fresh, session_id, to_datetime(at), used, parent),
        )
        parent = fresh
    return session_id


async def left(world: World, session_id: str) -> int | None:
    """How many tokens the session has on record; None: it is forgotten."""
    query = (
        "SELECT count(t.hash) FROM identity.sessions s"
        " LEFT JOIN identity.refresh_tokens t ON t.session_id = s.id WHERE s.id = $1 GROUP BY s.id"
    )
    count: int | None = await world.pool.fetchval(query, session_id)
    return count


def nodes(world: World, now: int) -> list[Retention]:
    retention = RetentionStore(world.pool)
    kinds = [Kept(kind, 7 * DAY_MS) for kind in (retention.keys, retention.tokens, retention.sessions)]
    return [Retention(kinds, lambda: now) for _ in range(2)]


async def test_spent_tokens_and_sessions_that_are_over_are_forgotten(world: World) -> None:
    """A session that goes on keeps what tokens could be shown; one that is over goes with all of them."""
    now = now_ms()
    over = await signed_in(world, tokens=[now - 9 * DAY_MS, now - 8 * DAY_MS])
    lately = await signed_in(world, tokens=[now - 8 * DAY_MS, now - 6 * DAY_MS])
    live = await signed_in(world, tokens=[now - 8 * DAY_MS, now - 6 * DAY_MS, now + DAY_MS])
    await asyncio.gather(*(node.forget() for node in nodes(world, now)))
    assert [await left(world, session) for session in (over, lately, live)] == [None, 1, 2]


async def test_keys_of_requests_are_forgotten(world: World) -> None:
    """Once they do not count any more."""
    now, user_id = now_ms(), await world.person()
    for key, ago in (("old", 8), ("young", 6)):
        await world.pool.execute(
            "INSERT INTO identity.idempotent_requests (owner, operation, key, digest, created_at)"
            " VALUES ($1, 'test', $2, $3, $4)",
            *(user_id, key, bytes(32), to_datetime(now - ago * DAY_MS)),
        )
    await asyncio.gather(*(node.forget() for node in nodes(world, now)))
    query = "SELECT key FROM identity.idempotent_requests WHERE owner = $1"
    assert [row["key"] for row in await world.pool.fetch(query, user_id)] == ["young"]
