"""Faults and tiers on the real Postgres, with many who act at once."""

import asyncio

import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from core.settings import MOST_COOL_DOWNS
from core.vocabulary import LeftReason, Origin
from db.postgres.accusations import CROWD
from db.postgres.applicants import ApplicantStore
from db.postgres.call_records import Admitted, Refusal
from db.postgres.trust import LATEST_CALLS, Standing, TrustStore
from services.trust import TrustService
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.town import DAY, HOUR, Town
from tests.stores.world import World, since


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product reviews."""
    return await new_database()


@pytest.fixture
def trust(world: World) -> TrustService:
    return TrustService(
        TrustStore(world.pool), now_ms, new_id, window_ms=30 * DAY, early_ms=3_000, review_ms=HOUR
    )


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


# Faults


async def faults(world: World, user_id: str) -> tuple[int, ...]:
    [applicant] = await ApplicantStore(world.pool).applicants([(user_id, now_ms(), since(now_ms()))])
    assert applicant is not None
    return tuple(applicant.faults)


async def test_a_fault_is_on_record_with_the_end_once(world: World) -> None:
    """The first end counts, whatever a repeat says about the fault."""
    ana, ben = pair = await world.pair()
    call, now = await world.offered(pair), now_ms()

    async def end(at_fault: list[str], at: int) -> None:
        await world.call_records.ended(
            call, reason="declined", by=ben, duration_s=0, now=at, decision_deadline=None, at_fault=at_fault
        )

    await end([ben], now)
    await asyncio.gather(*(end([ana, ben], now + n) for n in range(1, 5)))
    assert (await faults(world, ana), await faults(world, ben)) == ((), (now,))


async def test_faults_are_told_from_the_newest_and_not_all(world: World) -> None:
    """As many as a rule can tell apart, however often somebody declines."""
    ben, now = await world.person("Ben"), now_ms()
    for n in range(MOST_COOL_DOWNS + 2):
        call = await world.offered((await world.person(), ben))
        await world.call_records.ended(
            call, reason="declined", by=ben, duration_s=0, now=now + n, decision_deadline=None, at_fault=[ben]
        )
    assert await faults(world, ben) == tuple(now + n for n in range(MOST_COOL_DOWNS + 1, 1, -1))


# Standing


async def test_what_somebody_did_is_counted_by_people_and_calls(world: World, town: Town) -> None:
    """Two calls with the same person are one person met; only early ends by oneself are early."""
    ana = await world.person()
    ben, cem, dan = [await world.person(f"P{n}") for n in range(3)]
    await town.call((ana, ben), by=ana, live_ms=2_999)
    await town.call((ben, ana), by=ana, reason="skipped", live_ms=0)
    await town.call((ana, cem), by=ana, live_ms=3_000)
    await town.call((cem, ana), by=cem, live_ms=1_000)
    await town.call((ana, dan), by=ana, reason="reported", live_ms=1_000)
    assert await town.standing(ana) == Standing(met=3, live=5, early=2)
    assert await town.standing(cem) == Standing(met=1, live=2, early=1)


async def test_who_leaves_early_is_seen_by_talk_and_not_by_absence(world: World, town: Town) -> None:
    """Two seconds of talk are an early end, though one was away for a minute between them."""
    ana, ben = await world.pair()
    await town.call((ana, ben), by=ana, live_ms=2_000, away_ms=60_000)
    await town.call((ana, ben), by=ana, live_ms=3_000, away_ms=60_000)
    assert await town.standing(ana) == Standing(met=1, live=2, early=1)


async def test_offers_that_came_to_nothing_and_calls_that_go_on_do_not_count(
    world: World, town: Town
) -> None:
    ana, _ = pair = await world.pair()
    await world.end(await world.offered(pair), reason="declined")
    call = await world.offered(pair)
    await world.call_records.started(call, now_ms())
    await world.call_records.live(call, now_ms())
    assert await town.standing(ana) == Standing()
    await world.end(call)
    assert await town.standing(ana) == Standing(met=1, live=1)


async def test_a_reporter_counts_once_and_not_when_dismissed_or_suspect(world: World, town: Town) -> None:
    """One person can report many times; a moderator and the reporter's own standing have a say."""
    ana = await world.person()
    first, second, third = await town.reported(ana, times=3)
    call = await town.call((ana, first))
    await world.report(call, first, ana, "spam")
    assert await town.standing(ana) == Standing(met=3, reporters=3, live=4)
    await world.pool.execute(
        "UPDATE interaction.reports SET status = 'dismissed' WHERE reporter_id = $1", second
    )
    await town.place(third, "suspect")
    assert (await town.standing(ana)).reporters == 1
    await town.place(ana, "suspect")
    assert (await town.standing(ana)).reporters == 2


