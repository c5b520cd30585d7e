"""Places over REST: what admins say of them, and what everybody reads."""

import asyncio
from typing import Any

import pytest

from core.ids import new_id
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import Answer, RestServer
from tests.stores.places import PLACE

EVERY_DAY = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


async def admin(rest: RestServer) -> str:
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], "admin")
    token: str = signed_in["access_token"]
    return token


async def create(rest: RestServer, token: str, **changes: Any) -> Answer:
    return await rest.ask("POST", "/v1/admin/locations", token=token, json={**PLACE, **changes})


async def change(rest: RestServer, token: str, location_id: str, **changes: Any) -> Answer:
    return await rest.ask("PATCH", f"/v1/admin/locations/{location_id}", token=token, json=changes)


async def get(rest: RestServer, token: str, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rest.ask("GET", f"/v1/locations{path}", token=token, headers=named)


async def test_a_place_is_shown_as_an_admin_has_said(rest: RestServer) -> None:
    """To whoever is signed in; what was not said is empty."""
    made = await create(rest, await admin(rest))
    assert made.status == 201, made.body
    ana = (await rest.sign_up())["access_token"]
    shown = await get(rest, ana, f"/{made.body['id']}")
    assert shown.body == made.body == {
        **PLACE,
        "id": made.body["id"],
        "description": None,
        "amenities": [],
        "anxiety_level": None,
        "hours": None,
        "open_now": False,
        "contact": {},
        "verified": False,
        "beginner_friendly": False,
        "has_qr_reward": False,
        "media": [],
        "rating": None,
        "review_count": 0,
        "check_in_count": 0,
        "radius_m": 100,
    }  # fmt: skip


async def test_everything_can_be_said_and_changed(rest: RestServer) -> None:
    """What a change does not name stays."""
    token = await admin(rest)
    hours: dict[str, Any] = {"zone": "Europe/London", "week": EVERY_DAY, "except": {"2026-12-25": []}}
    said: dict[str, Any] = {
        "description": "Calm.",
        "amenities": ["wifi", "quiet room"],
        "anxiety_level": "low",
        "hours": hours,
        "contact": {"phone": "+442071234567", "website": "https://example.org"},
        "verified": True,
        "beginner_friendly": True,
        "has_qr_reward": True,
        "radius_m": 50,
    }
    made = (await create(rest, token, **said)).body
    assert {name: made[name] for name in said} == said
    changes = {"name": "Café", "lat": -33.8, "contact": {}, "hours": None, "description": None}
    changed = (await change(rest, token, made["id"], **changes)).body
    assert changed == {**made, **changes, "open_now": False}
    assert (await get(rest, token, f"/{made['id']}")).body == changed


async def test_two_changes_at_once_both_have_their_effect(rest: RestServer) -> None:
    token = await admin(rest)
    place = (await create(rest, token)).body["id"]
    changes: list[dict[str, Any]] = [
        {"name": "Other"},
        {"city": "Paris"},
        {"verified": True},
        {"radius_m": 20},
    ]
    answers = await asyncio.gather(*(change(rest, token, place, **one) for one in changes))
    assert {answer.status for answer in answers} == {200}
    shown = (await get(rest, token, f"/{place}")).body
    assert (shown["name"], shown["city"], shown["verified"], shown["radius_m"]) == (
        "Other",
        "Paris",
        True,
        20,
    )


async def test_what_admins_do_is_on_the_audit_log(rest: RestServer) -> None:
    token = await admin(rest)
    place = (await create(rest, token)).body["id"]
    await change(rest, token, place, name="Other", active=False)
    log = (await rest.ask("GET", "/v1/admin/audit", token=token)).body["items"]
    told = [(entry["action"], entry["details"]) for entry in log if entry["details"].get("location") == place]
    assert told == [
        ("location_changed", {"location": place, "fields": ["active", "name"]}),
        ("location_created", {"location": place}),
    ]


async def test_a_place_that_is_taken_off(rest: RestServer) -> None:
    """There is no such place any more, but for staff who have its id, until it is put back."""
    token, ana = await admin(rest), (await rest.sign_up())["access_token"]
    place = (await create(rest, token)).body["id"]
    assert (await change(rest, token, place, active=False)).body["active"] is False
    assert (await get(rest, ana, f"/{place}")).code == "not_found"
    assert (await get(rest, token, f"/{place}")).body["active"] is False
    assert "active" not in (await change(rest, token, place, active=True)).body
    assert (await get(rest, ana, f"/{place}")).status == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": "bar"}, "type"),
        ({"lat": 90.1}, "lat"),
        ({"lon": -181}, "lon"),
        ({"country": "Germany"}, "country"),
        ({"radius_m": 1}, "radius_m"),
        ({"contact": {"website": "javascript:alert(1)"}}, "contact.website"),
        ({"hours": {"zone": "Mars/Base", "week": {}}}, "hours.zone"),
        ({"hours": {"zone": "UTC", "week": {"mon": [["9:00", "10:00"]]}}}, "hours.week.mon[0][0]"),
        (
            {"hours": {"zone": "UTC", "week": {"mon": [["09:00", "10:00"], ["09:30", "11:00"]]}}},
            "hours.week.mon",
        ),
    ],
)
async def test_what_cannot_be_is_refused(rest: RestServer, wrong: Any, field: str) -> None:
    """By name, when it is made and when it is changed."""
    token = await admin(rest)
    place = (await create(rest, token)).body["id"]
    for answer in (await create(rest, token, **wrong), await change(rest, token, place, **wrong)):
        assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", field)


