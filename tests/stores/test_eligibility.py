"""Which offers are possible, on the real Postgres: users who are unfit, to be avoided, on good terms."""

import pytest

from core.clock import now_ms
from core.ids import new_id
from core.vocabulary import EndReason
from db.postgres.applicants import ApplicantStore
from db.postgres.call_records import Refusal
from matching.rematch import RematchIntervals, Since
from tests.stores.world import World, since

HOUR = 3_600_000


async def test_who_would_be_refused_can_be_asked_before(world: World) -> None:
    """Busy, banned or gone: those whom the fence names in `at_fault`."""
    ana, ben, cal, dee, eve = [await world.person() for _ in range(5)]
    await world.offered((ana, ben))
    await world.ban(cal)
    await world.ban(dee, until=now_ms() - 1)
    nobody = new_id()
    unfit = await world.eligibility.unfit([ana, ben, cal, dee, eve, nobody], now_ms())
    assert unfit == {ana, ben, cal, nobody}
    assert not await world.eligibility.unfit([], now_ms())


@pytest.mark.parametrize("reason", ["declined", "skipped", "reported", "blocked"])
async def test_who_refused_the_other_lately_is_on_good_terms_no_more(world: World, reason: EndReason) -> None:
    """Whichever of the two did, and however well they have talked besides."""
    ana, ben = await world.pair()
    now = now_ms()
    for earlier in (now - 5_000, now - 3_000):
        await world.end(await world.offered((ana, ben), now=earlier), now=earlier + 10)
    terms = world.eligibility.on_good_terms
    assert await terms(ana, ben, since(now - 10_000))
    await world.end(await world.offered((ben, ana), now=now - 2_000), reason=reason, now=now - 1_990)
    assert not await terms(ana, ben, since(now - 10_000))
    assert not await terms(ben, ana, since(now - 10_000))
    assert await terms(ana, ben, since(now - 1_000))


async def test_a_block_either_way_ends_good_terms(world: World) -> None:
    ana, ben = await world.pair()
    await world.block(ana, ben)
    assert not await world.eligibility.on_good_terms(ana, ben, since(0))
    assert not await world.eligibility.on_good_terms(ben, ana, since(0))


async def test_one_avoids_whom_one_met_or_blocked(world: World) -> None:
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
    assert await world.eligibility.avoid(ana, since(now - 24 * HOUR)) == {
        met,
        declined,
        skipped,
        blocker,
        blocked,
    }
    assert await world.eligibility.avoid(met, since(now - 24 * HOUR)) == {ana}


async def test_who_did_not_answer_is_avoided_for_a_shorter_while(world: World) -> None:
    """By the one who was ready too, and neither is on good terms."""
    ana, now = await world.person("Ana"), now_ms()
    silent, long_ago = [await world.person(f"P{n}") for n in range(2)]
    await world.end(await world.offered((ana, long_ago), now=now - 2 * HOUR), reason="no_answer")
    await world.end(await world.offered((ana, silent), now=now - HOUR // 2), reason="no_answer")
    lately = Since(met=now - 24 * HOUR, unanswered=now - HOUR)
    for one, other in ((ana, silent), (silent, ana)):
        assert await world.eligibility.avoid(one, lately) == {other}
        assert not await world.eligibility.on_good_terms(one, other, lately)
    assert await world.eligibility.on_good_terms(ana, long_ago, lately)


async def test_where_two_may_meet_again_at_once_nothing_keeps_them_apart_but_a_block(world: World) -> None:
    """However little ago they met: the fence lets them pass too."""
    ana, ben = await world.pair()
    cleo, now = await world.person("Cleo"), now_ms()
    await world.talked((ana, ben), now=now - 1)
    await world.block(cleo, ana)
    always = RematchIntervals(met_ms=0, unanswered_ms=0).since(now)
    assert await world.eligibility.avoid(ana, always) == {cleo}
    [applicant] = await ApplicantStore(world.pool).applicants([(ana, now, always)])
    assert applicant is not None
    assert applicant.avoid == {cleo}
    assert await world.offer(new_id(), (ana, cleo), since=always) == Refusal({}, "blocked")
    assert await world.offer(new_id(), (ana, ben), since=always) is None


async def test_who_joins_at_the_same_time_is_told_of_themselves(world: World) -> None:
    """One statement reads all: each gets their own card, and whom they must avoid; a stranger nothing."""
    ana, ben = await world.pair()
    cleo, nobody = await world.person("Cleo"), new_id()
    await world.block(cleo, ben)
    store, now = ApplicantStore(world.pool), now_ms()
    found = await store.applicants([(user, now, since(now)) for user in (ana, ben, nobody, cleo, ana)])
    assert [each and each.card.user_id for each in found] == [ana, ben, None, cleo, ana]
    assert [each and each.avoid for each in found] == [frozenset(), {cleo}, None, {ben}, frozenset()]
