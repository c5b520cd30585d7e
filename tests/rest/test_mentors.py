"""Mentors over REST: admins keep them, people find them, and see which slots are free."""

from typing import Any

from core.clock import rfc3339
from core.ids import new_id
from tests.rest.server import Answer, RestServer
from tests.stores.mentoring import ALWAYS, HOUR_MS, MENTOR, a_mentor, a_session, next_hour
from tests.stores.places import a_place

Person = dict[str, Any]


async def an_admin(rest: RestServer) -> Person:
    admin: Person = await rest.sign_up(display_name="Ada")
    await rest.world.set_role(admin["user"]["id"], "admin")
    return admin


async def create(rest: RestServer, admin: Person, who: Person, **more: Any) -> Answer:
    body = {**MENTOR, "user_id": who["user"]["id"], **more}
    return await rest.ask("POST", "/v1/admin/mentors", token=admin["access_token"], json=body)


async def change(rest: RestServer, admin: Person, mentor_id: str, **changes: Any) -> Answer:
    path = f"/v1/admin/mentors/{mentor_id}"
    return await rest.ask("PATCH", path, token=admin["access_token"], json=changes)


async def get(rest: RestServer, who: Person, path: str, **headers: str) -> Answer:
    return await rest.ask("GET", f"/v1/mentors{path}", token=who["access_token"], headers=headers)


async def found(rest: RestServer, who: Person, query: str = "") -> list[str]:
    """The titles, in order, of a search."""
    answer = await get(rest, who, query)
    assert answer.status == 200, answer.body
    return [mentor["title"] for mentor in answer.body["items"]]


