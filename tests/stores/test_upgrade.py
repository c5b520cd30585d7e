"""While nodes are replaced, those of the version before go on with what they know, on the newest schema.

The statements are theirs, of before 0010 and 0013 gave what they use another name or form. This file goes
with what is kept for them.
"""

import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.postgres.blocks import TAKEN_MS
from tests.conftest import NewDatabase
from tests.stores.world import World

BLOCK = """
WITH new AS (
    INSERT INTO identity.blocks (blocker_id, blocked_id, created_at) VALUES ($2, $3, $4)
    ON CONFLICT (blocker_id, blocked_id) DO NOTHING
    RETURNING blocker_id, blocked_id
)
INSERT INTO interaction.partings (id, blocker_id, blocked_id, connection_id, taken_until)
SELECT $1, new.blocker_id, new.blocked_id, NULL::uuid, coalesce($5::timestamptz, '-infinity') FROM new
RETURNING id, blocker_id, blocked_id, connection_id
"""
DUE = """
UPDATE interaction.partings SET taken_until = $2
WHERE id IN (
    SELECT id FROM interaction.partings WHERE taken_until <= $1
    ORDER BY taken_until LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, blocker_id, blocked_id, connection_id
"""
SETTLED = "DELETE FROM interaction.partings WHERE id = $1"
CLAIM_KEY = """
INSERT INTO identity.idempotency_keys AS k (endpoint, key, fingerprint, user_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (endpoint, key) DO UPDATE
SET fingerprint = excluded.fingerprint, user_id = excluded.user_id, created_at = excluded.created_at
WHERE k.created_at < $6
RETURNING user_id
"""
KEY_USE = """
SELECT k.fingerprint, k.user_id, u.password_hash
FROM identity.idempotency_keys k
JOIN identity.users u ON u.id = k.user_id
WHERE k.endpoint = $1 AND k.key = $2 AND k.created_at >= $3
"""


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would perform the pending blocks."""
    return await new_database()


async def test_a_block_by_an_old_node_is_found_by_new_ones(world: World) -> None:
    """And it may settle what it finds itself, theirs too."""
    ana, ben = await world.pair()
    now = now_ms()
    row = await world.pool.fetchrow(BLOCK, new_id(), ana, ben, to_datetime(now), None)
    assert row is not None
    [pending] = await world.blocks.due(now)
    assert (pending.id, pending.blocker, pending.blocked) == (row["id"], ana, ben)
    later = to_datetime(now + TAKEN_MS)
    [found] = await world.pool.fetch(DUE, later, later, 50)
    assert found == row
    await world.pool.execute(SETTLED, row["id"])
    assert await world.blocks.due(now + 10 * TAKEN_MS) == []


async def test_a_key_of_a_request_to_an_old_node_is_taken_once(world: World) -> None:
    """As all its clients send one with whatever creates."""
    user_id, at, key = await world.person(), to_datetime(now_ms()), new_id()
    claims = [
        await world.pool.fetchval(CLAIM_KEY, "register", key, bytes(32), user_id, at, at) for _ in range(2)
    ]
    assert claims == [user_id, None]
    [use] = await world.pool.fetch(KEY_USE, "register", key, at)
    assert (use["fingerprint"], use["user_id"]) == (bytes(32), user_id)