async def test_nobody_else_changes_places(rest: RestServer) -> None:
    """Nor do moderators: to them there is no such thing."""
    place = (await create(rest, await admin(rest))).body["id"]
    ana = await rest.sign_up()
    for role in ("user", "moderator"):
        await rest.world.set_role(ana["user"]["id"], role)
        token = ana["access_token"]
        assert (await create(rest, token)).code == "not_found"
        assert (await change(rest, token, place, name="Mine")).code == "not_found"


async def test_near_a_point(rest: RestServer) -> None:
    """Nearest first, with the distance, in pages; `radius_m` is the limit."""
    token = await admin(rest)
    lat = -60.0 - (hash(new_id()) % 1000) / 100  # where no other test is
    made = [(await create(rest, token, lat=lat + n / 1000, lon=10.0)).body["id"] for n in (2, 0, 1)]
    query = f"?near={lat},10.0&radius_m=200"
    near = (await get(rest, token, query)).body
    assert [(item["id"], item["distance_m"]) for item in near["items"]] == [(made[1], 0), (made[2], 111)]
    assert near["next_cursor"] is None
    first = (await get(rest, token, f"?near={lat},10.0&limit=2")).body
    assert [item["id"] for item in first["items"]] == [made[1], made[2]]
    rest_of = (await get(rest, token, f"?near={lat},10.0&limit=2&cursor={first['next_cursor']}")).body
    assert [item["id"] for item in rest_of["items"]] == [made[0]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("near=91,0", "near"),
        ("near=0,181", "near"),
        ("near=here", "near"),
        ("near=1,2,3", "near"),
        ("radius_m=100", "radius_m"),
        ("near=1,2&radius_m=0", "radius_m"),
        ("near=1,2&cursor=AAAA", "cursor"),
        ("type=bar", "type"),
        ("open_now=perhaps", "open_now"),
    ],
)
async def test_a_search_that_cannot_be(rest: RestServer, query: str, field: str) -> None:
    answer = await get(rest, (await rest.sign_up())["access_token"], f"?{query}")
    assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", field)


