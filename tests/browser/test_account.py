"""One's own account on the page. Mail and SMS come through the outbox."""

import re

import aiohttp
from playwright.async_api import Locator, expect

from core.ids import new_id
from tests.browser.conftest import Visit
from tests.browser.person import PASSWORD, Visitor, eventually
from tests.rest.phones import a_number, wrong
from tests.rest.provider import Provider
from tests.served import Served
from tests.stores.world import World

ANOTHER = "another horse battery"


async def sent(server: Served, to: str, words: str, *, but: str = "") -> str:
    """The newest text with these words that was sent there, once it was; `but`: another one than this."""
    found: list[str] = []

    async def is_there() -> bool:
        async with (
            aiohttp.ClientSession(server.address) as web,
            web.get("/dev/outbox", headers={"Accept": "application/json"}) as response,
        ):
            items = (await response.json())["items"]
        texts = [item["text"] for item in items if item["to"] == to and words in item["text"]]
        found[:] = [text for text in texts[:1] if text != but]
        return bool(found)

    await eventually(is_there, f"nothing with “{words}” was sent to {to}")
    return found[0]


def link(text: str, server: Served) -> str:
    """Where the link of a mail leads, on the server of this test."""
    [fragment] = re.findall(r"http://\S+/(#\S+)", text)
    return f"{server.address}/{fragment}"


def part(person: Visitor, name: str) -> Locator:
    return person.page.get_by_role("region", name=name, exact=True)


async def goes_to_account(person: Visitor) -> None:
    await person.go("Profile")
    await person.follow("Account and signing in")
    await expect(person.page.get_by_role("heading", name="Account and signing in")).to_be_focused()


async def test_a_forgotten_password(sign_up: Visit, visit: Visit, server: Served) -> None:
    """Asked for where one signs in, chosen by the link in another browser, which signs all others out."""
    ana = await sign_up("Ana")
    phone = await visit("Ana", phone=True)
    phone.username = ana.username
    address = f"{ana.username}@example.com"
    await phone.reaches_sign_in()
    await phone.follow("Forgot your password?")
    form = phone.page.get_by_role("form", name="Forgot your password?")
    await expect(form.get_by_label("Email")).to_be_focused()
    await form.get_by_label("Email").fill(address)
    await phone.press("Send the link")
    await phone.sees(re.compile("a link is on its way there"))
    await phone.fits()

    there = link(await sent(server, address, "#reset="), server)
    await phone.page.goto(there)
    await phone.sees_heading("Choose a new password")
    assert "reset=" not in phone.page.url
    field = phone.page.get_by_role("textbox", name="New password")
    await expect(field).to_be_focused()
    await field.fill("short")
    await phone.press("Set the new password")
    await expect(field).to_have_accessible_description("Please choose 8 to 128 characters.")
    await field.fill("password1")
    await phone.press("Set the new password")
    await expect(field).to_have_accessible_description(re.compile("Many people use this password"))
    await field.fill(ANOTHER)
    await phone.press("Set the new password")
    await phone.sees_heading("Your new password is set")
    await phone.fits()
    await ana.sees_heading("Welcome back")
    await phone.press("Sign in")
    await phone.sign_in(ANOTHER)
    await phone.is_ready()

    await ana.page.goto(there)  # which has served
    await ana.page.get_by_role("textbox", name="New password").fill(PASSWORD)
    await ana.press("Set the new password")
    await ana.sees_heading("This link does not serve any more")
    await ana.press("Ask for another link")
    await expect(ana.page.get_by_role("form", name="Forgot your password?")).to_be_visible()


async def test_an_address_is_confirmed_and_changed(sign_up: Visit, visit: Visit, server: Served) -> None:
    """Who has confirmed nothing sees what that means; a link counts in any browser, and says for whom."""
    ana, ben = await sign_up("Ana", phone=True), await visit("Ben")
    address, other = f"{ana.username}@example.com", f"new-{ana.username}@example.com"
    await ana.sees("Your account is not confirmed yet.")
    await ana.follow("What that means")
    email = part(ana, "Email")
    await expect(email).to_contain_text("It is not confirmed yet.")
    await ana.sees(re.compile("To end that, open the link in the mail that we sent you"))
    await ana.fits()
    first = link(await sent(server, address, "#verify="), server)

    await ben.page.goto(first)  # where nobody is signed in
    await ben.sees_heading("Your email address is confirmed")
    await ben.sees(re.compile("Nobody is signed in in this browser"))
    assert "verify=" not in ben.page.url
    await ben.press("Sign in")
    await expect(ben.page.get_by_role("form", name="Welcome back")).to_be_visible()
    await ana.page.reload()
    await expect(email).to_contain_text("It is confirmed.")
    await expect(ana.page.get_by_text("not confirmed yet").filter(visible=True)).to_have_count(0)
    await ana.page.goto(first)
    await ana.sees(re.compile("This link was used before"))

    await goes_to_account(ana)
    await email.get_by_label("Another address").fill(other)
    await email.get_by_role("button", name="Change the address").click()
    await expect(email.get_by_role("status")).to_contain_text(f"A link is on its way to {other}")
    await ben.sign_up(gender="male")
    second = link(await sent(server, other, "#verify="), server)
    await ben.page.goto(second)  # where somebody else is signed in
    await ben.sees(re.compile(f"It belongs to another account than .* which is {ben.username}"))
    await ben.press("Go on")
    await ben.is_ready()
    await goes_to_account(ana)
    await expect(email).to_contain_text(other)
    await ana.page.goto(f"{server.address}/#verify={'x' * 43}")
    await ana.sees(re.compile("This link was used before"))


