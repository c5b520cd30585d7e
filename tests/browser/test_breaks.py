"""A break after offers that failed by oneself, on a server that keeps its limits."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.served import Served


@pytest.fixture
async def strict(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Served]:
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION="breaks",
        RATE_LIMITS="on",
        COOL_DOWNS_S="3000",
    )
    await server.start()
    yield server
    await server.stop()


async def test_a_break_is_called_one_and_counted_down(strict: Served, arrive: Arrive) -> None:
    """In words, with the time that is left, at once; nothing is sent again before it is over."""
    ana, ben = [await arrive(strict.address, name) for name in ("Ana", "Ben")]
    for person, gender in ((ana, "female"), (ben, "male")):
        await person.sign_up(gender=gender)
        await person.looks_elsewhere()  # or the pages join by themselves
        await person.press("Meet someone")
    await ana.press("Not this time")
    await ana.press("Meet someone else")
    await ana.sees(re.compile("Several offers failed lately because you declined"))
    await ana.sees(re.compile(r"^4\d:\d\d\.$"))
    await expect(ana.button("Meet someone else")).to_be_disabled()
    await ana.films()
