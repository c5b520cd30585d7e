"""What reaches somebody's pocket while they are away: a developer reads it at /dev/outbox."""

from typing import Any

import aiohttp

from core.clock import now_ms
from core.notices import Notice
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import Person
from tests.integration.test_returns import until
from tests.stores.world import World

NOTHING = "(nothing is shown)"


class Phone:
    """A phone of this person, which shows what it was sent."""

    def __init__(self, owner: Person, web: aiohttp.ClientSession, address: str) -> None:
        self._owner, self._web, self._address = owner, web, address
        self.id = f"phone-{owner.id}"

    async def named(self) -> "Phone":
        device = {"platform": "android", "token": f"of-{self._owner.id}"}
        status, body = await self._owner.rest("PUT", f"/v1/devices/{self.id}", json=device)
        assert status == 204, body
        return self

    async def shown(self) -> list[tuple[str, str]]:
        """Titles and texts, the newest first."""
        async with self._web.get(
            f"{self._address}/dev/outbox", headers={"Accept": "application/json"}
        ) as response:
            sent: list[dict[str, Any]] = (await response.json())["items"]
        return [(each["subject"], each["text"]) for each in sent if each["to"] == f"{self.id} (android)"]

    async def shows(self, title: str, text: str) -> None:
        async def does() -> bool:
            return (title, text) in await self.shown()

        await until(does, f"{title} is not shown")


async def called(person: Person) -> str:
    _, me = await person.rest("GET", "/v1/me")
    return str(me["display_name"])


async def test_a_message_reaches_who_is_away(pair: Meeting, web: aiohttp.ClientSession, here: str) -> None:
    """Who has said it is told nothing by a phone."""
    room = (await pair.connect())["room_id"]
    his, hers = [await Phone(who, web, here).named() for who in (pair.he, pair.she)]
    await pair.ben.drop()
    await pair.ana.ask("chat:send", room_id=room, client_id="m1", content="Are you there?")
    ana = await called(pair.she)
    await his.shows(ana, f"Are you there?\n/#room/{room}")
    assert (ana, f"Are you there?\n/#room/{room}") not in await hers.shown()
    back = await pair.he.connect("laptop")
    await back.ask("chat:read", room_id=room, seq=1)
    await his.shows(NOTHING, f"closes {room}")


async def test_a_phone_rings_until_somebody_answers(
    pair: Meeting, web: aiohttp.ClientSession, here: str
) -> None:
    """Whichever device it is, and whatever they say."""
    connection = await pair.connect()
    his, ana = await Phone(pair.he, web, here).named(), await called(pair.she)
    invited = await pair.ana.ask("call:invite", connection_id=connection["id"], mode="voice")
    await his.shows(f"{ana} calls you", "Voice call\n/#meet")
    await pair.ben.ask("call:decline", call_id=invited["call_id"])
    await his.shows(NOTHING, f"closes {invited['call_id']}")


async def test_who_wants_it_is_told_of_an_offer(
    sign_up: SignUp, web: aiohttp.ClientSession, here: str
) -> None:
    """Nobody is who has not asked for it."""
    she, he = await sign_up(gender="female"), await sign_up(gender="male")
    his, hers = [await Phone(who, web, here).named() for who in (he, she)]
    wish = {"notifications": {"push_offers": True}}
    status, body = await he.rest("PATCH", "/v1/me/settings", json=wish)
    assert (status, body["notifications"]["push_offers"]) == (200, True)
    ana, ben = await she.connect("laptop"), await he.connect("laptop")
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    call_id = (await ana.next("call:offered"))["call_id"]
    await his.shows("Somebody is there for you", "/#meet")
    await ana.ask("call:decline", call_id=call_id)
    await his.shows(NOTHING, f"closes {call_id}")
    assert await hers.shown() == []


async def test_both_are_told_that_they_stay_in_touch(
    pair: Meeting, web: aiohttp.ClientSession, here: str
) -> None:
    his, hers = [await Phone(who, web, here).named() for who in (pair.he, pair.she)]
    room = (await pair.connect())["room_id"]
    await his.shows(f"You and {await called(pair.she)} stay in touch", f"/#room/{room}")
    await hers.shows(f"You and {await called(pair.he)} stay in touch", f"/#room/{room}")


async def test_what_is_read_elsewhere_is_taken_back(
    pair: Meeting, web: aiohttp.ClientSession, here: str, world: World
) -> None:
    his = await Phone(pair.he, web, here).named()
    notice = Notice(user_id=pair.he.id, kind="missed_call", title="You missed a call")
    told = await world.notifications.tell(notice, now_ms())
    status, _ = await pair.he.rest("POST", "/v1/notifications/read", json={"all": True})
    assert status == 200
    await his.shows(NOTHING, f"closes {told}")
