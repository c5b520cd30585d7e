"""Calls last: a socket, a node or a network goes away in the middle, and both see and hear each other."""

import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

import pytest
from msgspec import Struct
from playwright.async_api import expect

from tests.browser.coded import code, goes_by, sees_and_hears
from tests.browser.conftest import Arrive, meet
from tests.browser.person import Visitor, eventually
from tests.faults import TcpWire
from tests.machines.coturn import coturn
from tests.served import Served

SECRET = "what the relay and the server know"
PITCH = {"Ana": 440, "Ben": 880}

Pair = Callable[[], Awaitable[tuple[Visitor, Visitor]]]


class Place(Struct, frozen=True):
    """Two nodes; all media takes TCP by `network` to a relay."""

    here: Served
    there: Served
    network: TcpWire


def port(node: Served) -> int:
    return int(node.address.rpartition(":")[2])


@pytest.fixture(scope="module")
async def place(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Place]:
    async with coturn(SECRET) as relay, TcpWire(relay.port).laid() as network:
        settings = {
            "DATABASE_URL": nodes_database_url,
            "REDIS_URL": nodes_redis_url,
            "REGION": "browser-lasting",
            "TURN_URLS": f"turn:127.0.0.1:{network.port}?transport=tcp",
            "TURN_SECRET": SECRET,
            "ECHO": "off",
            # A node that dies is missed soon, and a busy machine takes its time to do what is waited for.
            "CONNECTION_LEASE_S": "6",
            "QUEUE_LEASE_S": "60",
        }
        place = Place(Served(**settings), Served(**settings), network)
        nodes = (place.here, place.there)
        try:
            for node in nodes:
                await node.start()
            yield place
        finally:
            for node in nodes:
                await node.stop()


@pytest.fixture
async def wire(place: Place) -> AsyncIterator[TcpWire]:
    """Between Ana and the node that she is at."""
    async with TcpWire(port(place.here)).laid() as wire:
        yield wire


@pytest.fixture
def pair(place: Place, wire: TcpWire, arrive: Arrive) -> Pair:
    """`await pair()`: Ana here and Ben there, each with a tone and numbered pictures, in a live call."""

    async def make() -> tuple[Visitor, Visitor]:
        addresses = f"http://127.0.0.1:{wire.port}", place.there.address
        ana, ben = [await arrive(*where) for where in zip(addresses, PITCH, strict=True)]
        for person, gender in ((ana, "female"), (ben, "male")):
            await code(person, PITCH[person.name])
            await person.sign_up(gender=gender)
        await meet(ana, ben)
        await see_and_hear(ana, ben)
        return ana, ben

    return make


async def see_and_hear(ana: Visitor, ben: Visitor) -> None:
    """What each of them sees is made after this was asked."""
    for person, other in ((ana, ben), (ben, ana)):
        await sees_and_hears(person, other, PITCH[other.name])


async def talk(ana: Visitor, ben: Visitor, epoch: int | None = None) -> None:
    """Live for both, and so it is, by that connection of the call."""
    for person in (ana, ben):
        await person.sees_state("Live")
    await see_and_hear(ana, ben)
    for person in (ana, ben):
        await goes_by(person, "relay")
        assert epoch in (None, await person.page.evaluate("coded.place.epoch"))


async def hang_up(ana: Visitor, ben: Visitor) -> None:
    await ana.press("Hang up")
    await ben.sees_heading("Ana hung up")


async def waits(person: Visitor, passing: int) -> None:
    """For the other, while the page counts down so many seconds."""
    state = person.page.get_by_role("region", name="Call").get_by_role("status").first
    shown: set[str] = set()

    async def counted() -> bool:
        shown.update(re.findall(r"^Reconnecting… (\d+) s$", await state.inner_text()))
        return len(shown) > passing

    await eventually(counted, f"{person.name} does not wait", at=person.page)


async def seconds(person: Visitor, sentence: str) -> float:
    """What their past call says of it, in place of `{}`."""
    words = re.compile(re.escape(sentence).replace(r"\{\}", r"(\d+(?:\.\d)?)"))
    row = await person.past_call()
    await expect(row).to_contain_text(words)
    found = words.search(await row.inner_text())
    assert found
    return float(found[1])


async def test_media_goes_on_while_a_socket_is_away(pair: Pair, wire: TcpWire) -> None:
    """Cut, with no new one for seconds: the other sees that, and both read afterwards whose it was."""
    ana, ben = await pair()
    cut = monotonic()
    wire.silence()
    wire.cut()
    await ana.sees("Connection lost. Trying to get it back…")
    await waits(ben, 1)
    missed = monotonic()
    await see_and_hear(ana, ben)
    await waits(ben, 2)
    away = monotonic() - missed
    wire.speak()
    await talk(ana, ben, epoch=1)
    whole = monotonic() - cut
    await hang_up(ana, ben)
    said = await seconds(ana, "Your connection was away for {} s and came back.")
    assert away - 0.1 < said < whole + 0.1
    await expect(await ben.past_call()).to_contain_text("The cause was at the other side.")


async def test_media_goes_on_while_a_node_is_dead(pair: Pair, place: Place, wire: TcpWire) -> None:
    """Killed under Ana, who comes back at the other one: the same call, by the same media."""
    ana, ben = await pair()
    await place.here.stop(signal.SIGKILL)
    try:
        await ana.sees("Connection lost. Trying to get it back…")
        await waits(ben, 1)
        await see_and_hear(ana, ben)
        wire.lead_to(port(place.there))
        await talk(ana, ben, epoch=1)
        await hang_up(ana, ben)
    finally:
        await place.here.start()


async def test_a_network_that_breaks_is_replaced_by_a_new_epoch(pair: Pair, place: Place) -> None:
    """All ways of the media end at once, while the sockets stay: the page restarts the call by itself."""
    ana, ben = await pair()
    cut = monotonic()
    place.network.cut()

    async def anew() -> bool:
        return all([await person.page.evaluate("coded.place.epoch") > 1 for person in (ana, ben)])

    await eventually(anew, "the call is not restarted", at=ana.page)
    await talk(ana, ben)
    whole = monotonic() - cut
    await hang_up(ana, ben)
    for person in (ana, ben):
        said = await seconds(person, "The network changed, and the call came back in {} s.")
        assert 0 < said < whole + 0.1