async def test_another_password(sign_up: Visit, visit: Visit) -> None:
    """Just signed in, one need not show the present one. Other devices are out, this one stays in."""
    ana = await sign_up("Ana", phone=True)
    desk = await visit("Ana")
    desk.username = ana.username
    await desk.reaches_sign_in()
    await desk.sign_in()
    await desk.is_ready()
    await goes_to_account(ana)
    password = part(ana, "Password")
    await password.get_by_label("New password").fill(ANOTHER)
    await ana.page.keyboard.press("Enter")
    await expect(password.get_by_role("status")).to_contain_text("Your new password is set.")
    await desk.sees("You have been signed out. Please sign in again.")
    await desk.sign_in(ANOTHER)
    await desk.is_ready()
    await goes_to_account(ana)


async def tells_about_oneself(person: Visitor) -> None:
    """The second step, of somebody who has shown who they are without a password."""
    form = person.page.get_by_role("form", name="Create your account")
    await expect(form.get_by_label("Display name")).to_be_focused()
    await expect(form.get_by_label("Email")).to_be_hidden()
    await person.fits()
    for label, value in {
        "Display name": person.name,
        "Username": person.username,
        "Birth date": "1995-04-03",
    }.items():
        await form.get_by_label(label).fill(value)
    await form.get_by_label("Gender").select_option("female")
    await form.get_by_label("I am 18 or older").check()
    await person.press("Create account")
    await person.is_ready()


async def test_an_account_by_phone_gets_a_password(visit: Visit, server: Served) -> None:
    """A wrong code is told, another one can be sent; a password can come later, and the number go."""
    cleo, number = await visit("Cleo", phone=True), a_number()
    await cleo.follow("Create an account")
    await cleo.follow("Continue with your phone")
    form = cleo.page.get_by_role("form", name="Continue with your phone")
    await expect(form.get_by_label("Phone number")).to_be_focused()
    await form.get_by_label("Phone number").fill("0151 12345678")
    await cleo.press("Send a code")
    await expect(form.get_by_label("Phone number")).to_have_accessible_description(re.compile("country"))
    await form.get_by_label("Phone number").fill(number)
    await cleo.press("Send a code")
    code = form.get_by_label("Code", exact=True)
    await expect(code).to_be_focused()
    await cleo.fits()
    first = await sent(server, number, "is your code")
    await code.fill(wrong(first[:6]))
    await cleo.press("Go on")
    await expect(form.get_by_role("alert")).to_have_text(re.compile("This code is not right"))
    await cleo.press("Send another code")
    await code.fill((await sent(server, number, "is your code", but=first))[:6])
    await cleo.press("Go on")
    await tells_about_oneself(cleo)

    await goes_to_account(cleo)
    await expect(cleo.page.get_by_text("not confirmed yet").filter(visible=True)).to_have_count(0)
    ways = part(cleo, "Ways to sign in")
    await expect(ways.get_by_role("listitem")).to_have_count(1)
    await expect(ways.get_by_role("button", name="Remove")).to_have_count(0)  # it is the last one
    await part(cleo, "Password").get_by_label("New password").fill(PASSWORD)
    await cleo.press("Set a password")
    await expect(ways.get_by_role("listitem")).to_have_count(2)
    cleo.page.once("dialog", lambda dialog: dialog.accept())
    await ways.get_by_role("button", name="Remove: Phone").click()
    await expect(ways.get_by_role("status")).to_contain_text("was removed")
    await cleo.fits()
    await cleo.go("Profile")
    await cleo.press("Sign out")
    await cleo.reaches_sign_in()
    await cleo.sign_in()
    await cleo.is_ready()


