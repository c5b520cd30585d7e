"""Reporting and blocking from wherever one is, and how the moderators' decisions are told and appealed."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from playwright.async_api import Dialog, Locator, expect
from pyotp import TOTP

from tests.browser.conftest import Visit
from tests.browser.moderator import Moderator, moderator
from tests.browser.person import PASSWORD, Visitor
from tests.served import Served

Pair = Callable[[], Awaitable[tuple[Visitor, Visitor]]]
THANKS = "Thank you for telling us. A moderator will look at it."


def dialog(person: Visitor, name: str) -> Locator:
    return person.page.get_by_role("dialog", name=name, exact=True)


async def press_in(person: Visitor, name: str, button: str) -> None:
    await dialog(person, name).get_by_role("button", name=button, exact=True).click()


async def open_safety(person: Visitor) -> None:
    await person.go("Profile")
    await person.go("Safety")
    await person.sees_heading("How you stand")
    await expect(person.page.get_by_role("heading", name="Safety", exact=True)).to_be_focused()


async def warn(staff: Moderator, user_id: str) -> str:
    """Decide what waits about them. Gives the case."""
    case = await staff.case(user_id)
    await staff.ask("POST", f"/v1/admin/reports/{case}/claim")
    await staff.ask("POST", f"/v1/admin/reports/{case}/decide", {"action": "warn"})
    return case


async def is_warned(person: Visitor, server: Served, database_url: str, reason: str) -> None:
    """At once, wherever they are."""
    async with moderator(server, database_url) as staff, moderator(server, database_url) as another:
        user_id = await staff.user(person.username)
        report = {"subject": {"type": "user", "id": user_id}, "reason": "spam"}
        await another.ask("POST", "/v1/reports", report)
        await warn(staff, user_id)
    await person.sees(f"A moderator has warned you: {reason}.")


async def is_warned_in_a_call(person: Visitor, server: Served, database_url: str) -> None:
    """Beside the call's controls; the keyboard goes back to the call."""
    await is_warned(person, server, database_url, "Advertising or spam")
    await person.sees("you can appeal after this call")
    for control in ("Mute", "Mute", "I have understood"):
        await person.press(control)
    await expect(person.page.get_by_text("A moderator has warned you")).to_be_hidden()
    await expect(person.page.get_by_role("heading", name="Ben")).to_be_focused()


AGREE = """async ([login, password]) => {
  const send = (method, path, body, token) => fetch(path, {
    method, body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
  });
  const { access_token } = await (await send("POST", "/v1/auth/login", { login, password })).json();
  await send("PUT", "/v1/me/consents", { kind: "analytics", version: "1", given: true }, access_token);
}"""


async def sees_consents(person: Visitor) -> None:
    """What is needed for an account can be read; what was agreed to by choice is taken back, by keyboard."""
    agreed = person.page.get_by_role("region", name="What you agreed to")
    rules = agreed.get_by_role("listitem").filter(has_text="Community rules")
    await expect(rules).to_contain_text(
        re.compile(r"Agreed on \d+ \w+ \d{4}, \d\d:\d\d · version \d{4}-\d\d")
    )
    await expect(agreed.get_by_role("link")).to_have_count(2)
    await agreed.get_by_role("button", name="Take back").focus()
    await person.page.keyboard.press("Enter")
    await expect(agreed.get_by_role("button", name="Agree again")).to_be_focused()
    await expect(agreed.get_by_role("listitem").filter(has_text="Taken back on")).to_have_count(1)


