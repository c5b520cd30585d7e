"""How the endpoints of mentors are asked: the owner is one."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from core.clock import now_ms, rfc3339, to_datetime
from core.mentor_sessions import MINUTE_MS
from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.people import Caller, Scene
from tests.stores.mentoring import HOUR_MS, MENTOR, a_mentor, a_session, completed, next_hour

_hours = count()


async def _of_owner(scene: Scene) -> str:
    """The owner as a mentor."""
    query = "SELECT id FROM places.mentors WHERE user_id = $1"
    known: str | None = await scene.world.pool.fetchval(query, scene.owner.id)
    return known or await a_mentor(scene.world.pool, scene.owner.id)


async def _mentor(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await _of_owner(scene)})


async def _new_mentor(scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {**MENTOR, "user_id": await scene.world.person()}})


async def _change_mentor(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await _of_owner(scene)}, sent={"json": {"title": "New"}})


async def _book(scene: Scene, _caller: Caller) -> Asked:
    """With the owner, each at another hour."""
    begins = next_hour(ahead_h=24 + next(_hours))
    slot = {"starts_at": rfc3339(begins), "duration_m": 60, "type": "virtual"}
    return Asked(sent={"json": {"mentor_id": await _of_owner(scene), **slot}})


async def _change_session(scene: Scene, _caller: Caller) -> Asked:
    """One that the peer has with the owner."""
    begins = next_hour() + (100 + next(_hours)) * HOUR_MS
    peer = scene.people["peer"].id
    session_id = await a_session(scene.world.pool, await _of_owner(scene), peer, starts_at=begins)
    return Asked(path={"id": session_id}, sent={"json": {"notes": "Shy."}})


async def _review(scene: Scene, caller: Caller) -> Asked:
    """By whoever has had a session with the owner."""
    mentor = await _of_owner(scene)
    if caller.person and caller.id != scene.owner.id:
        await completed(scene.world.pool, mentor, caller.id, days=1 + next(_hours))
    return Asked(path={"id": mentor}, sent={"json": {"rating": 4}})


async def call_in_session(scene: Scene, caller: Caller) -> Mapping[str, object]:
    """One with the owner that lasts just now: the peer's, or that which a block has cancelled."""
    pool, mentor = scene.world.pool, await _of_owner(scene)
    apart = caller.role in {"blocker", "blocked"}
    who = caller.id if apart else scene.people["peer"].id
    query = "SELECT id::text FROM places.mentor_sessions WHERE user_id = $1 AND starts_at < now()"
    session_id = await pool.fetchval(query, who)
    if session_id is None:
        now = now_ms()
        off: dict[str, Any] = {"status": "cancelled", "decided_at": to_datetime(now)} if apart else {}
        session_id = await a_session(pool, mentor, who, starts_at=now - MINUTE_MS, **off)
    return {"mentor_session_id": session_id, "mode": "voice"}


MENTORING: Mapping[str, Way] = {
    "mentor": _mentor,
    "mentor_slots": _mentor,
    "create_mentor": _new_mentor,
    "change_mentor": _change_mentor,
    "book_session": _book,
    "change_session": _change_session,
    "mentor_reviews": _mentor,
    "review_mentor": _review,
}
