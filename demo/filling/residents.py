"""People of the town: they sign up with a picture, and from then on each is somebody who can ask."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from core.clock import HOUR_MS
from db.postgres.demo import DemoStore
from demo import pictures
from demo.filling.api import Api, Payload
from demo.filling.progress import Progress
from demo.plan.people import Person
from demo.plan.town import Town

_AT_ONCE = 6
# Whether the server that people use knows the user of this name and id; raises if not.
Known = Callable[[str, str], Awaitable[None]]


class Resident(Struct, frozen=True):
    """Somebody who has signed up."""

    person: Person
    id: str
    token: str


class SigningUp:
    """Has all of them sign up, within the first hour."""

    def __init__(self, api: Api, store: DemoStore, town: Town, password: str, progress: Progress) -> None:
        self._api, self._store, self._town = api, store, town
        self._password, self._progress = password, progress
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._done = 0

    async def all(self, known: Known) -> list[Resident]:
        """By their number. Before the others come, `known` is asked about the first."""
        first, *others = self._town.people
        resident = await self._one(first)
        await known(first.username, resident.id)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(person)) for person in others]
        return [resident, *(task.result() for task in tasks)]

    async def _one(self, person: Person) -> Resident:
        async with self._turns:
            seed, of = self._town.sizes.seed, len(self._town.people)
            at = self._town.begins + person.number * HOUR_MS // of
            resident = await self._register(person, at)
            drawn = await asyncio.to_thread(pictures.face, seed, person.number, person.gender)
            photo = await self._api.upload(resident.token, "photo", drawn)
            await self._introduce(resident, photo, at)
            self._done += 1
            self._progress.far(self._done, of)
            return resident

    async def _register(self, person: Person, at: int) -> Resident:
        body = {
            "email": person.email,
            "username": person.username,
            "password": self._password,
            "display_name": person.display_name,
            "birth_date": person.birth_date.isoformat(),
            "gender": person.gender,
        }
        signed_in = await self._api.ask(at, "POST", "/v1/auth/register", body=body)
        await self._store.note("person", person.number, signed_in["user"]["id"])
        return Resident(person, signed_in["user"]["id"], signed_in["access_token"])

    async def _introduce(self, resident: Resident, photo: str, at: int) -> None:
        person, token = resident.person, resident.token
        about: Payload = {
            "photos": [photo],
            "intent": person.intent,
            "languages": list(person.languages),
            "city": person.city.name,
            "country": person.city.country,
            "bio": person.bio,
        }
        await self._api.ask(at, "PATCH", "/v1/me", token, about, **{"If-Match": "*"})
        values = [
            {"category": category, "name": name, "strength": strength}
            for category, name, strength in person.values
        ]
        await self._api.ask(at, "PUT", "/v1/me/values", token, {"values": values})
        settings = {"time_zone": person.city.zone, "privacy": {"find_by_search": True}}
        await self._api.ask(at, "PATCH", "/v1/me/settings", token, settings)
