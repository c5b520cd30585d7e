"""Two people, each on a node of their own, how they stand to each other, and the five ways to part them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.clock import now_ms
from core.notices import Notice
from tests.integration.conftest import Meeting
from tests.integration.person import ClientDevice, Person
from tests.integration.putting_out import Out, put_out, told
from tests.patience import PATIENCE_S
from tests.stores.mentoring import a_mentor, a_session
from tests.stores.posting import posted, said
from tests.stores.world import World

OUT: Mapping[str, Out] = {"banned": "banned", "suspended": "suspended", "deleted": "deleted"}
ACTS = ("she_blocks", "he_blocks", *OUT)
_OF_SOMEBODY = ("user_id", "sender_id", "peer", "message")


@dataclass
class Pair(Meeting):
    """Ana and Ben: she is always the one who stays."""

    room_id: str = ""
    connection_id: str = ""
    his_code: str = ""  # what his devices have heard, if he was put out
    posts: dict[str, str] = field(default_factory=dict)  # of each of them one
    mentor_id: str = ""  # he, as one

    def device_of(self, person: Person) -> ClientDevice:
        return self.ana if person is self.she else self.ben

    def other(self, person: Person) -> Person:
        return self.he if person is self.she else self.she

    async def offered(self) -> None:
        """They are offered to each other."""
        for device in (self.ana, self.ben):
            await device.ask("queue:join", mode="video")
        self.call_id = (await self.ana.next("call:offered"))["call_id"]
        await self.ben.next("call:offered", call_id=self.call_id)

    async def befriended(self, world: World) -> None:
        """They have talked and are connected; each has written, and watches the other."""
        users = self.she.id, self.he.id
        self.call_id = await world.talked(users)
        connection = await world.connect(self.call_id, users)
        self.room_id, self.connection_id = connection.room_id, connection.id
        await world.pool.execute("UPDATE identity.profiles SET bio = 'Hi.' WHERE user_id = ANY ($1)", users)
        for person in (self.she, self.he):
            said = {"room_id": self.room_id, "client_id": "before", "content": "Good to meet you!"}
            message = (await self.device_of(person).ask("chat:send", **said))["message"]
            for device in (self.ana, self.ben):
                await device.next("chat:message", message=message)
            about = Notice(user_id=person.id, kind="like", title="{name}", about=self.other(person).id)
            await world.notifications.tell(about, now_ms())
            shown = await self.device_of(person).ask("presence:watch", user_ids=[self.other(person).id])
            assert [presence["status"] for presence in shown["presences"]] == ["online"]

    async def posted(self, world: World) -> None:
        """They are friends too; each has posted, and has liked and commented what the other has."""
        await self.befriended(world)
        await world.befriended((self.she.id, self.he.id))
        for person in (self.she, self.he):
            self.posts[person.id] = (await posted(world, person.id)).id
        for person in (self.she, self.he):
            theirs = self.posts[self.other(person).id]
            assert (await person.rest("PUT", f"/v1/posts/{theirs}/like"))[0] == 204
            await said(world, person.id, on=theirs)

    async def mentored(self, world: World) -> None:
        """He is a mentor too, with whom she has a session tomorrow."""
        await self.befriended(world)
        self.mentor_id = await a_mentor(world.pool, self.he.id)
        await a_session(world.pool, self.mentor_id, self.she.id)

    async def part(self, act: str, world: World, moderator: Person) -> None:
        """Answered; who is put out has seen it."""
        if act in OUT:
            await put_out(OUT[act], self.he, moderator, world)
            self.his_code = told(OUT[act])
            async with asyncio.timeout(PATIENCE_S):
                await self.ben.closed.wait()
                while not self.ben.has_heard("session:revoked", code=self.his_code):
                    await asyncio.sleep(0.01)  # what came before the end is handled beside it
            return
        blocker = self.she if act == "she_blocks" else self.he
        order = {"user_id": self.other(blocker).id}
        status, body = await blocker.rest("POST", "/v1/blocks", json=order)
        assert status == 201, body

    async def settle(self) -> None:
        """Whatever was on its way to those who are still there has come."""
        for device in (self.ana, self.ben):
            if not device.closed.is_set():
                await device.ask("queue:leave")
                await device.ask("queue:join", mode="voice", preferences={"genders": ["other"]})
                await device.ask("queue:leave")
                await device.next("queue:left", reason="left")


def of(person: Person, event: tuple[str, Any, Any]) -> bool:
    """Whether this says what that person does; that they are gone says nothing of the kind."""
    name, payload, _ = event
    if name == "call:signal":
        return True  # of the other, as all are
    if (
        name in {"call:ended", "connection:ended", "decision:result", "friend:removed"}
        or payload.get("status") == "offline"
    ):
        return False
    return any(person.id in str(payload[field]) for field in _OF_SOMEBODY if field in payload)
