"""Calls on record in the real Postgres: the fence, the steps of a call, what may be asked about them."""

import asyncio
import itertools
import random
from typing import Any

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.errors import NotFound
from core.ids import new_id
from db.postgres.call_records import Admitted, Refusal
from db.postgres.pool import queries
from db.postgres.pooled_connection import PooledConnection
from tests.patience import PATIENCE_S
from tests.stores.world import TODAY, World, since

HOUR = 3_600_000


async def test_an_offer_makes_both_busy(world: World) -> None:
    """Both are in this call from the offer on."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    assert await world.call_records.active_call(ana) == call
    assert await world.call_records.active_call(ben) == call
    assert await world.call_records.was_in(call, ana)
    assert not await world.call_records.was_in(call, await world.person("Cleo"))


async def test_the_same_offer_again_changes_nothing(world: World) -> None:
    """A repeated offer is answered as made; once it has ended on record it is refused."""
    pair = await world.pair()
    call = await world.offered(pair)
    assert await world.offer(call, pair) is None
    await world.end(call)
    assert await world.offer(call, pair) == Refusal({}, "over")
    assert await world.call_records.active_call(pair[0]) is None


async def test_who_is_busy_is_named_and_the_other_stays_free(world: World) -> None:
    """A refusal leaves nothing behind."""
    ana, ben = await world.pair()
    cleo = await world.person("Cleo")
    await world.offered((ana, ben))
    call = new_id()
    assert await world.offer(call, (cleo, ana)) == Refusal({ana: "matched"}, "double_match")
    assert await world.call_records.active_call(cleo) is None
    assert not await world.call_records.was_in(call, cleo)


async def test_a_ban_stands_in_the_way_until_it_ends(world: World) -> None:
    """For ever, until a time, or until it is lifted."""
    _, ben = pair = await world.pair()
    now = now_ms()
    ban = await world.ban(ben, until=now + HOUR)
    assert await world.offer(new_id(), pair, now=now) == Refusal({ben: "moderated"}, "banned")
    call = await world.offered(pair, now=now + HOUR)
    await world.end(call)
    await world.pool.execute("UPDATE identity.bans SET until = NULL WHERE id = $1", ban)
    assert await world.offer(new_id(), pair, now=now + HOUR) == Refusal({ben: "moderated"}, "banned")
    await world.pool.execute("UPDATE identity.bans SET lifted_at = now() WHERE id = $1", ban)
    assert await world.offer(new_id(), pair, now=now + HOUR) is None


async def test_someone_without_an_account_is_at_fault(world: World) -> None:
    """Erased or never there: the other one gets the ticket back."""
    ana, ben = await world.pair()
    await world.pool.execute("UPDATE identity.users SET deleted_at = now() WHERE id = $1", ben)
    assert await world.offer(new_id(), (ana, ben)) == Refusal({ben: "moderated"}, "gone")
    nobody = new_id()
    assert await world.offer(new_id(), (ana, nobody)) == Refusal({nobody: "moderated"}, "gone")


@pytest.mark.parametrize("way", [(0, 1), (1, 0)])
async def test_a_block_either_way_refuses_without_fault(world: World, way: tuple[int, int]) -> None:
    """Neither has done anything wrong: both get their tickets back."""
    pair = await world.pair()
    await world.block(pair[way[0]], pair[way[1]])
    assert await world.offer(new_id(), pair) == Refusal({}, "blocked")


async def test_who_has_met_since_then_is_not_offered(world: World) -> None:
    """The search may have read before they met. Nobody is at fault, and a rematch does not ask."""
    ana, ben = pair = await world.pair()
    now = now_ms()
    await world.end(await world.offered((ben, ana), now=now - HOUR), reason="declined")
    assert await world.offer(new_id(), pair, since=since(now - 2 * HOUR)) == Refusal({}, "met")
    assert await world.offer(new_id(), (ana, await world.person()), since=since(now - 2 * HOUR)) is None
    await world.end(await world.call_records.active_call(ana) or "")
    assert await world.offer(new_id(), pair, since=since(now - HOUR // 2)) is None


async def test_an_offer_sees_what_it_has_waited_for(world: World) -> None:
    """A block that has the two locked: the offer is made of one trip, and still not of what was before."""
    ana, ben = pair = await world.pair()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group, world.pool.acquire() as holder:
        async with holder.transaction():
            await holder.execute(queries("user_locks")["lock_users"], pair)
            offering = group.create_task(world.offer(new_id(), pair))
            await world.someone_waits_for(holder)
            await holder.execute(
                "INSERT INTO identity.blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, now())",
                ben,
                ana,
            )
        assert await offering == Refusal({}, "blocked")


async def test_offers_of_one_statement_are_each_decided_by_themselves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who have met or block, one who is banned or gone, an echo call: nobody else pays for it."""
    statements, performed = [], PooledConnection.fetchmany

    async def noted(connection: PooledConnection, query: str, args: Any) -> Any:
        statements.append(query)
        return await performed(connection, query, args)

    monkeypatch.setattr(PooledConnection, "fetchmany", noted)
    now = now_ms()
    met, apart, banned, free, others = [await world.pair() for _ in range(5)]
    await world.talked(met, now=now - HOUR)
    await world.blocks.block(apart[1], apart[0], None, now)
    await world.ban(banned[0])
    alone = await world.person()
    asked = [others, met, apart, banned, (free[0], new_id()), free, (alone,)]
    calls = [new_id() for _ in asked]
    answers = await asyncio.gather(
        *(
            world.call_records.offer(
                call,
                origin="match" if len(users) > 1 else "echo",
                mode="voice",
                region="main",
                users=users,
                now=now,
                since=since(now - 2 * HOUR),
            )
            for call, users in zip(calls, asked, strict=True)
        )
    )
    nobody = asked[4][1]
    assert answers[1:5] == [
        Refusal({}, "met"),
        Refusal({}, "blocked"),
        Refusal({banned[0]: "moderated"}, "banned"),
        Refusal({nobody: "moderated"}, "gone"),
    ]
    assert [*answers[:1], *answers[5:]] == [Admitted()] * 3
    for call, users in ((calls[0], others), (calls[5], free), (calls[6], (alone,))):
        assert [await world.call_records.active_call(user) for user in users] == [call] * len(users)
    assert len(statements) == 2, "the first goes alone, and those who come meanwhile together"


