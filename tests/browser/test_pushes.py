"""Notifications of a browser while the page is closed: asked for, and shown by the page's worker."""

import json
from typing import Any

from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.person import eventually
from tests.browser.windowed import browser  # noqa: F401 - the other one shows no notifications

# How often the worker has looked whether somebody looks at the page.
COUNTS = """() => {
  self.looks = 0;
  const matchAll = clients.matchAll.bind(clients);
  clients.matchAll = async (how) => {
    const found = await matchAll(how);
    self.looks += 1;
    return found;
  };
}"""
SHOWN = """async () => {
  const shown = await registration.getNotifications();
  return shown.map(({ title, body, data }) => [title, body, data.url]);
}"""


async def test_a_notification_comes_while_the_page_is_closed_and_leads_there(sign_up: Visit) -> None:
    """What it says is what was sent; whoever looks at the page is told there and nowhere else."""
    ana = await sign_up("Ana", service_workers="allow")
    await ana.context.grant_permissions(["notifications"])
    await ana.go("Profile")
    form = ana.page.get_by_role("form", name="Notifications on this device")
    await expect(form.get_by_text("It asks you first.")).to_be_visible()
    await form.get_by_role("button", name="Turn on").click()
    # This browser's push service is on the internet, which is not there.
    await expect(form.get_by_text("This browser could not be subscribed.")).to_be_visible()
    await ana.fits()
    assert all("does not support the Push API in incognito mode" in said for said in ana.faults)

    tools = await ana.context.new_cdp_session(ana.page)
    await tools.send("ServiceWorker.enable")
    found: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    await tools.send("ServiceWorker.disable")
    await tools.send("ServiceWorker.enable")

    async def is_found() -> bool:
        return bool(found)

    await eventually(is_found, "the page has no worker")
    [worker] = ana.context.service_workers
    origin = ana.page.url.partition("/#")[0].rstrip("/")

    async def push(title: str, **more: Any) -> None:
        data = {"id": "7", "title": title, "body": "From Ben", "url": "/#news", "tag": title} | more
        await tools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": found[0], "data": json.dumps(data)},
        )

    async def has_looked() -> bool:
        return bool(await worker.evaluate("self.looks"))

    await worker.evaluate(COUNTS)
    await push("Seen on the page")
    await eventually(has_looked, "the worker does not look whether the page is looked at")
    await ana.page.goto("about:blank")
    await push("You missed a call")

    async def is_shown() -> bool:
        return bool(await worker.evaluate(SHOWN))

    await eventually(is_shown, "nothing is shown")
    ana.faults.clear()  # an empty page has no camera, which our stand-in for one says
    assert await worker.evaluate(SHOWN) == [["You missed a call", "From Ben", "/#news"]]

    await push("Ben calls you", kind="call", url="/#meet")

    async def shows(*titles: str) -> bool:
        return sorted(each[0] for each in await worker.evaluate(SHOWN)) == sorted(titles)

    await eventually(lambda: shows("Ben calls you", "You missed a call"), "it does not ring")
    await push("", close=["Ben calls you", "what is not there"])
    await eventually(lambda: shows("You missed a call"), "it still rings")
