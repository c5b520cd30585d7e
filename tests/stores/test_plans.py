"""What PostgreSQL reads for a user does not grow with what others do, whether it has counted them yet or not.

Statements are planned once for each connection, without looking at what is asked (`_SERVER` of the pool).
Counted are the blocks that a statement reads by such a plan, right after others have done much at once.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now_ms, rfc3339, to_datetime
from core.ids import new_id
from db.postgres import call_records, rooms, sessions
from db.postgres.own_rows import own_queries
from db.postgres.pool import Connection, open_pool, queries
from tests.conftest import NewDatabase
from tests.stores.settling import all_has_ended
from tests.stores.world import World

OTHERS = 2_000
BLOCKS = 60  # an index has three or four levels at most; a whole table would be many times that


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would close what is to decide."""
    return await new_database()


async def others_are_busy(world: World) -> None:
    """Pairs of others who have talked and are connected, are counted, and then have to decide after all."""
    await world.pool.execute(
        "WITH pair AS (SELECT gen_random_uuid() AS id, gen_random_uuid() AS one, gen_random_uuid() AS other"
        f" FROM generate_series(1, {OTHERS})), people AS ("
        " INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at)"
        " SELECT id, id || '@example.org', id, 'x', $1, $1 FROM"
        " (SELECT one FROM pair UNION ALL SELECT other FROM pair) AS both_of (id)"
        "), calls AS ("
        " INSERT INTO interaction.calls (id, origin, mode, region, offered_at, started_at, ended_at,"
        " end_reason, duration_s, closed_at)"
        " SELECT id, 'match', 'voice', 'main', $1, $1, $1, 'hung_up', 60, $1 FROM pair"
        "), sides AS ("
        " INSERT INTO interaction.call_participants (call_id, user_id, active)"
        " SELECT id, one, false FROM pair UNION ALL SELECT id, other, false FROM pair"
        ")"
        " INSERT INTO interaction.connections (id, user_a, user_b, call_id, created_at)"
        " SELECT id, least(one, other), greatest(one, other), id, $1 FROM pair",
        at := to_datetime(now_ms()),
    )
    await world.pool.execute(
        "ANALYZE interaction.calls, interaction.call_participants, interaction.connections"
    )
    await world.pool.execute(
        "UPDATE interaction.calls SET decision_deadline = $1, closed_at = NULL",
        at + timedelta(minutes=1),
    )


async def blocks_read(world: World, statement: str, types: str, *given: str, own: str | None = None) -> int:
    """By the plan that all executions share. The second time, as a function is planned within the first.
    `own`: for this user, whose own data it reads.
    """
    async with world.pool.acquire() as connection, connection.transaction():
        if own:
            await connection.execute(f"SET LOCAL ROLE app_user; SET LOCAL app.user_id = '{own}'")
        await connection.execute(f"PREPARE asked ({types}) AS {statement}")
        try:
            for _ in range(2):
                blocks = await blocks_of(connection, *given)
        finally:
            await connection.execute("DEALLOCATE asked")
    return blocks


