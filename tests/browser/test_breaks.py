"""A break after offers that failed by oneself, on a server that keeps its limits."""

import re

from playwright.async_api import expect

from tests.browser.chromium import Chromium
from tests.browser.person import Visitor
from tests.served import Served


async def test_a_break_is_called_one_and_counted_down(
    browser: Chromium, nodes_database_url: str, nodes_redis_url: str
) -> None:
    """In words, with the time that is left, at once; nothing is sent again before it is over."""
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION="breaks",
        RATE_LIMITS="on",
        COOL_DOWNS_S="90",
    )
    await server.start()
    try:
        ana, ben = [await Visitor.visit(browser, server.address, name) for name in ("Ana", "Ben")]
        for person, gender in ((ana, "female"), (ben, "male")):
            await person.sign_up(gender=gender)
            await person.press("Meet someone")
        await ana.press("Not this time")
        await ana.press("Meet someone else")
        await ana.sees(re.compile("Several offers failed lately because you declined"))
        await ana.sees(re.compile(r"^1:[0-2]\d\.$"))
        await expect(ana.button("Meet someone else")).to_be_disabled()
        await ana.films()
        for person in (ana, ben):
            await person.leave()
    finally:
        await server.stop()
