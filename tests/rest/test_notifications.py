"""Notifications over REST: the list and its pages, reading, devices, and what leaves for them."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from core.clock import now_ms, to_datetime
from core.ids import new_id
from core.notices import Notice, warned
from db.redis.dev_outbox import DevOutboxStore
from db.redis.multiplexed import RedisClient
from services.ports import Sent
from tests.rest.conftest import SETTINGS as SERVER
from tests.rest.server import RestServer, serving
from tests.stores.world import World

LIST, READ, SETTINGS = "/v1/notifications", "/v1/notifications/read", "/v1/me/settings"


async def listed(rest: RestServer, who: Any, query: str = "") -> Any:
    answer = await rest.ask("GET", LIST + query, token=who["access_token"])
    assert answer.status == 200, answer.body
    return answer.body


async def told(rest: RestServer, who: Any, *titles: str, now: int | None = None) -> None:
    for title in titles:
        notice = Notice(user_id=who["user"]["id"], kind="system", title=title)
        assert await rest.world.notifications.tell(notice, now or now_ms())


async def ask_friend(rest: RestServer, asker: Any, who: Any) -> str:
    body = {"user_id": who["user"]["id"]}
    answer = await rest.ask("POST", "/v1/friends/requests", token=asker["access_token"], json=body)
    assert answer.status == 201, answer.body
    request_id: str = answer.body["id"]
    return request_id


async def pushed(rest: RestServer, device: str) -> list[str]:
    """What this device was sent, the newest first, when all jobs that wait have been done."""
    await rest.mail_to("nobody")
    newest = [
        msgspec.json.decode(each, type=Sent) for each in await DevOutboxStore(rest.redis_client).newest()
    ]
    return [each.subject or "" for each in newest if each.by == "push" and each.to == f"{device} (ios)"]


async def phone_of(rest: RestServer, who: Any) -> str:
    """A phone on which they are signed in."""
    device = f"phone-{new_id()}"
    body = {"platform": "ios", "token": new_id()}
    answer = await rest.ask("PUT", f"/v1/devices/{device}", token=who["access_token"], json=body)
    assert answer.status == 204, answer.body
    return device


async def test_a_friend_request_is_listed_and_read(rest: RestServer) -> None:
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await ask_friend(rest, ana, ben)
    [item] = (await listed(rest, ben))["items"]
    assert item == {
        "id": item["id"],
        "kind": "friend_request",
        "title": "Ana wants to be your friend",
        "body": "",
        "subject": {"type": "user", "id": ana["user"]["id"]},
        "action": {"label": "See your friends", "url": "/#friends"},
        "created_at": item["created_at"],
        "read_at": None,
    }
    read = await rest.ask("POST", READ, token=ben["access_token"], json={"ids": [item["id"]]})
    assert (read.status, read.body) == (200, {"unread": 0})
    assert (await listed(rest, ben, "?unread=true"))["items"] == []
    [again] = (await listed(rest, ben))["items"]
    assert again["read_at"] is not None


async def test_pages_go_on_where_the_last_one_ended(rest: RestServer) -> None:
    """Whatever is new meanwhile, and however many were made in one millisecond."""
    ben = await rest.sign_up()
    a_while_ago = now_ms() - 60_000
    at = dict(zip("abcde", (0, 0, 1, 1, 2), strict=True))
    for title, ms in at.items():
        await told(rest, ben, title, now=a_while_ago + ms)
    seen, cursor = [], ""
    while cursor is not None:
        page = await listed(rest, ben, f"?limit=2{cursor}")
        seen += [item["title"] for item in page["items"]]
        await told(rest, ben, "new")
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert sorted(seen) == [*at]
    assert [at[title] for title in seen] == [2, 1, 1, 0, 0]
    everything = await rest.ask("POST", READ, token=ben["access_token"], json={"all": True})
    assert everything.body == {"unread": 0}


@pytest.mark.parametrize("body", [{}, {"all": False}, {"all": True, "ids": [new_id()]}, {"ids": []}])
async def test_what_is_read_has_to_be_said(rest: RestServer, body: Any) -> None:
    ben = await rest.sign_up()
    await told(rest, ben, "a")
    answer = await rest.ask("POST", READ, token=ben["access_token"], json=body)
    assert answer.code == "invalid_request"
    assert len((await listed(rest, ben, "?unread=true"))["items"]) == 1


async def test_a_list_that_a_device_has_was_delivered(rest: RestServer) -> None:
    ben = await rest.sign_up()
    await told(rest, ben, "a")
    query = "SELECT delivered_at FROM social.notifications WHERE user_id = $1"
    assert await rest.world.pool.fetchval(query, ben["user"]["id"]) is None
    await listed(rest, ben)
    first = await rest.world.pool.fetchval(query, ben["user"]["id"])
    await listed(rest, ben)
    assert await rest.world.pool.fetchval(query, ben["user"]["id"]) == first is not None


async def test_what_is_new_goes_to_the_phone_until_one_signs_out(rest: RestServer) -> None:
    """Once, and nothing that was read in time."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    phone = await phone_of(rest, ben)
    request = await ask_friend(rest, ana, ben)
    assert await pushed(rest, phone) == ["Ana wants to be your friend"]
    path = f"/v1/friends/requests/{request}/refuse"
    assert (await rest.ask("POST", path, token=ben["access_token"])).status == 204
    await told(rest, ben, "Soon read")
    await rest.ask("POST", READ, token=ben["access_token"], json={"all": True})
    assert len(await pushed(rest, phone)) == 1
    await rest.ask("POST", "/v1/auth/logout", token=ben["access_token"])
    await told(rest, ben, "After signing out")
    assert len(await pushed(rest, phone)) == 1


