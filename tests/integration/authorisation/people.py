"""Somebody with things of their own, and people who stand to them in every way there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from core.clock import now_ms
from tests.integration.conftest import SignUp
from tests.integration.person import Person
from tests.integration.putting_out import Out, put_out
from tests.rest.pictures import drawn, encoded, form
from tests.stores.world import World

ROLES = (
    *("nobody", "stranger", "blocker", "blocked", "suspended", "banned", "deleted"),
    *("owner", "peer", "moderator", "admin"),
)
OUT: tuple[Out, ...] = ("suspended", "banned", "deleted")
PASSWORD = "correct horse battery"
PICTURE = encoded(drawn())


@dataclass(frozen=True, slots=True)
class Encounter:
    """What two have: a call on record, a connection, and a room in which the owner has said something."""

    call_id: str
    connection_id: str
    room_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Caller:
    """One who asks for something of the owner: `encounter` is theirs with the owner, or that of the peer."""

    role: str
    token: str | None
    person: Person | None
    encounter: Encounter

    @property
    def id(self) -> str:
        assert self.person, "nobody has no account"
        return self.person.id


class Scene:
    """The owner, those around, and how to make what can be asked for once only."""

    def __init__(self, world: World, sign_up: SignUp, people: Mapping[str, Person]) -> None:
        self.world, self.sign_up = world, sign_up
        self.people = people
        self.owner = people["owner"]
        self.callers: dict[str, Caller] = {}
        self._photo: str | None = None

    async def met(self, person: Person) -> Encounter:
        """The owner and this person have talked, and are connected."""
        users = self.owner.id, person.id
        call_id = await self.world.talked(users, now=now_ms() - 120_000)
        connection = await self.world.connect(call_id, users)
        said = await self.world.say(connection.room_id, self.owner.id)
        return Encounter(call_id, connection.id, connection.room_id, said.message.id)

    async def upload(self, purpose: str = "report") -> str:
        """A picture of the owner's."""
        status, body = await self.owner.rest("POST", "/v1/media", data=form(PICTURE, purpose))
        assert status == 201, body
        media_id: str = body["id"]
        return media_id

    async def photo(self) -> str:
        """A photo in the owner's profile: one for all who look at it."""
        if self._photo is None:
            self._photo = await self.upload("photo")
            shown = {"json": {"photos": [self._photo]}, "headers": {"If-Match": "*"}}
            status, body = await self.owner.rest("PATCH", "/v1/me", **shown)
            assert status == 200, body
        return self._photo

    async def signed_in(self, caller: Caller) -> Mapping[str, str | None]:
        """Tokens of a session to end. Who is out has the one that a ban gives, or those from before."""
        if not caller.person:
            return {"access_token": None, "refresh_token": "unknown"}
        login = {"login": caller.person.account["user"]["username"], "password": PASSWORD}
        _, body = await caller.person.rest("POST", "/v1/auth/login", json=login)
        given: Mapping[str, str] = body
        if "access_token" in given:
            return given
        token = body.get("details", {}).get("token", caller.person.token)
        return {"access_token": token, "refresh_token": caller.person.refresh_token}

    async def case(self) -> str:
        """One that is open, about a new person."""
        users = await self.world.pair()
        report_id = await self.world.report(await self.world.talked(users), *users)
        query = "SELECT case_id FROM interaction.reports WHERE id = $1"
        case_id: str = await self.world.pool.fetchval(query, report_id)
        return case_id

    async def suspect(self) -> str:
        """A new person who may be somebody that is banned."""
        new, banned = await self.world.pair()
        await self.world.ban(banned)
        await self.world.suspect(new, banned)
        return new

    async def _put_out(self, role: Out, person: Person) -> str:
        """Ban, suspend or erase; gives the token that is left to them."""
        await put_out(role, person, self.people["moderator"], self.world)
        if role == "deleted":
            return person.token
        login = {"login": person.account["user"]["username"], "password": PASSWORD}
        _, body = await person.rest("POST", "/v1/auth/login", json=login)
        token: str = body["details"]["token"]
        return token

    async def arrange(self) -> None:
        """Everybody meets whom they met, and then blocks, is blocked or put out."""
        with_peer = await self.met(self.people["peer"])
        encounters = {role: await self.met(self.people[role]) for role in ("blocker", "blocked", *OUT)}
        for blocker, blocked in (("blocker", "owner"), ("owner", "blocked")):
            order = {"user_id": self.people[blocked].id}
            status, body = await self.people[blocker].rest("POST", "/v1/blocks", json=order)
            assert status < 300, body
        left: dict[str, str] = {how: await self._put_out(how, self.people[how]) for how in OUT}
        for role in ROLES:
            person = self.people.get(role)
            token = left.get(role, person.token) if person else None
            self.callers[role] = Caller(role, token, person, encounters.get(role, with_peer))


async def scene_of(world: World, sign_up: SignUp) -> Scene:
    """A new one."""
    people = {role: await sign_up() for role in ROLES if role != "nobody"}
    for role in ("moderator", "admin"):
        await world.set_role(people[role].id, role)
    scene = Scene(world, sign_up, people)
    await scene.arrange()
    return scene


async def ask(
    web: aiohttp.ClientSession, address: str, token: str | None, method: str, path: str, **what: Any
) -> tuple[int, Any]:
    """Status, and the body if it is JSON."""
    headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **what.pop("headers", {})}
    async with web.request(method, address + path, headers=headers, **what) as response:
        body = await response.json(content_type=None) if "json" in response.content_type else None
        return response.status, body
