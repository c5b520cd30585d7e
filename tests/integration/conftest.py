"""A running product for each test worker, and people who meet on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.job_settings import OUTBOX
from core.settings import Settings
from tests.conftest import NewDatabase, NewRedis
from tests.integration.person import ClientDevice, Person
from tests.stores.world import World, world_at

HURRIED_S = {"offer_s": 9, "ring_s": 9, "connect_s": 9, "grace_s": 9, "decision_s": 9, "queue_lease_s": 9}

Meet = Callable[..., Awaitable["Meeting"]]
SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
def settings(
    product_database_url: str, product_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Timers that no busy machine outlasts: a test that waits for their end is marked `hurried`."""
    return Settings(
        sms=OUTBOX,
        media_avif="off",
        port=0,
        database_url=product_database_url,
        redis_url=product_redis_url,
        rate_limits="off",
        staff_totp="when_on",
        offer_s=100,
        offer_silence_s=100,  # a busy machine may keep everybody from answering for long
        call_silence_s=100,
        connect_s=100,
        grace_s=100,
        decision_s=100,
        queue_update_s=1,
        queue_lease_s=15,
        connection_lease_s=15,
        password_memory_kib=1024,
        password_passes=1,
        answer_s=60,
        log_level="WARNING",
        mail=OUTBOX,
        data_dir=str(tmp_path_factory.mktemp("data")),
    )


@pytest.fixture(scope="session")
async def address(settings: Settings) -> AsyncIterator[str]:
    """Where the product of this worker answers."""
    async with running(settings) as address:
        yield address


@pytest.fixture(scope="module")
async def elsewhere(settings: Settings) -> AsyncIterator[str]:
    """Where another node of the same product answers."""
    async with running(settings) as address:
        yield address


@pytest.fixture(scope="session")
async def hurried_settings(settings: Settings, new_database: NewDatabase, new_redis: NewRedis) -> Settings:
    """The same where a test waits for the end of an offer, of connecting, of a grace or a decision."""
    stores = {"database_url": await new_database(), "redis_url": await new_redis()}
    return replace(settings, **stores, **HURRIED_S)


@pytest.fixture(scope="session")
async def hurried_address(hurried_settings: Settings) -> AsyncIterator[str]:
    """Where that one answers."""
    async with running(hurried_settings) as address:
        yield address


@pytest.fixture
def here(request: pytest.FixtureRequest) -> str:
    """Where the product of this test answers."""
    hurried = request.node.get_closest_marker("hurried")
    address: str = request.getfixturevalue("hurried_address" if hurried else "address")
    return address


@pytest.fixture
def database_of_product(request: pytest.FixtureRequest) -> str:
    """The database of the product of this test."""
    hurried = request.node.get_closest_marker("hurried")
    settings: Settings = request.getfixturevalue("hurried_settings" if hurried else "settings")
    return settings.database_url


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def sign_up(here: str, web: aiohttp.ClientSession) -> AsyncIterator[SignUp]:
    """`await sign_up(gender="male")`: a new person; gone when the test ends."""
    people: list[Person] = []

    async def make(**what: Any) -> Person:
        people.append(await Person.sign_up(what.pop("address", here), web, **what))
        return people[-1]

    yield make
    for person in people:
        await person.leave()


@dataclass
class Meeting:
    """Ana and Ben, who were offered to each other; each by one device."""

    ana: ClientDevice
    ben: ClientDevice
    she: Person
    he: Person
    call_id: str

    async def start(self) -> "Meeting":
        """Both accept."""
        for device in (self.ana, self.ben):
            await device.ask("call:accept", call_id=self.call_id)
        for device in (self.ana, self.ben):
            await device.next("call:started", call_id=self.call_id)
        return self

    async def go_live(self) -> "Meeting":
        """Media flows on both sides."""
        await self.start()
        for device in (self.ana, self.ben):
            await device.ask("call:connected", call_id=self.call_id, epoch=1)
        for device in (self.ana, self.ben):
            await device.next("call:state", state="live")
        return self

    async def hang_up(self) -> "Meeting":
        """Ben hangs up; both hear it."""
        await self.go_live()
        await self.ben.ask("call:end", call_id=self.call_id)
        for device in (self.ana, self.ben):
            await device.next("call:ended", reason="hung_up")
        return self

    async def connect(self) -> dict[str, Any]:
        """She says yes: the connection, as she is told."""
        await self.hang_up()
        await self.ana.ask("decision:submit", call_id=self.call_id, connect=True)
        result = await self.ana.next("decision:result", outcome="connected")
        await self.ben.next("decision:result", outcome="connected")
        connection: dict[str, Any] = result["connection"]
        return connection


@pytest.fixture
def meet(sign_up: SignUp) -> Meet:
    """`await meet()`: two new people who have just been offered to each other."""

    async def make(mode: str = "video", *, her: str = "female", his: str = "male") -> Meeting:
        she, he = await sign_up(gender=her), await sign_up(gender=his)
        ana, ben = await she.connect("ana-phone"), await he.connect("ben-phone")
        await ana.ask("queue:join", mode=mode)
        await ben.ask("queue:join", mode=mode)
        offered = await ana.next("call:offered")
        await ben.next("call:offered", call_id=offered["call_id"])
        assert offered["peer"]["user_id"] == he.id
        return Meeting(ana, ben, she, he, offered["call_id"])

    return make


@pytest.fixture
async def pair(meet: Meet) -> Meeting:
    """Two who have an offer."""
    return await meet()


@pytest.fixture
async def world(product_database_url: str, migrated: set[str]) -> AsyncIterator[World]:
    """What the product that these tests talk with has stored."""
    async with world_at(product_database_url, migrated=product_database_url in migrated) as world:
        migrated.add(product_database_url)
        yield world
