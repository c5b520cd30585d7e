"""Somebody who was banned comes back with another account, on a product that runs behind a proxy."""

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.conftest import NewDatabase, NewRedis
from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S
from tests.stores.world import World, world_at

PASSWORD = "correct horse battery"
HOME = "198.51.100.7"
PHONE = "ChatApp/3.1 (Android 14; SM-S918B)"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OTHERS = 60

Come = Callable[..., Awaitable[Person]]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def behind_a_proxy(
    settings: Settings, new_database: NewDatabase, new_redis: NewRedis
) -> AsyncIterator[tuple[str, World]]:
    """The product, with other people in it who came from elsewhere."""
    stores = {"database_url": await new_database(), "redis_url": await new_redis()}
    given = replace(settings, trusted_proxies="127.0.0.1", **stores)
    async with running(given) as address, world_at(given.database_url) as world:
        async with aiohttp.ClientSession() as web:
            for n in range(OTHERS):
                born = f"{1960 + n % 45}-0{1 + n % 9}-1{n % 10}"
                await arrive(address, web, f"203.0.{n}.1", f"Phone/{n}", f"other{n}", born=born)
        yield address, world


async def arrive(
    address: str, web: aiohttp.ClientSession, network: str, client: str, name: str, **more: Any
) -> Person:
    """Somebody opens an account from there."""
    number = next(_numbers)
    body = {
        "email": f"{name}.{number}@example.org",
        "username": f"{name}{number}",
        "password": PASSWORD,
        "display_name": name.capitalize(),
        "birth_date": more.get("born", "1995-05-05"),
        "gender": more.get("gender", "male"),
        "device_id": more.get("device_id"),
    }
    headers = {"X-Forwarded-For": network, "User-Agent": client, "Accept-Language": "de"}
    async with web.post(f"{address}/v1/auth/register", json=body, headers=headers) as response:
        assert response.status == 201, await response.text()
        return Person(address, web, await response.json(), headers)


@pytest.fixture
async def come(behind_a_proxy: tuple[str, World], web: aiohttp.ClientSession) -> AsyncIterator[Come]:
    """`await come(HOME, PHONE, "ben")`: the same, and they are gone when the test ends."""
    people: list[Person] = []

    async def make(*whence: str, **more: Any) -> Person:
        people.append(await arrive(behind_a_proxy[0], web, *whence, **more))
        return people[-1]

    yield make
    for person in people:
        await person.leave()


async def wait(who: Person, device: str) -> ClientDevice:
    """They connect and queue."""
    connected = await who.connect(device)
    await connected.ask("queue:join", mode="video")
    return connected


async def test_who_comes_back_with_another_account_is_not_offered_to_who_reported_the_first(
    behind_a_proxy: tuple[str, World], come: Come
) -> None:
    """Though she is the only one there; and somebody honest behind the same address is."""
    _, world = behind_a_proxy
    ana = await come("192.0.2.55", LAPTOP, "ana", gender="female", born="1996-01-02")
    ben = await come(HOME, PHONE, "ben", born="1988-03-09", device_id="ben-1")
    hers, his = await wait(ana, "ana"), await wait(ben, "ben-1")
    offer = await hers.next("call:offered")
    for device in (hers, his):
        await device.ask("call:accept", call_id=offer["call_id"])
    await hers.ask("call:report", call_id=offer["call_id"], reason="harassment")
    await world.ban(ben.id)
    await his.next("session:revoked", code="banned")

    again = await come(HOME, PHONE, "ben", born="1988-03-09", device_id="ben-2")
    assert await world.pool.fetchval("SELECT tier FROM identity.users WHERE id = $1", again.id) == "suspect"
    assert (await again.rest("GET", f"/v1/profiles/{ana.id}"))[0] == 404
    back = await wait(again, "ben-2")
    await hers.ask("queue:join", mode="video")
    for device in (hers, back):
        explained = await device.ask("queue:explain")
        assert (explained["candidates"], explained["removed"]) == (0, {"kept_apart": 1})
    assert not back.has_heard("call:offered")

    carl = await come(HOME, LAPTOP, "carl", born="1971-11-30")
    beside = await wait(carl, "carl")
    assert (await beside.next("call:offered"))["peer"]["user_id"] == ana.id
    assert not back.has_heard("call:offered")


