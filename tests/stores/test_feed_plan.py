"""The feed reads what it shows, however many friends there are, and whatever they and others have posted."""

import pytest

from core.clock import now_ms, to_datetime
from db.postgres.posts import FEED
from tests.conftest import NewDatabase
from tests.stores.test_plans import blocks_read
from tests.stores.world import World

FRIENDS, EACH = 200, 40
# A friendship, the newest post, by three or four levels of an index: for each friend; and a page of posts.
BLOCKS = FRIENDS * 6 + 1_500


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at."""
    return await new_database()


async def a_town_posts(world: World, ana: str) -> None:
    """200 friends of hers and 200 others, 40 posts each; half of one friend's are for chosen ones."""
    at = to_datetime(now_ms())
    await world.pool.execute(
        "WITH people AS (SELECT gen_random_uuid() AS id, n, gen_random_uuid() AS room"
        f" FROM generate_series(1, {2 * FRIENDS}) AS n), users AS ("
        " INSERT INTO identity.users (id, username, created_at, updated_at) SELECT id, id, $2, $2 FROM people"
        "), profiles AS ("
        " INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)"
        " SELECT id, 'P', '1990-01-01', 'other', $2 FROM people"
        "), rooms AS ("
        " INSERT INTO communication.rooms (id, kind, created_at) SELECT room, 'direct', $2 FROM people"
        "), friends AS ("
        " INSERT INTO social.friendships (id, user_a, user_b, room_id, created_at)"
        f" SELECT room, least(id, $1), greatest(id, $1), room, $2 FROM people WHERE n <= {FRIENDS}"
        ")"
        " INSERT INTO social.posts (id, author_id, media_ids, visibility, created_at, updated_at)"
        " SELECT (lpad(to_hex(t * 1000 + n), 12, '0') || substr(gen_random_uuid()::text, 15, 22))::uuid, id,"
        " ARRAY[id], CASE WHEN n = 1 AND t % 2 = 0 THEN 'selected' ELSE 'friends' END, $2, $2"
        f" FROM people, generate_series(1, {EACH}) AS t",
        ana,
        at,
    )


@pytest.mark.parametrize("counted", [False, True], ids=["not counted", "counted"])
async def test_a_page_of_the_feed_reads_one_post_a_friend_and_the_page(world: World, counted: bool) -> None:
    """The first page, and one further down: all that friends have ever posted would be ten times that."""
    ana = await world.person()
    await a_town_posts(world, ana)
    if counted:
        await world.pool.execute("ANALYZE social.posts, social.friendships, identity.users")
    query = "SELECT id FROM social.posts WHERE author_id <> $1 ORDER BY id DESC OFFSET 4000 LIMIT 1"
    further = await world.pool.fetchval(query, ana)
    for before in ("NULL", f"'{further}'"):
        given = f"'{ana}'", "now()", before, "51"
        assert await blocks_read(world, FEED, "uuid, timestamptz, uuid, bigint", *given) <= BLOCKS
