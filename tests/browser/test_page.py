"""One person and the page: accounts, profile, camera, an empty queue, and every refusal in words."""

import re

import aiohttp
import pytest
from playwright.async_api import expect
from pyotp import TOTP

from tests.browser.conftest import Visit
from tests.browser.person import PASSWORD, Visitor, eventually
from tests.served import Served


async def test_a_third_finds_nobody_and_is_told_so(sign_up: Visit) -> None:
    """Waiting alone says so, with the time that has passed, and can be stopped."""
    cleo = await sign_up("Cleo", phone=True)
    await cleo.press("Meet someone")
    await cleo.sees_heading("Nobody else is here yet")
    await cleo.sees("only you")
    await cleo.sees(re.compile(r"^(?!0:00)\d+:\d\d$"))
    await cleo.fits()
    await cleo.go("Profile")
    await cleo.films("audio", "video")  # somebody may come at any moment
    await cleo.press("Looking for someone…")
    await cleo.press("Stop looking")
    await cleo.is_ready()
    await cleo.go("Profile")
    await cleo.films()
    await cleo.go("Meet")
    await cleo.films("audio", "video")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"Birth date": "2020-01-01"}, "Birth date", "You have to be 18 or older."),
        ({"Username": "a b"}, "Username", "Please use 3 to 50 letters, digits, dots, dashes or underscores."),
        ({"Password": "short"}, "Password", "Please choose 8 to 128 characters."),
        ({"Email": "no address"}, "Email", "Please enter a valid email address."),
    ],
)
async def test_what_is_wrong_stands_at_the_field(
    visit: Visit, changes: dict[str, str], field: str, words: str
) -> None:
    """The field is marked, has the focus, and is described by what is wrong with it."""
    dora = await visit("Dora", phone=True)
    await dora.fill_sign_up(**changes)
    wrong = dora.page.get_by_role("form").get_by_label(field)
    await expect(wrong).to_be_focused()
    await expect(wrong).to_have_attribute("aria-invalid", "true")
    await expect(wrong).to_have_accessible_description(words)
    await dora.fits()


async def test_one_agrees_to_the_rules_first(visit: Visit) -> None:
    """They can be read without losing what one has typed, on a phone too; nothing is sent before."""
    dora = await visit("Dora", phone=True)
    await dora.fill_sign_up(Username="a b")
    agree = dora.page.get_by_role("form").get_by_label("I am 18 or older")
    await agree.uncheck()
    await dora.page.get_by_role("form").get_by_label("Username").fill(dora.username)
    await dora.press("Create account")
    await expect(agree).to_be_focused()
    await dora.fits()
    async with dora.page.context.expect_page() as opened:
        await dora.page.get_by_role("form").get_by_role("link", name="community rules").click()
    rules = await opened.value
    await expect(rules.get_by_role("heading", name="If you are in danger")).to_be_visible()
    await rules.wait_for_function(
        "document.documentElement.scrollWidth === document.documentElement.clientWidth"
    )
    await rules.close()
    await agree.check()
    await dora.press("Create account")
    await dora.is_ready()


async def test_signing_out_and_in_again(sign_up: Visit) -> None:
    """A reload stays signed in; a taken name and a wrong password are told; another tab follows."""
    ana = await sign_up("Ana")
    await ana.page.reload()
    await ana.is_ready()
    tab = await ana.second_tab()
    await tab.is_ready()
    await ana.page.bring_to_front()  # a browser hardly draws a tab behind another
    await ana.go("Profile")
    await ana.press("Sign out")
    await expect(tab.button("Meet someone")).to_be_hidden()
    await ana.fill_sign_up(Email=f"other-{ana.username}@example.com")
    await ana.sees("This username is taken.")
    await ana.page.go_back()
    await ana.fill_sign_up(Username=f"other-{ana.username}"[:50])
    email = ana.page.get_by_role("form").get_by_label("Email")
    await expect(email).to_be_focused()  # in the step before
    await expect(email).to_have_accessible_description("There is an account with this email already.")
    await ana.follow("Sign in instead")
    await ana.sign_in("wrong horse battery")
    await ana.sees("This login and password do not belong together.")
    await ana.sign_in()
    await ana.is_ready()
    await tab.is_ready()


