"""Sessions of which nobody has said what became of them, in the real Postgres."""

import asyncio
from typing import Any

import pytest

from core.clock import now_ms, to_datetime
from core.contract.mentor_sessions import MentorSessionPatch
from core.contract.reward_rules import RulePatch
from core.errors import Conflict
from core.ids import new_id
from core.mentor_sessions import SessionRule
from core.settings import Settings
from db.postgres.mentor_sessions import MentorSessionStore
from db.postgres.reward_rules import RewardRuleStore
from db.postgres.unsettled_sessions import UnsettledSessions
from services.mentor_slots import offers
from tests.stores.mentoring import HOUR_MS, a_mentor, a_session
from tests.stores.rewarding import a_rule, rewards_of
from tests.stores.world import World

RULE = SessionRule.of(Settings())
DAY = 24


class Two:
    """Ana, and her mentor Mia."""

    def __init__(self, world: World, ana: str, mia: str, mentor: str) -> None:
        self.world, self.ana, self.mia, self.mentor = world, ana, mia, mentor
        self.settling = UnsettledSessions(
            world.pool, world.notifications.notify, grant=rewards_of(world).grant
        )

    async def session(
        self, *, ended_h: int = DAY + 1, rang: str = "", live: bool = False, **more: Any
    ) -> str:
        """One that ended so many hours ago, and a call in it by whoever `rang`."""
        begins = now_ms() - (ended_h + 1) * HOUR_MS
        made = await a_session(self.world.pool, self.mentor, self.ana, starts_at=begins, **more)
        if rang:
            at = to_datetime(begins)
            await self.world.pool.execute(
                "INSERT INTO interaction.calls (id, origin, mode, region, offered_at, invited_by,"
                " mentor_session_id, live_at, ended_at, end_reason, duration_s)"
                " VALUES ($1, 'direct', 'voice', 'main', $2, $3, $4, $5, $2, 'hung_up', 0)",
                new_id(begins), at, rang, made, at if live else None,
            )  # fmt: skip
        return made

    async def settle(self) -> tuple[str, ...]:
        """As the job does, again while there is more. Gives who has news."""
        now, told, due = now_ms(), list[str](), 1
        while due:
            due, news = await self.settling.settle(now - RULE.settle_ms, now, limit=2)
            told += news
        return tuple(told)

    async def became(self, session: str) -> tuple[str, str | None]:
        query = "SELECT status, decided_by FROM places.mentor_sessions WHERE id = $1"
        row = await self.world.pool.fetchrow(query, session)
        return row["status"], row["decided_by"]

    async def completed(self) -> int:
        """As the mentor's page says."""
        query = "SELECT total_sessions FROM places.mentors WHERE id = $1"
        found: int = await self.world.pool.fetchval(query, self.mentor)
        return found

    async def rewards(self, rule: str) -> int:
        """Of this rule: others may have left theirs in force."""
        of_rule = "SELECT count(*)::int FROM places.rewards WHERE user_id = $1 AND rule_id = $2"
        count: int = await self.world.pool.fetchval(of_rule, self.ana, rule)
        return count


@pytest.fixture
async def two(world: World) -> Two:
    ana, mia = await world.person("Ana"), await world.person("Mia")
    return Two(world, ana, mia, await a_mentor(world.pool, mia))


async def test_what_is_on_record_settles_it(two: Two) -> None:
    """A day after its end: who talked has completed it, who rang in vain has waited for nobody."""
    talked = await two.session(rang=two.ana, live=True, ended_h=DAY + 1)
    waited = await two.session(rang=two.ana, ended_h=DAY + 3)
    nobody = await two.session(ended_h=DAY + 5)
    place = await two.session(type="in-person", ended_h=DAY + 7)
    soon = await two.session(rang=two.ana, live=True, ended_h=DAY - 1)
    assert sorted(await two.settle()).count(two.ana) == 2
    assert await two.became(talked) == ("completed", two.mia)
    assert await two.became(waited) == ("no-show", two.ana)
    assert await two.became(nobody) == ("no-show", None)
    assert await two.became(place) == ("completed", None)
    assert await two.became(soon) == ("scheduled", None)
    assert await two.completed() == 2
    assert await two.settle() == ()


async def test_a_session_on_nobody_s_word_earns_nothing(two: Two) -> None:
    """Nor does it move on which one the next reward is for."""
    rule = await a_rule(two.world, two.mia, kind="mentor_session", every=2)
    await two.session(type="in-person", ended_h=DAY + 1)
    await two.session(rang=two.mia, live=True, ended_h=DAY + 3)
    await two.session(type="in-person", ended_h=DAY + 5)
    await two.settle()
    assert (await two.completed(), await two.rewards(rule)) == (3, 0)
    await two.session(rang=two.mia, live=True, ended_h=DAY + 7)
    await two.settle()
    assert (await two.completed(), await two.rewards(rule)) == (4, 1)
    await RewardRuleStore(two.world.pool).change(rule, RulePatch(active=False), two.mia, now_ms())


async def test_what_is_said_meanwhile_counts_once(two: Two) -> None:
    """By two who settle at once, while the mentor says what became of it."""
    session = await two.session(type="in-person")
    store = MentorSessionStore(
        two.world.pool, two.world.jobs, two.world.notifications.notify, rule=RULE, offers=offers
    )
    said = store.change(session, two.mia, MentorSessionPatch(status="no-show"), now_ms())
    answers = await asyncio.gather(said, two.settle(), two.settle(), return_exceptions=True)
    status, by = await two.became(session)
    if isinstance(answers[0], Conflict):
        assert (status, by, await two.completed()) == ("completed", None, 1)
    else:
        assert (status, by, await two.completed()) == ("no-show", two.mia, 0)
    assert not [each for each in answers[1:] if isinstance(each, Exception)]