async def test_who_answers_no_call_accuses_nobody(world: World, town: Town, trust: TrustService) -> None:
    """Three accounts, known to others as they may be; the reports are filed all the same."""
    ana = await world.person()
    strangers = [await world.person(f"S{n}") for n in range(3)]
    await world.known(strangers)
    for stranger in strangers:
        call = await world.offered((ana, stranger))
        await world.end(call, reason="reported")
        await world.report(call, stranger, ana, "nudity")
    await trust.judge(ana)
    assert (await town.standing(ana), await town.tier(ana)) == (Standing(), "neutral")
    count = "SELECT count(*) FROM interaction.reports WHERE reported_id = $1 AND case_id IS NOT NULL"
    assert await world.pool.fetchval(count, ana) == 3


async def test_who_knows_nobody_else_accuses_nobody(world: World, town: Town) -> None:
    """Nor do those who know only each other: whether they suspend or make a suspect is the same rule."""
    ana, ring = await world.person(), [await world.person(f"P{n}") for n in range(5)]
    for n, one in enumerate(ring):
        for other in ring[:n]:
            await town.call((one, other), by=one, ago=(1 + n) * DAY)
    for one in ring:
        call = await town.call((ana, one), by=one, reason="reported")
        await world.report(call, one, ana, "nudity")
    assert await town.standing(ana) == Standing(met=5, live=5)
    assert await world.pool.fetch("SELECT FROM safety.strikes WHERE user_id = $1", ana) == []


async def test_reports_of_a_user_count_as_those_of_a_call(
    world: World, town: Town, trust: TrustService
) -> None:
    """Of those who have met them, once each; what a moderator has found right counts of anybody."""
    ana, people = await world.person(), [await world.person(f"P{n}") for n in range(3)]
    await world.known(people[:2])
    for person in people:
        call = await town.call((ana, person), by=person)
        await world.report_user(ana, person, "hate")
        await world.report(call, person, ana, "hate")
    await world.known([nobody := await world.person()])
    await world.report_user(ana, nobody, "hate")
    assert (await town.standing(ana)).reporters == 2
    await world.pool.execute(
        "UPDATE interaction.reports SET status = 'actioned' WHERE reporter_id = $1", people[2]
    )
    await trust.judge(ana)
    assert await town.tier(ana) == "suspect"


async def test_who_share_a_device_or_a_network_are_one(world: World, town: Town) -> None:
    """And strangers are none who share one with an accuser; a crowd behind one network is many people."""
    ana = await world.person()
    first, second, third = await town.reported(ana, times=3)
    await world.seen_with("device", (first, second))
    assert (await town.standing(ana)).reporters == 2
    crowd = [await world.person() for _ in range(CROWD)]
    await world.seen_with("network", (third, *crowd, second))
    assert (await town.standing(ana)).reporters == 2
    await world.seen_with("network", (third, *await town.met_by(third)))  # as have the other two
    assert (await town.standing(ana)).reporters == 0


