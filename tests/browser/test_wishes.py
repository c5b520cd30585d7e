"""What both have to want in a call: more time, and a way without relays."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Arrive, Visit, meet
from tests.browser.person import Visitor
from tests.machines.coturn import coturn
from tests.served import Served

SECRET = "a secret that the relay shares with us"


@pytest.fixture
async def short(
    nodes_database_url: str, nodes_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """Its calls begin on a relay, and end soon; no longer when both want more time."""
    async with coturn(SECRET) as relay:
        server = Served(
            DATABASE_URL=nodes_database_url,
            REDIS_URL=nodes_redis_url,
            REGION="short",
            MAX_CALL_S="119",
            TURN_URLS=relay.urls(),
            TURN_SECRET=SECRET,
            DATA_DIR=str(tmp_path_factory.mktemp("data")),
        )
        await server.start()
        yield server
        await server.stop()


def dialog(person: Visitor) -> Locator:
    return person.page.get_by_role("dialog", name="Camera and sound")


async def opens_connection(person: Visitor) -> None:
    await person.page.get_by_role("button", name=re.compile("^Connection and devices")).click()


async def test_both_want_the_same(short: Served, arrive: Arrive) -> None:
    """One asks, the other is told and says so too: then there is time, and then no relay any more."""
    people = ("Ana", False, "female"), ("Ben", True, "male")
    ana, ben = [await arrive(short.address, name, phone=phone) for name, phone, _ in people]
    for person, (_, _, gender) in zip((ana, ben), people, strict=True):
        await person.sign_up(gender=gender)
    await meet(ana, ben)
    for person in (ana, ben):
        await person.sees("The call ends soon.")
        await person.fits()
    await ana.press("Go on longer")
    await ana.sees("You would like to go on longer. Ben has not said so yet.")
    await ben.sees("Ana would like to go on longer.")
    await ben.page.reload()
    await ben.sees_state("Live")
    await ben.sees("Ana would like to go on longer.")
    await ben.press("Me too")
    for person in (ana, ben):
        await expect(person.page.locator(".ask:visible")).to_have_count(0)
        await person.sees_and_hears()

    await opens_connection(ana)
    await expect(dialog(ana)).to_contain_text("This call goes through a relay: Ben does not see")
    await dialog(ana).get_by_role("button", name="Connect directly").click()
    await expect(dialog(ana)).to_contain_text("You have agreed to connect directly. Ben has not.")
    await ben.sees("Ana would like to connect directly: you would see each other's network address.")
    await ben.fits()
    await ben.press("Agree")
    await expect(dialog(ana)).to_contain_text("This call goes directly")
    await ana.press("Done")
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()


async def test_a_wish_for_relays_says_what_it_means(sign_up: Visit) -> None:
    """In the lobby, and where it is set: on a server without relays, that no call connects any more."""
    ana = await sign_up("Ana", phone=True)
    await ana.sees("Whom you meet can see your network address: calls go directly here.")
    await ana.go("Profile")
    wish = ana.page.get_by_label("Never show it to whom I talk to")
    await wish.check()
    await ana.sees("There is no relay here: as long as this is on, your calls do not connect.")
    await ana.fits()
    await ana.go("Meet")
    await ana.sees(re.compile("^Your network address is shown to nobody, and there is no relay here"))
    await ana.go("Profile")
    await wish.uncheck()
    await ana.sees("Your calls then always go through a relay, which may make them a little slower.")
