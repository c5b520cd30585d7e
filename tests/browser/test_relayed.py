"""Calls over a real relay: media arrives, and neither browser learns an address until both agree."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from playwright.async_api import expect

from tests.browser.coded import code, goes_by, known, sees_and_hears, signal, told
from tests.browser.conftest import Arrive, meet
from tests.browser.person import Visitor, eventually
from tests.machines.coturn import PUBLIC, coturn
from tests.served import Served

SECRET = "what the relay and the server know"
PITCH = {"Ana": 440, "Ben": 880}

Pair = Callable[..., Awaitable[tuple[Visitor, Visitor]]]


@pytest.fixture(scope="module")
async def relayed(
    nodes_database_url: str, nodes_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """A server with TURN, and no more is said about it; with a queue of its own."""
    async with coturn(SECRET) as relay:
        server = Served(
            DATABASE_URL=nodes_database_url,
            REDIS_URL=nodes_redis_url,
            REGION="browser-relayed",
            DATA_DIR=str(tmp_path_factory.mktemp("data")),
            TURN_URLS=relay.urls(),
            TURN_SECRET=SECRET,
            ECHO="off",
        )
        await server.start()
        yield server
        await server.stop()


@pytest.fixture
def pair(relayed: Served, arrive: Arrive) -> Pair:
    """`await pair()`: Ana and Ben, each with a tone and numbered pictures, in a live call.

    With `hidden=True` Ben wants nobody he talks to to see his address.
    """

    async def make(*, hidden: bool = False) -> tuple[Visitor, Visitor]:
        ana, ben = [await arrive(relayed.address, name) for name in PITCH]
        for person, gender in ((ana, "female"), (ben, "male")):
            await code(person, PITCH[person.name])
            await person.sign_up(gender=gender)
        if hidden:
            await ben.go("Profile")
            await ben.page.get_by_label("Never show it to whom I talk to").check()
            await ben.sees("Saved")
            await ben.go("Meet")
            await ben.is_ready()
        await meet(ana, ben)
        return ana, ben

    return make


async def talk(ana: Visitor, ben: Visitor, kind: str) -> None:
    """Both see and hear each other, by such a path."""
    for person, other in ((ana, ben), (ben, ana)):
        await person.sees_state("Live")
        await sees_and_hears(person, other, PITCH[other.name])
        await goes_by(person, kind)


async def learns_nothing(person: Visitor) -> None:
    """Of the other's addresses: neither by descriptions and candidates nor by what the browser knows."""
    candidates = await told(person)
    assert candidates, "the relay's address, at least"
    assert {(kind, address) for address, _, kind, _, _ in candidates} == {("relay", PUBLIC)}
    assert {each[3:] for each in candidates} == {("0.0.0.0", "0")}
    remote = [each for each in await known(person) if each[0] == "remote-candidate"]
    assert {kind for _, kind, _, _ in remote} <= {"relay", "prflx"}
    assert {address for _, _, address, _ in remote} <= {PUBLIC, ""}
    assert {related for _, _, _, related in remote} <= {"", "0.0.0.0"}


async def tells(person: Visitor, other: Visitor) -> None:
    """Their client has been changed, and tells their own address; what it tells after that has arrived."""
    await signal(person, "candidate:1 1 udp 2122260223 198.51.100.66 54321 typ host")
    await signal(
        person, f"candidate:3 1 udp 92217343 {PUBLIC} 9999 typ relay raddr 198.51.100.66 rport 54321"
    )

    async def arrived() -> bool:
        return any(port == "9999" for _, port, *_ in await told(other))

    await eventually(arrived, f"nothing of what {person.name} tells arrives")


async def is_told_a_host(person: Visitor) -> bool:
    return "host" in {kind for _, _, kind, _, _ in await told(person)}


async def press_in_dialog(person: Visitor, name: str) -> None:
    """A button beside what is said of the connection."""
    await person.page.locator("button.strength").click()
    await person.press(name)
    await person.page.keyboard.press("Escape")


async def test_strangers_talk_by_relay_until_both_agree_and_one_takes_it_back(pair: Pair) -> None:
    """No address of the other comes to a browser, though a client told it; when both agree, it does."""
    ana, ben = await pair()
    await talk(ana, ben, "relay")
    await tells(ana, ben)
    for person in (ana, ben):
        await learns_nothing(person)
    await press_in_dialog(ana, "Connect directly")
    await ben.press("Agree")
    await talk(ana, ben, "host")
    for person in (ana, ben):
        await eventually(partial(is_told_a_host, person), "so it would have been seen")
    await press_in_dialog(ben, "Go through the relay again")
    await talk(ana, ben, "relay")
    for person in (ana, ben):
        await learns_nothing(person)
    await ana.press("Hang up")
    await ben.sees_heading("Ana hung up")


async def test_who_asks_for_relays_stays_on_them_whatever_both_say(pair: Pair) -> None:
    """Both are told that both agree, and the same media goes on."""
    ana, ben = await pair(hidden=True)
    await talk(ana, ben, "relay")
    await press_in_dialog(ana, "Connect directly")
    await ben.press("Agree")
    await ana.page.locator("button.strength").click()
    await expect(ana.button("Take it back")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await talk(ana, ben, "relay")
    for person in (ana, ben):
        await learns_nothing(person)
        assert await person.page.evaluate("coded.place.epoch") == 1
