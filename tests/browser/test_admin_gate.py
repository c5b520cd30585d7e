"""Who is let in at the moderators' page, and what it takes."""

import re

from playwright.async_api import expect

from tests.browser.desk import Desk, with_app
from tests.browser.person import PASSWORD
from tests.stores.world import World


async def test_who_has_no_app_sets_one_up(desk: Desk) -> None:
    """On this page, before anything is shown; a wrong code says so. Afterwards the session goes on."""
    mod = await desk(app=False)
    await expect(mod.page.get_by_label("Email or username")).to_be_focused()
    await mod.password()
    await mod.at.sees_heading("One more step")
    await expect(mod.page.get_by_label("Code of your authenticator app").filter(visible=True)).to_be_focused()
    mod.secret = ((await mod.page.locator("#secret").text_content()) or "").replace(" ", "")
    assert mod.secret in (await mod.page.locator("#otpauth").get_attribute("href") or "")
    code = mod.page.get_by_alt_text("QR code of the secret")
    assert await code.evaluate("(image) => image.decode().then(() => image.checkVisibility())")
    await mod.show("000000" if mod.code() != "000000" else "000001")
    await mod.at.sees("This code is not right.")
    await mod.show(mod.code())
    await mod.at.sees_heading("Cases")
    await mod.page.reload()
    await mod.at.sees_heading("Cases")


async def test_who_sets_one_up_later_shows_that_they_are_the_owner(desk: Desk, world: World) -> None:
    """Whoever finds the page open could keep the moderator out."""
    mod = await desk(app=False)
    await mod.password()
    await mod.at.sees_heading("One more step")
    await world.pool.execute(
        "UPDATE identity.sessions SET created_at = created_at - interval '1 hour' WHERE user_id = $1",
        mod.account.id,
    )
    await mod.page.reload()
    await mod.at.sees_heading("Is it you?")
    field = mod.page.get_by_label("Password").filter(visible=True)
    for password, seen in (("wrong password", "This is not the password"), (PASSWORD, "Scan this")):
        await field.fill(password)
        await mod.page.keyboard.press("Enter")
        await mod.at.sees(re.compile(seen))
    mod.secret = ((await mod.page.locator("#secret").text_content()) or "").replace(" ", "")
    await mod.show(mod.code())
    await mod.at.sees_heading("Cases")


async def test_a_session_without_a_code_is_asked_for_one(desk: Desk) -> None:
    """Somebody who has signed in on everybody's page before: there the code of the app is enough."""
    mod = await desk(app=False)
    await mod.password()
    await mod.at.sees_heading("One more step")
    mod.secret = await with_app(mod.account)
    await mod.page.reload()
    await mod.at.sees("Type the code that your authenticator app shows.")
    await mod.show(mod.code())
    await mod.at.sees_heading("Cases")


async def test_a_stranger_sees_nothing(desk: Desk, world: World) -> None:
    """Neither do those who have been moderators, from the next request on."""
    ana = await desk("Ana", "user", app=False)
    await expect(ana.page.get_by_role("heading", name="Moderators' sign-in")).to_be_visible()
    await ana.password()
    await ana.at.sees_heading("This page is for moderators")
    await expect(ana.page.get_by_role("navigation")).to_be_hidden()
    await ana.page.goto(f"{ana.at.address}#bans")
    await ana.page.reload()
    await ana.at.sees_heading("This page is for moderators")
    await expect(ana.page.locator("[data-row]")).to_have_count(0)

    mod = await desk()
    await mod.sign_in()
    await world.set_role(mod.account.id, "user")
    await mod.keys("3")
    await mod.at.sees_heading("This page is for moderators")
