"""Rewards over REST: what people have earned, the code that they show, and what staff do with it."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.ids import new_id
from tests.patience import PATIENCE_S
from tests.rest.server import Answer, RestServer
from tests.stores.places import a_place, zone_of_noon
from tests.stores.rewarding import CODES, Shop, a_reward, a_rule, a_shop, entries

Person = dict[str, Any]


class Counter:
    """Ana, who has earned a coffee, and Sam, who stands at the counter of the shop where it is redeemed."""

    def __init__(self, rest: RestServer, ana: Person, sam: Person, shop: Shop) -> None:
        self.rest, self.ana, self.sam, self.shop = rest, ana, sam, shop

    async def reward(self, **rule: Any) -> str:
        return (await a_reward(self.rest.world, self.ana["user"]["id"], self.shop, **rule)).id

    async def code(self, reward_id: str, **headers: str) -> Answer:
        path, token = f"/v1/rewards/{reward_id}/qr", self.ana["access_token"]
        return await self.rest.ask("GET", path, token=token, headers=headers)

    async def shown(self, reward_id: str) -> str:
        answer = await self.code(reward_id)
        assert answer.status == 200, answer.body
        return str(answer.body["code"])

    async def ask(self, how: str, code: str, *, by: Person | None = None, **more: Any) -> Answer:
        headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
        body = {"code": code, "location_id": self.shop.place, **more}
        token = (by or self.sam)["access_token"]
        return await self.rest.ask("POST", f"/v1/rewards/{how}", token=token, json=body, headers=headers)

    async def redeem(self, code: str, **more: Any) -> Answer:
        return await self.ask("redeem", code, **more)

    async def reverse(self, redemption_id: str, *, by: Person | None = None) -> Answer:
        path, token = f"/v1/redemptions/{redemption_id}/reverse", (by or self.sam)["access_token"]
        return await self.rest.ask("POST", path, token=token, json={"reason": "Scanned by mistake."})

    async def wallet(self, state: str = "") -> list[Any]:
        query = f"?state={state}" if state else ""
        answer = await self.rest.ask("GET", f"/v1/me/rewards{query}", token=self.ana["access_token"])
        assert answer.status == 200, answer.body
        return list(answer.body["items"])

    async def states(self) -> list[str]:
        return [reward["state"] for reward in await self.wallet()]

    async def told(self) -> list[str]:
        """What Ana is told of rewards, newest first."""
        answer = await self.rest.ask("GET", "/v1/notifications", token=self.ana["access_token"])
        return [each["title"] for each in answer.body["items"] if each["kind"] == "reward"]


@pytest.fixture
async def counter(rest: RestServer) -> Counter:
    ana, sam = await rest.sign_up(display_name="Ana"), await rest.sign_up(display_name="Sam")
    return Counter(rest, ana, sam, await a_shop(rest.world, sam["user"]["id"]))


async def test_a_reward_is_shown_scanned_and_redeemed(counter: Counter) -> None:
    """Scanning says what would happen and changes nothing; its owner hears of each step."""
    reward = await counter.reward(title="A coffee on us", valid_days=30)
    [shown] = await counter.wallet()
    assert shown["id"] == reward
    assert (shown["type"], shown["state"], shown["partner"]["name"]) == ("coffee", "open", "Peaceful Grounds")
    code = await counter.shown(reward)
    scanned = await counter.ask("scan", code)
    assert scanned.body["reward"] == shown
    assert (scanned.body["user"], scanned.body["can_redeem"]) == ({"display_name": "Ana"}, True)
    done = await counter.redeem(code)
    assert done.status == 201, done.body
    redemption = done.body["redemption"]
    assert (redemption["reward_id"], redemption["location_id"]) == (reward, counter.shop.place)
    [shown] = await counter.wallet("redeemed")
    assert shown["redeemed_at"] == redemption["at"]
    assert await counter.wallet("open") == []
    assert (await counter.code(reward)).code == "already_redeemed"
    assert await counter.told() == ["Redeemed: A coffee on us"]
    assert await entries(counter.rest.world, [reward]) == ["granted", "redeemed"]


async def test_twice_is_refused_with_when_it_was_done(counter: Counter) -> None:
    """But the same staff who repeats the request is told what it came to: also when the code is over."""
    code, key = await counter.shown(await counter.reward()), new_id()
    done = await counter.redeem(code, key=key)
    again = await counter.redeem(code)
    assert (again.status, again.code) == (409, "already_redeemed")
    assert again.body["details"] == {"redeemed_at": done.body["redemption"]["at"]}
    scanned = await counter.ask("scan", code)
    assert (scanned.body["can_redeem"], scanned.body["reason"]) == (False, "already_redeemed")
    counter.rest.clock.advance(s=120)
    repeated = await counter.redeem(code, key=key)
    assert (repeated.status, repeated.body) == (201, done.body)
    for more in ({}, {"key": new_id()}):  # though the code is over: that it was redeemed says more
        late = await counter.redeem(code, **more)
        assert (late.code, late.body["details"]) == ("already_redeemed", again.body["details"])


@pytest.mark.parametrize("turns", [0, 1, 3, 10, 30, None])
async def test_a_redemption_whose_answer_was_cut_is_repeated(counter: Counter, turns: int | None) -> None:
    """The wire breaks so many turns of the server's loop after the request, or (None) once it is done: it is
    done once, and whoever asks again is told of that one, when the code is over too.
    """
    reward, key = await counter.reward(), new_id()
    code, world = await counter.shown(reward), counter.rest.world
    address = urlsplit(counter.rest.address)
    _, wire = await asyncio.open_connection(address.hostname, address.port)
    body = msgspec.json.encode({"code": code, "location_id": counter.shop.place})
    head = (
        f"POST /v1/rewards/redeem HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {counter.sam['access_token']}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    wire.write(head.encode() + body)
    async with asyncio.timeout(PATIENCE_S):
        while turns is None and "redeemed" not in await entries(world, [reward]):
            pass
        for _ in range(turns or 0):
            await asyncio.sleep(0)
    wire.transport.abort()

    counter.rest.clock.advance(s=0 if turns is not None else 60)
    done = await counter.redeem(code, key=key)
    assert done.status == 201, done.body
    assert await entries(world, [reward]) == ["granted", "redeemed"]
    [shown] = await counter.wallet("redeemed")
    assert shown["redeemed_at"] == done.body["redemption"]["at"]
    assert (await counter.redeem(code, key=key)).body == done.body


async def test_what_a_key_stands_for_is_the_reward_and_not_its_code(counter: Counter) -> None:
    reward, other, key = await counter.reward(), await counter.reward(), new_id()
    done = await counter.redeem(await counter.shown(reward), key=key)
    later = CODES.write(reward, counter.rest.clock() + 4000).text
    assert (await counter.redeem(later, key=key)).body == done.body
    assert (await counter.redeem(await counter.shown(other), key=key)).code == "idempotency_conflict"


async def test_a_code_holds_for_half_a_minute(counter: Counter) -> None:
    """A picture of it is of no use later, and each is another one."""
    reward = await counter.reward()
    counter.rest.clock.stop()
    code = await counter.shown(reward)
    counter.rest.clock.advance(s=34)
    assert (await counter.ask("scan", code)).body["can_redeem"]
    counter.rest.clock.advance(s=2)
    scanned = await counter.ask("scan", code)
    assert (scanned.body["can_redeem"], scanned.body["reason"]) == (False, "code_expired")
    assert (await counter.redeem(code)).code == "expired"
    fresh = await counter.shown(reward)
    assert fresh != code
    assert (await counter.redeem(fresh)).status == 201


async def test_a_code_is_drawn_for_who_asks_for_a_picture(counter: Counter) -> None:
    reward = await counter.reward()
    svg = await counter.code(reward, Accept="image/svg+xml")
    assert (svg.status, svg.headers["Content-Type"]) == (200, "image/svg+xml")
    assert Xml.fromstring(svg.body).tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.headers["Cache-Control"] == "no-store"
    png = await counter.code(reward, Accept="image/png")
    assert png.headers["Content-Type"] == "image/png"
    assert (await counter.code(reward, Accept="*/*")).body.keys() == {"code", "expires_at"}


async def test_what_is_no_code_of_ours(counter: Counter) -> None:
    code = await counter.shown(await counter.reward())
    forged = code[:-2] + ("AA" if code[-2:] != "AA" else "BB")
    for wrong in ("made up", forged, code[:-1]):
        answer = await counter.redeem(wrong)
        assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "code"})


async def test_only_staff_at_a_place_of_theirs(counter: Counter) -> None:
    """Others have no such place: those of another shop, who is no staff any more, an admin, who shows it."""
    rest, reward = counter.rest, await counter.reward()
    eve, chief = await rest.sign_up(), await rest.sign_up()
    await rest.world.set_role(chief["user"]["id"], "admin")
    elsewhere = await a_shop(rest.world, eve["user"]["id"])
    code = await counter.shown(reward)
    for somebody in (eve, chief, counter.ana):
        for how in ("scan", "redeem"):
            assert (await counter.ask(how, code, by=somebody)).code == "not_found"
    for place in (elsewhere.place, new_id()):
        assert (await counter.redeem(code, location_id=place)).code == "not_found"
    there = await counter.ask("scan", code, by=eve, location_id=elsewhere.place)
    assert (there.body["can_redeem"], there.body["reason"]) == (False, "other_partner")
    refused = await counter.redeem(code, by=eve, location_id=elsewhere.place)
    assert (refused.code, refused.body["details"]) == ("conflict", {"reason": "other_partner"})
    path = f"/v1/admin/partners/{counter.shop.partner_id}/staff/{counter.sam['user']['id']}"
    assert (await rest.ask("DELETE", path, token=chief["access_token"])).status == 204
    assert (await counter.redeem(code)).code == "not_found"
    assert await counter.states() == ["open"]


async def test_staff_redeem_nothing_of_their_own(counter: Counter) -> None:
    """Somebody else who works there does."""
    rest, sam = counter.rest, counter.sam
    other = await rest.sign_up(display_name="Kim")
    both = await a_shop(rest.world, sam["user"]["id"], other["user"]["id"])
    reward = (await a_reward(rest.world, sam["user"]["id"], both)).id
    code = CODES.write(reward, counter.rest.clock()).text
    scanned = await counter.ask("scan", code, location_id=both.place)
    assert (scanned.body["can_redeem"], scanned.body["reason"]) == (False, "own_reward")
    refused = await counter.redeem(code, location_id=both.place)
    assert (refused.status, refused.code) == (403, "forbidden")
    assert await entries(rest.world, [reward]) == ["granted"]
    assert (await counter.redeem(code, by=other, location_id=both.place)).status == 201


async def test_a_reward_without_a_partner_is_redeemed_by_any(counter: Counter) -> None:
    code = await counter.shown(await counter.reward(partner_id=None))
    assert (await counter.redeem(code)).status == 201


async def test_a_badge_is_for_keeps(counter: Counter) -> None:
    badge = await counter.reward(type="badge", partner_id=None)
    assert (await counter.code(badge)).code == "conflict"
    refused = await counter.redeem(CODES.write(badge, counter.rest.clock()).text)
    assert (refused.code, refused.body["details"]) == ("conflict", {"reason": "not_redeemable"})


async def test_others_have_no_code_of_it(counter: Counter) -> None:
    reward, eve = await counter.reward(), await counter.rest.sign_up()
    for who in (eve, counter.sam):
        answer = await counter.rest.ask("GET", f"/v1/rewards/{reward}/qr", token=who["access_token"])
        assert answer.code == "not_found"
        assert (await counter.rest.ask("GET", "/v1/me/rewards", token=who["access_token"])).body[
            "items"
        ] == []


async def test_a_reward_that_has_expired(counter: Counter) -> None:
    """At once, by the time; the ledger hears of it later."""
    reward = await counter.reward(valid_days=1)
    token = counter.ana["refresh_token"]
    counter.rest.clock.advance(s=86_400 + 600)
    code = CODES.write(reward, counter.rest.clock()).text
    for person in (counter.ana, counter.sam):
        body = {"refresh_token": person["refresh_token"]}
        person.update((await counter.rest.ask("POST", "/v1/auth/refresh", json=body)).body)
    assert counter.ana["refresh_token"] != token
    assert await counter.states() == ["expired"]
    assert len(await counter.wallet("expired")) == 1
    assert (await counter.code(reward)).code == "expired"
    assert (await counter.ask("scan", code)).body["reason"] == "expired"
    assert (await counter.redeem(code)).code == "expired"


async def test_a_redemption_is_taken_back(counter: Counter) -> None:
    """The reward stays reversed, and its owner has the same again."""
    reward, eve = await counter.reward(title="A coffee"), await counter.rest.sign_up()
    await a_shop(counter.rest.world, eve["user"]["id"])
    code = await counter.shown(reward)
    redemption = (await counter.redeem(code)).body["redemption"]
    for nobodys in (redemption["id"], new_id()):
        assert (await counter.reverse(nobodys, by=eve)).code == "not_found"
    back = await counter.reverse(redemption["id"])
    assert (back.status, back.body["redemption"]["id"]) == (200, redemption["id"])
    assert back.body["redemption"]["reversed_at"] is not None
    assert (await counter.reverse(redemption["id"])).body == back.body  # whose answer was lost asks again
    again, first = await counter.wallet()
    assert (first["id"], first["state"], again["state"]) == (reward, "reversed", "open")
    assert (again["title"], again["partner"]) == (first["title"], first["partner"])
    scanned = await counter.ask("scan", code)
    assert (scanned.body["can_redeem"], scanned.body["reason"]) == (False, "reversed")
    refused = await counter.redeem(code)
    assert (refused.code, refused.body["details"]) == ("conflict", {"reason": "reversed"})
    assert (await counter.code(reward)).code == "conflict"
    assert (await counter.redeem(await counter.shown(again["id"]))).status == 201
    assert (await counter.told())[0] == "Redeemed: A coffee"


async def test_it_is_taken_back_within_ten_minutes(counter: Counter) -> None:
    redemption = (await counter.redeem(await counter.shown(await counter.reward()))).body["redemption"]
    counter.rest.clock.advance(s=600)
    assert (await counter.reverse(redemption["id"])).code == "expired"
    assert await counter.states() == ["redeemed"]


async def test_many_at_once_redeem_it_once(counter: Counter) -> None:
    code = await counter.shown(await counter.reward())
    answers = await asyncio.gather(*(counter.redeem(code) for _ in range(40)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 39
    assert {answer.code for answer in answers if answer.status == 409} == {"already_redeemed"}


async def test_a_check_in_says_what_it_has_earned(counter: Counter) -> None:
    """Every second gym; and a coffee that was redeemed is told with the journey."""
    rest, ana, title = counter.rest, counter.ana["access_token"], new_id()
    gyms = [await a_place(rest.world.pool, type="gym") for _ in range(2)]
    rule = await a_rule(rest.world, counter.shop.staff, kind="check_in", every=2, at="gym", title=title)
    earned = []
    for gym in gyms:
        here = {"location_id": gym, "lat": 51.5074, "lon": -0.1278, "accuracy_m": 5}
        done = await rest.ask("POST", "/v1/check-ins", token=ana, json=here)
        assert done.body["check_in"]["counts"], done.body
        earned.append([each["title"] for each in done.body["rewards"]])
        rest.clock.advance(s=0 if earned[1:] else 600)
    assert earned == [[], [title]]
    await rest.world.pool.execute("UPDATE places.reward_rules SET active = false WHERE id = $1", rule)
    [reward] = await counter.wallet()
    assert (await counter.redeem(await counter.shown(reward["id"]))).status == 201
    journey = await rest.ask("GET", "/v1/me/journey", token=ana)
    assert journey.body["coffee_redemptions"] == 1


async def test_staff_see_their_partners_and_the_figures_of_each_day(counter: Counter) -> None:
    """As a table too; of a day by the clock of the place. They see those of no other."""
    rest, token = counter.rest, counter.sam["access_token"]
    await counter.redeem(await counter.shown(await counter.reward()))
    await counter.reward()
    own = (await rest.ask("GET", "/v1/me/partners", token=token)).body["items"]
    assert [(each["name"], [place["id"] for place in each["locations"]]) for each in own] == [
        ("Peaceful Grounds", [counter.shop.place])
    ]
    path = f"/v1/partners/{counter.shop.partner_id}/stats"
    stats = (await rest.ask("GET", path, token=token)).body
    counts = {"granted": 2, "redeemed": 1, "reversed": 0, "expired": 0, "people": 1}
    assert stats["total"] == counts
    assert len(stats["days"]) == 30
    zone = zone_of_noon(rest.clock())  # where today is not over before they are asked for
    today = f"{path}?zone={quote(zone)}"
    stats = (await rest.ask("GET", today, token=token)).body
    there = datetime.fromtimestamp(rest.clock() / 1000, ZoneInfo(zone)).date()
    assert stats["days"][-1] == {**counts, "day": there.isoformat()}
    csv = {"Accept": "text/csv"}
    table = await rest.ask("GET", today, token=token, headers=csv)
    lines = table.body.splitlines()
    assert (lines[0], len(lines)) == ("day,granted,redeemed,reversed,expired,people", 31)
    assert lines[-1].endswith(",2,1,0,0,1")
    later = await rest.ask("GET", f"{path}?from=2030-01-01&to=2030-01-02&zone=Europe/London", token=token)
    assert [day["day"] for day in later.body["days"]] == ["2030-01-01", "2030-01-02"]
    assert later.body["total"]["granted"] == 0
    for wrong in ("from=2030-01-02&to=2030-01-01", "zone=Nowhere", "from=2020-01-01&to=2029-01-01"):
        assert (await rest.ask("GET", f"{path}?{wrong}", token=token)).code == "invalid_request"
    for who in (counter.ana, await rest.sign_up()):
        assert (await rest.ask("GET", path, token=who["access_token"])).code == "not_found"
