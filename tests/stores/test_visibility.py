"""The rule of who may see whom in SQL is the one in Python, for whatever is on record.

Each run makes a few people with blocks, bans around one moment, erased accounts and connections, and asks the
stores about every two of them, and about each one alone.
"""

from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from core.clock import to_datetime
from core.ids import new_id
from core.visibility import (
    Ban,
    UserFacts,
    can_meet,
    can_name,
    is_apart,
    is_banned,
    is_blocked,
    sees_card,
    sees_profile,
)
from db.postgres.pool import queries
from db.postgres.profiles import ProfileStore
from matching.rematch import Since
from tests.stores.world import World

NOW = 1_800_000_000_000
HOUR = 3_600_000
PEOPLE = 4

MOMENTS = st.sampled_from([None, *(NOW + ms for ms in (-HOUR, -1, 0, 1, HOUR))])
BANS = st.lists(st.builds(Ban, begins_at=MOMENTS, until=MOMENTS, lifted=st.booleans()), max_size=2)
PAIRS = st.sets(st.tuples(*[st.integers(0, PEOPLE - 1)] * 2).filter(lambda pair: pair[0] != pair[1]))


class Draw(Struct, frozen=True):
    """What is on record of people by number; a connection that is not active has ended."""

    bans: list[list[Ban]]
    erased: set[int]
    blocks: set[tuple[int, int]]
    active: set[tuple[int, int]]
    ended: set[tuple[int, int]]
    reports: set[tuple[int, int]]
    suspicions: set[tuple[int, int]]
    cleared: set[tuple[int, int]]
    met: set[tuple[int, int]]


DRAWS = st.builds(
    Draw,
    st.lists(BANS, min_size=PEOPLE, max_size=PEOPLE),
    st.sets(st.integers(0, PEOPLE - 1), max_size=1),
    *[PAIRS] * 7,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=DRAWS)
async def test_the_rule_in_sql_is_the_rule_in_python(world: World, draw: Draw) -> None:
    people = await on_record(world, draw)
    call_id = await world.offered(await world.pair())
    everybody = [who.id for who in people]
    assert await banned(world, everybody) == {who.id for who in people if is_banned(who, NOW)}
    unfit = await world.eligibility.unfit(everybody, NOW)
    assert unfit == {who.id for who in people if who.erased or is_banned(who, NOW)}
    for viewer in people:
        avoided = await world.eligibility.avoid(viewer.id, Since(met=NOW, unanswered=NOW))
        assert avoided == {who.id for who in people if is_blocked(viewer, who) or is_apart(viewer, who)}
        views = await world.connections.page(viewer.id, before=None, limit=100, now=NOW)
        in_full = {view.peer.user_id for view in views if view.active and view.peer.languages}
        assert in_full == {who.id for who in people if sees_card(viewer, who, NOW)}
        assert not any(view.peer.languages for view in views if not view.active)
        for seen in people:
            await compare(world, viewer, seen, call_id)


async def test_postgres_plans_the_rule_with_the_query_that_asks(world: World) -> None:
    """A function that cannot be set into a query, such as a STRICT one, is run by itself, which is slow."""
    asked = "SELECT FROM identity.profiles p JOIN identity.visible_to($1, $2) seen USING (user_id)"
    rows = await world.pool.fetch("EXPLAIN " + asked, new_id(), to_datetime(NOW))
    plan = "\n".join(row[0] for row in rows)
    assert " on bans " in plan
    assert "Function Scan" not in plan


async def compare(world: World, viewer: UserFacts, seen: UserFacts, recorded: str) -> None:
    """What is asked about two, or about oneself."""
    at, named = to_datetime(NOW), can_name(viewer, seen, NOW)
    card = await ProfileStore(world.pool).visible_card(seen.id, viewer.id, NOW)
    assert (card is not None) == sees_profile(viewer, seen, NOW)
    if viewer is not seen:  # nobody can block themselves
        may_block = await world.pool.fetchval(queries("blocks")["may_block"], viewer.id, seen.id, at)
        met = seen.id in viewer.met and not seen.erased
        assert may_block == (named or met or seen.id in viewer.blocks)
        reported = await world.pool.fetchrow(queries("reports")["subject_user"], viewer.id, seen.id, at)
        assert (reported is not None) == (named or met)
    asked, pair = queries("call_records")["offer"], (viewer.id, seen.id)
    call = ("match", "video", "main", pair, at)
    # A call that is on record is not offered again; what keeps them from it is told all the same.
    found = await world.pool.fetchrow(asked, recorded, *call, None, None, True, None, None, None)
    obstacles = bool(found["gone"] or found["banned"] or found["blocked"])
    assert obstacles != can_meet(viewer, seen, NOW)


