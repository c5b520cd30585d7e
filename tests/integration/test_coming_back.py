"""A client without connection state recovery, as in Swift or Java: away for longer than events are kept."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person
from tests.integration.test_friends import befriend
from tests.integration.test_groups import grouped
from tests.stores.settling import all_has_ended
from tests.stores.world import World

MORE_THAN_IS_KEPT = 1_212  # a stream of 1,000 is cut at the end of one of its blocks


@pytest.fixture
async def ana(sign_up: SignUp) -> Person:
    return await sign_up()


@pytest.fixture
async def ben(sign_up: SignUp, elsewhere: str) -> Person:
    """On another node."""
    person = await sign_up()
    person.address = elsewhere
    return person


class Phone:
    """All that it keeps: its rooms and their messages, the last offset, and the cursor of changes."""

    def __init__(self, person: Person, world: World) -> None:
        self.person, self.world = person, world
        self.offset: str | None = None
        self.cursor: str | None = None
        self.rooms: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[str] = []

    async def come(self) -> ClientDevice:
        """As docs/client.md says."""
        await all_has_ended(self.world.pool)  # so that nothing is told again
        device = await self.person.connect("phone", offset=self.offset)
        if not device.ready["recovered"]:
            await self._be_whole(device)
        return device

    async def _be_whole(self, device: ClientDevice) -> None:
        self.asked = []
        query, more = f"changed_since={self.cursor}&" if self.cursor else "", ""
        while True:
            status, page = await self.person.rest("GET", f"/v1/rooms?{query}limit=2{more}")
            assert status == 200
            for room in page["items"]:
                self.asked.append(room["id"])
                await self._take(device, room)
            if page["next_cursor"] is None:
                break
            more = f"&cursor={page['next_cursor']}"
        self.cursor = page["changes_cursor"]

    async def _take(self, device: ClientDevice, room: dict[str, Any]) -> None:
        if "left_at" in room:
            del self.rooms[room["id"]], self.messages[room["id"]]
            return
        self.rooms[room["id"]] = room
        known = self.messages.setdefault(room["id"], [])
        while (known[-1]["seq"] if known else 0) < room["last_seq"]:
            after = known[-1]["seq"] if known else 0
            page = await device.ask("chat:history", room_id=room["id"], after_seq=after, limit=100)
            known += page["messages"]


async def test_who_was_away_for_longer_than_is_kept_is_whole_again(
    ana: Person, ben: Person, sign_up: SignUp, world: World
) -> None:
    """Only what has changed is read again: messages, a name, and what one was put out of."""
    cleo = await sign_up()
    await befriend(ana, ben)
    groups = [await grouped(ana, ben, name=name) for name in ("Runners", "Readers", "Singers", "Painters")]
    running, reading, singing, painting = [group["room_id"] for group in groups]
    phone = Phone(ben, world)
    device = await phone.come()
    assert {running, reading, singing, painting} <= set(phone.rooms)
    phone.offset = device.offset
    await device.drop()

    hers = await ana.connect()
    for first in range(0, MORE_THAN_IS_KEPT, 202):
        await asyncio.gather(
            *(
                hers.ask("chat:send", room_id=running, client_id=str(n), content=f"No. {n}")
                for n in range(first, first + 202)
            )
        )
    assert (await ana.rest("PATCH", f"/v1/groups/{groups[1]['id']}", json={"name": "Writers"}))[0] == 200
    assert (await ana.rest("DELETE", f"/v1/groups/{groups[2]['id']}/members/{ben.id}"))[0] == 204

    device = await phone.come()
    assert device.ready["recovered"] is False
    assert phone.asked == sorted((running, reading, singing), reverse=True)
    assert [message["seq"] for message in phone.messages[running]] == list(range(2, MORE_THAN_IS_KEPT + 3))
    assert phone.rooms[running]["unread"] == MORE_THAN_IS_KEPT
    assert device.ready["unread"]["rooms"][running] == MORE_THAN_IS_KEPT
    assert phone.rooms[reading]["name"] == "Writers"
    assert singing not in phone.rooms
    phone.offset = None
    await device.drop()
    device = await phone.come()
    assert (device.ready["recovered"], phone.asked) == (False, [])
    await all_has_ended(world.pool)
    assert (await cleo.rest("GET", f"/v1/rooms?changed_since={phone.cursor}"))[1]["items"] == []


async def test_a_cursor_that_no_list_gave_is_refused(ana: Person) -> None:
    for name in ("changed_since", "cursor"):
        status, answer = await ana.rest("GET", f"/v1/rooms?{name}=nonsense")
        assert (status, answer["details"]["field"]) == (400, name)