async def test_who_signed_in_long_ago_shows_the_password(
    sign_up: Visit, visit: Visit, server: Served, world: World
) -> None:
    """Another device is seen and signed out, a number is added; the latter takes the password by then."""
    ana, number = await sign_up("Ana", phone=True), a_number()
    desk = await visit("Ana")
    desk.username = ana.username
    await desk.reaches_sign_in()
    await desk.sign_in()
    await desk.is_ready()
    await goes_to_account(ana)
    devices = part(ana, "Where you are signed in")
    await expect(devices.get_by_role("listitem")).to_have_count(2)
    await expect(devices.get_by_role("listitem").first).to_contain_text("This one")
    await expect(devices.get_by_role("listitem").last).to_contain_text(
        re.compile("Chrome on .*from 127.0.0.1")
    )
    await devices.get_by_role("button", name=re.compile("^Sign out: Chrome")).click()
    await expect(devices.get_by_role("listitem")).to_have_count(1)
    await desk.sees("You have been signed out. Please sign in again.")

    await world.pool.execute(
        "UPDATE identity.sessions s SET created_at = s.created_at - interval '1 day' FROM identity.users u"
        " WHERE u.id = s.user_id AND u.username = $1",
        ana.username,
    )
    ways = part(ana, "Ways to sign in")
    await ways.get_by_text("Add a phone number").click()
    await ways.get_by_label("Phone number").fill(number)
    await ana.page.keyboard.press("Enter")
    await ways.get_by_label("Code", exact=True).fill((await sent(server, number, "is your code"))[:6])
    await ana.page.keyboard.press("Enter")
    password = ways.get_by_label("Your password")
    await expect(password).to_be_focused()
    await ana.fits()
    await password.fill("wrong horse battery")
    await ana.page.keyboard.press("Enter")
    await expect(ways.get_by_role("alert").filter(visible=True)).to_contain_text("This is not the password")
    await password.fill(PASSWORD)
    await ana.page.keyboard.press("Enter")
    await expect(ways.get_by_role("status").filter(has_text="You can sign in with")).to_be_visible()
    await expect(ways.get_by_role("listitem").filter(has_text="Phone")).to_have_count(1)


async def test_an_account_at_google(sign_up: Visit, visit: Visit, google: Provider) -> None:
    """Signing up and in by it, without a script of theirs; and one who has a password adds it."""
    dora, ana = await visit("Dora", phone=True), await sign_up("Ana")
    await dora.reaches_sign_in()
    google.visitor = None
    await dora.press("Continue with Google")
    await dora.sees("You have not signed in there, so nothing has changed here.")
    google.visitor = {"sub": new_id(), "email": f"{dora.username}@example.org", "email_verified": True}
    await dora.press("Continue with Google")
    await tells_about_oneself(dora)
    assert "id_token" not in dora.page.url
    await dora.go("Profile")
    await dora.press("Sign out")
    await dora.reaches_sign_in()
    await dora.press("Continue with Google")
    await dora.is_ready()

    await goes_to_account(ana)
    ways = part(ana, "Ways to sign in")
    await ways.get_by_role("button", name="Add Google").click()
    await expect(ways.get_by_role("status").filter(visible=True)).to_contain_text(
        "belongs to another account"
    )
    google.visitor = {"sub": new_id()}
    await ways.get_by_role("button", name="Add Google").click()
    await expect(ways.get_by_role("listitem").filter(has_text="Google")).to_have_count(1)
    await expect(ways.get_by_role("button", name="Add Google")).to_be_hidden()
    # What was begun in no tab of this browser counts for nothing.
    await ana.page.goto(f"{ana.address}/#state=made-up&id_token={google.signed(sub=new_id())}")
    await ana.sees("That did not come from here, or it took too long. Please begin again.")
    await ana.is_ready()


async def test_an_account_at_apple(visit: Visit, google: Provider) -> None:
    """Which answers by a form: the name in it is proposed; what somebody else was told counts for nothing."""
    eve = await visit("Eve", phone=True)
    await eve.reaches_sign_in()
    google.visitor = {"sub": new_id(), "name": {"firstName": "Eve", "lastName": "Lux"}}
    await eve.press("Continue with Apple")
    called = eve.page.get_by_role("form", name="Create your account").get_by_label("Display name")
    await expect(called).to_have_value("Eve Lux")
    assert "id_token" not in eve.page.url
    theirs = google.signed(sub=new_id(), nonce="n")
    await eve.page.evaluate(
        """said => { const form = document.createElement("form");
        form.method = "post"; form.action = "/";
        for (const name in said) { const field = document.createElement("input");
            field.name = name; field.value = said[name]; form.append(field); }
        document.body.append(form); form.submit(); }""",
        {"state": "made-up", "id_token": theirs},
    )
    await eve.sees("That did not come from here, or it took too long. Please begin again.")
    await eve.press("Continue with Apple")  # who knows her by now, and does not tell her name again
    await expect(called).to_have_value("")
    await tells_about_oneself(eve)
    await eve.is_ready()
