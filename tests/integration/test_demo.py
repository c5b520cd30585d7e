"""A demo's town: filled at the endpoints that everybody uses, looked at by a newcomer, and taken away."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.clock import now_ms
from core.settings import Settings
from core.tasks import end
from demo.bots import wait, waiting
from demo.filling.filler import NoTown, fill
from demo.plan.people import people
from demo.plan.sizes import Sizes
from demo.removing import remove
from demo.ways import run
from realtime.arguments import parse
from tests.conftest import NewDatabase, NewRedis
from tests.integration.conftest import SignUp
from tests.integration.person import Person
from tests.patience import CROWD_S, PATIENCE_S

SIZES = Sizes(seed=3, people=6, places=10)
WORD = "oyb4-edty-sprt"
# Of all tables but the schedules of jobs and their log, which are of nobody: a node writes them by the clock.
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND c.oid NOT IN ('jobs.pgqueuer_schedules'::regclass, 'jobs.pgqueuer_log'::regclass)
"""


@pytest.fixture(scope="module")
async def settings(settings: Settings, new_database: NewDatabase, new_redis: NewRedis) -> Settings:
    """A product of its own: what other tests have left to its nodes would be counted with the town."""
    return replace(settings, database_url=await new_database(), redis_url=await new_redis())


@pytest.fixture(scope="module")
async def address(settings: Settings) -> AsyncIterator[str]:
    """Where that one answers."""
    async with running(settings) as address:
        yield address