async def sets_codes_up(person: Visitor) -> None:
    """With the password where the sign-in is long ago; by keyboard, and the way back is there too."""
    await person.go("Profile")
    await person.follow("Account and signing in")
    card = person.page.get_by_role("region", name="Signing in with one-time codes")
    field = card.get_by_label("Code of your authenticator app")
    old = {"code": "unauthenticated", "title": "Send your password.", "status": 401}
    await person.page.route(
        "**/v1/me/totp",
        lambda route: route.fulfill(json={**old, "details": {"factor": "password"}}, status=401),
        times=1,
    )
    await card.get_by_role("button", name="Set up codes").press("Enter")
    await expect(card.get_by_label("Password")).to_be_focused()
    for password in ("not this one", PASSWORD):
        await card.get_by_label("Password").fill(password)
        await person.page.keyboard.press("Enter")
        if password != PASSWORD:
            await expect(card.get_by_role("alert")).to_be_visible()
    await expect(field).to_be_focused()
    secret = (await card.locator("code").inner_text()).replace(" ", "")
    await expect(card.get_by_role("link")).to_have_attribute("href", re.compile(f"^otpauth:.*{secret}"))
    await person.fits()
    for code in ("12", TOTP(secret).now()):
        await field.fill(code)
        await person.page.keyboard.press("Enter")
        if code == "12":
            await expect(card.get_by_role("alert")).to_have_text("This code is not right.")
    await expect(card.get_by_role("status")).to_have_text("One-time codes are on.")
    await expect(card.get_by_role("button", name="Set up codes")).to_be_focused()
    await person.page.keyboard.press("Enter")
    await expect(card.get_by_text("Turning them off takes a code")).to_be_visible()
    await field.fill(TOTP(secret).now())
    await person.page.keyboard.press("Enter")
    await expect(card.get_by_role("status")).to_have_text("One-time codes are off.")


async def test_a_past_call_is_reported_later(pair: Pair, server: Served, nodes_database_url: str) -> None:
    """After the other hung up, who sees an ordinary end. The other is blocked, and can be unblocked."""
    ana, ben = await pair()
    await is_warned_in_a_call(ana, server, nodes_database_url)
    await ben.press_unheard("Hang up")
    await ben.sees_heading("You hung up")
    await expect(ana.page.get_by_role("heading", name="Ben hung up")).to_be_focused()
    await ana.page.evaluate(AGREE, [ana.username, PASSWORD])
    await open_safety(ana)
    await ana.page.get_by_role("region", name="Past calls").get_by_role("button", name="Ben").click()
    await expect(dialog(ana, "Ben")).to_be_visible()
    await press_in(ana, "Ben", "Report")
    report = dialog(ana, "Report Ben")
    await expect(report.get_by_role("link", name="What to do in danger")).to_be_visible()
    await report.get_by_label("Fraud").check()
    await report.get_by_label("Tell us more, if you like").fill("He asked for money.")
    await press_in(ana, "Report Ben", "Report")
    await ana.sees(THANKS)
    await expect(report).to_be_hidden()
    past = ana.page.get_by_role("region", name="Past calls").get_by_role("button", name="Ben")
    await expect(past).to_be_focused()
    await past.press("Enter")
    await expect(dialog(ana, "Ben")).to_contain_text("You have blocked them")
    await expect(dialog(ana, "Ben").get_by_role("button", name="Block", exact=True)).to_be_hidden()
    await press_in(ana, "Ben", "Close")
    blocks = ana.page.get_by_role("region", name="People you have blocked")
    await blocks.get_by_role("button", name="Unblock Ben").click()
    await expect(blocks.get_by_text("Nobody.")).to_be_visible()
    await expect(blocks.get_by_role("heading")).to_be_focused()
    await sees_consents(ana)
    await sets_codes_up(ana)
    await ana.fits()

    await ben.sees_heading("You hung up")
    await open_safety(ben)
    await ben.sees("Your account is in good order. The moderators have decided nothing against you.")
    past = ben.page.get_by_role("region", name="Past calls").get_by_role("button", name="Ana")
    await expect(past).to_contain_text(re.compile(r"video · \d:\d\d\w.*\.$"))
    await is_warned(ben, server, nodes_database_url, "Fraud")
    await ben.page.get_by_role("link", name="See more, and appeal").click()
    await expect(ben.page.get_by_text("A moderator has warned you")).to_be_hidden()
    await expect(ben.page.get_by_role("heading", name="How you stand")).to_be_focused()
    await ben.fits()


# That a warning was read in some tab is known in this one.
SEEN = "Object.keys(localStorage).some((key) => key.startsWith('realtime-connect.seen-strike'))"
# Cancelled, and the same again, faster than a browser tells that a dialog was closed.
OTHERWISE = """() => {
  document.querySelector("#report-form [value=cancel]").click();
  document.querySelector("[aria-label='Report this message']").click();
}"""


