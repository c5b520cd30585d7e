"""Encounters on the real Postgres: the fence, the steps of a call, what may be asked about them."""

import asyncio
import itertools
import random

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.errors import NotFound
from core.ids import new_id
from core.vocabulary import EndReason
from db.postgres.encounters import Refusal
from matching.apart import Since
from tests.patience import PATIENCE_S
from tests.stores.world import TODAY, World, since

HOUR = 3_600_000


async def test_an_offer_makes_both_busy(world: World):
    """Both are in this call from the offer on."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    assert await world.encounters.active_call(ana) == call
    assert await world.encounters.active_call(ben) == call
    assert await world.encounters.was_in(call, ana)
    assert not await world.encounters.was_in(call, await world.person("Cleo"))


async def test_the_same_offer_again_changes_nothing(world: World):
    """Who repeats an offer is told that it stands; once it has ended on record it stands for nobody."""
    pair = await world.pair()
    call = await world.offered(pair)
    assert await world.offer(call, pair) is None
    await world.end(call)
    assert await world.offer(call, pair) == Refusal({}, "over")
    assert await world.encounters.active_call(pair[0]) is None


async def test_who_is_busy_is_named_and_the_other_stays_free(world: World):
    """A refusal leaves nothing behind."""
    ana, ben = await world.pair()
    cleo = await world.person("Cleo")
    await world.offered((ana, ben))
    call = new_id()
    assert await world.offer(call, (cleo, ana)) == Refusal({ana: "matched"}, "double_match")
    assert await world.encounters.active_call(cleo) is None
    assert not await world.encounters.was_in(call, cleo)


async def test_a_ban_stands_in_the_way_until_it_ends(world: World):
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


async def test_someone_without_an_account_is_at_fault(world: World):
    """Erased or never there: the other one gets the ticket back."""
    ana, ben = await world.pair()
    await world.pool.execute("UPDATE identity.users SET deleted_at = now() WHERE id = $1", ben)
    assert await world.offer(new_id(), (ana, ben)) == Refusal({ben: "moderated"}, "gone")
    nobody = new_id()
    assert await world.offer(new_id(), (ana, nobody)) == Refusal({nobody: "moderated"}, "gone")


@pytest.mark.parametrize("way", [(0, 1), (1, 0)])
async def test_a_block_either_way_refuses_without_fault(world: World, way: tuple[int, int]):
    """Neither has done anything wrong: both get their tickets back."""
    pair = await world.pair()
    await world.block(pair[way[0]], pair[way[1]])
    assert await world.offer(new_id(), pair) == Refusal({}, "blocked")


async def test_offers_that_overlap_at_once_leave_one_call_a_user(world: World):
    """Every pair of six people is offered at once, in either order, three times over: never a deadlock, and

    who is refused was refused because somebody of the pair is in a call.
    """
    people = [await world.person(f"P{n}") for n in range(6)]
    pairs = [tuple(random.sample(pair, 2)) for pair in itertools.combinations(people, 2)]
    for _ in range(3):
        calls = [new_id() for _ in pairs]
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*(world.offer(c, p) for c, p in zip(calls, pairs, strict=True)))
        made = {c: p for c, p, a in zip(calls, pairs, answers, strict=True) if a is None}
        busy = [user for pair in made.values() for user in pair]
        assert len(busy) == len(set(busy))
        assert len(made) >= 2, "six people, every pair asked: two calls at least"
        for pair, answer in zip(pairs, answers, strict=True):
            assert answer is None or (answer.guilty and answer.guilty.keys() <= set(pair) & set(busy))
        for call, pair in made.items():
            assert [await world.encounters.active_call(user) for user in pair] == [call, call]
            await world.end(call)


async def test_two_executors_of_one_offer_agree(world: World):
    """The same offer from two nodes at once is one call."""
    pair = await world.pair()
    call = new_id()
    assert await asyncio.gather(*(world.offer(call, pair) for _ in range(5))) == [None] * 5
    assert await world.pool.fetchval("SELECT count(*) FROM interaction.calls WHERE id = $1", call) == 1


async def test_the_end_frees_both_and_the_first_end_counts(world: World):
    """Ended twice, the record tells of the first time."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    await world.encounters.started(call, now_ms())
    await world.end(call, reason="hung_up", now=now_ms())
    await world.end(call, reason="connection_lost", now=now_ms() + 5000)
    assert await world.encounters.active_call(ana) is None
    assert await world.encounters.active_call(ben) is None
    [past] = await world.encounters.history(ana, before=None, limit=10, today=TODAY)
    assert past.reason == "hung_up"