class Rows:
    """How many there are, by table."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def count(self) -> Counter[str]:
        tables = [row[0] for row in await self._connection.fetch(TABLES)]
        counts = [f"SELECT '{table}', count(*) FROM {table}" for table in tables]
        return Counter(dict(await self._connection.fetch(" UNION ALL ".join(counts))))

    async def more_than(self, before: Counter[str], expected: dict[str, int]) -> None:
        """Wait until just so many have come since then; what nodes are still to see to is gone soon."""
        async with asyncio.timeout(CROWD_S):
            while (more := dict(await self.count() - before)) != expected:
                try:
                    await asyncio.sleep(0.1)
                except asyncio.CancelledError:
                    raise AssertionError(f"There is more: {more}, and not {expected}") from None


@pytest.fixture
async def rows(settings: Settings) -> AsyncIterator[Rows]:
    connection = await asyncpg.connect(settings.database_url)
    yield Rows(connection)
    await connection.close()
    await remove(settings, print)  # what a test that fails has left


def files(settings: Settings) -> set[Path]:
    return {file for file in Path(settings.data_dir).rglob("*") if file.is_file()}


async def signed_in(address: str, web: aiohttp.ClientSession, username: str) -> Person:
    """Somebody of the town."""
    login = {"login": username, "password": WORD}
    async with web.post(f"{address}/v1/auth/login", json=login) as response:
        assert response.status == 200
        answer = await response.json()
    return Person(address, web, answer)


async def test_a_newcomer_sees_a_town_and_it_goes_without_a_trace(
    address: str, settings: Settings, web: aiohttp.ClientSession, sign_up: SignUp, rows: Rows
) -> None:
    """All that is shown is there; a second town is not made; what somebody else did stays with them."""
    ana = await sign_up(gender="female")
    device = await ana.connect()
    before, kept = await rows.count(), files(settings)

    said: list[str] = []

    async def door(username: str, user_id: str) -> None:
        """The server that people use knows them at once."""
        assert (await signed_in(address, web, username)).id == user_id

    filled = await fill(settings, SIZES, WORD, said.append, door)
    assert (filled.new, filled.declined) == (True, {})
    assert not (await fill(settings, Sizes(seed=9), WORD, said.append, door)).new
    await see(await signed_in(address, web, "maya.demo"))
    staff = await signed_in(address, web, "noor.demo")
    assert len((await staff.rest("GET", "/v1/me/partners"))[1]["items"]) == 3
    admin = await signed_in(address, web, "alba.demo")
    _, calls = await admin.rest("GET", "/v1/admin/audit?limit=1")
    assert calls["items"]

    # Ana checks in at a place of the town, and meets somebody of it.
    cafes = "/v1/locations?near=51.5074,-0.1278&q=Peaceful+Grounds"
    [place] = (await ana.rest("GET", cafes))[1]["items"]
    here = {"location_id": place["id"], "lat": place["lat"], "lon": place["lon"]}
    status, checked_in = await ana.rest("POST", "/v1/check-ins", json=here)
    assert (status, [each["title"] for each in checked_in["rewards"]]) == (201, ["First steps"])
    bots = waiting(people(SIZES), 6)
    queue = asyncio.create_task(wait(address, bots, WORD, SIZES.seed))
    await device.ask("queue:join", mode="video")
    offer = await device.next("call:offered")
    assert offer["peer"]["display_name"] == bots[0].display_name
    await device.ask("call:accept", call_id=offer["call_id"])
    await device.next("call:started")
    await device.ask("call:end", call_id=offer["call_id"])
    await device.next("call:ended")

    assert await remove(settings, said.append)
    async with asyncio.timeout(PATIENCE_S):
        await queue  # the bot was signed out
    await end([queue])
    assert not await remove(settings, said.append)
    assert files(settings) <= kept
    await rows.more_than(before, OF_ANA)
    _, journey = await ana.rest("GET", "/v1/me/journey")
    assert journey["total_check_ins"] == 1
    _, wallet = await ana.rest("GET", "/v1/me/rewards")
    assert [each["title"] for each in wallet["items"]] == ["First steps"]
    assert (await ana.rest("GET", cafes))[1]["items"] == []


# What she did, the place and the rule that it has to do with, which are closed, and whom she has met, who is
# nobody now.
OF_ANA = {
    "places.check_ins": 1,
    "places.journeys": 1,
    "places.locations": 1,
    "places.reward_rules": 1,
    "places.rewards": 1,
    "places.reward_ledger": 1,
    "social.notifications": 2,
    "social.notification_lanes": 1,
    "interaction.calls": 1,
    "interaction.call_participants": 2,
    "identity.users": 1,
    "identity.profiles": 1,
    "identity.consents": 2,
    "identity.erasures": 1,
}


async def shut(username: str, _: str) -> None:
    """Nobody knows them."""
    raise NoTown(username)


async def see(maya: Person) -> None:
    """What the guest of the town finds."""
    lists = {
        "/v1/feed": 1,
        "/v1/friends": 1,
        "/v1/friends/requests?box=in": 1,
        "/v1/me/rewards": 2,
        "/v1/me/calls": 1,
        "/v1/rooms": 2,
        "/v1/mentors": 1,
        "/v1/mentor-sessions": 2,
        "/v1/notifications": 5,
        "/v1/me/check-ins": 20,
        "/v1/connections": 1,
    }
    for path, least in lists.items():
        status, page = await maya.rest("GET", path)
        assert (status, len(page["items"]) >= least) == (200, True), path
    _, journey = await maya.rest("GET", "/v1/me/journey")
    assert journey["current_streak"] >= 20
    assert journey["level"] >= 3
    assert [each["id"] for each in journey["milestones"] if "achieved_at" in each]
    _, me = await maya.rest("GET", "/v1/me")
    assert me["photos"][0]["urls"]["s160"]
    _, feed = await maya.rest("GET", "/v1/feed")
    ages = {now_ms() // 86_400_000 - day(post["created_at"]) for post in feed["items"]}
    assert max(ages) > 0


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() // 86_400)


async def test_a_town_takes_nobodys_name(settings: Settings, sign_up: SignUp, rows: Rows) -> None:
    """Who is called so already keeps the name, and nothing is begun."""
    other = await sign_up()
    sizes = Sizes(seed=4, people=6, places=10)
    name, anything = people(sizes)[5].username.upper(), {"If-Match": "*"}
    assert (await other.rest("PATCH", "/v1/me", json={"username": name}, headers=anything))[0] == 200
    before = await rows.count()
    with pytest.raises(NoTown, match=re.escape(name)):
        await fill(settings, sizes, WORD, print, shut)
    assert not await remove(settings, print)
    await rows.more_than(before, {})


async def test_one_that_was_broken_off_goes_the_same_way(
    settings: Settings, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the server has another database. Also whom nobody had the time to note goes; until then no
    other town is begun."""
    settings = replace(settings, database_url=own_database_url)
    connection = await asyncpg.connect(own_database_url)
    rows = Rows(connection)
    before = await rows.count()
    with monkeypatch.context() as patch:
        patch.setattr("db.postgres.demo.DemoStore.note", lambda *_: asyncio.sleep(0))
        with pytest.raises(NoTown, match=r"maya\.demo"):
            await fill(settings, SIZES, WORD, print, shut)
    with pytest.raises(NoTown, match="broken off"):
        await fill(settings, SIZES, WORD, print, shut)
    assert (await rows.count() - before)["identity.users"] == 1
    assert await remove(settings, print)
    await rows.more_than(before, {})
    await connection.close()


def test_never_in_production(capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and touches nothing."""

    def never(program: Coroutine[Any, Any, Any], /) -> Any:
        raise AssertionError(program)

    for asked in (["demo"], ["demo", "--stop"], ["demo", "--url", "http://localhost:8080"]):
        assert run(Settings(environment="production"), parse(None, asked), never) == 2
        assert "never made in production" in capsys.readouterr().err
