"""A real server, one Chromium with fake cameras, and people who use the page."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import async_playwright, expect

from core.clock import now_ms
from core.vocabulary import Role
from db.redis.multiplexed import open_redis_client
from db.redis.tickets import RedisTickets
from tests.browser.chromium import Chromium
from tests.browser.desk import Desk, Moderator, SignUp, with_app
from tests.browser.person import WAIT_MS, Visitor
from tests.integration.person import Person
from tests.programs import missing
from tests.rest.provider import CLIENT, Provider
from tests.served import Served
from tests.stores.world import World, world_at

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=device-count=2,fps=10",
    # The tones of these tests sound after a reload too, before anybody has pressed anything.
    "--autoplay-policy=no-user-gesture-required",
    # Without it there are no candidates on a machine that has only loopback, and nothing says why.
    "--allow-loopback-in-peer-connection",
]

# As users have it.
WINDOWED = ("chromium", "chromium-browser")

REGION = "browser"
FAR_FUTURE = 2**52  # ms

Visit = Callable[..., Awaitable[Visitor]]
Arrive = Callable[..., Awaitable[Visitor]]


async def meet(*people: Visitor) -> None:
    """From the lobby to a live call with each other."""
    for person in people:
        await person.press("Meet someone")
    for person in people:
        await person.join()
    for person in people:
        await person.sees_state("Live")


@pytest.fixture(scope="session")
async def google() -> AsyncIterator[Provider]:
    """Where people can sign in too."""
    provider = Provider(now_ms)
    async with provider.serving():
        yield provider


@pytest.fixture(scope="session")
async def server(
    nodes_database_url: str, nodes_redis_url: str, tmp_path_factory: pytest.TempPathFactory, google: Provider
) -> AsyncIterator[Served]:
    """One for all tests of this worker, with a queue of its own."""
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION=REGION,
        DATA_DIR=str(tmp_path_factory.mktemp("data")),
        STAFF_TOTP="required",
        MAIL="outbox",
        SMS="outbox",
        CODE_AGAIN_S="1",
        GOOGLE_ISSUER=google.issuer,
        APPLE_ISSUER=google.issuer,  # it plays both parts
        APPLE_PAGE_CLIENT_ID=CLIENT,
        GOOGLE_PAGE_CLIENT_ID=CLIENT,
        QUEUE_UPDATE_S="1",
        QUEUE_LEASE_S="60",  # a page on a busy machine takes its time to load again
        PUSH_WEB_KEY="q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",  # of RFC 8291's example
        PUSH_CONTACT="mailto:us@example.org",
        MAP_TILES="https://tiles.example.org/{z}/{x}/{y}.png",
        MAP_CREDIT="© Those who drew it https://tiles.example.org/terms",
    )
    await server.start()
    yield server
    await server.stop()


@asynccontextmanager
async def launched(*programs: str) -> AsyncIterator[Chromium]:
    """The first of these that is here."""
    if (path := next(filter(None, map(shutil.which, programs)), None)) is None:
        missing("Chromium is missing (on Debian: apt install chromium chromium-headless-shell)")
    expect.set_options(timeout=WAIT_MS)  # a busy machine takes its time
    async with async_playwright() as playwright:
        launch = partial(playwright.chromium.launch, executable_path=path, args=FLAGS)
        browser = Chromium(launch, Path(path).name)
        yield browser
        await browser.end()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Chromium]:
    """One for all tests of this worker; each person has a context of their own in it.

    The same engine without windows around its pages, where there is such a one: a page costs a sixth.
    """
    async with launched("chromium-headless-shell", *WINDOWED) as browser:
        yield browser


@asynccontextmanager
async def arriving(browser: Chromium) -> AsyncIterator[Arrive]:
    """`await arrive(server.address, "Ana", phone=True)`: somebody on the page.

    At the end all leave, whatever has become of the others, and no console shows an error.
    """
    people: list[Visitor] = []
    async with AsyncExitStack() as there:

        async def arrive(address: str, name: str, **how: Any) -> Visitor:
            people.append(await Visitor.visit(browser, address, name, **how))
            there.push_async_callback(people[-1].leave)
            return people[-1]

        yield arrive
    faults = {person.name: person.faults for person in people if person.faults}
    assert not faults, f"The page said in its console: {faults}"


@pytest.fixture
async def arrive(browser: Chromium) -> AsyncIterator[Arrive]:
    """The same for a test: a server of its own is to be named before this, as it has to be there longer."""
    async with arriving(browser) as arrive:
        yield arrive


@pytest.fixture
async def empty_queue(nodes_redis_url: str) -> AsyncIterator[None]:
    """Whoever a test that failed has left in the queue is met by none that follows."""
    yield
    async with open_redis_client(nodes_redis_url) as redis:
        await RedisTickets(redis, REGION).lapse(FAR_FUTURE)


@pytest.fixture
def visit(server: Served, empty_queue: None, arrive: Arrive) -> Visit:
    """`await visit("Ana", phone=True)`: somebody on the page."""
    return partial(arrive, server.address)


@pytest.fixture
def sign_up(visit: Visit) -> Visit:
    """`await sign_up("Ben", gender="male")`: somebody who has made an account on the page."""

    async def make(name: str, *, gender: str = "female", **how: Any) -> Visitor:
        person = await visit(name, **how)
        await person.sign_up(gender=gender)
        return person

    return make


@pytest.fixture
def pair(sign_up: Visit) -> Callable[[], Awaitable[tuple[Visitor, Visitor]]]:
    """`await pair()`: Ana at a desk and Ben on a phone in the dark, in a live call."""

    async def make() -> tuple[Visitor, Visitor]:
        ana = await sign_up("Ana")
        ben = await sign_up("Ben", gender="male", phone=True, dark=True)
        await meet(ana, ben)
        return ana, ben

    return make


@pytest.fixture
async def world(nodes_database_url: str, migrated: set[str]) -> AsyncIterator[World]:
    async with world_at(nodes_database_url, migrated=nodes_database_url in migrated) as world:
        migrated.add(nodes_database_url)
        yield world


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def person(server: Served, world: World, web: aiohttp.ClientSession) -> AsyncIterator[SignUp]:
    """`await person("Ben")`: an account whose owner is not on any page."""
    people: list[Person] = []

    async def make(name: str) -> Person:
        account = await Person.sign_up(server.address, web)
        people.append(account)
        await world.pool.execute(
            "UPDATE identity.profiles SET display_name = $2 WHERE user_id = $1", account.id, name
        )
        return account

    yield make
    for one in people:
        await one.leave()


@pytest.fixture
def desk(server: Served, world: World, person: SignUp, arrive: Arrive) -> Desk:
    """`await desk()`: a moderator with an app, at the page and not signed in yet."""

    async def open_page(
        name: str = "Mod", role: Role = "moderator", *, app: bool = True, **how: Any
    ) -> Moderator:
        account = await person(name)
        await world.set_role(account.id, role)
        at = await arrive(f"{server.address}/admin/", name, **how)
        await at.looks_elsewhere()  # else the page looks at the queue of cases again whenever it wants
        return Moderator(account, at, await with_app(account) if app else "")

    return open_page