async def codes_of(person: Visitor, server: Served) -> TOTP:
    """Their authenticator app, after they have turned one-time codes on."""
    async with aiohttp.ClientSession(server.address) as web:
        body = {"login": person.username, "password": PASSWORD}
        async with web.post("/v1/auth/login", json=body) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        async with web.post("/v1/me/totp", headers=headers) as response:
            codes = TOTP((await response.json())["secret"])
        async with web.post("/v1/me/totp", json={"code": codes.now()}, headers=headers) as response:
            assert response.status == 200
    return codes


async def test_a_code_is_asked_for_after_the_password(sign_up: Visit, server: Served) -> None:
    """Of somebody who has turned one-time codes on. A wrong one is told, and the next one counts."""
    ana = await sign_up("Ana", phone=True)
    codes = await codes_of(ana, server)
    await ana.go("Profile")
    await ana.press("Sign out")
    await ana.follow("Sign in")
    await expect(
        ana.page.get_by_role("form", name="Welcome back").get_by_label("Code of your")
    ).to_be_hidden()
    await ana.sign_in()
    code = ana.page.get_by_role("form", name="Welcome back").get_by_label("Code of your")
    await expect(code).to_be_focused()
    await ana.sees("Send the code that your authenticator app shows.")
    await ana.fits()
    await code.fill("no code")
    await ana.press("Sign in")
    await ana.sees("This code is not right.")
    await code.fill(codes.now())
    await ana.press("Sign in")
    await ana.is_ready()


async def test_signed_out_from_elsewhere(sign_up: Visit, server: Served) -> None:
    """Ending the session on another device ends it here at once, in words."""
    ana = await sign_up("Ana")
    request = ana.context.request
    login = {"login": ana.username, "password": PASSWORD}
    here = await (await request.post(f"{server.address}/v1/auth/login", data=login)).json()
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    sessions = await (await request.get(f"{server.address}/v1/auth/sessions", headers=headers)).json()
    (other,) = [session["id"] for session in sessions["items"] if not session["current"]]
    await request.delete(f"{server.address}/v1/auth/sessions/{other}", headers=headers)
    await ana.sees("You have been signed out. Please sign in again.")
    await ana.sees_heading("Welcome back")


async def test_the_profile_is_kept(sign_up: Visit) -> None:
    """What is saved is there after a reload."""
    ana = await sign_up("Ana", phone=True)
    await ana.go("Profile")
    form = ana.page.get_by_role("form", name="Your profile")
    await form.get_by_label("About you").fill("Climbs, cooks, laughs.")
    await form.get_by_label("Country").select_option("Germany")
    await form.get_by_text("French", exact=True).click()
    await form.get_by_text("Men", exact=True).click()
    await form.get_by_label("Age to").fill("17")
    await ana.press("Save")
    await expect(form.get_by_label("Age to")).to_have_attribute("aria-invalid", "true")
    await form.get_by_label("Age to").fill("40")
    await ana.press("Save")
    await ana.sees("Saved.")
    await ana.fits()
    await ana.page.reload()
    await expect(form.get_by_label("About you")).to_have_value("Climbs, cooks, laughs.")
    await expect(form.get_by_label("Country")).to_have_value("DE")
    await expect(form.get_by_role("checkbox", name="French")).to_be_checked()
    await expect(form.get_by_label("Men", exact=True)).not_to_be_checked()
    await expect(form.get_by_label("Age to")).to_have_value("40")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "The browser may not use your camera and microphone."),
        ("NotFoundError", "No camera and microphone found."),
        ("NotReadableError", "Another program is using your camera and microphone."),
    ],
)
async def test_without_a_camera_there_is_voice(visit: Visit, error: str, words: str) -> None:
    """Each refusal of the browser is told in its own words, and a voice call is offered instead."""
    ana = await visit("Ana", phone=True)
    await _refuse_camera(ana, error)
    await ana.sign_up(gender="female")
    await ana.press("Meet someone")
    await ana.sees(re.compile(re.escape(words)))
    await ana.fits()
    await ana.press("Use voice only")
    await ana.sees("Your microphone is on. No camera in a voice call.")
    await ana.press("Meet someone")
    await ana.sees_heading("Nobody else is here yet")