async def test_what_is_long_ago_does_not_count(world: World, town: Town) -> None:
    ana = await world.person()
    await town.reported(ana, times=2, ago=3 * DAY)
    await town.reported(ana, times=1, ago=DAY)
    assert (await town.standing(ana, since=2 * DAY)).reporters == 1
    assert (await town.standing(ana, since=4 * DAY)).reporters == 3


async def test_a_judgement_reads_a_bounded_number_of_calls(world: World, town: Town) -> None:
    """The latest; of a user with ever so many."""
    ana, ben = await world.pair()
    await past_calls(world, (ana, ben), "match")
    assert await town.standing(ana) == Standing(met=1, live=LATEST_CALLS)


async def test_calls_of_friends_take_no_place_among_those_by_which_one_is_judged(
    world: World, town: Town
) -> None:
    """Else whoever has left early would ring a friend until nobody sees it any more."""
    ana, ben = await world.pair()
    await town.call((ana, ben), by=ana, live_ms=1_000, ago=2 * HOUR)
    await past_calls(world, (ana, ben), "direct")
    assert await town.standing(ana) == Standing(met=1, live=1, early=1)


async def past_calls(world: World, users: tuple[str, str], origin: Origin) -> None:
    """More than are read, an hour ago."""
    now = now_ms() - HOUR
    calls = [new_id(now + n) for n in range(LATEST_CALLS + 20)]
    await world.pool.execute(
        "INSERT INTO interaction.calls"
        " (id, origin, mode, region, offered_at, started_at, live_at, ended_at, end_reason, duration_s)"
        " SELECT id, $3, 'voice', 'x', $2, $2, $2, $2, 'hung_up', 0 FROM unnest($1::uuid[]) AS id",
        calls,
        to_datetime(now),
        origin,
    )
    await world.pool.execute(
        "INSERT INTO interaction.call_participants (call_id, user_id, active)"
        " SELECT id, who, false FROM unnest($1::uuid[]) AS id, unnest($2::uuid[]) AS who",
        calls,
        users,
    )


async def test_verified_is_read(world: World, town: Town) -> None:
    ana = await world.person()
    assert not (await town.standing(ana)).verified
    await world.pool.execute("UPDATE identity.users SET verified_at = $2 WHERE id = $1", ana, to_datetime(1))
    assert (await town.standing(ana)).verified


# Moves


async def test_reports_make_suspect_and_the_move_is_on_the_log(
    world: World, town: Town, trust: TrustService
) -> None:
    """From three of three; two were not enough."""
    ana = await world.person()
    await town.reported(ana, times=2)
    await trust.judge(ana)
    assert await town.tier(ana) == "neutral"
    await town.reported(ana, times=1)
    await trust.judge(ana)
    assert await town.tier(ana) == "suspect"
    [entry] = await town.log.entries(user_id=ana, before=None, limit=10)
    assert (entry.actor, entry.action, entry.subject) == (None, "tier_changed", ana)
    assert entry.details == {
        "from": "neutral",
        "to": "suspect",
        "standing": {
            "met": 3,
            "reporters": 3,
            "live": 3,
            "early": 0,
            "verified": False,
            "returning": False,
        },
    }


async def test_who_hangs_up_on_everybody_meets_only_their_like(
    world: World, town: Town, trust: TrustService
) -> None:
    """The applicant query gives the new tier, which the next ticket has."""
    spammer = await world.person()
    for n in range(10):
        await town.call((spammer, await world.person(f"V{n}")), by=spammer, live_ms=2_000)
    await trust.judge(spammer)
    [applicant] = await ApplicantStore(world.pool).applicants([(spammer, now_ms(), since(now_ms()))])
    assert applicant is not None
    assert applicant.tier == "suspect"


async def test_many_who_judge_at_once_leave_one_move_and_one_entry(
    world: World, town: Town, trust: TrustService
) -> None:
    ana = await world.person()
    await town.reported(ana, times=3)
    for expected in (1, 1):  # and again later
        await asyncio.gather(*(trust.judge(ana) for _ in range(20)))
        assert await town.tier(ana) == "suspect"
        assert len(await town.log.entries(user_id=ana, before=None, limit=10)) == expected


