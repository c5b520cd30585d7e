"""What a first visit costs: counted, for a slow network makes seconds of requests and bytes."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

# The page, its script, its style, its icon; the texts of another language than English.
REQUESTS = {"en-GB": 4, "de-DE": 5}
BYTES = 60_000


@pytest.mark.parametrize(("locale", "sign_up"), [("en-GB", "Create an account"), ("de-DE", "Konto anlegen")])
async def test_a_first_visit_is_small(visit: Visit, locale: str, sign_up: str) -> None:
    """A few requests and some kilobytes until one can sign up: under 3 s at 400 kbit/s and 400 ms."""
    ana = await visit("Ana", locale=locale)
    page = await ana.context.new_page()
    devtools = await ana.context.new_cdp_session(page)
    asked: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def requested(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            asked[event["requestId"]] = event["request"]["url"]

    def loaded(event: dict[str, Any]) -> None:
        if event["requestId"] in asked:
            sizes[asked[event["requestId"]]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", requested)
    devtools.on("Network.loadingFinished", loaded)
    await devtools.send("Network.enable")
    await devtools.send("Network.clearBrowserCache")
    await page.goto(ana.address, wait_until="networkidle")
    await expect(page.get_by_role("link", name=sign_up)).to_be_visible()
    assert len(asked) <= REQUESTS[locale], asked
    assert sum(sizes.values()) <= BYTES, sizes


async def test_a_second_visit_asks_for_the_page_alone(visit: Visit) -> None:
    """Everything else is named by its content, and kept."""
    ana = await visit("Ana")
    tab = await ana.second_tab()
    await expect(tab.page.get_by_role("link", name="Create an account")).to_be_visible()
    kept = await tab.page.evaluate(
        "performance.getEntriesByType('resource').filter((r) => r.name.includes('/page/'))"
        ".map((r) => r.transferSize)"
    )
    assert kept
    assert not any(kept), kept
