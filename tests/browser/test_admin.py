"""Moderators at work on their page, by keyboard: a case from the report to the appeal, and who is let in."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, expect
from pyotp import TOTP

from core.vocabulary import Role
from tests.browser.person import PASSWORD, WAIT_MS, Visitor
from tests.integration.person import Person
from tests.rest.pictures import drawn, encoded, form
from tests.served import Served
from tests.stores.world import World, world_at

LOOKING = Path(__file__).with_name("looking.js").read_text()
HTML = "<img src=x onerror=alert(1)>"
SignUp = Callable[[str], Awaitable[Person]]
Desk = Callable[..., Awaitable["Moderator"]]


class Moderator:
    """Somebody at the moderators' page, with an authenticator app where they have one."""

    def __init__(self, account: Person, at: Visitor, secret: str = "") -> None:
        self.account, self.at, self.page, self.secret = account, at, at.page, secret

    def code(self) -> str:
        return TOTP(self.secret).now()

    async def password(self) -> None:
        await self.page.get_by_label("Email or username").fill(self.account.account["user"]["username"])
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.at.press("Sign in")

    async def sign_in(self) -> None:
        """With the password, and then the code that is asked for."""
        await self.password()
        await self.at.sees("Send the code that your authenticator app shows.")
        await self.show(self.code())
        await self.at.sees_heading("Cases")

    async def show(self, code: str) -> None:
        """A code, where one is asked for."""
        field = self.page.get_by_label("Code of your authenticator app").filter(visible=True)
        await field.fill(code)
        await self.page.keyboard.press("Enter")

    async def keys(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def confirm(self, key: str, title: str, **fields: str) -> None:
        """Press the key of an act, and Enter where it is asked whether it is meant."""
        await self.keys(key)
        dialog = self.page.get_by_role("dialog", name=title)
        await expect(dialog).to_be_visible()
        for label, value in fields.items():
            await dialog.get_by_label(label).fill(value)
        if fields:
            await dialog.locator(".primary").focus()
        await self.keys("Enter")
        await expect(dialog).to_be_hidden()

    async def decided(self, words: str) -> None:
        """The head of the case says so."""
        await expect(self.page.locator("#case-head")).to_contain_text(words)

    async def looks_right(self, where: str) -> None:
        """Nothing is off the screen or covered, and everything can be read."""
        await self.page.evaluate(LOOKING)
        for look in ("misfits", "faint"):
            assert not (found := await self.page.evaluate(f"{look}()")), f"{where}: {found}"
        await self.at.fits()

    def row(self, words: str) -> Locator:
        return self.page.locator("[data-row]:visible").filter(has_text=words)

    async def reach(self, words: str) -> None:
        """Go down the list by keyboard to the row with these words."""
        await expect(self.row(words)).to_have_count(1)
        # More presses than rows: one that comes while the list is drawn may be lost.
        for _ in range(3 * await self.page.locator("[data-row]:visible").count() + 3):
            await self.keys("j")
            if await self.row(words).evaluate("(row) => row === document.activeElement"):
                return
        raise AssertionError(f"no key leads to {words}")


@pytest.fixture
async def world(nodes_database_url: str) -> AsyncIterator[World]:
    async with world_at(nodes_database_url) as world:
        yield world


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def person(server: Served, world: World, web: aiohttp.ClientSession) -> AsyncIterator[SignUp]:
    """`await person("Ben")`: an account whose owner is not on any page."""
    people: list[Person] = []

    async def make(name: str) -> Person:
        account = await Person.sign_up(server.address, web)
        people.append(account)
        await world.pool.execute(
            "UPDATE identity.profiles SET display_name = $2 WHERE user_id = $1", account.id, name
        )
        return account

    yield make
    for one in people:
        await one.leave()


@pytest.fixture
async def desk(server: Served, browser: Browser, world: World, person: SignUp) -> AsyncIterator[Desk]:
    """`await desk()`: a moderator with an app, at the page and not signed in yet."""
    expect.set_options(timeout=WAIT_MS)  # a busy machine takes its time
    there: list[Moderator] = []

    async def open_page(
        name: str = "Mod", role: Role = "moderator", *, app: bool = True, **how: Any
    ) -> Moderator:
        account = await person(name)
        await world.set_role(account.id, role)
        at = await Visitor.visit(browser, f"{server.address}/admin/", name, **how)
        there.append(Moderator(account, at, await with_app(account) if app else ""))
        return there[-1]

    yield open_page
    for one in there:
        await one.at.leave()
    faults = {one.at.name: one.at.faults for one in there if one.at.faults}
    assert not faults, f"The page said in its console: {faults}"


async def with_app(account: Person) -> str:
    """Turn one-time codes on; gives the secret."""
    _, asked = await account.rest("POST", "/v1/me/totp", json={})
    secret: str = asked["secret"]
    status, _ = await account.rest("POST", "/v1/me/totp", json={"code": TOTP(secret).now()})
    assert status == 200
    return secret


async def reported(world: World, ana: Person, ben: Person, **more: Any) -> None:
    """The two have met and are connected; Ana reports the call, with what she saw."""
    connection = await world.connected((ana.id, ben.id))
    await world.say(connection.room_id, ben.id, f"you {HTML}")
    _, picture = await ana.rest("POST", "/v1/media", data=form(encoded(drawn())))
    call = await world.pool.fetchval(
        "SELECT call_id FROM interaction.call_participants WHERE user_id = $1 ORDER BY call_id DESC", ana.id
    )
    body = {
        "subject": {"type": "call", "id": call},
        "reason": "harassment",
        "note": "was rude",
        "evidence_media_id": picture["id"],
        **more,
    }
    status, answer = await ana.rest("POST", "/v1/reports", json=body)
    assert status == 201, answer


async def is_out(ben: Person) -> bool:
    status, body = await ben.rest("GET", "/v1/me")
    return status != 200 and body["code"] == "banned"


async def signs_in(server: Served, web: aiohttp.ClientSession, who: Person) -> dict[str, Any]:
    """What a sign-in of theirs is answered."""
    body = {"login": who.account["user"]["username"], "password": PASSWORD}
    async with web.post(f"{server.address}/v1/auth/login", json=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_case_by_keyboard_from_the_report_to_the_appeal(
    desk: Desk, person: SignUp, world: World, server: Served, web: aiohttp.ClientSession
) -> None:
    """Claimed, seen, banned, undone; banned again, appealed against, and granted by another."""
    ana, ben = await person("Ana"), await person("Ben Rude")
    await reported(world, ana, ben)
    phone = await ben.connect()
    mod = await desk()
    await mod.sign_in()

    await mod.reach("Ben Rude")
    await mod.keys("Enter")
    await mod.at.sees_heading("Ben Rude")
    await mod.at.sees("was rude")
    await mod.at.sees(f"you {HTML}")
    await mod.at.sees("1 report by 1 person")
    await mod.keys("c")
    await mod.at.sees(re.compile("Claimed by you, .* left"))
    await expect(mod.page.locator(".picture img")).to_have_count(0)
    await mod.at.sees("The picture is hidden.")
    await mod.keys("e")
    picture = mod.page.get_by_alt_text("What Ana saw of Ben Rude")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64
    await mod.keys("e")
    await expect(picture).to_have_css("filter", re.compile("blur"))

    await mod.confirm("b", "Ban Ben Rude?", Note="third time")
    await mod.decided("Banned")
    await mod.at.sees("third time")
    assert (await phone.next("session:revoked"))["code"] == "banned"
    assert await is_out(ben)
    await mod.confirm("u", "Undo the decision?")
    await mod.decided("A decision was undone")
    assert "access_token" in await signs_in(server, web, ben)

    await mod.confirm("s", "Suspend Ben Rude?", **{"For how many days": "3"})
    await mod.decided("Suspended for 3 days")
    refused = await signs_in(server, web, ben)
    assert refused["code"] == "banned"
    ben.token = refused["details"]["token"]
    _, standing = await ben.rest("GET", "/v1/me/standing")
    strike = standing["strikes"][0]["id"]
    status, _ = await ben.rest("POST", f"/v1/me/strikes/{strike}/appeal", json={"text": "It was my brother."})
    assert status == 201

    other = await desk("Claire")
    await other.sign_in()
    await mod.keys("4")
    await mod.reach("It was my brother.")
    await mod.confirm("g", "Grant the appeal of Ben Rude?")
    await mod.at.sees("Another moderator decides this one")
    await other.keys("4")
    await other.reach("It was my brother.")
    await other.confirm("g", "Grant the appeal of Ben Rude?")
    await expect(other.row("It was my brother.")).to_contain_text("granted")
    assert "access_token" in await signs_in(server, web, ben)


async def test_who_has_no_app_sets_one_up(desk: Desk) -> None:
    """On this page, before anything is shown; a wrong code says so. Afterwards the session goes on."""
    mod = await desk(app=False)
    await mod.password()
    await mod.at.sees_heading("One more step")
    mod.secret = ((await mod.page.locator("#secret").text_content()) or "").replace(" ", "")
    assert mod.secret in (await mod.page.locator("#otpauth").get_attribute("href") or "")
    await mod.show("000000" if mod.code() != "000000" else "000001")
    await mod.at.sees("This code is not right.")
    await mod.show(mod.code())
    await mod.at.sees_heading("Cases")
    await mod.page.reload()
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


async def test_what_somebody_else_has_done_is_told(desk: Desk, person: SignUp, world: World) -> None:
    """Who claims or decides second hears why it cannot be, and sees how it stands."""
    await reported(world, await person("Ana"), await person("Carl"), reason="underage")
    desks = [await desk(), await desk("Claire")]
    for each in desks:
        await each.sign_in()
        await each.reach("Carl")
        await each.keys("Enter")
        await each.at.sees_heading("Carl")
    mod, claire = desks
    await mod.keys("c")
    await mod.at.sees("Claimed by you")
    await claire.keys("c")
    await claire.at.sees("Another moderator has claimed this case.")
    await claire.at.sees("Claimed by another moderator")
    await expect(claire.at.button("Ban")).to_have_count(0)
    await mod.page.context.set_offline(offline=True)
    await mod.confirm("d", "Dismiss this case?")
    await mod.at.sees("The server cannot be reached.")
    await mod.page.context.set_offline(offline=False)
    await mod.confirm("d", "Dismiss this case?")
    await mod.decided("Dismissed")
    await claire.keys("Escape")
    await claire.at.sees_heading("Cases")
    await expect(claire.row("Carl")).to_have_count(0)


async def test_who_may_be_somebody_that_was_banned(desk: Desk, person: SignUp, world: World) -> None:
    """Shown with what the two have in common, and cleared by a key."""
    old, new = await person("Olga"), await person("Nora")
    await world.pool.execute(
        "INSERT INTO safety.suspicions (user_id, of_user_id, kind, shared, weight, suspect, at)"
        " VALUES ($1, $2, 'device', '{device,network}', 20, true, now())",
        new.id,
        old.id,
    )
    await reported(world, await person("Ana"), new, reason="spam")
    mod = await desk()
    await mod.sign_in()
    await mod.reach("Nora")
    await mod.keys("Enter")
    await mod.at.sees("the same device, network.")
    await mod.confirm("x", "Nora is nobody that was banned?")
    await mod.at.sees(re.compile("^cleared "))
    await expect(mod.at.button("They are somebody else")).to_have_count(0)


async def test_people_bans_and_the_log(desk: Desk, person: SignUp, world: World) -> None:
    """An admin finds somebody, corrects them, bans them and lifts it; all of it is on the log."""
    await person("Dora Searched")
    chief = await desk("Chief", "admin")
    await chief.sign_in()
    await chief.keys("/")
    await chief.page.keyboard.type("dora searched")
    await chief.keys("Enter")
    await chief.reach("Dora Searched")
    await chief.keys("Enter")
    await chief.at.sees_heading("Dora Searched")
    await chief.page.get_by_label("Role").select_option("moderator")
    await chief.page.get_by_label("Birth date").fill("1990-01-31")
    await chief.at.press("Save")
    await expect(chief.page.locator("#person-head").get_by_text("moderator", exact=True)).to_be_visible()
    await chief.page.locator("#person-title").focus()
    await chief.confirm("b", "Ban Dora Searched?", Reason="sold secrets")
    await chief.at.sees("sold secrets")
    await chief.keys("3")
    await chief.reach("sold secrets")
    await chief.confirm("l", "Lift the ban of Dora Searched?")
    await expect(chief.row("sold secrets")).to_contain_text("lifted")
    await chief.keys("5")
    await chief.at.sees("unbanned")
    await chief.keys("?")
    await expect(chief.page.get_by_role("dialog", name="Keys")).to_be_visible()
    await chief.keys("Escape")


@pytest.mark.parametrize("phone", [True, False])
async def test_long_words_move_nothing_off_the_screen(
    desk: Desk, person: SignUp, world: World, *, phone: bool
) -> None:
    """Names, notes and messages of long words, at every place, on a dark phone and at a light desk."""
    long = "W" * 200
    ana, ben = await person("Ana"), await person("Ben")
    for who in (ana, ben):
        await world.pool.execute(
            "UPDATE identity.profiles SET display_name = $2, bio = $2, city = $2 WHERE user_id = $1",
            who.id,
            long[:100],
        )
    await reported(world, ana, ben, note=long, reason="hate")
    given = await world.strike(ben.id, "warn", reason=long)
    await world.appeal_against(given, ben.id)
    chief = await desk("Chief", "admin", phone=phone, dark=phone)
    await chief.sign_in()
    case = await world.pool.fetchval("SELECT id FROM safety.cases WHERE user_id = $1", ben.id)
    for place in ("cases", f"case/{case}", "people", f"person/{ben.id}", "bans", "appeals", "audit"):
        await chief.page.evaluate("(place) => (location.hash = place)", place)
        name = place.partition("/")[0]
        await expect(chief.page.locator(f"#{name} h1")).to_be_visible()
        await expect(chief.page.get_by_text("Loading…").filter(visible=True)).to_have_count(0)
        await chief.looks_right(place)
    await chief.page.evaluate("(place) => (location.hash = place)", f"case/{case}")
    await chief.at.sees_heading(long[:100])
    for key in ("s", "?"):
        await chief.keys(key)
        await expect(chief.page.get_by_role("dialog")).to_be_visible()
        await chief.looks_right(f"the dialog of {key}")
        await chief.keys("Escape")