async def test_a_call_is_open_while_it_lasts_and_until_it_is_decided(world: World):
    """What a client that connects anew has to know about."""
    ana, ben = pair = await world.pair()
    call = await world.offered(pair)
    assert await world.encounters.open_calls(ana) == [call]
    await world.end(call, decision_deadline=now_ms() + 30_000)
    assert await world.encounters.open_calls(ana) == [call]
    again = await world.offered((ana, await world.person("Cleo")))
    assert sorted(await world.encounters.open_calls(ana)) == [call, again]
    assert await world.encounters.open_calls(ben) == [call]
    await world.encounters.closed(call, "not_connected", now_ms())
    assert await world.encounters.open_calls(ben) == []


async def test_an_end_without_a_decision_leaves_nothing_open(world: World):
    """Skipped, declined: over is over."""
    ana, _ = pair = await world.pair()
    await world.end(await world.offered(pair), reason="declined")
    assert await world.encounters.open_calls(ana) == []


async def test_the_first_outcome_counts(world: World):
    """A repeated or late `closed` cannot turn a connection into none."""
    ana, _ = pair = await world.pair()
    row = await world.connected(pair)
    await world.encounters.closed(row.call_id, "not_connected", now_ms())
    [past] = await world.encounters.history(ana, before=None, limit=10, today=TODAY)
    assert past.outcome == "connected"


async def test_the_first_vote_counts(world: World):
    """Votes are kept with their feedback; repeating one is fine."""
    ana, _ = pair = await world.pair()
    call = await world.talked(pair)
    await world.encounters.voted(call, ana, True, {"rating": 5}, now_ms())
    await world.encounters.voted(call, ana, False, None, now_ms())
    row = await world.pool.fetchrow(
        "SELECT connect, feedback FROM interaction.decisions WHERE call_id = $1", call
    )
    assert tuple(row) == (True, {"rating": 5})


async def test_only_who_was_there_votes(world: World):
    """A stranger's vote is refused where it would be stored."""
    call = await world.talked(await world.pair())
    with pytest.raises(NotFound):
        await world.encounters.voted(call, await world.person("Cleo"), True, None, now_ms())


async def test_who_would_be_refused_can_be_asked_before(world: World):
    """Busy, banned or gone: those whom the fence calls guilty."""
    ana, ben, cal, dee, eve = [await world.person() for _ in range(5)]
    await world.offered((ana, ben))
    await world.ban(cal)
    await world.ban(dee, until=now_ms() - 1)
    nobody = new_id()
    unfit = await world.encounters.unfit([ana, ben, cal, dee, eve, nobody], now_ms())
    assert unfit == {ana, ben, cal, nobody}
    assert not await world.encounters.unfit([], now_ms())


@pytest.mark.parametrize("reason", ["declined", "skipped", "reported", "blocked"])
async def test_who_refused_the_other_lately_is_on_good_terms_no_more(world: World, reason: EndReason):
    """Whoever of the two did, and however well they have talked besides."""
    ana, ben = await world.pair()
    now = now_ms()
    for earlier in (now - 5_000, now - 3_000):
        await world.end(await world.offered((ana, ben), now=earlier), now=earlier + 10)
    terms = world.encounters.on_good_terms
    assert await terms(ana, ben, since(now - 10_000))
    await world.end(await world.offered((ben, ana), now=now - 2_000), reason=reason, now=now - 1_990)
    assert not await terms(ana, ben, since(now - 10_000))
    assert not await terms(ben, ana, since(now - 10_000))
    assert await terms(ana, ben, since(now - 1_000))


async def test_a_block_either_way_ends_good_terms(world: World):
    ana, ben = await world.pair()
    await world.block(ana, ben)
    assert not await world.encounters.on_good_terms(ana, ben, since(0))
    assert not await world.encounters.on_good_terms(ben, ana, since(0))