async def banned(world: World, user_ids: Iterable[str]) -> set[str]:
    rows = await world.pool.fetch(
        "SELECT user_id FROM identity.banned($1) WHERE user_id = ANY ($2::uuid[])",
        to_datetime(NOW),
        list(user_ids),
    )
    return {row["user_id"] for row in rows}


async def on_record(world: World, draw: Draw) -> list[UserFacts]:
    """Put it into the database, and give what is known of each."""
    ids = [await world.person(f"P{n}") for n in range(PEOPLE)]
    for one, other in draw.blocks:
        await world.block(ids[one], ids[other])
    active = {frozenset(pair) for pair in draw.active}
    for pairs, ended in ((active, False), ({frozenset(pair) for pair in draw.ended}, True)):
        for one, other in pairs:
            await connect(world, (ids[one], ids[other]), ended=ended)
    for one, other in draw.reports:
        await report(world, ids[one], ids[other])
    await answered_calls(world, [[ids[n] for n in pair] for pair in draw.met])
    for user_id, bans in zip(ids, draw.bans, strict=True):
        for ban in bans:
            await put_ban(world, user_id, ban)
    for one, other in draw.suspicions | draw.cleared:
        await world.suspect(ids[one], ids[other], at=NOW, cleared=(one, other) not in draw.suspicions)
    people = []
    for n, user_id in enumerate(ids):
        if n in draw.erased:
            await world.pool.execute("UPDATE identity.users SET deleted_at = now() WHERE id = $1", user_id)
        people.append(
            UserFacts(
                id=user_id,
                erased=n in draw.erased,
                bans=tuple(draw.bans[n]),
                blocks=frozenset(ids[other] for one, other in draw.blocks if one == n),
                connected=frozenset(ids[m] for pair in active if n in pair for m in pair - {n}),
                met=frozenset(ids[m] for pair in draw.met if n in pair for m in pair if m != n),
                reports=frozenset(ids[other] for one, other in draw.reports if one == n),
                suspected=frozenset(
                    ids[other]
                    for one, other in draw.suspicions
                    if one == n and any(not ban.lifted for ban in draw.bans[other])
                ),
            )
        )
    return people


async def connect(world: World, users: tuple[str, str], *, ended: bool) -> None:
    """A connection on record, whatever else is: what the product would refuse may have been there before."""
    connection_id, call_id, (one, other) = new_id(), new_id(), sorted(users)
    await world.pool.execute(
        "WITH call AS (INSERT INTO interaction.calls (id, origin, mode, region, offered_at)"
        " VALUES ($2, 'direct', 'voice', 'main', $5)), connection AS ("
        " INSERT INTO interaction.connections (id, call_id, user_a, user_b, created_at, ended_at)"
        " VALUES ($1, $2, $3, $4, $5, $6))"
        " INSERT INTO communication.rooms (id, connection_id, created_at) VALUES ($2, $1, $5)",
        connection_id,
        call_id,
        one,
        other,
        to_datetime(NOW - HOUR),
        to_datetime(NOW) if ended else None,
    )


async def answered_calls(world: World, pairs: Iterable[Iterable[str]]) -> None:
    """Calls that are over, on record."""
    at = to_datetime(NOW)
    for users in pairs:
        await world.pool.execute(
            "WITH call AS (INSERT INTO interaction.calls"
            " (id, origin, mode, region, offered_at, started_at, ended_at, end_reason, duration_s)"
            " VALUES ($1, 'match', 'voice', 'main', $3, $3, $3, 'hung_up', 0))"
            " INSERT INTO interaction.call_participants (call_id, user_id, active)"
            " SELECT $1, unnest($2::uuid[]), false",
            new_id(),
            list(users),
            at,
        )


async def report(world: World, reporter: str, reported: str) -> None:
    await world.pool.execute(
        "INSERT INTO interaction.reports"
        " (id, reporter_id, reported_id, subject_type, subject_id, reason, created_at)"
        " VALUES ($1, $2, $3, 'user', $3, 'spam', $4)",
        new_id(),
        reporter,
        reported,
        to_datetime(NOW),
    )


async def put_ban(world: World, user_id: str, ban: Ban) -> None:
    begins, until, lifted = (
        None if at is None else to_datetime(at)
        for at in (ban.begins_at, ban.until, NOW - HOUR if ban.lifted else None)
    )
    await world.pool.execute(
        "INSERT INTO identity.bans (id, user_id, reason, created_at, begins_at, until, lifted_at)"
        " VALUES ($1, $2, 'spam', $3, $4, $5, $6)",
        new_id(),
        user_id,
        to_datetime(NOW - HOUR),
        begins,
        until,
        lifted,
    )