async def test_offers_that_overlap_at_once_leave_one_call_a_user(world: World) -> None:
    """Every pair of six people is offered at once, in either order, three times over: never a deadlock, and

    who is refused was refused because somebody of the pair is in a call.
    """
    people = [await world.person(f"P{n}") for n in range(6)]
    pairs = [random.choice(((a, b), (b, a))) for a, b in itertools.combinations(people, 2)]
    for _ in range(3):
        calls = [new_id() for _ in pairs]
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*(world.offer(c, p) for c, p in zip(calls, pairs, strict=True)))
        made = {c: p for c, p, a in zip(calls, pairs, answers, strict=True) if a is None}
        busy = [user for pair in made.values() for user in pair]
        assert len(busy) == len(set(busy))
        assert len(made) >= 2, "six people, every pair asked: two calls at least"
        for pair, answer in zip(pairs, answers, strict=True):
            assert answer is None or (answer.at_fault and answer.at_fault.keys() <= set(pair) & set(busy))
        for call, pair in made.items():
            assert [await world.call_records.active_call(user) for user in pair] == [call, call]
            await world.end(call)


async def test_two_executors_of_one_offer_agree(world: World) -> None:
    """The same offer from two nodes at once is one call."""
    pair = await world.pair()
    call = new_id()
    assert await asyncio.gather(*(world.offer(call, pair) for _ in range(5))) == [None] * 5
    assert await world.pool.fetchval("SELECT count(*) FROM interaction.calls WHERE id = $1", call) == 1


async def test_the_end_frees_both_and_the_first_end_counts(world: World) -> None:
    """Ended twice, the record tells of the first time."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    await world.call_records.started(call, now_ms())
    await world.end(call, reason="hung_up", now=now_ms())
    await world.end(call, reason="connection_lost", now=now_ms() + 5000)
    assert await world.call_records.active_call(ana) is None
    assert await world.call_records.active_call(ben) is None
    [past] = await world.call_records.history(ana, before=None, limit=10, now=TODAY)
    assert past.reason == "hung_up"


async def test_a_call_is_open_while_it_lasts_and_until_it_is_decided(world: World) -> None:
    """What a client that connects anew has to know about."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    assert await world.call_records.open_calls(ana) == [call]
    await world.end(call, decision_deadline=now_ms() + 30_000)
    assert await world.call_records.open_calls(ana) == [call]
    again = await world.offered((ana, await world.person("Cleo")))
    assert sorted(await world.call_records.open_calls(ana)) == [call, again]
    assert await world.call_records.open_calls(ben) == [call]
    await world.call_records.closed(call, "not_connected", now_ms())
    assert await world.call_records.open_calls(ben) == []


async def test_an_end_without_a_decision_leaves_nothing_open(world: World) -> None:
    """Skipped, declined: over is over."""
    ana, _ = pair = await world.pair()
    await world.end(await world.offered(pair), reason="declined")
    assert await world.call_records.open_calls(ana) == []