async def test_one_avoids_whom_one_met_or_blocked(world: World):
    """Met: both accepted, or one declined or skipped."""
    ana, now = await world.person("Ana"), now_ms()
    people = [await world.person(f"P{n}") for n in range(7)]
    met, declined, skipped, friend, long_ago, blocker, blocked = people
    await world.talked((ana, met), now=now - 23 * HOUR)
    await world.end(await world.offered((declined, ana), now=now - 2 * HOUR), reason="declined")
    await world.end(await world.offered((ana, skipped), now=now - 2 * HOUR), reason="skipped")
    call_id = new_id(now)
    assert await world.offer(call_id, (ana, friend), now=now - 1, origin="direct") is None
    await world.end(call_id, reason="no_answer")
    await world.talked((ana, long_ago), now=now - 25 * HOUR)
    await world.block(blocker, ana)
    await world.block(ana, blocked)
    assert await world.encounters.avoid(ana, since(now - 24 * HOUR)) == {
        met,
        declined,
        skipped,
        blocker,
        blocked,
    }
    assert await world.encounters.avoid(met, since(now - 24 * HOUR)) == {ana}


async def test_who_did_not_answer_is_avoided_for_a_shorter_while(world: World):
    """By the one who was ready too, and neither is on good terms."""
    ana, now = await world.person("Ana"), now_ms()
    silent, long_ago = [await world.person(f"P{n}") for n in range(2)]
    await world.end(await world.offered((ana, long_ago), now=now - 2 * HOUR), reason="no_answer")
    await world.end(await world.offered((ana, silent), now=now - HOUR // 2), reason="no_answer")
    lately = Since(met=now - 24 * HOUR, unanswered=now - HOUR)
    for one, other in ((ana, silent), (silent, ana)):
        assert await world.encounters.avoid(one, lately) == {other}
        assert not await world.encounters.on_good_terms(one, other, lately)
    assert await world.encounters.on_good_terms(ana, long_ago, lately)


async def test_history_pages_from_the_newest(world: World):
    """Each answered call once, with the other's card; pages follow one another without gap or repeat."""
    ana = await world.person("Ana")
    started = now_ms()
    calls = [await world.talked((ana, await world.person(f"P{n}")), now=started + n) for n in range(5)]
    await world.end(await world.offered((ana, await world.person("Nobody"))), reason="no_answer")
    pages: list[list[str]] = [[]]
    names = []
    before = None
    while page := await world.encounters.history(ana, before=before, limit=2, today=TODAY):
        pages.append([past.call_id for past in page])
        names += [past.peer.display_name for past in page]
        before = pages[-1][-1]
    assert [len(page) for page in pages] == [0, 2, 2, 1]
    assert [call for page in pages for call in page] == calls[::-1]
    assert names == ["P4", "P3", "P2", "P1", "P0"]


async def test_history_tells_what_happened(world: World):
    """Reason, length, times in ms; the peer's age on the day of reading."""
    ana = await world.person("Ana")
    ben = await world.person(
        "Ben", photos=["/media/1.jpg", "/media/2.jpg"], city="Graz", country="AT", gender="male"
    )
    now = now_ms()
    call = await world.talked((ana, ben), now=now)
    await world.connect(call, (ana, ben))
    [past] = await world.encounters.history(ana, before=None, limit=10, today=TODAY)
    assert (past.call_id, past.mode, past.origin, past.reason) == (call, "video", "match", "hung_up")
    assert (past.started_at, past.ended_at, past.duration_s, past.outcome) == (
        now,
        now + 61_000,
        60,
        "connected",
    )
    card = past.peer
    assert (card.user_id, card.display_name, card.age, card.gender) == (ben, "Ben", 29, "male")
    assert (card.languages, card.city, card.country, card.photo_url) == (["en"], "Graz", "AT", "/media/1.jpg")
    [later] = await world.encounters.history(ana, before=None, limit=1, today=TODAY.replace(day=16))
    assert later == replace(past, peer=replace(card, age=30))


async def test_past_calls_show_strangers_by_name_and_nothing_more(world: World):
    """Whoever has blocked whom looks like somebody with whom nothing came of it."""
    ana, ben = await world.person("Ana", city="Graz"), await world.person("Ben", city="Linz")
    await world.talked((ana, ben))
    for blocks in (False, True):
        if blocks:
            await world.block(ana, ben)
        for reader, name in ((ana, "Ben"), (ben, "Ana")):
            [past] = await world.encounters.history(reader, before=None, limit=1, today=TODAY)
            assert (past.peer.display_name, past.peer.city, past.peer.languages) == (name, None, [])
