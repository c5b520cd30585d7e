"""The rule of who may see whom in SQL is the one in Python, for whatever is on record.

Each run makes a few people with blocks, bans around one moment, accounts that are or will be erased, and
connections, and asks the stores about every two of them, and about each one alone.
"""

from collections.abc import Iterable
from hashlib import sha256

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from core.clock import rfc3339, to_datetime
from core.contract.settings import PrivacyPatch, SettingsPatch
from core.ids import new_id
from core.visibility import (
    Ban,
    UserFacts,
    can_meet,
    can_name,
    can_see,
    is_apart,
    is_banned,
    is_blocked,
    is_hidden,
    sees_card,
    sees_profile,
)
from db.postgres.call_records import offer_columns
from db.postgres.cards import NO_PHOTOS
from db.postgres.contacts import ContactStore, Marked
from db.postgres.pool import queries
from db.postgres.profiles import ProfileStore
from db.postgres.settings import SettingsStore
from matching.rematch import Since
from tests.stores.world import World

NOW = 4_000_000_000_000  # in 2096: after all that is done while this runs
HOUR = 3_600_000
PEOPLE = 4

MOMENTS = st.sampled_from([None, *(NOW + ms for ms in (-HOUR, -1, 0, 1, HOUR))])
BANS = st.lists(st.builds(Ban, begins_at=MOMENTS, until=MOMENTS, lifted=st.booleans()), max_size=2)
PAIRS = st.sets(st.tuples(*[st.integers(0, PEOPLE - 1)] * 2).filter(lambda pair: pair[0] != pair[1]))


class Draw(Struct, frozen=True):
    """What is on record of people by number; a connection that is not active has ended."""

    bans: list[list[Ban]]
    erased: set[int]
    erasing: set[int]
    blocks: set[tuple[int, int]]
    active: set[tuple[int, int]]
    ended: set[tuple[int, int]]
    reports: set[tuple[int, int]]
    suspicions: set[tuple[int, int]]
    cleared: set[tuple[int, int]]
    met: set[tuple[int, int]]
    friends: set[tuple[int, int]]
    asked: set[tuple[int, int]]
    contacts: set[tuple[int, int]]
    findable: set[int]
    by_phone: set[int]
    hides: set[int]
    probes: set[int]


