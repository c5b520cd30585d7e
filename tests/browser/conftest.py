"""A real server, one Chromium with fake cameras, and people who use the page."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from playwright.async_api import async_playwright, expect

from core.clock import now_ms
from core.vocabulary import Role
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
    "--use-fake-device-for-media-stream=fps=10",
    # Without it there are no candidates on a machine that has only loopback, and nothing says why.
    "--allow-loopback-in-peer-connection",
]

Visit = Callable[..., Awaitable[Visitor]]


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
        REGION="browser",
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
        QUEUE_LEASE_S="2",
        CONNECTION_LEASE_S="5",
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Chromium]:
    """One for all tests of this worker; each person has a context of their own in it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("Chromium is missing (on Debian: apt install chromium)")
    expect.set_options(timeout=WAIT_MS)  # a busy machine takes its time
    async with async_playwright() as playwright:
        browser = Chromium(lambda: playwright.chromium.launch(executable_path=path, args=FLAGS))
        yield browser
        await browser.end()


@pytest.fixture
async def visit(server: Served, browser: Chromium) -> AsyncIterator[Visit]:
    """`await visit("Ana", phone=True)`: somebody on the page. At the end no console shows an error."""
    people: list[Visitor] = []

    async def open_page(name: str, **how: Any) -> Visitor:
        people.append(await Visitor.visit(browser, server.address, name, **how))
        return people[-1]

    yield open_page
    for person in people:
        await person.leave()
    faults = {person.name: person.faults for person in people if person.faults}
    assert not faults, f"The page said in its console: {faults}"


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
async def world(nodes_database_url: str) -> AsyncIterator[World]:
    async with world_at(nodes_database_url) as world:
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
async def desk(server: Served, browser: Chromium, world: World, person: SignUp) -> AsyncIterator[Desk]:
    """`await desk()`: a moderator with an app, at the page and not signed in yet."""
    there: list[Moderator] = []

    async def open_page(
        name: str = "Mod", role: Role = "moderator", *, app: bool = True, **how: Any
    ) -> Moderator:
        account = await person(name)
        await world.set_role(account.id, role)
        at = await Visitor.visit(browser, f"{server.address}/admin/", name, **how)
        there.append(Moderator(account, at, await with_app(account) if app else ""))
        return there[-1]

    yield open_page
    for one in there:
        await one.at.leave()
    faults = {one.at.name: one.at.faults for one in there if one.at.faults}
    assert not faults, f"The page said in its console: {faults}"
