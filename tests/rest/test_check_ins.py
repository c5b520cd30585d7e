"""Checking in at a place, by position or by its code; what counts, why not; the journey, and who is told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import rfc3339
from core.ids import new_id
from core.place_codes import shown
from tests.rest.server import Answer, RestServer
from tests.stores.places import a_place, a_review, zone_of_noon

HERE = {"lat": 51.5074, "lon": -0.1278, "accuracy_m": 20}
FAR = {"lat": 51.6, "lon": -0.1278, "accuracy_m": 20}
TEN_MINUTES_S = 600


class Visitor:
    """Somebody who checks in."""

    def __init__(self, rest: RestServer, signed_in: Any) -> None:
        self.rest = rest
        self.id, self.token = signed_in["user"]["id"], signed_in["access_token"]

    async def ask(self, method: str, path: str, **what: Any) -> Answer:
        return await self.rest.ask(method, path, token=self.token, **what)

    async def check_in(self, place: str, where: Any = HERE, *, key: str | None = None, **more: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"location_id": place, **where, **more}
        answer = await self.ask("POST", "/v1/check-ins", json=body, headers=headers)
        assert answer.status == 201, answer.body
        return answer.body

    async def why_not(self, place: str, where: Any = HERE, **more: Any) -> str | None:
        said = (await self.check_in(place, where, **more))["check_in"]
        assert said["counts"] == ("reason" not in said)
        reason: str | None = said.get("reason")
        return reason

    async def journey(self) -> Any:
        return (await self.ask("GET", "/v1/me/journey")).body

    async def notices(self, *kinds: str) -> list[tuple[str, str]]:
        items = (await self.ask("GET", "/v1/notifications")).body["items"]
        return [(each["kind"], each["title"]) for each in items if each["kind"] in kinds]


@pytest.fixture
async def ana(rest: RestServer) -> Visitor:
    """Of whose day some hours are left, as some have passed."""
    rest.clock.stop(at_h=12)
    return Visitor(rest, await rest.sign_up())


@pytest.fixture
async def cafe(rest: RestServer) -> str:
    return await a_place(rest.world.pool)


async def code_of(rest: RestServer, place: str, at: int | None = None) -> str:
    return shown(rest.keyring.keys("code of a place")[0], place, 1, at or rest.clock()).text


async def test_a_check_in_by_position(ana: Visitor, cafe: str) -> None:
    done = await ana.check_in(cafe, mood="calm", note="By the window.")
    check_in = done["check_in"]
    assert check_in["id"]
    assert check_in["at"] == check_in["created_at"] == rfc3339(ana.rest.clock())
    assert (check_in["verified"], check_in["verified_by"], check_in["counts"]) == (True, "position", True)
    assert (check_in["mood"], check_in["note"]) == ("calm", "By the window.")
    assert (check_in["zone"], check_in["local_day"]) == ("UTC", check_in["at"][:10])
    assert "reason" not in check_in
    assert done["rewards"] == []
    journey = done["journey"]
    assert (journey["total_check_ins"], journey["current_streak"], journey["level"]) == (1, 1, 1)
    assert journey["calendar"] == [{"day": check_in["local_day"], "counts": True, "frozen": False}]
    assert await ana.journey() == journey
    assert (await ana.ask("GET", "/v1/me/check-ins")).body["items"] == [check_in]
    assert (await ana.ask("GET", f"/v1/locations/{cafe}")).body["check_in_count"] == 1
    assert await ana.notices("milestone") == [("milestone", "First check-in")]


async def test_nobody_is_refused_and_told_why_it_does_not_count(ana: Visitor, cafe: str) -> None:
    """Of each reason one; what does not count changes nothing."""
    ana.rest.clock.stop()  # no day ends meanwhile
    gym = await a_place(ana.rest.world.pool, type="gym", lat=51.508)
    berlin = await a_place(ana.rest.world.pool, lat=52.52, lon=13.405)
    assert await ana.why_not(cafe, FAR) == "not_verified"
    assert await ana.why_not(cafe, {}) == "not_verified"
    assert await ana.why_not(cafe, {**HERE, "accuracy_m": 5000}) == "not_verified"
    assert await ana.why_not(cafe, {}, qr="made up") == "not_verified"
    assert await ana.why_not(cafe) is None
    assert await ana.why_not(cafe) == "already_today"
    assert await ana.why_not(gym, {**HERE, "lat": 51.508}) == "too_soon"
    assert await ana.why_not(berlin, {"lat": 52.52, "lon": 13.405}) == "too_fast"
    journey = await ana.journey()
    assert (journey["total_check_ins"], journey["gym_visits"]) == (1, 0)
    assert (await ana.ask("GET", f"/v1/locations/{gym}")).body["check_in_count"] == 0
    ana.rest.clock.advance(s=TEN_MINUTES_S)
    assert await ana.why_not(gym, {**HERE, "lat": 51.508}) is None
    journey = await ana.journey()
    assert (journey["total_check_ins"], journey["gym_visits"], journey["current_streak"]) == (2, 1, 1)


async def test_so_many_count_a_day(ana: Visitor) -> None:
    """Ten; on a day in which there is time for more."""
    begin = datetime.fromtimestamp(ana.rest.clock() / 1000, UTC)
    tomorrow = (begin + timedelta(days=1)).replace(hour=1, minute=0)
    ana.rest.clock.advance(s=(tomorrow - begin).total_seconds())
    ana.token = (await sign_in_again(ana))["access_token"]
    said = []
    for _ in range(11):
        said.append(await ana.why_not(await a_place(ana.rest.world.pool)))
        ana.rest.clock.advance(s=TEN_MINUTES_S)
        ana.token = (await sign_in_again(ana))["access_token"]
    assert said == [None] * 10 + ["too_many"]


async def sign_in_again(visitor: Visitor) -> Any:
    """Time has passed, and tokens have expired."""
    name = await visitor.rest.world.pool.fetchval(
        "SELECT username FROM identity.users WHERE id = $1", visitor.id
    )
    return (await visitor.rest.login(name)).body


async def test_by_the_code_that_a_place_shows(ana: Visitor, cafe: str) -> None:
    """Of that place, for a short time; another version voids it."""
    rest = ana.rest
    old, other = await code_of(rest, cafe, rest.clock() - 100_000), await a_place(rest.world.pool)
    assert await ana.why_not(cafe, {}, qr=old) == "not_verified"
    assert await ana.why_not(cafe, {}, qr=await code_of(rest, other)) == "not_verified"
    await rest.world.pool.execute("UPDATE places.locations SET code_version = 2 WHERE id = $1", other)
    assert await ana.why_not(other, {}, qr=await code_of(rest, other)) == "not_verified"
    done = await ana.check_in(cafe, {}, qr=f"https://example.org/#check-in/{await code_of(rest, cafe)}")
    assert (done["check_in"]["verified_by"], done["check_in"]["counts"]) == ("qr", True)


async def test_late_from_a_phone_that_was_offline(ana: Visitor, cafe: str) -> None:
    """Its code was of that time; a position says nothing of it now. Not older than a day, nor to come."""
    rest, gym = ana.rest, await a_place(ana.rest.world.pool, type="gym", lat=51.508)
    rest.clock.stop()
    now = rest.clock()
    assert await ana.why_not(cafe) is None
    hours = 20 * 3_600_000
    late = {"at": rfc3339(now - hours)}
    assert await ana.why_not(gym, {**HERE, "lat": 51.508}, **late) == "not_verified"
    assert await ana.why_not(gym, {}, qr=await code_of(rest, gym), **late) == "not_verified"
    done = await ana.check_in(gym, {}, qr=await code_of(rest, gym, now - hours), **late)
    assert (done["check_in"]["verified_by"], done["check_in"]["counts"]) == ("qr", True)
    assert done["check_in"]["at"] == late["at"]
    assert done["check_in"]["local_day"] == late["at"][:10]
    days = {rfc3339(now)[:10], late["at"][:10]}
    assert done["journey"]["current_streak"] == len(days)
    assert {each["day"] for each in done["journey"]["calendar"]} == days
    for at in (now - 25 * 3_600_000, now + 3_600_000):
        answer = await ana.ask("POST", "/v1/check-ins", json={"location_id": cafe, "at": rfc3339(at)})
        assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "at"})


async def test_what_cannot_be_is_refused(ana: Visitor, cafe: str) -> None:
    """But for where and when it is, a check-in is a request as any other."""
    for body, code, field in (
        ({"lat": 51.5}, "invalid_request", "lon"),
        ({"lat": 91, "lon": 0}, "invalid_request", "lat"),
        ({"lat": 1e400, "lon": 0}, "invalid_request", None),
        ({"accuracy_m": -1}, "invalid_request", "accuracy_m"),
        ({"mood": "merry"}, "invalid_request", "mood"),
        ({"note": "x" * 1001}, "payload_too_large", "note"),
        ({"qr": "x" * 501}, "payload_too_large", "qr"),
        ({"time_zone": "Mars/Olympus"}, "invalid_request", "time_zone"),
        ({"at": "yesterday"}, "invalid_request", "at"),
        ({"at": "0001-01-01T00:00:00Z"}, "invalid_request", "at"),
        ({"at": "9999-12-31T23:59:59Z"}, "invalid_request", "at"),
        ({"weather": "fine"}, "invalid_request", "weather"),
    ):
        answer = await ana.ask("POST", "/v1/check-ins", json={"location_id": cafe, **body})
        assert answer.code == code, body
        assert field is None or answer.body["details"]["field"] == field, body
    for place in (new_id(), await a_place(ana.rest.world.pool, active=False)):
        assert (await ana.ask("POST", "/v1/check-ins", json={"location_id": place})).code == "not_found"


@pytest.mark.parametrize(
    "day", ["2026-13-01", "0000-01-01", "tomorrow", "", "2026-11-23T25:00Z", "0001-01-01T00:00%2B05:00"]
)
async def test_days_that_there_are_not_are_refused(ana: Visitor, day: str) -> None:
    assert (await ana.ask("GET", f"/v1/me/check-ins?from={day}")).code == "invalid_request"


async def test_the_day_is_that_of_the_clock_that_one_has(ana: Visitor, cafe: str) -> None:
    """Of the setting before the device's, of that before the place's; and it is kept with its zone."""
    ana.rest.clock.advance(s=0)
    hours = {"zone": "Asia/Tokyo", "week": {}}
    tokyo = await a_place(ana.rest.world.pool, lat=35.7, lon=139.7, hours=hours)
    said = (await ana.check_in(tokyo, {}))["check_in"]
    assert (said["zone"], said["local_day"]) == ("Asia/Tokyo", day_in(said["at"], 9))
    said = (await ana.check_in(tokyo, {}, time_zone="Pacific/Honolulu"))["check_in"]
    assert (said["zone"], said["local_day"]) == ("Pacific/Honolulu", day_in(said["at"], -10))
    await ana.ask("PATCH", "/v1/me/settings", json={"time_zone": "Pacific/Kiritimati"})
    said = (await ana.check_in(cafe, time_zone="Pacific/Honolulu"))["check_in"]
    assert (said["zone"], said["local_day"]) == ("Pacific/Kiritimati", day_in(said["at"], 14))
    assert (await ana.journey())["streak_alive_until"] == until(said["at"], 14)


def day_in(at: str, hours: int) -> str:
    return (datetime.fromisoformat(at) + timedelta(hours=hours)).date().isoformat()


def until(at: str, hours: int) -> str:
    """The end of the next day there."""
    local = datetime.fromisoformat(at) + timedelta(hours=hours)
    end = datetime.combine(local.date() + timedelta(days=2), datetime.min.time(), UTC) - timedelta(
        hours=hours
    )
    return end.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_a_copy_of_the_request_is_the_same_check_in(ana: Visitor, cafe: str) -> None:
    """As where the answer was lost: also of copies at once, one is made."""
    key = new_id()
    first, *others = await asyncio.gather(*(ana.check_in(cafe, key=key) for _ in range(5)))
    assert all(other == first for other in others)
    assert len((await ana.ask("GET", "/v1/me/check-ins")).body["items"]) == 1
    assert (await ana.journey())["total_check_ins"] == 1


async def test_a_copy_counts_also_where_its_first_could_not_be_made_any_more(ana: Visitor, cafe: str) -> None:
    """The place is shown no more, or the time has become too long ago: the first answer stands."""
    key, at = new_id(), rfc3339(ana.rest.clock() - 86_000_000)
    first = await ana.check_in(cafe, key=key, at=at)
    ana.rest.clock.advance(s=600)
    assert await ana.check_in(cafe, key=key, at=at) == first
    await ana.rest.world.pool.execute("UPDATE places.locations SET active = false WHERE id = $1", cafe)
    assert await ana.check_in(cafe, key=key, at=at) == first
    other = {"location_id": cafe, "at": at}
    refused = await ana.ask("POST", "/v1/check-ins", json=other, headers={"Idempotency-Key": key})
    assert refused.code == "idempotency_conflict"
    refused = await ana.ask("POST", "/v1/check-ins", json=other, headers={"Idempotency-Key": new_id()})
    assert refused.code == "invalid_request"


async def test_pages_of_check_ins_and_some_days_of_them(ana: Visitor, cafe: str) -> None:
    for _ in range(5):
        await ana.check_in(cafe, {})
        ana.rest.clock.advance(s=60)
    path, seen = "/v1/me/check-ins?limit=2", []
    cursor: str | None = ""
    while cursor is not None:
        page = (await ana.ask("GET", f"{path}&cursor={cursor}" if cursor else path)).body
        seen += page["items"]
        cursor = page["next_cursor"]
    assert len({each["id"] for each in seen}) == 5
    assert seen == sorted(seen, key=lambda each: each["at"], reverse=True)
    day, before = seen[0]["local_day"], seen[-1]["local_day"]
    one = (await ana.ask("GET", f"/v1/me/check-ins?from={before}&to={day}")).body["items"]
    assert one == seen
    assert (await ana.ask("GET", "/v1/me/check-ins?from=2000-01-01&to=2000-12-31")).body["items"] == []
    middle = [each["at"] for each in seen[1:4]]
    path = f"/v1/me/check-ins?from={middle[-1]}&to={middle[0]}"
    assert [each["at"] for each in (await ana.ask("GET", path)).body["items"]] == middle


async def test_a_journey_that_is_known_is_not_sent_again(ana: Visitor, cafe: str) -> None:
    first = await ana.ask("GET", "/v1/me/journey")
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await ana.ask("GET", "/v1/me/journey", headers=known)).status == 304
    await ana.check_in(cafe)
    again = await ana.ask("GET", "/v1/me/journey", headers=known)
    assert (again.status, again.body["total_check_ins"]) == (200, 1)


async def test_one_has_been_where_one_reviews(ana: Visitor, cafe: str) -> None:
    """Whichever comes first."""
    gym, bar = await a_place(ana.rest.world.pool), await a_place(ana.rest.world.pool)
    await a_review(ana.rest.world.pool, ana.id, cafe)
    await ana.check_in(cafe, FAR)
    assert not (await reviews(ana, cafe))[0]["verified_visit"]
    await ana.check_in(cafe)
    assert (await reviews(ana, cafe))[0]["verified_visit"]
    await ana.check_in(gym)  # too soon, and verified
    for place, been in ((gym, True), (bar, False)):
        made = await ana.ask("POST", f"/v1/locations/{place}/reviews", json={"rating": 4})
        assert made.body["verified_visit"] is been


async def reviews(ana: Visitor, place: str) -> Any:
    return (await ana.ask("GET", f"/v1/locations/{place}/reviews")).body["items"]


async def test_a_week_in_a_row_earns_a_freeze_and_is_told(ana: Visitor, cafe: str) -> None:
    for day in range(7):
        if day:
            ana.rest.clock.advance(s=86_400)
            ana.token = (await sign_in_again(ana))["access_token"]
        done = await ana.check_in(cafe)
    journey = done["journey"]
    assert (journey["current_streak"], journey["freezes"], journey["level"]) == (7, 1, 2)
    assert await ana.notices("streak") == [("streak", "7 days in a row")]
    reached = {each["id"] for each in journey["milestones"] if "achieved_at" in each}
    assert reached == {"first_check_in", "streak_3", "streak_7", "coffee_5"}
    assert len(await ana.notices("milestone")) == 4
    ana.rest.clock.advance(s=2 * 86_400)
    ana.token = (await sign_in_again(ana))["access_token"]
    frozen = await ana.journey()
    assert (frozen["current_streak"], frozen["freezes"]) == (7, 0)
    assert frozen["calendar"][-1]["frozen"]
    ana.rest.clock.advance(s=86_400)
    ana.token = (await sign_in_again(ana))["access_token"]
    over = await ana.journey()
    assert (over["current_streak"], over["longest_streak"], over["streak_alive_until"]) == (0, 7, None)


async def test_admins_are_shown_the_code_of_a_place(ana: Visitor, cafe: str) -> None:
    """To all others there is none."""
    path = f"/v1/locations/{cafe}/code"
    assert (await ana.ask("GET", path)).code == "not_found"
    await ana.rest.world.set_role(ana.id, "moderator")
    assert (await ana.ask("GET", path)).code == "not_found"
    await ana.rest.world.set_role(ana.id, "admin")
    code = (await ana.ask("GET", path)).body
    assert code["url"].endswith(f"/#check-in/{code['code']}")
    assert await ana.why_not(cafe, {}, qr=code["code"]) is None
    assert (await ana.ask("GET", f"/v1/locations/{new_id()}/code")).code == "not_found"


async def test_what_staff_flag_counts_no_more(ana: Visitor, cafe: str) -> None:
    """Their journey, the place and their review follow, and they are told. Once."""
    rest = ana.rest
    await a_review(rest.world.pool, ana.id, cafe)
    await ana.check_in(cafe)
    check_in = (await ana.ask("GET", "/v1/me/check-ins")).body["items"][0]
    path, why = f"/v1/check-ins/{check_in['id']}/flag", {"json": {"reason": "Nobody was here."}}
    assert (await ana.ask("POST", path, **why)).code == "not_found"
    chief = Visitor(rest, await rest.sign_up())
    await rest.world.set_role(chief.id, "admin")
    for _ in range(2):
        assert (await chief.ask("POST", path, **why)).status == 204
    flagged = (await ana.ask("GET", "/v1/me/check-ins")).body["items"][0]
    assert (flagged["verified"], flagged["counts"], flagged["flagged_at"]) == (
        True,
        False,
        rfc3339(rest.clock()),
    )
    assert "Nobody" not in str(flagged)
    journey = await ana.journey()
    assert (journey["total_check_ins"], journey["current_streak"], journey["calendar"]) == (0, 0, [])
    assert (await ana.ask("GET", f"/v1/locations/{cafe}")).body["check_in_count"] == 0
    assert not (await reviews(ana, cafe))[0]["verified_visit"]
    assert await ana.notices("system") == [("system", "A check-in was taken back")]
    assert await ana.why_not(cafe) is None  # whoever is there after all
    assert (await chief.ask("POST", f"/v1/check-ins/{new_id()}/flag", **why)).code == "not_found"
    never = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    assert (await chief.ask("POST", f"/v1/check-ins/{never}/flag", **why)).code == "not_found"


async def test_staff_see_what_counts_at_their_place_today_and_flag_it(ana: Visitor) -> None:
    """That somebody was there, and when; not who, nor how they were. Nobody else sees it."""
    rest = ana.rest
    cafe = await a_place(rest.world.pool, hours={"zone": zone_of_noon(rest.clock()), "week": {}})
    path = f"/v1/locations/{cafe}/check-ins"
    ben, chief = Visitor(rest, await rest.sign_up()), Visitor(rest, await rest.sign_up())
    for who, more in ((ana, {"mood": "calm", "note": "With a friend."}), (ben, {})):
        assert (await who.ask("GET", path)).code == "not_found"
        await who.check_in(cafe, **more)
        rest.clock.advance(s=1)
    await chief.check_in(cafe, {})  # not verified
    await rest.world.set_role(chief.id, "admin")
    [last, first] = (await chief.ask("GET", path)).body["items"]
    assert set(first) == {"id", "at", "verified_by"}
    assert first["id"] == (await ana.ask("GET", "/v1/me/check-ins")).body["items"][0]["id"]
    page = (await chief.ask("GET", f"{path}?limit=1")).body
    assert page["items"] == [last]
    assert (await chief.ask("GET", f"{path}?limit=1&cursor={page['next_cursor']}")).body["items"] == [first]
    flag = f"/v1/check-ins/{first['id']}/flag"
    assert (await chief.ask("POST", flag, json={"reason": "Nobody was here."})).status == 204
    assert (await chief.ask("GET", path)).body["items"] == [last]
    rest.clock.advance(s=86_400)
    chief.token = (await sign_in_again(chief))["access_token"]
    assert (await chief.ask("GET", path)).body["items"] == []
    assert (await chief.ask("GET", f"/v1/locations/{new_id()}/check-ins")).code == "not_found"


async def test_others_see_nothing_of_it(ana: Visitor, cafe: str) -> None:
    await ana.check_in(cafe)
    ben = Visitor(ana.rest, await ana.rest.sign_up())
    assert (await ben.ask("GET", "/v1/me/check-ins")).body["items"] == []
    assert (await ben.journey())["total_check_ins"] == 0