async def write_to_each_other(ana: Visitor, ben: Visitor) -> None:
    """From a call to a chat of the two."""
    await ben.press("Hang up")
    await ana.press("Yes, stay in touch")
    for person, other in ((ana, ben), (ben, ana)):
        await person.page.get_by_role("link", name=f"Write to {other.name}").click()
    await ben.write("Send me money.")
    await ana.sees("Send me money.")


async def test_a_message_is_reported_and_its_sender_warned_and_blocked(
    pair: Pair, server: Served, nodes_database_url: str
) -> None:
    """By keyboard, in a chat. The warning is told once; the block closes the room for both."""
    ana, ben = await pair()
    await write_to_each_other(ana, ben)
    await ana.button("Report this message").focus()
    await ana.page.keyboard.press("Enter")
    await ana.page.evaluate(OTHERWISE)
    report = dialog(ana, "Report a message of Ben")
    await expect(report.get_by_text("Send me money.")).to_be_visible()
    await report.get_by_label("Fraud").check()
    await report.get_by_label("Block: never meet again").uncheck()
    await press_in(ana, "Report a message of Ben", "Report")
    await ana.sees(THANKS)

    async with moderator(server, nodes_database_url) as staff:
        case = await warn(staff, await staff.user(ben.username))
        await is_told_and_appeals(ben)
        await ben.go("Chats")
        await staff.ask("POST", f"/v1/admin/reports/{case}/undo")
        await ben.sees("Your appeal was granted: what was decided was taken back.")
    await ben.page.get_by_role("link", name="Ana").click()
    await expect(ben.page.get_by_label("Message", exact=True)).to_be_visible()

    await ana.write("Never.")
    said = ben.page.get_by_role("listitem").filter(has_text="Never.")
    await said.dispatch_event("pointerdown", {"pointerType": "touch"})  # and the finger stays there
    await press_in(ben, "Report a message of Ana", "Cancel")
    await block_and_unblock(ana, ben)


async def is_told_and_appeals(ben: Visitor) -> None:
    """In each tab, until it is read in one."""
    await ben.sees("A moderator has warned you: Fraud.")
    await ben.page.reload()
    await ben.sees("A moderator has warned you: Fraud.")
    await ben.fits()
    tab = await ben.second_tab()
    await tab.press("I have understood")
    await ben.page.wait_for_function(SEEN)
    await ben.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # they turn to this tab
    await expect(ben.page.get_by_text("A moderator has warned you")).to_be_hidden()
    await tab.page.close()
    await open_safety(ben)
    await ben.sees_heading("You were warned")
    await ben.page.reload()
    await say_no(ben, "That was a joke.")
    await ben.button("Appeal: You were warned").press("Enter")
    await expect(ben.page.get_by_role("heading", name="You were warned")).to_be_focused()
    await ben.sees("You have appealed. A moderator will look at it.")
    await expect(ben.page.get_by_text("A moderator has warned you")).to_be_hidden()


async def block_and_unblock(ana: Visitor, ben: Visitor) -> None:
    """It closes the room for both."""
    ana.page.on("dialog", accept)
    await ana.press("More about Ben")
    busy = {"code": "rate_limited", "title": "Too fast", "status": 429, "retry_after_ms": 100_000}
    await ana.page.route("**/v1/blocks", lambda route: route.fulfill(json=busy, status=429))
    await press_in(ana, "Ben", "Block")
    await ana.sees("That was a bit fast. Please try again in 2 minutes.")
    await ana.page.unroute("**/v1/blocks")
    await press_in(ana, "Ben", "Block")
    await expect(dialog(ana, "Ben")).to_be_hidden()
    for person in (ana, ben):
        await person.sees("This chat has ended. You can still read what was said.")
    await ana.press("More about Ben")
    await press_in(ana, "Ben", "Unblock")
    await expect(dialog(ana, "Ben")).to_be_hidden()
    await ana.press("More about Ben")
    await expect(dialog(ana, "Ben").get_by_role("button", name="Block", exact=True)).to_be_visible()


async def accept(question: Dialog) -> None:
    await question.accept()


