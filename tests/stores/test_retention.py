"""What has served its time is forgotten, by whichever node looks; what may still be shown stays."""

import asyncio

import pytest

from core.clock import DAY_MS, now_ms, to_datetime
from core.data_rules import Lasts
from core.ids import new_id
from core.personal_data import TABLES
from core.settings import Settings
from core.vocabulary import EndReason
from db.postgres.codes import CodeStore
from db.postgres.comments import CommentStore
from db.postgres.erasures import ErasureStore
from db.postgres.evidence import EvidenceStore
from db.postgres.groups import GroupStore
from db.postgres.invitations import InvitationStore
from db.postgres.marks import MarkStore
from db.postgres.matches import MatchRecords
from db.postgres.posts import PostStore
from db.postgres.retention import RetentionStore
from db.postgres.suspicions import SuspicionStore
from db.postgres.timelines import TimelineRecords
from db.postgres.usernames import FormerUsernames
from realtime.background.forgotten_rows import ForgottenRows
from realtime.background.retention import Kept, Retention, kept
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
    """Once they do not count any more; how many those were is told to Prometheus."""
    now, user_id = now_ms(), await world.person()
    for key, ago in (("old", 8), ("young", 6)):
        await world.pool.execute(
            "INSERT INTO identity.idempotent_requests (owner, operation, key, digest, created_at)"
            " VALUES ($1, 'test', $2, $3, $4)",
            *(user_id, key, bytes(32), to_datetime(now - ago * DAY_MS)),
        )
    rows, keys = ForgottenRows(), Kept(RetentionStore(world.pool).keys, 7 * DAY_MS, "keys")
    nodes = [Retention([keys], lambda: now, rows) for _ in range(2)]
    before = [each.value for metric in rows.collect() for each in metric.samples]
    await asyncio.gather(*(node.forget() for node in nodes))
    after = [(each.labels, each.value >= 1) for metric in rows.collect() for each in metric.samples]
    assert (before, after) == ([0], [({"kind": "keys"}, True)])
    query = "SELECT key FROM identity.idempotent_requests WHERE owner = $1"
    assert [row["key"] for row in await world.pool.fetch(query, user_id)] == ["young"]


YEAR_MS = 365 * DAY_MS
LONG_AGO = -YEAR_MS - 120_000  # when a call was offered that is over, and decided, for a year


async def on_record(world: World, call_id: str) -> bool:
    """Whether there is anything of this call."""
    query = (
        "SELECT EXISTS (SELECT FROM interaction.calls WHERE id = $1)"
        " OR EXISTS (SELECT FROM interaction.call_participants WHERE call_id = $1)"
        " OR EXISTS (SELECT FROM interaction.decisions WHERE call_id = $1)"
    )
    return bool(await world.pool.fetchval(query, call_id))


async def forgotten(world: World, call_id: str, now: int) -> bool:
    """Whether two nodes that look forget this call, and none did before."""
    calls = RetentionStore(world.pool).calls
    nodes = [Retention([Kept(calls, YEAR_MS)], lambda: now) for _ in range(2)]
    await Retention([Kept(calls, YEAR_MS)], lambda: now - 1).forget()
    if not await on_record(world, call_id):
        return False
    await asyncio.gather(*(node.forget() for node in nodes))
    return not await on_record(world, call_id)


async def test_a_call_without_action_is_forgotten_after_a_year(world: World) -> None:
    """`no_action`: they have talked, somebody may have decided, and no connection came of it."""
    now, users = now_ms(), await world.pair()
    call = await world.talked(users, now=now + LONG_AGO)
    await world.pool.execute(
        "INSERT INTO interaction.decisions (call_id, user_id, connect, created_at)"
        " VALUES ($1, $2, true, now())",
        call,
        users[0],
    )
    await world.pool.execute(
        "UPDATE interaction.calls SET outcome = 'not_connected', closed_at = ended_at WHERE id = $1", call
    )
    assert await forgotten(world, call, now + 1 + LONG_AGO + YEAR_MS)


@pytest.mark.parametrize("reason", ["hung_up", "skipped", "declined", "cancelled", "connection_lost"])
async def test_a_call_that_both_left_is_forgotten_after_a_year(world: World, reason: EndReason) -> None:
    """`both_left`: it ended, by whomever, before there was anything to decide."""
    now = now_ms()
    call = await world.offered(await world.pair(), now=now + LONG_AGO)
    await world.end(call, reason=reason, now=now + LONG_AGO + 5000)
    assert await forgotten(world, call, now + 1 + LONG_AGO + YEAR_MS)


@pytest.mark.parametrize("reason", ["no_answer", "max_duration", "media_failed"])
async def test_a_call_that_timed_out_is_forgotten_after_a_year(world: World, reason: EndReason) -> None:
    """`timeout`: nobody answered, it lasted as long as it may, or it never came about."""
    now = now_ms()
    call = await world.offered(await world.pair(), now=now + LONG_AGO)
    await world.end(call, reason=reason, now=now + LONG_AGO + 5000)
    assert await forgotten(world, call, now + 1 + LONG_AGO + YEAR_MS)


@pytest.mark.parametrize("led_to", ["connection", "report", "nothing yet"])
async def test_a_call_that_led_to_something_stays(world: World, led_to: str) -> None:
    """A connection, or a report; and one that goes on."""
    now, users = now_ms(), await world.pair()
    call = await world.offered(users, now=now + LONG_AGO)
    if led_to != "nothing yet":
        await world.call_records.started(call, now + LONG_AGO)
        await world.end(call, now=now + LONG_AGO + 5000)
    if led_to == "connection":
        await world.connect(call, users)
    elif led_to == "report":
        await world.report(call, *users, at=now + LONG_AGO + 6000)
    assert not await forgotten(world, call, now)


async def test_what_is_forgotten_here_is_what_the_registry_says(world: World) -> None:
    """Each table that it leaves to this file, and no other; for as long as the operator wants."""
    pool, settings = world.pool, Settings(call_record_days=30)
    codes, friends = CodeStore(pool), (world.friends, InvitationStore(pool, GroupStore(pool)))
    posted = PostStore(pool), CommentStore(pool, world.notifications.notify)
    usernames, erasures = FormerUsernames(pool), ErasureStore(pool)
    found_again = MarkStore(pool), SuspicionStore(pool), EvidenceStore(pool)
    stores = MatchRecords(pool), TimelineRecords(pool), *found_again
    kinds = kept(RetentionStore(pool), *stores, codes, *friends, *posted, usernames, erasures, settings)
    here = "realtime/background/retention.py"
    said = {table.name: table.lasts for table in TABLES if isinstance(table.lasts, Lasts)}
    assert {kind.table for kind in kinds} == {name for name, lasts in said.items() if lasts.by == here}
    assert {kind.ms for kind in kinds if kind.table == "interaction.calls"} == {30 * DAY_MS}