async def blocks_of(connection: Connection, *given: str) -> int:
    """What was prepared as `asked`, of these."""
    found = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) EXECUTE asked ({', '.join(given)})"
    )
    plan: Mapping[str, Any] = json.loads(found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


@pytest.mark.parametrize("counted", [False, True], ids=["not counted", "counted"])
async def test_what_others_have_to_decide_is_not_read(world: World, counted: bool) -> None:
    """With each connect it was: two milliseconds; and 180 for some who fell silent at once."""
    users = await world.pair()
    await world.talked(users)
    await others_are_busy(world)
    if counted:
        await world.pool.execute("ANALYZE interaction.calls, interaction.call_participants")
    ana, ben = (f"'{user_id}'" for user_id in users)
    asked = {
        "open_calls": (call_records.OPEN_CALLS, "uuid", ana),
        "open_calls_of": (call_records.OPEN_CALLS_OF, "uuid[]", f"ARRAY[{ana}, {ben}]::uuid[]"),
        "beginnings": (
            sessions.BEGINNINGS, "uuid[], uuid[], timestamptz[], bytea[]",
            f"ARRAY['{new_id()}'::uuid]", f"ARRAY[{ana}::uuid]", "ARRAY[now()]", "ARRAY['x'::bytea]",
        ),
        "connected": (
            queries("connections")["connected"],
            "uuid[], uuid[]", f"ARRAY[{ana}::uuid]", f"ARRAY[{ben}::uuid]",
        ),
    }  # fmt: skip
    read = {name: await blocks_read(world, *how) for name, how in asked.items()}
    assert not {name: blocks for name, blocks in read.items() if blocks > BLOCKS}


async def test_a_start_reads_no_other_calls_though_there_were_none_when_it_was_planned(world: World) -> None:
    """Nobody has counted those that have come since: for each start they were all read."""
    first, second = [await world.offered(await world.pair()) for _ in range(2)]
    at = f"'{{{rfc3339(now_ms())}}}'"
    async with world.pool.acquire() as connection:
        await connection.execute(f"PREPARE asked (text, text) AS {queries('call_records')['started']}")
        try:
            await blocks_of(connection, f"'{{{first}}}'", at)
            await connection.execute(
                "INSERT INTO interaction.calls (id, origin, mode, region, offered_at)"
                " SELECT gen_random_uuid(), 'match', 'voice', 'main', now()"
                f" FROM generate_series(1, {10 * OTHERS})"
            )
            read = await blocks_of(connection, f"'{{{second}}}'", at)
        finally:
            await connection.execute("DEALLOCATE asked")
    assert read <= BLOCKS


async def test_looking_for_a_user_reads_no_others(world: World) -> None:
    """Each way in which one is found has its index, also in a plan that does not know what is looked for."""
    await others_are_busy(world)
    await world.pool.execute("ANALYZE identity.users, identity.profiles")
    last = "'ffffffff-ffff-ffff-ffff-ffffffffffff'"
    found = queries("admin_users")["found"]
    given = (last, "50", "'zoe'", r"'{\\x00}'")
    assert await blocks_read(world, found, "uuid, int, text, bytea[]", *given) <= BLOCKS


async def others_are_told(world: World, ana: str, per_user: int) -> None:
    """2,000 others in two quarters; and Ana, of whom a tenth is unread."""
    await world.notifications.keep_quarters(at := now_ms(), at)
    query = (
        "INSERT INTO social.notifications (id, user_id, kind, title, body, about_id, created_at, read_at)"
        " SELECT (substr(social.first_id(made)::text, 1, 14) || substr(gen_random_uuid()::text, 15))::uuid,"
        " user_id, 'like', 'Hello', '', $2, made, CASE WHEN n % 10 > 0 THEN made END"
        " FROM unnest($1::uuid[]) AS people (user_id), generate_series(1, $3) AS n,"
        " LATERAL (SELECT now() + n * interval '180 days' / $3) AS times (made)"
    )
    people = [ana, *(new_id() for _ in range(OTHERS))]
    await world.pool.execute(query, people, await world.person("Ben"), per_user)


@pytest.mark.parametrize("counted", [False, True], ids=["not counted", "counted"])
async def test_what_others_are_told_is_not_read(world: World, counted: bool) -> None:
    """A page, however much there is before it, costs what it shows; a number what is unread."""
    ana = await world.person()
    await others_are_told(world, ana, 20)
    if counted:
        await world.pool.execute("ANALYZE social.notifications")
    given, own = f"'{ana}'", own_queries("notifications")
    first = "uuid, timestamptz, timestamptz, uuid, int", given, "now()", "NULL", "NULL", "5"
    read = {
        name: await blocks_read(world, own[name].text, *first, own=ana) for name in ("page", "page_of_unread")
    }
    unread = queries("notifications")["unread"]
    read["unread"] = await blocks_read(world, unread, "uuid, timestamptz", given, "now()")
    assert not {name: blocks for name, blocks in read.items() if blocks > 2 * BLOCKS}, read


async def test_a_page_of_a_room_does_not_read_all_of_it(world: World) -> None:
    """Nor does who may read it have to be asked for each message that was ever said there."""
    ana, _ = pair = await world.pair()
    room_id = (await world.connected(pair)).room_id
    await world.pool.execute(
        "INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT gen_random_uuid(), $1, n, $2, n::text, 'text', 'hello', now()"
        " FROM generate_series(1, $3::int) AS n",
        room_id,
        ana,
        OTHERS,
    )
    await world.pool.execute("ANALYZE communication.messages")
    statement = own_queries("rooms")["page"].text
    given = f"'{ana}'", f"'{room_id}'", "9999999", "20"
    assert await blocks_read(world, statement, "uuid, uuid, bigint, int", *given, own=ana) <= BLOCKS


async def others_are_found(world: World) -> None:
    """By names and numbers, each by the next one; half of them hide from contacts."""
    await world.pool.execute(
        "WITH other AS (SELECT gen_random_uuid() AS id, n, sha256(n::text::bytea) AS mark"
        f" FROM generate_series(1, {OTHERS}) AS n), people AS ("
        " INSERT INTO identity.users (id, username, created_at, updated_at) SELECT id, id, $1, $1 FROM other"
        "), profiles AS ("
        " INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)"
        " SELECT id, 'P' || n, '1990-01-01', 'other', $1 FROM other"
        "), phones AS ("
        " INSERT INTO identity.logins (id, user_id, provider, subject_hash, created_at)"
        " SELECT gen_random_uuid(), id, 'phone', mark, $1 FROM other"
        ")"
        " INSERT INTO social.contacts (owner_id, mark, sent_at, user_id)"
        " SELECT one.id, two.mark, $1, two.id FROM other one JOIN other two ON two.n = one.n + 1",
        to_datetime(now_ms()),
    )
    await world.pool.execute(
        "INSERT INTO identity.settings (user_id, find_by_search, find_by_phone, hide_from_contacts)"
        " SELECT user_id, true, true, right(display_name, 1) < '5' FROM identity.profiles"
        " WHERE display_name LIKE 'P%'"
    )


@pytest.mark.parametrize("counted", [False, True], ids=["not counted", "counted"])
async def test_who_else_is_found_or_hides_is_not_read(world: World, counted: bool) -> None:
    """Whoever asks whom they may know, or joins the queue."""
    await others_are_found(world)
    if counted:
        await world.pool.execute("ANALYZE social.contacts, social.findable, identity.settings")
    ana = f"'{await world.person()}'"
    asked = {
        "suggestions": (
            queries("friend_suggestions")["suggestions"],
            "uuid, timestamptz, int, uuid, int, int, int", ana, "now()", "NULL", "NULL", "21", "40", "30",
        ),
        "avoid": (
            queries("eligibility")["avoid"],
            "uuid, uuid, timestamptz, timestamptz", ana, f"'{new_id()}'", "now()", "now()",
        ),
    }  # fmt: skip
    read = {name: await blocks_read(world, *how) for name, how in asked.items()}
    assert not {name: blocks for name, blocks in read.items() if blocks > BLOCKS}


async def test_a_statement_is_planned_once_for_each_connection(database_url: str, world: World) -> None:
    """Not for each execution, whatever PostgreSQL thinks of the plan."""
    ana, ben = await world.pair()
    pool = await open_pool(database_url, size=1)
    try:
        for _ in range(7):
            await World(pool).connections.connected([(ana, ben)])
        plans = await pool.fetchrow(
            "SELECT sum(generic_plans)::int AS shared, sum(custom_plans)::int AS single"
            " FROM pg_prepared_statements WHERE statement = $1",
            queries("connections")["connected"],
        )
    finally:
        await pool.close()
    assert dict(plans) == {"shared": 7, "single": 0}


async def test_what_has_changed_for_one_is_read_by_their_own_rooms(world: World) -> None:
    """Not by those of others; and who is a million behind costs no more than who is a thousand behind."""
    ana, ben = await world.pair()
    room_id = (await world.connected((ana, ben))).room_id
    await world.pool.execute(
        "WITH made AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $2)), rooms AS ("
        " INSERT INTO communication.rooms (id, kind, created_at) SELECT id, 'group', now() FROM made)"
        " INSERT INTO communication.members (room_id, user_id) SELECT id, $1 FROM made",
        await world.person(),
        OTHERS,
    )
    await world.pool.execute(
        "WITH said AS (INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT gen_random_uuid(), $1, n, $2, n::text, 'text', repeat('hello', 100), now()"
        " FROM generate_series(1, $3::int) AS n) UPDATE communication.rooms SET last_seq = $3 WHERE id = $1",
        room_id,
        ben,
        10 * OTHERS,
    )
    await all_has_ended(world.pool)
    moment = (await world.rooms.rooms(ana, before=None, limit=5, now=now_ms())).moment
    types = "uuid, uuid, int, uuid, timestamptz, bigint, bigint"
    given = f"'{ana}'", "NULL", "50", "NULL", "now()"
    changed = f"{moment.seen}", f"{moment.history}"
    assert await blocks_read(world, rooms.VIEWS, types, *given, *changed) <= BLOCKS
    latest = 1_000 // 15  # with so many in a block
    assert await blocks_read(world, rooms.VIEWS, types, *given, "NULL", "NULL") <= 3 * latest