async def test_open_now(rest: RestServer) -> None:
    """By the clock of the place, and its tag changes when it opens."""
    token = await admin(rest)
    zone = {"zone": "Asia/Tokyo", "week": EVERY_DAY}
    place = (await create(rest, token, hours=zone, name=f"Open {new_id()}")).body
    rest.clock.stop()
    night = rest.clock() - rest.clock() % 86_400_000 + 86_400_000 - 3_600_000  # eight in Tokyo
    rest.clock.advance(s=(night - rest.clock()) / 1000)
    token = await admin(rest)
    closed = await get(rest, token, f"/{place['id']}")
    assert closed.body["open_now"] is False
    query = f"?q={place['name'].split()[1]}"
    assert [item["id"] for item in (await get(rest, token, query)).body["items"]] == [place["id"]]
    assert (await get(rest, token, f"{query}&open_now=true")).body["items"] == []
    tag = closed.headers["ETag"]
    assert (await get(rest, token, f"/{place['id']}", If_None_Match=tag)).status == 304
    rest.clock.advance(s=3600)
    token = await admin(rest)
    opened = await get(rest, token, f"/{place['id']}", If_None_Match=tag)
    assert (opened.status, opened.body["open_now"]) == (200, True)
    found = (await get(rest, token, f"{query}&open_now=true")).body["items"]
    assert [item["id"] for item in found] == [place["id"]]


async def test_an_answer_that_says_the_same_is_not_sent_again(rest: RestServer) -> None:
    """A place and a list of them, until something in it changes; each reader asks anew."""
    token = await admin(rest)
    place = (await create(rest, token, name=f"Same {new_id()}")).body
    for path in (f"/{place['id']}", f"?q={place['name'].split()[1]}"):
        first = await get(rest, token, path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert first.headers["ETag"].startswith('W/"')
        known = {"If_None_Match": first.headers["ETag"]}
        again = await get(rest, token, path, **known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
        await change(rest, token, place["id"], description=new_id())
        assert (await get(rest, token, path, **known)).status == 200


async def test_pictures_of_a_place(rest: RestServer) -> None:
    """An admin's own uploads, shown to all in their order; what is taken out is deleted."""
    token = await admin(rest)
    pictures = [await uploaded(rest, token, size) for size in (40, 60)]
    place = (await create(rest, token, media=pictures)).body
    assert [media["id"] for media in place["media"]] == pictures
    ana = (await rest.sign_up())["access_token"]
    shown = (await get(rest, ana, f"/{place['id']}")).body["media"]
    assert shown[0]["urls"]["original"].startswith(rest.address)
    assert (await rest.open(shown[0]["urls"]["original"]))[0] == 200
    turned = [pictures[1]]
    changed = (await change(rest, token, place["id"], media=turned)).body
    assert [media["id"] for media in changed["media"]] == turned
    assert (await rest.open(shown[0]["urls"]["original"]))[0] == 404
    other = await admin(rest)
    assert (await create(rest, token, media=turned)).code == "not_found"  # it is shown elsewhere
    assert (await change(rest, other, place["id"], name="Other")).status == 200
    foreign = await uploaded(rest, token, 50)
    assert (await change(rest, other, place["id"], media=[foreign])).code == "not_found"


async def uploaded(rest: RestServer, token: str, size: int) -> str:
    """A picture for a place; gives its id."""
    sent = form(encoded(drawn(size)), purpose="place")
    answer = await rest.ask("POST", "/v1/media", token=token, data=sent)
    assert answer.status == 201, answer.body
    media_id: str = answer.body["id"]
    return media_id


async def test_a_client_that_asks_again_makes_one_place(rest: RestServer) -> None:
    token, key = await admin(rest), {"Idempotency-Key": new_id()}
    sent = {"json": {**PLACE, "name": "Once"}, "headers": key}
    copies = [rest.ask("POST", "/v1/admin/locations", token=token, **sent) for _ in range(3)]
    assert len({answer.body["id"] for answer in await asyncio.gather(*copies)}) == 1
