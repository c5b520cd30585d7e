"""A moderator at their page, by keyboard."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from playwright.async_api import Locator, expect
from pyotp import TOTP

from tests.browser.person import PASSWORD, Visitor
from tests.integration.person import Person

LOOKING = Path(__file__).with_name("looking.js").read_text()
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
        await self.page.get_by_label("Password").filter(visible=True).fill(PASSWORD)
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

    async def place_after(self, key: str) -> str:
        """What is shown in the moment in which a key was pressed: the next one may follow at once."""
        shown: str = await self.page.evaluate(
            """(key) => {
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                return document.querySelector(".place:not([hidden])").id;
            }""",
            key,
        )
        return shown

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

    async def stands_on(self, role: Literal["heading", "button", "link"], name: str) -> None:
        """The keyboard goes on from there."""
        await expect(self.page.get_by_role(role, name=name, exact=True).filter(visible=True)).to_be_focused()

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


async def with_app(account: Person) -> str:
    """Turn one-time codes on; gives the secret."""
    _, asked = await account.rest("POST", "/v1/me/totp", json={})
    secret: str = asked["secret"]
    status, _ = await account.rest("POST", "/v1/me/totp", json={"code": TOTP(secret).now()})
    assert status == 200
    return secret
