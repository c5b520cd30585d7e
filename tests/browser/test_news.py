"""Notifications on the page: the bell, the list, and what one wants to be told."""

import asyncio

from playwright.async_api import Route, expect

from core.clock import now_ms
from core.notices import Notice
from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor
from tests.browser.windowed import browser  # noqa: F401
from tests.stores.world import World


async def bell(person: Visitor, name: str) -> None:
    """What a screen reader says of it."""
    navigation = person.page.get_by_role("navigation", name="Main")
    await expect(navigation.get_by_role("link", name=name, exact=True)).to_be_visible(timeout=WAIT_MS)


class HeldBack:
    """A request with these words, until it may pass."""

    def __init__(self, words: str) -> None:
        self._words, self.came, self.may_pass = words, asyncio.Event(), asyncio.Event()

    async def route(self, route: Route) -> None:
        if self._words in (route.request.post_data or ""):
            self.came.set()
            await self.may_pass.wait()
        await route.fallback()


async def test_read_on_one_device_it_goes_on_the_other(sign_up: Visit, visit: Visit, world: World) -> None:
    """At a desk and on a phone, by mouse and by keyboard; and quiet hours are there on both."""
    ana = await sign_up("Ana")
    phone = await visit("Ana", phone=True)
    phone.username = ana.username
    await phone.reaches_sign_in()
    await phone.sign_in()
    for device in (ana, phone):
        await bell(device, "News")
    ana_id = await world.pool.fetchval("SELECT id FROM identity.users WHERE username = $1", ana.username)
    for title in ("First", "Second"):
        await world.notifications.tell(Notice(user_id=ana_id, kind="system", title=title), now_ms())
    for device in (ana, phone):
        await bell(device, "News 2 unread")
        await device.go("News")
        items = device.page.get_by_role("list", name="News").get_by_role("heading")
        await expect(items).to_have_text(["Second", "First"], timeout=WAIT_MS)
        await device.fits()
    await ana.press("Mark as read: Second")
    await expect(phone.button("Mark as read: Second")).to_have_count(0)
    await bell(phone, "News 1 unread")
    await phone.button("Mark all as read").focus()
    await phone.page.keyboard.press("Enter")
    await expect(phone.page.get_by_role("heading", name="News")).to_be_focused()
    for device in (ana, phone):
        await bell(device, "News")

    for device in (ana, phone):
        await device.go("Profile")
    form = ana.page.get_by_role("form", name="What you want to be told")
    one, other = HeldBack("22:00"), HeldBack("23:15")
    for held in (one, other):
        await ana.page.route("**/v1/me/settings", held.route)
    await form.get_by_label("Somebody wants to be your friend").uncheck()
    await form.get_by_label("Quiet hours").check()
    await expect(ana.page.get_by_label("Time zone")).not_to_have_value("")
    await form.get_by_label("From").fill("23:15")
    one.may_pass.set()
    async with asyncio.timeout(WAIT_MS / 1000):
        await other.came.wait()
    await expect(form.get_by_role("status")).to_have_text("")  # it is not said before all of it is
    other.may_pass.set()
    await expect(form.get_by_role("status")).to_have_text("Saved.")
    await phone.page.reload()
    form = phone.page.get_by_role("form", name="What you want to be told")
    await expect(form.get_by_label("From")).to_have_value("23:15", timeout=WAIT_MS)
    await expect(form.get_by_label("Somebody wants to be your friend")).not_to_be_checked()
    await phone.fits()
