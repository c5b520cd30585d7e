"""While nodes are replaced, those of the version before go on with what they know, on the newest schema.

The statements are theirs, of before 0015 let functions store messages in groups. This file goes with that
version.
"""

import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.postgres.outbox import Outbox, Waiting
from tests.conftest import NewDatabase
from tests.stores.world import World

SAY = """
WITH place AS (
    SELECT r.id, r.last_seq
    FROM communication.rooms r
    JOIN communication.members m ON m.room_id = r.id AND m.user_id = $2
    JOIN interaction.connections c ON c.id = r.connection_id AND c.ended_at IS NULL
    WHERE r.id = $1
        AND ($7::uuid IS NULL OR EXISTS (SELECT FROM communication.messages WHERE id = $7 AND room_id = $1))
    FOR NO KEY UPDATE OF r FOR SHARE OF c
), said AS (
    INSERT INTO communication.messages
        (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
    SELECT $3, place.id, place.last_seq + 1, $2, $4, $5, $6, $7, $8 FROM place
    ON CONFLICT ON CONSTRAINT one_message_a_client_id DO NOTHING
    RETURNING *
), counted AS (
    UPDATE communication.rooms r SET last_seq = said.seq, last_news = r.last_news + 1 FROM said
    WHERE r.id = said.room_id
    RETURNING r.last_news
), noted AS (
    INSERT INTO communication.outbox (lane, number, event, subject)
    SELECT said.room_id, counted.last_news, 'chat:message', said.id FROM said, counted
)
SELECT
    said.*, counted.last_news AS number,
    ARRAY(SELECT m.user_id FROM communication.members m WHERE m.room_id = $1 ORDER BY m.user_id) AS members
FROM said, counted
"""
SAID_BEFORE = "SELECT * FROM communication.messages WHERE room_id = $1 AND sender_id = $2 AND client_id = $3"
READ = """
UPDATE communication.members m
SET read_seq = greatest(m.read_seq, least($3, r.last_seq)),
    delivered_seq = greatest(m.delivered_seq, least($3, r.last_seq))
FROM communication.rooms r
WHERE r.id = $1 AND m.room_id = r.id AND m.user_id = $2
RETURNING m.read_seq, m.delivered_seq
"""


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One on which no running product looks at the outbox."""
    return await new_database()


async def test_old_and_new_nodes_count_messages_together(world: World) -> None:
    """Each finds what the other has stored, and what it has left to be announced."""
    ana, ben = pair = await world.pair()
    room_id = (await world.connected(pair)).room_id

    def words(sender: str, client_id: str) -> tuple[object, ...]:
        return room_id, sender, new_id(), client_id, "text", "hello", None, to_datetime(now_ms())

    news = [(await world.say(room_id, ana, client_id="1")).message]
    row = await world.pool.fetchrow(SAY, *words(ben, "1"))
    assert row is not None
    assert (row["seq"], row["number"], set(row["members"])) == (2, 2, {ana, ben})
    news.append((await world.say(room_id, ben, client_id="1")).message)
    assert (news[1].id, news[1].seq) == (row["id"], 2)
    news.append((await world.say(room_id, ben, client_id="2")).message)
    assert await world.pool.fetchrow(SAY, *words(ana, "1")) is None
    assert (await world.pool.fetchval(SAID_BEFORE, room_id, ana, "1")) == news[0].id
    waiting = [Waiting(n, "chat:message", message.id) for n, message in enumerate(news, 1)]
    assert await Outbox(world.pool).of_lane(room_id, 0, 9) == waiting


async def test_what_is_read_on_an_old_node_is_in_no_row_of_times(world: World) -> None:
    """Nobody knows when; what is read on a new one says where it began."""
    ana, ben = pair = await world.pair()
    room_id = (await world.connected(pair)).room_id
    for _ in range(4):
        await world.say(room_id, ana)
    row = await world.pool.fetchrow(READ, room_id, ben, 3)
    assert tuple(row) == (3, 3)
    assert (await world.read(room_id, ben, 4)).read_seq == 4
    assert [
        tuple(row)
        for row in await world.pool.fetch(
            "SELECT after_seq, seq FROM communication.reads WHERE room_id = $1", room_id
        )
    ] == [(3, 4)]


CONNECT = """
WITH connection AS (
    INSERT INTO interaction.connections (id, user_a, user_b, call_id, created_at) VALUES ($1, $3, $4, $5, $6)
), room AS (
    INSERT INTO communication.rooms (id, connection_id, created_at) VALUES ($2, $1, $6)
)
INSERT INTO communication.members (room_id, user_id) VALUES ($2, $3), ($2, $4)
"""


async def test_a_connection_of_an_old_node_has_its_room(world: World) -> None:
    """Which it names in the room alone, as those of before 0031 do."""
    users = await world.pair()
    call_id, connection_id, room_id = await world.talked(users), new_id(), new_id()
    await world.pool.execute(CONNECT, connection_id, room_id, *sorted(users), call_id, to_datetime(now_ms()))
    view = await world.connections.view(connection_id, users[0], now_ms())
    assert (view.id, view.room_id) == (connection_id, room_id)
    assert (await world.connections.end(connection_id, users[0], now_ms())).room_id == room_id
    assert not (await world.rooms.room(room_id, users[1], now_ms())).active
