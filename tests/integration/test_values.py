"""People with the same values are met first."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from tests.integration.conftest import SignUp
from tests.integration.person import Person


@pytest.fixture(scope="module")
async def address(settings: Settings) -> AsyncIterator[str]:
    """A region of its own, so that nobody else waits."""
    async with running(replace(settings, region="valued")) as address:
        yield address


async def hold(person: Person, name: str, strength: int) -> None:
    values = [{"category": "character", "name": name, "strength": strength}]
    assert (await person.rest("PUT", "/v1/me/values", json={"values": values}))[0] == 200


async def test_who_shares_values_is_preferred_to_a_stranger_who_came_earlier(sign_up: SignUp) -> None:
    """Both men seek women; the one who came second holds what she holds, in another spelling."""
    ana, ben, carl = [await sign_up(gender=gender) for gender in ("female", "male", "male")]
    await hold(ana, "Honesty", 90)
    await hold(carl, " honesty", 100)
    hers, his, carls = [await person.connect() for person in (ana, ben, carl)]
    for device in (his, carls):
        await device.ask("queue:join", mode="video", preferences={"genders": ["female"]})
    await hers.ask("queue:join", mode="video", preferences={"genders": ["male"]})
    assert (await hers.next("call:offered"))["peer"]["user_id"] == carl.id
    assert his.has_heard("call:offered") == 0