async def test_the_first_outcome_counts(world: World) -> None:
    """A repeated or late `closed` cannot turn a connection into none."""
    ana, _ = pair = await world.pair()
    row = await world.connected(pair)
    await world.call_records.closed(row.call_id, "not_connected", now_ms())
    [past] = await world.call_records.history(ana, before=None, limit=10, now=TODAY)
    assert past.outcome == "connected"


async def test_the_first_vote_counts(world: World) -> None:
    """Votes are kept with their feedback; repeating one is fine."""
    ana, _ = pair = await world.pair()
    call = await world.talked(pair)
    await world.call_records.voted(call, ana, True, {"rating": 5}, now_ms())
    await world.call_records.voted(call, ana, False, None, now_ms())
    row = await world.pool.fetchrow(
        "SELECT connect, feedback FROM interaction.decisions WHERE call_id = $1", call
    )
    assert tuple(row) == (True, {"rating": 5})


async def test_only_who_was_there_votes(world: World) -> None:
    """A stranger's vote is refused where it would be stored."""
    call = await world.talked(await world.pair())
    with pytest.raises(NotFound):
        await world.call_records.voted(call, await world.person("Cleo"), True, None, now_ms())


async def test_history_pages_from_the_newest(world: World) -> None:
    """Each answered call once, with the other's card; pages follow one another without gap or repeat."""
    ana = await world.person("Ana")
    started = now_ms()
    calls = [await world.talked((ana, await world.person(f"P{n}")), now=started + n) for n in range(5)]
    await world.end(await world.offered((ana, await world.person("Nobody"))), reason="no_answer")
    pages: list[list[str]] = [[]]
    names = []
    before = None
    while page := await world.call_records.history(ana, before=before, limit=2, now=TODAY):
        pages.append([past.call_id for past in page])
        names += [past.peer.display_name for past in page]
        before = pages[-1][-1]
    assert [len(page) for page in pages] == [0, 2, 2, 1]
    assert [call for page in pages for call in page] == calls[::-1]
    assert names == ["P4", "P3", "P2", "P1", "P0"]


async def test_history_tells_what_happened(world: World) -> None:
    """Reason, length, times in ms; the peer's age on the day of reading."""
    ana = await world.person("Ana")
    ben = await world.person("Ben", city="Graz", country="AT", gender="male")
    now = now_ms()
    call = await world.talked((ana, ben), now=now)
    await world.connect(call, (ana, ben))
    [past] = await world.call_records.history(ana, before=None, limit=10, now=TODAY)
    assert (past.call_id, past.mode, past.origin, past.reason) == (call, "video", "match", "hung_up")
    assert (past.started_at, past.ended_at, past.duration_s, past.outcome) == (
        now,
        now + 61_000,
        60,
        "connected",
    )
    card = past.peer
    assert (card.user_id, card.display_name, card.age, card.gender) == (ben, "Ben", 29, "male")
    assert (card.languages, card.city, card.country, card.photo_url) == (["en"], "Graz", "AT", None)
    [later] = await world.call_records.history(ana, before=None, limit=1, now=TODAY + 86_400_000)
    assert later == replace(past, peer=replace(card, age=30))


async def test_past_calls_show_strangers_by_name_and_nothing_more(world: World) -> None:
    """After a block the other looks like anybody with whom no connection was made, whichever has blocked."""
    ana, ben = await world.person("Ana", city="Graz"), await world.person("Ben", city="Linz")
    await world.talked((ana, ben))
    for blocks in (False, True):
        if blocks:
            await world.block(ana, ben)
        for reader, name in ((ana, "Ben"), (ben, "Ana")):
            [past] = await world.call_records.history(reader, before=None, limit=1, now=TODAY)
            assert (past.peer.display_name, past.peer.city, past.peer.languages) == (name, None, [])


async def test_past_calls_show_a_friend_in_full_until_they_are_banned(world: World) -> None:
    """As their room does: what nobody may look up is in no list either."""
    ana, ben = await world.person("Ana"), await world.person("Ben", city="Linz")
    row = await world.connected((ana, ben))

    async def cities() -> list[str | None]:
        [past] = await world.call_records.history(ana, before=None, limit=1, now=now_ms())
        room = await world.rooms.room(row.room_id, ana, now_ms())
        assert room.peer is not None
        return [past.peer.city, room.peer.city]

    assert await cities() == ["Linz", "Linz"]
    await world.ban(ben)
    assert await cities() == [None, None]


async def test_who_of_many_is_in_a_call(world: World) -> None:
    """An offer counts, a call that has ended does not."""
    ana, ben = await world.pair()
    cem, dua = await world.pair()
    await world.offered((ana, ben))
    await world.talked((cem, dua))
    assert await world.call_records.in_call([ana, ben, cem]) == {ana, ben}
    assert await world.call_records.in_call([]) == frozenset()
