"""One's own data on the page: a copy of it, deleting the account, and coming back."""

import zipfile

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.person import PASSWORD, Visitor


async def sees_focused(person: Visitor, words: str) -> None:
    await person.page.wait_for_function("(words) => document.activeElement.textContent === words", arg=words)


async def takes_a_copy(person: Visitor) -> None:
    await person.press("Make a copy")
    load = person.page.get_by_role("button", name="Download")
    await expect(load).to_be_visible()
    async with person.page.expect_download() as saving:
        await load.click()
    saved = await saving.value
    if failure := await saved.failure():
        again = await person.page.request.get(saved.url)
        pytest.fail(f"The download was {failure}; asked again, it is answered {again.status}: {saved.url}")
    with zipfile.ZipFile(await saved.path()) as archive:
        assert person.username in archive.read("data/account.json").decode()


async def test_taking_a_copy_deleting_the_account_and_coming_back(sign_up: Visit) -> None:
    """On a phone, and where it counts by the keyboard alone."""
    ana = await sign_up("Ana", phone=True)
    await ana.go("Profile")
    await ana.follow("Your data")
    await ana.sees_heading("Your data")
    await takes_a_copy(ana)
    await ana.fits()

    await ana.press("Delete my account…")
    await sees_focused(ana, "Do you want to delete your account?")
    await ana.fits()
    await ana.press("Keep my account")
    await sees_focused(ana, "Delete my account…")
    await ana.page.keyboard.press("Enter")
    password = ana.page.get_by_role("textbox", name="Your password")
    await password.fill("not my password")
    await ana.press("Delete my account")
    await ana.sees("This is not the password of this account.")
    await password.fill(PASSWORD)
    await ana.press("Delete my account")
    await ana.sees("Your account is deleted, and nobody sees it any more.")

    await ana.sign_in()
    await sees_focused(ana, "Your account is deleted")
    await ana.sees("It will be erased for good on")
    await expect(ana.page.get_by_role("button", name="Download")).to_be_visible()
    await ana.fits()
    await ana.page.reload()
    await ana.sees_heading("Your account is deleted")
    await ana.button("Keep my account").focus()
    await ana.page.keyboard.press("Enter")
    await ana.is_ready()
    await ana.page.reload()
    await ana.is_ready()
    assert ana.faults == []
