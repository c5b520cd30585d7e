"""Two people in two browsers: they meet, see each other, come back from trouble, decide and write."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.person import Person
from tests.served import Served

Pair = Callable[[], Awaitable[tuple[Person, Person]]]


async def test_two_strangers_meet_talk_decide_and_write(server: Served, sign_up: Visit) -> None:
    """The whole path, with a restart of the server at its end: everything is still there."""
    ana = await sign_up("Ana")
    ben = await sign_up("Ben", gender="male", phone=True, dark=True)
    await ana.sees_oneself()
    await ana.press("Meet someone")
    await ana.sees_heading("Nobody else is here yet")
    await ben.press("Meet someone")

    await expect(ana.page.get_by_role("dialog", name="Ben")).to_be_visible()
    await ben.fits()
    await ana.page.keyboard.press("Enter")
    await ana.sees("Waiting for Ben…")
    await ben.press("Join now")
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()
        await person.fits()

    await ben.press("Mute")
    await ana.sees("Ben is muted")
    await ana.page.keyboard.press("v")
    await ben.sees("Ana's camera is off")
    await ana.page.keyboard.press("v")
    await expect(ben.page.get_by_text("Ana's camera is off")).to_be_hidden()

    await ben.press("Hang up")
    await ana.sees_heading("Ben hung up")
    await ben.sees_heading("Ana decides")
    await ana.press("Yes, stay in touch")
    for person, other in ((ana, ben), (ben, ana)):
        await person.fits()
        await person.page.get_by_role("link", name=f"Write to {other.name}").click()
    await ana.write("That was fun.")
    await ben.sees("That was fun.")
    await ben.write("It was!\nCoffee next week?")
    await ana.sees("Coffee next week?")
    await ben.sees(re.compile("seen"))
    await ben.fits()

    async with server.away():
        for person in (ana, ben):
            await person.sees("Connection lost. Trying to get it back…")
        await ana.write("Are you still there?")
        await ana.sees("Sending…")
    await ben.sees("Are you still there?")
    await expect(ana.page.get_by_text("Sending…")).to_be_hidden()
    await ana.page.reload()
    for words in ("That was fun.", "Coffee next week?", "Are you still there?"):
        await ana.sees(words)


async def test_skipping_goes_on_to_the_next(pair: Pair) -> None:
    """Who skips waits again at once, the other is told and may go on."""
    ana, ben = await pair()
    await ana.press("Skip")
    await ana.sees("You skipped Ben.")
    await ana.sees_heading("Nobody else is here yet")
    await ben.sees_heading("Ana went on to somebody else")
    await expect(ben.button("Meet someone else")).to_be_enabled()
    await ana.press("Stop looking")
    await ana.is_ready()


async def test_a_reload_picks_the_call_up_again(pair: Pair) -> None:
    """The page asks for the next epoch, and both see each other again."""
    ana, ben = await pair()
    await ben.page.reload()
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()
    await ana.press("Hang up")
    await ben.sees_heading("Ana hung up")


async def test_a_reload_after_accepting(sign_up: Visit) -> None:
    """The promise holds: the camera opens again and the call begins."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    for person in (ana, ben):
        await person.press("Meet someone")
    await ana.press("Join now")
    await ana.sees("Waiting for Ben…")
    await ana.page.reload()
    await ben.press("Join now")
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()


async def test_a_lost_connection_comes_back_by_itself(pair: Pair) -> None:
    """The banner says so, the other waits, and the call goes on."""
    ana, ben = await pair()
    await ana.context.set_offline(True)
    await ana.sees("Connection lost. Trying to get it back…")
    await ben.sees_state(re.compile(r"Reconnecting… \d+ s"))
    await ana.context.set_offline(False)
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()
    await expect(ana.page.get_by_text("Connection lost. Trying to get it back…")).to_be_hidden()
    await ana.press("Report")
    await ana.page.get_by_label("Spam").check()
    await ana.press("Report and end call")
    await ana.sees_heading("Thank you for telling us")
    await ben.sees_heading("The call has ended")


async def test_a_voice_call_needs_no_camera(sign_up: Visit) -> None:
    """Voice meets voice: sound, no picture. A call in another tab is told of, and left alone."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    for person in (ana, ben):
        await person.page.get_by_text("Voice", exact=True).click()
        await person.press("Meet someone")
    for person in (ana, ben):
        await person.press("Join now")
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.hears()
        await expect(person.button("Camera off")).to_be_hidden()
    tab = await ana.second_tab()
    await tab.sees_heading("You are in a call elsewhere")
    await ana.hears()
    await ana.page.bring_to_front()
    await ana.press("Hang up")
    await tab.is_ready()


async def test_declining_leaves_the_other_in_the_queue(sign_up: Visit) -> None:
    """Escape says not this time; the other keeps the place and is told why."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    for person in (ana, ben):
        await person.press("Meet someone")
    await expect(ben.page.get_by_role("dialog", name="Ana")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await ana.sees("Ben said not this time.")
    await ben.sees_heading("You said not this time")
