"""One's own settings on the page: chosen once, there on every device, and before anything is painted."""

import re

from playwright.async_api import expect

from services.time_zones import TIME_ZONES
from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor

PAPER = {"light": "rgb(246, 244, 239)", "dark": "rgb(21, 20, 23)", "neon": "rgb(10, 6, 22)"}
NOW_IN_TOKYO = """() => document.getElementById("settings-now").textContent === new Intl.DateTimeFormat(
  "de", { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" }).format(new Date())"""


async def looks(person: Visitor, paper: str) -> None:
    await expect(person.page.locator("body")).to_have_css("background-color", PAPER[paper])


async def test_a_theme_a_language_and_a_time_zone(sign_up: Visit, visit: Visit) -> None:
    """At once, after a reload before the script comes, on another device; signed out as the device has it."""
    ana = await sign_up("Ana")
    await ana.go("Profile")
    form = ana.page.get_by_role("form", name="How this page looks to you")
    for name in ("Dark", "Light", "Neon"):
        await form.get_by_text(name, exact=True).click()
        await looks(ana, name.lower())
    await form.get_by_label("Time zone").select_option("Asia/Tokyo")
    await expect(form.get_by_role("status")).to_have_text("Saved.")
    await form.get_by_label("Language").select_option("Deutsch")
    form = ana.page.get_by_role("form", name="Wie diese Seite für dich aussieht")
    await expect(form).to_be_visible(timeout=WAIT_MS)
    await expect(ana.page.locator("html")).to_have_attribute("lang", "de")
    await ana.page.wait_for_function(NOW_IN_TOKYO)
    offered = await form.get_by_label("Zeitzone").evaluate("(list) => [...list.options].map((o) => o.value)")
    assert set(offered) - {""} <= TIME_ZONES
    await ana.fits()

    script = re.compile(r"/page/main-.*\.js$")
    await ana.page.route(script, lambda route: route.abort())
    await ana.page.reload()
    await looks(ana, "neon")
    await ana.page.unroute(script)
    await ana.page.reload()
    await ana.page.wait_for_function(NOW_IN_TOKYO)

    phone = await visit("Ana", phone=True, dark=True)
    phone.username = ana.username
    await phone.reaches_sign_in()
    await phone.sign_in()
    await looks(phone, "neon")
    await phone.sees_heading("Bereit, wenn du es bist")  # it is loaded again in the language of the account
    await phone.go("Profil")
    await expect(phone.page.get_by_label("Neon")).to_be_checked()
    await phone.page.wait_for_function(NOW_IN_TOKYO)
    await phone.fits()
    await phone.press("Abmelden")
    await looks(phone, "dark")


async def test_a_page_in_the_browser_s_language(visit: Visit) -> None:
    """As the browser says, until another one is asked for; English where its texts do not come."""
    ana = await visit("Ana", phone=True, locale="de-AT")
    await ana.page.get_by_role("link", name="Konto anlegen").click()
    await ana.press("Weiter")
    await expect(ana.page.get_by_label("Anzeigename")).to_be_focused()
    await ana.fits()
    await ana.press("English")
    await ana.button("Go on").wait_for()
    await ana.page.reload()
    await expect(ana.page.locator("html")).to_have_attribute("lang", "en")
    await ana.press("Deutsch")
    await ana.button("Weiter").wait_for()
    older = re.compile(r"/page/main-.*\.js$")
    await ana.page.route(older, lambda route: route.fulfill(body="", content_type="text/javascript"), times=1)
    await ana.page.reload()  # as from a node of the version before: it is loaded again by itself
    await ana.button("Weiter").wait_for()
    await ana.page.route(re.compile(r"/page/de-"), lambda route: route.abort())
    await ana.page.reload()
    await ana.button("Go on").wait_for()


async def test_a_theme_that_this_page_does_not_have(sign_up: Visit) -> None:
    """A newer page set it on another device: this one is as the device has it, and works."""
    ana = await sign_up("Ana", dark=True)
    newer = {"theme": "sepia", "language": None, "time_zone": None, "font": "large"}
    await ana.page.route("**/v1/me/settings", lambda route: route.fulfill(json=newer))
    for _ in range(2):
        await ana.page.reload()
        await ana.page.wait_for_function("() => document.documentElement.dataset.theme === 'sepia'")
        await ana.is_ready()
        await looks(ana, "dark")