async def test_a_device_that_is_taken_back_is_left_alone(rest: RestServer) -> None:
    ben = await rest.sign_up()
    phone = await phone_of(rest, ben)
    for _ in range(2):
        answer = await rest.ask("DELETE", f"/v1/devices/{phone}", token=ben["access_token"])
        assert answer.status == 204
    await told(rest, ben, "Hello")
    assert await pushed(rest, phone) == []


@pytest.mark.parametrize(
    "settings", [{"push": False}, {"kinds": {"strike": False}}], ids=["no push", "not this kind"]
)
async def test_who_wants_no_push_has_it_in_the_list(rest: RestServer, settings: Any) -> None:
    """A decision about oneself is listed all the same."""
    ben = await rest.sign_up()
    phone = await phone_of(rest, ben)
    await rest.ask("PATCH", SETTINGS, token=ben["access_token"], json={"notifications": settings})
    await rest.world.notifications.tell(warned(ben["user"]["id"], new_id()), now_ms())
    assert await pushed(rest, phone) == []
    assert len((await listed(rest, ben))["items"]) == 1


async def test_in_quiet_hours_the_phone_stays_silent(rest: RestServer) -> None:
    """Until they are over; what is listed does not wait."""
    ben = await rest.sign_up()
    phone = await phone_of(rest, ben)
    now = to_datetime(rest.clock())
    quiet = {
        "quiet_from": (now - timedelta(minutes=2)).strftime("%H:%M"),
        "quiet_to": (now + timedelta(minutes=6)).strftime("%H:%M"),
    }
    await rest.ask("PATCH", SETTINGS, token=ben["access_token"], json={"notifications": quiet})
    await told(rest, ben, "Read in time", "Not read")
    assert await pushed(rest, phone) == []
    read, _ = (await listed(rest, ben))["items"][::-1]
    await rest.ask("POST", READ, token=ben["access_token"], json={"ids": [read["id"]]})
    rest.clock.advance(s=8 * 60)
    for item in (await listed(rest, ben))["items"]:
        woken = "UPDATE jobs.pgqueuer SET execute_after = now() WHERE dedupe_key LIKE $1"
        await rest.world.pool.execute(woken, f"notification:{item['id']}:%")
    assert await pushed(rest, phone) == ["Not read"]


async def test_a_mail_comes_only_if_it_is_wanted_and_the_address_is_ones_own(rest: RestServer) -> None:
    """It says nothing that anybody else could have written."""
    ana, ben = await rest.sign_up(display_name="visit evil.example"), await rest.sign_up()
    email = ben["user"]["email"]

    async def mails() -> list[str]:
        return [each.text for each in await rest.mail_to(email) if "something new" in (each.subject or "")]

    await rest.ask("PATCH", SETTINGS, token=ben["access_token"], json={"notifications": {"email": True}})
    await told(rest, ben, "Hello")
    assert await mails() == []
    token = await rest.link_to(email)
    await rest.ask("POST", "/v1/auth/email/verify", json={"token": token})
    await ask_friend(rest, ana, ben)
    [text] = await mails()
    assert "evil" not in text


async def test_what_comes_within_an_hour_of_a_mail_gathers(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """In one more mail at its end, or in none, where it was read by then."""
    limited = replace(SERVER, rate_limits="on", access_token_s=86_400)
    async with serving(world, redis, redis_client, limited) as rest:
        rest.clock.stop()
        ben = await rest.sign_up()
        email, token = ben["user"]["email"], ben["access_token"]
        await rest.ask("POST", "/v1/auth/email/verify", json={"token": await rest.link_to(email)})
        await rest.ask("PATCH", SETTINGS, token=token, json={"notifications": {"email": True}})

        async def mails() -> int:
            found = await rest.mail_to(email)
            return sum("something new" in (each.subject or "") for each in found)

        async def waiting() -> int:
            jobs = "SELECT count(*) FROM jobs.pgqueuer WHERE dedupe_key LIKE $1"
            return int(await world.pool.fetchval(jobs, f"notification-mail:{ben['user']['id']}:%"))

        async def hour_passes() -> None:
            rest.clock.advance(s=3661)
            jobs = "UPDATE jobs.pgqueuer SET execute_after = now() WHERE dedupe_key LIKE $1"
            await world.pool.execute(jobs, f"notification-mail:{ben['user']['id']}:%")

        await told(rest, ben, "1", "2", "3", now=rest.clock())
        assert (await mails(), await waiting()) == (1, 1)
        await told(rest, ben, "4", now=rest.clock())
        assert (await mails(), await waiting()) == (1, 1)
        await hour_passes()
        assert (await mails(), await waiting()) == (2, 0)
        await told(rest, ben, "5", now=rest.clock())
        assert (await mails(), await waiting()) == (2, 1)
        assert (await rest.ask("POST", READ, token=token, json={"all": True})).body == {"unread": 0}
        await hour_passes()
        assert (await mails(), await waiting()) == (2, 0)
