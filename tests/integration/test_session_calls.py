"""Calls in sessions with mentors: both may ring the other while one lasts, as their devices hear it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from core.clock import now_ms
from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person
from tests.stores.mentoring import a_mentor, a_session
from tests.stores.world import World

MINUTE_MS = 60_000


@dataclass
class Mentored:
    """Ana, and Mia who mentors her: strangers else."""

    world: World
    she: Person
    mia: Person
    ana: ClientDevice
    mentor: ClientDevice
    mentor_id: str

    async def of(self, *, begun_m: int = 10, minutes: int = 60, **more: object) -> str:
        """One that has begun so many minutes ago."""
        begins = now_ms() - begun_m * MINUTE_MS
        return await a_session(
            self.world.pool, self.mentor_id, self.she.id, starts_at=begins, minutes=minutes, **more
        )

    async def end(self, call_id: str) -> None:
        await self.ana.ask("call:end", call_id=call_id)
        await self.mentor.next("call:ended", call_id=call_id)


@pytest.fixture
async def session(world: World, sign_up: SignUp) -> Mentored:
    she, mia = await sign_up(), await sign_up()
    ana, mentor = await she.connect("ana-phone"), await mia.connect("mia-phone")
    return Mentored(world, she, mia, ana, mentor, await a_mentor(world.pool, mia.id))


async def test_both_call_each_other_while_it_lasts(session: Mentored) -> None:
    """With video where they like, for as long as the session has left; and again."""
    session_id = await session.of(minutes=120)
    for one, other, mode in (
        (session.ana, session.mentor, "video"),
        (session.mentor, session.ana, "voice"),
    ):
        rung = await one.ask("call:invite", mentor_session_id=session_id, mode=mode)
        call_id = rung["call_id"]
        offered = await other.next("call:offered", call_id=call_id)
        assert (offered["origin"], offered["mode"]) == ("direct", mode)
        await other.ask("call:accept", call_id=call_id)
        for device in (one, other):
            started = await device.next("call:started", call_id=call_id)
            assert 100 * 60 < started["max_duration_s"] <= 110 * 60 + 1  # of another clock
            await device.ask("call:connected", call_id=call_id, epoch=1)
        for device in (one, other):
            await device.next("call:state", state="live")
        await session.end(call_id)


async def test_a_short_rest_is_no_short_call(session: Mentored) -> None:
    """Who begins near the end has the time that any call has."""
    session_id = await session.of(begun_m=55)
    rung = await session.ana.ask("call:invite", mentor_session_id=session_id, mode="voice")
    await session.mentor.ask("call:accept", call_id=rung["call_id"])
    assert (await session.ana.next("call:started"))["max_duration_s"] == 1800
    await session.end(rung["call_id"])


async def test_outside_its_time_nobody_is_rung(session: Mentored, sign_up: SignUp) -> None:
    """Before it, after it, in person, once it is over or off; nor by whom it is not."""

    async def refused(session_id: str, device: ClientDevice = session.ana) -> str:
        return await device.refused("call:invite", mentor_session_id=session_id, mode="voice")

    assert await refused(await session.of(begun_m=-30)) == "conflict"
    assert await refused(await session.of(begun_m=120)) == "conflict"
    assert await refused(await session.of(minutes=20, type="in-person")) == "conflict"
    off = await session.of(status="cancelled", decided_at=datetime.now(UTC))
    assert await refused(off) == await refused(off, session.mentor) == "conflict"
    assert await refused(session.mentor_id) == "not_found"
    stranger = await (await sign_up()).connect()
    assert await refused(off, stranger) == "not_found"
    both = {"mentor_session_id": off, "connection_id": off}
    assert await session.ana.refused("call:invite", mode="voice", **both) == "invalid_request"


async def test_it_is_cancelled_while_it_rings(session: Mentored) -> None:
    """Nobody can answer any more; the settings of who lets nobody call were no matter."""
    await session.mia.rest("PATCH", "/v1/me/settings", json={"privacy": {"direct_calls": "nobody"}})
    session_id = await session.of()
    rung = await session.ana.ask("call:invite", mentor_session_id=session_id, mode="voice")
    await session.mentor.next("call:offered", call_id=rung["call_id"])
    await session.world.pool.execute(
        "UPDATE places.mentor_sessions SET status = 'cancelled', decided_at = now() WHERE id = $1", session_id
    )
    assert await session.mentor.refused("call:accept", call_id=rung["call_id"]) == "gone"


async def test_who_is_blocked_has_no_session(session: Mentored) -> None:
    session_id = await session.of()
    rung = await session.ana.ask("call:invite", mentor_session_id=session_id, mode="voice")
    await session.mentor.ask("call:accept", call_id=rung["call_id"])
    await session.ana.next("call:started")
    await session.mia.rest("POST", "/v1/blocks", json={"user_id": session.she.id})
    await session.ana.next("call:ended", call_id=rung["call_id"])
    again = {"mentor_session_id": session_id, "mode": "voice"}
    assert await session.ana.refused("call:invite", **again) == "conflict"