async def say_why_not(person: Visitor) -> None:
    """What one was let in with has expired meanwhile: the page gets another, and nothing is lost."""
    decided = person.page.get_by_role("list", name="What was decided").get_by_role("listitem")
    await expect(decided).to_contain_text("Fraud")
    await decided.get_by_text("Appeal against this").click()
    await decided.get_by_role("button", name="Appeal").click()
    words = decided.get_by_label("Why is this wrong?")
    await expect(words).to_be_focused()
    await words.fill("That was my brother.")
    expired = {"code": "token_expired", "title": "Expired", "status": 401}
    await person.page.route("**/appeal", lambda route: route.fulfill(json=expired, status=401), times=1)
    await decided.get_by_role("button", name="Appeal").click()
    await person.sees("You have appealed. A moderator will look at it.")
    await person.fits()


async def granted(staff: Moderator, user_id: str) -> None:
    """The appeal of this user."""
    appeals = await staff.ask("GET", "/v1/admin/appeals?limit=100")
    [appeal] = [appeal["id"] for appeal in appeals["items"] if appeal["user_id"] == user_id]
    await staff.ask("POST", f"/v1/admin/appeals/{appeal}/decide", {"grant": True})


async def test_who_is_banned_sees_why_and_appeals(
    sign_up: Visit, server: Served, nodes_database_url: str
) -> None:
    """Put out at once, with the reason and the end; again after signing in; and back when it is granted."""
    ben = await sign_up("Ben", gender="male", phone=True, dark=True, timezone_id="UTC")
    until = datetime.now(UTC) + timedelta(days=7)
    async with moderator(server, nodes_database_url) as staff:
        user_id = await staff.user(ben.username)
        ban = {"user_id": user_id, "reason": "scam", "until": until.isoformat(timespec="seconds")}
        await staff.ask("POST", "/v1/admin/bans", ban)
        await ben.sees_heading("Your account is suspended")
        await ben.films()
        await ben.page.reload()
        await ben.sees_heading("Your account is suspended")
        await ben.sees(f"You can be here again from {until.day} ")
        await say_why_not(ben)
        await ben.press("Sign out")
        await ben.reaches_sign_in()
        await ben.sign_in()
        await ben.sees_heading("Your account is suspended")
        await ben.sees("You have appealed. A moderator will look at it.")
        async with moderator(server, nodes_database_url) as other:
            await granted(other, user_id)
    await ben.press("Look again")
    await ben.sees("Your account is free again. Please sign in.")
    await ben.sign_in()
    await ben.is_ready()
    await expect(ben.page.get_by_role("heading", name="Ready when you are")).to_be_focused()
    await open_safety(ben)
    await ben.sees("Your appeal was granted: this was taken back.")


async def say_no(tab: Visitor, words: str) -> None:
    decided = tab.page.get_by_role("list", name="What was decided").get_by_role("listitem")
    await decided.get_by_text("Appeal against this").click()
    await decided.get_by_label("Why is this wrong?").fill(words)


async def test_who_is_suspended_until_a_moderator_looks_reads_so(
    pair: Pair, server: Served, nodes_database_url: str
) -> None:
    """Nobody has banned them. An appeal counts once, and another tab shows the one that does."""
    ana, ben = await pair()
    await ana.press("Report")
    await ana.page.get_by_label("Looks under 18").check()
    await ana.context.set_offline(offline=True)
    await ana.press("Report and end call")
    await expect(ana.button("Sending…")).to_be_disabled()  # what was written is not lost
    await ana.context.set_offline(offline=False)
    await ana.sees_heading("Thank you for telling us")
    await ben.sees_heading("Your account is suspended")
    await ben.sees("A moderator has yet to look at this. Until then you cannot be here.")
    await ben.sees_heading("Suspended until a moderator has looked")
    tab = await ben.second_tab()
    for each, words in ((tab, "I am 31."), (ben, "I am not.")):
        await say_no(each, words)
    for each in (tab, ben):
        await each.page.get_by_role("button", name="Appeal").click()
        await each.sees("I am 31.")
        await each.sees("You have appealed. A moderator will look at it.")
    async with moderator(server, nodes_database_url) as staff:
        await granted(staff, await staff.user(ben.username))