async def test_a_suspicion_that_comes_later_reaches_a_place_in_the_queue(
    behind_a_proxy: tuple[str, World], come: Come
) -> None:
    """He waits already when the device shows, at the connect of a second one, who he may be."""
    _, world = behind_a_proxy
    eve = await come("192.0.2.56", LAPTOP, "eve", gender="female", born="1990-01-02")
    dan = await come("203.0.99.1", "Phone/x", "dan", born="1979-07-07")
    tablet = await dan.connect("tablet")
    await until(lambda: noted(world, dan.id), "the tablet is noted")
    assert (await eve.rest("POST", "/v1/blocks", json={"user_id": dan.id}))[0] == 201
    await world.ban(dan.id)
    await tablet.next("session:revoked", code="banned")

    again = await come("203.0.77.1", "Phone/y", "nobody", born="1990-10-10")
    waiting = await wait(again, "phone")
    token = {"token": again.token, "device_id": tablet.device_id}
    second = ClientDevice(again.address, None, headers=again.headers)
    again.devices.append(second)
    await second.connect(**token)
    await until(lambda: is_suspect(world, again.id), "the second device makes a suspect")
    hers = await wait(eve, "eve")
    explained = await hers.ask("queue:explain")
    assert explained["candidates"] == 0
    assert not waiting.has_heard("call:offered")


async def test_a_suspicion_in_a_call_ends_it_for_her_alone_who_has_blocked_him(
    behind_a_proxy: tuple[str, World], come: Come
) -> None:
    """Both hear what they hear of a block; with somebody else he goes on talking."""
    _, world = behind_a_proxy
    mia = await come("192.0.2.57", LAPTOP, "mia", gender="female", born="1991-02-03")
    zoe = await come("192.0.2.58", LAPTOP, "zoe", gender="female", born="1993-02-03")
    tom = await come("203.0.98.1", "Phone/v", "tom", born="1979-08-08")
    tablet = await tom.connect("tablet of tom")
    await until(lambda: noted(world, tom.id), "the tablet is noted")
    assert (await mia.rest("POST", "/v1/blocks", json={"user_id": tom.id}))[0] == 201
    await world.ban(tom.id)
    await tablet.next("session:revoked", code="banned")

    calls = []
    for n, she in enumerate((zoe, mia)):
        again = await come(f"203.0.7{n}.1", f"Phone/w{n}", f"new{n}", born="1990-10-10")
        calls.append((*await talk(she, again), again))
    for *_, again in calls:
        second = ClientDevice(again.address, None, headers=again.headers)
        again.devices.append(second)
        await second.connect(token=again.token, device_id=tablet.device_id)
    (call_id, zoes, other, _), (_, mias, his, _) = calls
    for device in (mias, his):
        assert (await device.next("call:ended"))["reason"] == "blocked"
    for *_, again in calls:
        await until(functools.partial(is_suspect, world, again.id), "the tablet makes a suspect")
    assert not zoes.has_heard("call:ended")
    await zoes.ask("call:end", call_id=call_id)
    assert (await other.next("call:ended"))["reason"] == "hung_up"


async def talk(she: Person, he: Person) -> tuple[str, ClientDevice, ClientDevice]:
    """They are matched with each other, and talk; gives the call and the device of each."""
    hers, his = devices = [await person.connect(f"phone of {person.id}") for person in (she, he)]
    for device in devices:
        await device.ask("queue:join", mode="voice")
    for device in devices:
        call_id = (await device.next("call:offered"))["call_id"]
        await device.ask("call:accept", call_id=call_id)
    for device in devices:
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in devices:
        await device.next("call:state", state="live")
    return call_id, hers, his


async def test_a_second_account_that_is_there_already_is_found_when_the_first_is_banned(
    behind_a_proxy: tuple[str, World], come: Come
) -> None:
    """He opened it in time, on the same phone, and is connected with it."""
    _, world = behind_a_proxy
    ben = await come("203.0.50.1", "Phone/z", "prudent", born="1977-07-07", device_id="one")
    other = await come("203.0.51.1", "Phone/z", "careful", born="1978-08-08", device_id="one")
    waiting = await wait(other, "phone")
    await world.ban(ben.id)
    await until(lambda: is_suspect(world, other.id), "the other account is a suspect")
    assert not waiting.closed.is_set()


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"did not happen: {what}") from None


async def noted(world: World, user_id: str) -> bool:
    query = "SELECT count(*) > 0 FROM safety.known_marks WHERE user_id = $1 AND kind = 'device'"
    return bool(await world.pool.fetchval(query, user_id))


async def is_suspect(world: World, user_id: str) -> bool:
    query = "SELECT tier = 'suspect' FROM identity.users WHERE id = $1"
    return bool(await world.pool.fetchval(query, user_id))