DRAWS = st.builds(
    Draw,
    st.lists(BANS, min_size=PEOPLE, max_size=PEOPLE),
    *[st.sets(st.integers(0, PEOPLE - 1), max_size=1)] * 2,
    *[PAIRS] * 10,
    *[st.sets(st.integers(0, PEOPLE - 1))] * 4,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
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
        assert avoided == {who.id for who in people if who is not viewer and keeps_apart(viewer, who)}
        views = await world.connections.page(viewer.id, before=None, limit=100, now=NOW)
        in_full = {view.peer.user_id for view in views if view.active and view.peer.languages}
        shown = {who.id for who in people if sees_card(viewer, who, NOW)}
        assert in_full == shown & viewer.connected
        friends = await world.friends.friends(viewer.id, before=None, limit=100, now=NOW)
        assert {friend.user.user_id for _, friend in friends} == shown & viewer.friends
        asking = {who.id for who in people if viewer.id in who.asked and can_see(viewer, who, NOW)}
        assert await waiting(world, "received", viewer.id) == asking
        asked = {who.id for who in people if who.id in viewer.asked and can_name(viewer, who, NOW)}
        assert await waiting(world, "sent", viewer.id) == asked
        for seen in people:
            await compare(world, viewer, seen, call_id)


def keeps_apart(one: UserFacts, other: UserFacts) -> bool:
    """Whatever is true of both of themselves."""
    hidden = is_hidden(one, other) or is_hidden(other, one)
    return is_blocked(one, other) or is_apart(one, other) or hidden


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
    # A call that is on record is not offered again; what keeps them from it is told all the same.
    call = (viewer.id, seen.id, recorded, "match", "video", "main", rfc3339(NOW), *[None] * 5)
    found = await world.pool.fetchrow(queries("call_records")["offer"], True, *offer_columns([call]))
    obstacles = bool(found["gone"] or found["banned"] or found["blocked"] or found["probe"])
    assert obstacles != can_meet(viewer, seen, NOW)


async def waiting(world: World, box: str, user_id: str) -> set[str]:
    """With whom they have a request that waits for an answer."""
    rows = await world.pool.fetch(queries("friends")[box], user_id, to_datetime(NOW), None, 9, None)
    return {row["user_id"] for row in rows}


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
    await befriend(world, [(ids[one], ids[other]) for one, other in {frozenset(p) for p in draw.friends}])
    await ask(world, [(ids[one], ids[other]) for one, other in requests(draw)])
    await answered_calls(world, [[ids[n] for n in pair] for pair in draw.met])
    for user_id, bans in zip(ids, draw.bans, strict=True):
        for ban in bans:
            await put_ban(world, user_id, ban)
    for one, other in draw.suspicions | draw.cleared:
        await world.suspect(ids[one], ids[other], at=NOW, cleared=(one, other) not in draw.suspicions)
    await have_numbers(world, ids)
    for n, user_id in enumerate(ids):
        privacy = PrivacyPatch(
            find_by_search=n in draw.findable,
            find_by_phone=n in draw.by_phone,
            hide_from_contacts=n in draw.hides,
        )
        await SettingsStore(world.pool).change(user_id, SettingsPatch(privacy=privacy))
        has = [number_of(ids[other]) for one, other in draw.contacts if one == n]
        await ContactStore(world.pool, NO_PHOTOS, most=9).keep(user_id, has, NOW)
    probes = [ids[n] for n in draw.probes]
    await world.pool.execute("UPDATE identity.users SET probe = true WHERE id = ANY ($1)", probes)
    await leave(world, [ids[n] for n in draw.erasing], [ids[n] for n in draw.erased])
    return facts(draw, ids)


async def leave(world: World, erasing: list[str], erased: list[str]) -> None:
    """Their accounts await erasure, or are erased."""
    await world.pool.execute(
        "INSERT INTO identity.erasures (user_id, asked_at, erases_at)"
        " SELECT who, now(), now() FROM unnest($1::uuid[]) AS who",
        erasing,
    )
    await world.pool.execute("UPDATE identity.users SET deleted_at = now() WHERE id = ANY ($1)", erased)


def facts(draw: Draw, ids: list[str]) -> list[UserFacts]:
    """What is known of each. The erasure of an account has ended its friendships and requests."""

    def whom(pairs: set[tuple[int, int]], n: int) -> frozenset[str]:
        return frozenset(ids[other] for one, other in pairs if one == n)

    def both(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
        return pairs | {(other, one) for one, other in pairs}

    def standing(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
        return {pair for pair in pairs if not draw.erased & set(pair)}

    suspicions = {pair for pair in draw.suspicions if any(not ban.lifted for ban in draw.bans[pair[1]])}
    return [
        UserFacts(
            id=user_id,
            erased=n in draw.erased,
            findable=n in draw.findable,
            by_phone=n in draw.by_phone,
            hides=n in draw.hides,
            probe=n in draw.probes,
            contacts=whom(standing(draw.contacts), n),
            erasing=n in draw.erasing,
            bans=tuple(draw.bans[n]),
            blocks=whom(draw.blocks, n),
            connected=whom(both(draw.active), n),
            friends=whom(standing(both(draw.friends)), n),
            asked=whom(standing(requests(draw)), n),
            met=whom(both(draw.met), n),
            reports=whom(draw.reports, n),
            suspected=whom(suspicions, n),
        )
        for n, user_id in enumerate(ids)
    ]


def requests(draw: Draw) -> set[tuple[int, int]]:
    """One of two at most."""
    return {pair for pair in draw.asked if pair[0] < pair[1]}


def number_of(user_id: str) -> Marked:
    """Whatever it is, it is theirs."""
    return Marked((sha256(user_id.encode()).digest(),))


async def have_numbers(world: World, user_ids: Iterable[str]) -> None:
    """Each has shown theirs."""
    await world.pool.executemany(
        "INSERT INTO identity.logins (id, user_id, provider, subject_hash, hint, sealed, key_id, created_at)"
        " VALUES ($1, $2, 'phone', $3, '+49', '', '', $4)",
        [(new_id(), user_id, number_of(user_id).mark, to_datetime(NOW)) for user_id in user_ids],
    )


async def befriend(world: World, pairs: Iterable[tuple[str, str]]) -> None:
    """Friendships on record, whatever else is."""
    await world.pool.executemany(
        "WITH room AS (INSERT INTO communication.rooms (id, created_at) VALUES ($1, $4))"
        " INSERT INTO social.friendships (id, user_a, user_b, room_id, created_at)"
        " VALUES ($1, $2, $3, $1, $4)",
        [(new_id(), *sorted(pair), to_datetime(NOW - HOUR)) for pair in pairs],
    )


async def ask(world: World, pairs: Iterable[tuple[str, str]]) -> None:
    """Requests on record that wait, whatever else is."""
    await world.pool.executemany(
        "INSERT INTO social.friend_requests (id, sender_id, receiver_id, created_at) VALUES ($1, $2, $3, $4)",
        [(new_id(), *pair, to_datetime(NOW - HOUR)) for pair in pairs],
    )


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