async def _refuse_camera(person: Visitor, error: str) -> None:
    """Have the browser answer as one without a camera does: the fake one of the tests is never refused."""
    await person.page.add_init_script(f"""
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) =>
          wanted.video ? Promise.reject(new DOMException("", "{error}")) : ask(wanted);
    """)
    await person.page.reload()


async def test_looking_away_while_the_browser_asks(visit: Visit) -> None:
    """What comes too late is closed again and has not failed: a user who comes back sees the mirror."""
    ana = await visit("Ana")
    await ana.page.add_init_script("""
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const answered = new Promise((answer) => (globalThis.answer = answer));
        navigator.mediaDevices.getUserMedia = (wanted) => answered.then(() => ask(wanted));
    """)
    await ana.page.reload()
    await ana.fill_sign_up()
    await ana.sees("Please allow the browser to use your camera and microphone.")
    await ana.go("Profile")
    await ana.page.evaluate("answer()")

    async def opened() -> bool:
        return bool(await ana.page.evaluate("tracks.length === 2"))

    await eventually(opened, "The camera did not open")
    await ana.films()
    await ana.go("Meet")
    await ana.sees_oneself()


async def test_the_server_is_away_at_the_start(sign_up: Visit, server: Served) -> None:
    """A signed-in user waits in front of a page that says so, and is let in when the server is back."""
    ana = await sign_up("Ana")
    await ana.page.route("**/v1/auth/refresh", lambda route: route.abort())
    await ana.page.reload()
    await ana.sees("The server cannot be reached. Trying again…")
    await ana.page.unroute("**/v1/auth/refresh")
    await ana.is_ready()


async def kept_by_scripts(person: Visitor) -> str:
    """All that scripts of this page can read of what the browser keeps."""
    return str(
        await person.page.evaluate(
            "JSON.stringify([document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)])"
        )
    )


async def test_no_script_reads_a_token(sign_up: Visit) -> None:
    """They are the browser's, for `/v1/auth` alone. What an earlier page has kept in reach is handed over."""
    ana = await sign_up("Ana")
    for _ in range(2):
        kept = await kept_by_scripts(ana)
        assert "token" not in kept
        assert "eyJ" not in kept
        cookies = {cookie["name"]: cookie for cookie in await ana.context.cookies(f"{ana.address}/v1/auth/x")}
        assert cookies.keys() == {"refresh_token", "device_token"}
        assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies.values())
        assert await ana.context.cookies(f"{ana.address}/v1/me") == []
        # As the version before has left it.
        handed = cookies["refresh_token"]["value"]
        await ana.context.clear_cookies()
        await ana.page.evaluate(
            "(token) => { const kept = JSON.parse(localStorage['realtime-connect.account']);"
            " localStorage['realtime-connect.account'] = JSON.stringify({ ...kept, refresh_token: token });"
            " localStorage['realtime-connect.device-token'] = 'eyJ'; }",
            handed,
        )
        await ana.page.reload()
        await ana.is_ready()


async def test_signed_out_while_the_server_is_away(sign_up: Visit) -> None:
    """The page is out at once; the server is told when it can be reached, and nobody is in by the cookie."""
    ana = await sign_up("Ana")
    await ana.go("Profile")
    await ana.page.route("**/v1/auth/logout", lambda route: route.abort())
    await ana.press("Sign out")
    await expect(ana.page.get_by_role("link", name="Create an account")).to_be_visible()
    await ana.page.unroute("**/v1/auth/logout")
    async with ana.page.expect_response("**/v1/auth/logout") as told:
        await ana.page.reload()
    assert (await told.value).status == 204

    async def is_done() -> bool:
        return "leaving" not in await kept_by_scripts(ana)

    await eventually(is_done, "the page would tell it once more")