async def test_who_judges_what_has_changed_meanwhile_judges_again(
    world: World, town: Town, trust: TrustService
) -> None:
    """A judgement waits for the user's row while another moves them: the last word is that of the facts."""
    ana = await world.person()
    await town.place(ana, "suspect")
    async with world.pool.acquire() as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("UPDATE identity.users SET tier = 'trusted' WHERE id = $1", ana)
        judging = asyncio.create_task(trust.judge(ana))
        async with asyncio.timeout(PATIENCE_S):
            await world.someone_waits_for(holder)
        await transaction.commit()
    await judging
    [entry] = await town.log.entries(user_id=ana, before=None, limit=10)
    assert (entry.details["from"], entry.details["to"]) == ("trusted", "neutral")
    assert await town.tier(ana) == "neutral"


async def test_a_move_that_fails_leaves_no_entry(world: World, town: Town) -> None:
    ana = await world.person()
    moved = await town.store.move(ana, "suspect", "neutral", entry_id=new_id(), details={}, now=now_ms())
    assert not moved
    assert await town.log.entries(user_id=ana, before=None, limit=10) == []


async def test_an_account_that_is_gone_is_not_judged(world: World, town: Town, trust: TrustService) -> None:
    ana = await world.person()
    await town.place(ana, "suspect")
    await world.pool.execute("UPDATE identity.users SET deleted_at = created_at WHERE id = $1", ana)
    await trust.judge(ana)
    await trust.judge(new_id())
    assert await town.log.entries(user_id=ana, before=None, limit=10) == []


# Reviews


async def test_a_suspect_who_stays_away_is_neutral_when_it_is_long_ago(
    world: World, town: Town, trust: TrustService
) -> None:
    """Each review gives a user to one node, and neutral ones to none."""
    await world.pool.execute("UPDATE identity.users SET tier = 'neutral'")
    people = [await world.person(f"P{n}") for n in range(5)]
    for who in people[1:]:
        await town.place(who, "suspect")
    at = now_ms()
    taken = await asyncio.gather(*(town.store.due(at, judged_before=at - HOUR, limit=2) for _ in range(4)))
    assert sorted(who for batch in taken for who in batch) == sorted(people[1:])
    assert await town.store.due(at + 1, judged_before=at, limit=9) == []
    await world.pool.execute("UPDATE identity.users SET judged_at = '-infinity'")
    while await trust.review(2):
        pass
    assert [await town.tier(who) for who in people] == ["neutral"] * 5
    for who in people[1:]:
        assert len(await town.log.entries(user_id=who, before=None, limit=9)) == 1


# The fence


@pytest.mark.parametrize(
    ("now_suspect", "queued_as", "at_fault"),
    [
        ([], [], None),
        ([0, 1], [0, 1], None),
        ([0, 1], [], None),
        ([0], [], [0]),
        ([1], [], [1]),
        ([0], [0, 1], [1]),
        ([0], [0], [0]),
    ],
)
async def test_the_fence_keeps_suspects_and_others_apart(
    world: World, town: Town, now_suspect: list[int], queued_as: list[int], at_fault: list[int] | None
) -> None:
    """A user who queued with a trust that has changed since leaves; the other one keeps the place."""
    pair = await world.pair()
    for n in now_suspect:
        await town.place(pair[n], "suspect")
    found = await world.call_records.offer(
        new_id(),
        origin="match",
        mode="video",
        region="main",
        users=pair,
        now=now_ms(),
        suspects=[pair[n] for n in queued_as],
    )
    told: dict[str, LeftReason] = {
        pair[n]: "moderated" if n in now_suspect else "left" for n in at_fault or ()
    }
    assert found == (Admitted() if at_fault is None else Refusal(told, "trust"))
