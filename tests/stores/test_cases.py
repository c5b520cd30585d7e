"""Cases on the real Postgres: what gathers in them, and what becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

import asyncpg

from core.clock import now_ms
from core.ids import new_id
from core.vocabulary import ReportReason
from db.migrations.migrate import FOLDER, revisions
from db.migrations.schema import scratch_database
from db.postgres.accusations import CROWD
from db.postgres.cases import Verdict
from db.postgres.pool import Connection
from services.ladder import suspension_days
from tests.machines.variants import direct
from tests.patience import PATIENCE_S
from tests.stores.world import World

VERSIONS = FOLDER / "versions"
PERSON = (
    "INSERT INTO identity.users (id, email, username, password_hash, created_at, updated_at)"
    " VALUES ($1::text::uuid, $1::text || '@example.org', $1::text, 'x', now(), now())"
)
REPORT = (
    "INSERT INTO interaction.reports (id, reporter_id, reported_id, reason, status, created_at)"
    " VALUES ($1, $2, $3, $4, $5, now())"
)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def cases(world: World, user_id: str) -> list[tuple[str, int]]:
    """The cases of a user, each with its state and severity."""
    rows = await world.pool.fetch("SELECT state, severity FROM safety.cases WHERE user_id = $1", user_id)
    return [(row["state"], row["severity"]) for row in rows]


async def test_every_reason_has_a_severity(world: World) -> None:
    """`underage` comes first of all."""
    order: list[str] = await world.pool.fetchval(
        "SELECT array_agg(reason ORDER BY safety.severity(reason) DESC, reason)"
        " FROM unnest($1::text[]) AS reason WHERE safety.severity(reason) > 0",
        list(get_args(ReportReason)),
    )
    assert sorted(order) == sorted(get_args(ReportReason))
    assert order[:3] == ["underage", "self_harm", "violence"]


async def test_accounts_of_one_network_do_not_suspend_a_whole_evening(world: World) -> None:
    """Each lies about somebody's age; a moderator's decision makes room, and others are believed."""

    async def suspended(reporter: str) -> bool:
        ben = await world.person("Ben")
        call = await world.talked((reporter, ben))
        await world.call_records.closed(call, "not_connected", now_ms())
        await world.report(call, reporter, ben, "underage")
        return bool(await world.pool.fetchval("SELECT id FROM safety.strikes WHERE user_id = $1", ben))

    liars = [await world.person("Eve") for _ in range(CROWD + 2)]
    await world.seen_with("network", liars)
    assert [await suspended(liar) for liar in liars[:-1]] == [True] * 10 + [False] * (CROWD - 9)
    assert await suspended(await world.person("Ana"))
    mod, verdict = await world.person("Mod"), Verdict(action="dismiss")
    of_liars = (
        "SELECT case_id FROM interaction.reports WHERE reporter_id = ANY ($1::uuid[]) ORDER BY id LIMIT 1"
    )
    case_id = await world.pool.fetchval(of_liars, liars)
    await world.cases.decide(case_id, mod, verdict, now_ms(), days=suspension_days)
    assert await suspended(liars[-1])


async def test_all_reports_about_one_user_gather_in_one_case(world: World) -> None:
    """Whoever files them; it is as severe as the worst of them."""
    ben = await world.person("Ben")
    for reason in ("spam", "other", "underage"):
        ana = await world.person("Ana")
        await world.report(await world.talked((ana, ben)), ana, ben, reason)
    assert await cases(world, ben) == [("open", 100)]


async def test_reports_of_the_version_before_are_carried_over(database_url: str) -> None:
    """Those to review are gathered by user; what moderators were done with stays out of the queue."""
    ana, ben, cem = new_id(), new_id(), new_id()
    *open_ones, done = [new_id(n) for n in range(1, 4)]
    async with scratch_database(direct(database_url)) as empty, connected(empty) as connection:
        before = revisions()[: revisions().index("0016_cases")]
        for version in [*before, None]:
            if version is None:
                await connection.executemany(PERSON, [(user,) for user in (ana, ben, cem)])
                for report, by, about, reason, status in (
                    (open_ones[0], ana, cem, "spam", "open"),
                    (open_ones[1], ben, cem, "underage", "reviewing"),
                    (done, ana, ben, "spam", "dismissed"),
                ):
                    await connection.execute(REPORT, report, by, about, reason, status)
            await connection.execute((VERSIONS / f"{version or '0016_cases'}.sql").read_text())
        rows = await connection.fetch("SELECT id, user_id, severity, state FROM safety.cases")
        gathered = await connection.fetch("SELECT id, case_id FROM interaction.reports ORDER BY id")
    assert [tuple(map(str, row)) for row in rows] == [(open_ones[0], cem, "100", "open")]
    assert [row["case_id"] and str(row["case_id"]) for row in gathered] == [open_ones[0]] * 2 + [None]


async def test_a_node_of_the_version_before_files_reports(world: World) -> None:
    """It knows of no subjects and no cases: reports get both, and after a decision the next case."""
    ben = await world.person("Ben")
    calls = []
    for _ in range(3):
        ana = await world.person("Ana")
        calls.append(await world.talked((ana, ben)))
        await world.pool.execute(
            "INSERT INTO interaction.reports"
            " (id, call_id, reporter_id, reported_id, reason, note, created_at)"
            " VALUES ($1, $2, $3, $4, 'spam', NULL, now())"
            " ON CONFLICT ON CONSTRAINT one_report_a_call_and_reporter DO NOTHING",
            new_id(),
            calls[-1],
            ana,
            ben,
        )
        if len(calls) == 2:
            await world.pool.execute(
                "UPDATE safety.cases SET state = 'decided', action = 'warn', decided_by = user_id,"
                " decided_at = now() WHERE user_id = $1",
                ben,
            )
    rows = await world.pool.fetch(
        "SELECT subject_type, subject_id, case_id FROM interaction.reports WHERE reported_id = $1", ben
    )
    assert {(row["subject_type"], row["subject_id"]) for row in rows} == {("call", call) for call in calls}
    assert sorted(await cases(world, ben)) == [("decided", 20), ("open", 20)]
    assert len({row["case_id"] for row in rows}) == 2


async def strikes(world: World, user_id: str) -> list[tuple[str, str, str | None]]:
    rows = await world.pool.fetch("SELECT action, reason, by FROM safety.strikes WHERE user_id = $1", user_id)
    return [tuple(row) for row in rows]


async def known_people(world: World, number: int) -> list[str]:
    people = [await world.person() for _ in range(number)]
    await world.known(people)
    return people


async def test_five_who_are_known_suspend_once(world: World) -> None:
    """Also when all of them report at once; nobody else does, nor are staff suspended."""
    people = await known_people(world, 5)
    ben, cem, mod = await world.person("Ben"), await world.person("Cem"), await world.person("Mod")
    await world.set_role(mod, "moderator")
    newcomers = [await world.person() for _ in range(6)]
    for accused, accusers, expected in (
        (ben, people, [("suspend", "hate", None)]),
        (cem, newcomers, []),
        (mod, people, []),
    ):
        calls = [await world.talked((one, accused)) for one in accusers]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(
                *(world.report(call, one, accused, "hate") for call, one in zip(calls, accusers, strict=True))
            )
        assert await strikes(world, accused) == expected


async def test_whose_reports_were_dismissed_counts_no_more(world: World) -> None:
    """Four others and one who was wrong before, more than once."""
    people, ben = await known_people(world, 5), await world.person("Ben")
    for _ in range(2):
        other = await world.person()
        report = await world.report(await world.talked((people[0], other)), people[0], other)
        await world.pool.execute("UPDATE interaction.reports SET status = 'dismissed' WHERE id = $1", report)
    for one in people:
        await world.report(await world.talked((one, ben)), one, ben, "hate")
    assert await strikes(world, ben) == []
    await world.pool.execute(
        "UPDATE interaction.reports SET status = 'actioned' WHERE status = 'dismissed' AND reporter_id = $1",
        people[0],
    )
    [sixth] = await known_people(world, 1)
    await world.report(await world.talked((sixth, ben)), sixth, ben, "hate")
    assert await strikes(world, ben) == [("suspend", "hate", None)]