async def starts(rest: RestServer, who: Person, mentor_id: str, begin: int, end: int) -> list[str]:
    """Those of all pages."""
    found: list[str] = []
    path, cursor = f"/{mentor_id}/slots?from={rfc3339(begin)}&to={rfc3339(end)}&limit=100", ""
    while True:
        answer = await get(rest, who, path + cursor)
        assert answer.status == 200, answer.body
        found += [slot["starts_at"] for slot in answer.body["items"]]
        if answer.body["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.body['next_cursor']}"


async def test_admins_say_who_is_a_mentor(rest: RestServer) -> None:
    """Once each; it is on the audit log, and all of it can be changed."""
    admin, mia, ana = await an_admin(rest), await rest.sign_up(display_name="Mia"), await rest.sign_up()
    place = await a_place(rest.world.pool)
    made = await create(rest, admin, mia, location_id=place, session_m=45)
    assert made.status == 201, made.body
    assert made.body["user"]["display_name"] == "Mia"
    told = {"available": True, "rating": None, "review_count": 0, "total_sessions": 0, "location_id": place}
    assert told.items() <= made.body.items()
    assert (await get(rest, ana, f"/{made.body['id']}")).body == made.body
    assert (await create(rest, admin, mia)).code == "conflict"
    assert (await create(rest, ana, mia)).code == "not_found"
    assert (await create(rest, admin, {"user": {"id": new_id()}})).code == "not_found"
    assert (await create(rest, admin, ana, location_id=new_id())).code == "not_found"
    wrong = await create(rest, admin, ana, schedule={**ALWAYS, "zone": "Europe/Nowhere"})
    assert (wrong.code, wrong.body["details"]) == ("invalid_request", {"field": "schedule.zone"})

    changed = await change(rest, admin, made.body["id"], bio="More.", location_id=None, available=False)
    assert (changed.body["bio"], changed.body["title"], changed.body["available"]) == (
        "More.",
        "Strength coach",
        False,
    )
    assert "location_id" not in changed.body
    noted = await rest.world.pool.fetch(
        "SELECT action, details FROM identity.audit_log WHERE subject_id = $1 ORDER BY id", mia["user"]["id"]
    )
    assert [row["action"] for row in noted] == ["mentor_created", "mentor_changed"]
    assert noted[1]["details"]["fields"] == ["available", "bio", "location_id"]
    assert (await change(rest, admin, new_id(), bio="More.")).code == "not_found"


async def test_hours_that_nobody_has_said(rest: RestServer) -> None:
    """From Monday to Friday, 9 to 17 o'clock."""
    admin, mia, ana = await an_admin(rest), await rest.sign_up(), await rest.sign_up()
    body = {k: v for k, v in MENTOR.items() if k != "schedule"} | {"user_id": mia["user"]["id"]}
    made = await rest.ask("POST", "/v1/admin/mentors", token=admin["access_token"], json=body)
    assert made.body["schedule"]["week"]["fri"] == [["09:00", "17:00"]]
    week = await starts(rest, ana, made.body["id"], next_hour(), next_hour(ahead_h=24 + 7 * 24))
    assert len(week) == 5 * 8
    assert {start[11:] for start in week} == {f"{hour:02}:00:00.000Z" for hour in range(9, 17)}


async def test_who_is_found(rest: RestServer) -> None:
    """The newest first, by specialization and type, page by page; the nearest of those who have a place."""
    pool, ana = rest.world.pool, await rest.sign_up()
    near, far = await a_place(pool, lat=51.5, lon=-0.1), await a_place(pool, lat=51.6, lon=-0.1)
    tag = new_id()[-12:]
    own: dict[str, dict[str, Any]] = {
        "far": {"location_id": far, "schedule_type": "in-person"},
        "near": {"location_id": near, "specialization": [tag, "Sleep"]},
        "online": {"schedule_type": "virtual", "specialization": ["sleep", tag.upper()]},
    }
    for title, more in own.items():
        mia = await rest.world.person(title)
        await a_mentor(pool, mia, **{"title": title, "specialization": [tag], **more})
    ours = f"?specialization={tag}"
    assert await found(rest, ana, ours) == ["online", "near", "far"]
    assert (await found(rest, ana, "?specialization=SLEEP"))[:2] == ["online", "near"]
    assert await found(rest, ana, f"{ours}&type=in-person") == ["near", "far"]
    assert await found(rest, ana, f"{ours}&type=virtual") == ["online", "near"]
    assert await found(rest, ana, f"{ours}&near=51.5,-0.1") == ["near", "far"]
    first = (await get(rest, ana, f"{ours}&near=51.6,-0.1&limit=1")).body
    assert [(one["title"], one["distance_m"]) for one in first["items"]] == [("far", 0)]
    second = (await get(rest, ana, f"{ours}&near=51.6,-0.1&limit=1&cursor={first['next_cursor']}")).body
    assert [(one["title"], one["distance_m"]) for one in second["items"]] == [("near", 11120)]
    assert second["next_cursor"] is None
    page = (await get(rest, ana, f"{ours}&limit=2")).body
    assert await found(rest, ana, f"{ours}&limit=2&cursor={page['next_cursor']}") == ["far"]
    assert (await get(rest, ana, "?near=91,0")).code == "invalid_request"


async def test_who_is_not_shown(rest: RestServer) -> None:
    """Who is not verified is shown to themselves and staff; who is blocked, banned or leaves, to nobody."""
    pool, ana, admin = rest.world.pool, await rest.sign_up(), await an_admin(rest)
    new, blocked, banned, left = [await rest.sign_up() for _ in range(4)]
    tag = new_id()[-12:]
    people = {"new": new, "blocked": blocked, "banned": banned, "left": left}
    ids = {
        title: await a_mentor(
            pool, person["user"]["id"], title=title, verified=title != "new", specialization=[tag]
        )
        for title, person in people.items()
    }
    await rest.world.block(blocked["user"]["id"], ana["user"]["id"])
    await rest.world.ban(banned["user"]["id"])
    gone = await rest.ask(
        "DELETE", "/v1/me", token=left["access_token"], json={"password": "correct horse battery"}
    )
    assert gone.status == 202, gone.body
    assert await found(rest, ana, f"?specialization={tag}") == []
    for path in ("/{}", "/{}/slots", "/{}/reviews"):
        for mentor_id in ids.values():
            assert (await get(rest, ana, path.format(mentor_id))).code == "not_found"
    assert sorted(await found(rest, new, f"?specialization={tag}")) == ["blocked", "new"]
    assert sorted(await found(rest, admin, f"?specialization={tag}")) == ["blocked", "new"]
    assert (await change(rest, admin, ids["new"], verified=True)).body["verified"]
    assert await found(rest, ana, f"?specialization={tag}") == ["new"]


async def test_slots_that_are_free(rest: RestServer) -> None:
    """None of the past, none in which the mentor has a session, nor whoever asks."""
    pool, ana, ben = rest.world.pool, await rest.sign_up(), await rest.sign_up()
    mia, mo = await rest.world.person("Mia"), await rest.world.person("Mo")
    mentor, other = await a_mentor(pool, mia), await a_mentor(pool, mo)
    rest.clock.stop()
    begin = next_hour(rest.clock())
    await a_session(pool, mentor, ben["user"]["id"], starts_at=begin)
    await a_session(pool, other, ana["user"]["id"], starts_at=begin + HOUR_MS)
    hours = [rfc3339(begin + n * HOUR_MS) for n in range(4)]
    assert await starts(rest, ana, mentor, begin, begin + 4 * HOUR_MS) == hours[2:]
    assert await starts(rest, ben, mentor, begin, begin + 4 * HOUR_MS) == hours[1:]
    first, *_ = (await get(rest, ana, f"/{mentor}/slots")).body["items"]
    assert first == {
        "starts_at": rfc3339(next_hour(rest.clock(), ahead_h=0)),
        "duration_m": 60,
        "type": ["in-person", "virtual"],
    }
    assert await starts(rest, ana, mentor, begin - 72 * HOUR_MS, begin - 48 * HOUR_MS) == []
    assert await starts(rest, ana, mentor, begin + 91 * 24 * HOUR_MS, begin + 92 * 24 * HOUR_MS) == []
    month = await starts(rest, ana, mentor, begin, begin + 80 * 24 * HOUR_MS)
    assert len(month) == 31 * 24 - 2
    backwards = f"/{mentor}/slots?from={rfc3339(begin)}&to={rfc3339(begin - 1)}"
    assert (await get(rest, ana, backwards)).code == "invalid_request"
    assert (await get(rest, ana, f"/{mentor}/slots?from=2026-12-01T09:00:00")).code == "invalid_request"


async def test_a_mentor_sees_their_own_free_time(rest: RestServer) -> None:
    """To move a session there: without it, only who has booked could."""
    mia, ben = await rest.sign_up(), await rest.world.person("Ben")
    mentor, begin = await a_mentor(rest.world.pool, mia["user"]["id"]), next_hour()
    await a_session(rest.world.pool, mentor, ben, starts_at=begin)
    hours = [rfc3339(begin + n * HOUR_MS) for n in range(3)]
    assert await starts(rest, mia, mentor, begin, begin + 3 * HOUR_MS) == hours[1:]


async def test_what_has_not_changed_is_not_sent_again(rest: RestServer) -> None:
    """Mentors and slots are known again by what they say."""
    pool, ana = rest.world.pool, await rest.sign_up()
    mentor = await a_mentor(pool, await rest.world.person("Mia"))
    begin = next_hour()
    slots = f"/{mentor}/slots?from={rfc3339(begin)}&to={rfc3339(begin + 4 * HOUR_MS)}"
    for path in ("", f"/{mentor}", slots):
        first = await get(rest, ana, path)
        again = {"If-None-Match": first.headers["ETag"]}
        assert (await get(rest, ana, path, **again)).status == 304
    known = (await get(rest, ana, slots)).headers["ETag"]
    await a_session(pool, mentor, await rest.world.person("Ben"), starts_at=begin)
    assert (await get(rest, ana, slots, **{"If-None-Match": known})).status == 200
