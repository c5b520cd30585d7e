"""Echo calls on record: one user, behind the same fence, and in no figure of people."""

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.postgres.call_records import CallRecords, Refusal
from db.postgres.open_calls import OpenCalls
from db.postgres.trust import LATEST_CALLS, TrustStore
from signaling.call import Rules, State
from signaling.echo import echo_id
from signaling.store_loss import after_loss
from tests.stores.world import World


async def begin(world: World, user_id: str) -> tuple[str, Refusal | None]:
    call_id = new_id()
    found = await world.call_records.offer(
        call_id, origin="echo", mode="voice", region="main", users=(user_id,), now=now_ms()
    )
    return call_id, found if isinstance(found, Refusal) else None


async def test_the_fence_is_that_of_any_call(world: World) -> None:
    """In both directions; and it is open again at the end."""
    ana, ben = await world.pair()
    call_id, refusal = await begin(world, ana)
    assert refusal is None
    assert (await begin(world, ana))[1] == Refusal({ana: "matched"}, "in_call")
    refused = await world.offer(new_id(), (ana, ben))
    assert refused == Refusal({ana: "matched"}, "in_call")
    await world.end(call_id)
    assert await world.offer(new_id(), (ana, ben)) is None
    assert (await begin(world, ben))[1] == Refusal({ben: "matched"}, "double_match")


async def test_who_is_banned_or_gone_gets_none_and_a_suspect_does(world: World) -> None:
    ana, ben = await world.pair()
    await world.ban(ana)
    assert ((await begin(world, ana))[1] or Refusal({}, "over")).reason == "banned"
    assert ((await begin(world, new_id()))[1] or Refusal({}, "over")).reason == "gone"
    await world.pool.execute("UPDATE identity.users SET tier = 'suspect' WHERE id = $1", ben)
    assert (await begin(world, ben))[1] is None


async def test_one_that_redis_has_lost_ends(world: World) -> None:
    """From the record, on which the server's side is nobody."""
    ana = await world.person()
    call_id, _ = await begin(world, ana)
    recorded = await world.call_records.on_record(call_id, now_ms())
    assert recorded is not None
    assert [party.user_id for party in recorded.parties] == [ana, echo_id(call_id)]
    call, _ = after_loss(recorded, now_ms(), Rules())
    assert (call.state, call.reason) == (State.CLOSED, "connection_lost")


async def test_it_is_no_figure_of_people(world: World) -> None:
    """Not of calls that go on, not of past ones, and it takes no place among those by which one is judged."""
    ana, ben = await world.pair()
    counted = await OpenCalls(world.pool).by_state()
    call_id, _ = await begin(world, ana)
    await world.call_records.started(call_id, now_ms())
    await world.call_records.live(call_id, now_ms())
    assert await OpenCalls(world.pool).by_state() == counted
    await world.end(call_id)
    records: CallRecords = world.call_records
    assert await records.history(ana, before=None, limit=10, now=now_ms()) == []

    met = await world.talked((ana, ben), now=now_ms() - 3_600_000)
    assert [past.call_id for past in await records.history(ana, before=None, limit=10, now=now_ms())] == [met]
    at, echoes = now_ms(), [new_id() for _ in range(LATEST_CALLS)]
    await world.pool.execute(
        "INSERT INTO interaction.calls"
        " (id, origin, mode, region, offered_at, started_at, live_at, ended_at, end_reason, duration_s)"
        " SELECT id, 'echo', 'voice', 'x', $2, $2, $2, $2, 'hung_up', 0 FROM unnest($1::uuid[]) AS id",
        echoes,
        to_datetime(at),
    )
    await world.pool.execute(
        "INSERT INTO interaction.call_participants (call_id, user_id, active)"
        " SELECT id, $2, false FROM unnest($1::uuid[]) AS id",
        echoes,
        ana,
    )
    conduct = await TrustStore(world.pool).conduct(ana, since=at - 7_200_000, early_ms=3_000)
    assert conduct is not None
    assert (conduct.standing.met, conduct.standing.live) == (1, 1)
