"""Two people in two browsers: they meet, see each other, come back from trouble, decide and write."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.person import Visitor
from tests.served import Served

Pair = Callable[[], Awaitable[tuple[Visitor, Visitor]]]


async def test_two_strangers_meet_talk_decide_and_write(server: Served, sign_up: Visit) -> None:
    """The whole path, with a restart of the server at its end: everything is still there."""
    ana = await sign_up("Ana")
    ben = await sign_up("Ben", gender="male", phone=True, dark=True)
    await ana.sees_oneself()
    await ana.press("Meet someone")
    await ana.sees_heading("Nobody else is here yet")
    for person in (ana, ben):
        await person.looks_elsewhere()  # or the pages join by themselves
    await ben.press("Meet someone")

    await expect(ana.page.get_by_role("dialog", name="Ben")).to_be_visible()
    await ben.fits()
    await ana.page.keyboard.press("Enter")
    await ana.sees("Waiting for Ben…")
    for person in (ana, ben):
        await person.looks_here()
    await ben.join()
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()
        await person.fits()

    await ana.sees("Whether you stay in touch is up to you.")
    await ben.sees("Whether you stay in touch is up to Ana.")
    await ben.press("Mute")
    await ana.sees("Ben is muted")
    await ana.page.keyboard.press("v")
    await ben.sees("Ana's camera is off")
    await ana.films("audio")
    await ana.page.keyboard.press("v")
    await expect(ben.page.get_by_text("Ana's camera is off")).to_be_hidden()
    await ana.films("audio", "video")
    await ben.sees_and_hears()

    await ben.press("Hang up")
    await ana.sees_heading("Ben hung up")
    for person in (ana, ben):
        await person.films()
    await ben.sees_heading("Ana decides")
    await ana.sees("You alone decide. Ben only hears of a yes.")
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
        await ana.sees(re.compile("It is sent by itself when you are back"))
    await ben.sees("Are you still there?")
    await expect(ana.page.get_by_text("It is sent by itself")).to_be_hidden()
    await ana.page.reload()
    for words in ("That was fun.", "Coffee next week?", "Are you still there?"):
        await ana.sees(words)


async def test_skipping_goes_on_to_the_next(pair: Pair) -> None:
    """Who skips is not seen any more, whenever the server hears of it, and waits again; the other is told."""
    ana, ben = await pair()
    await ana.press_unheard("Skip")
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
    await ben.looks_elsewhere()
    for person in (ana, ben):
        await person.press("Meet someone")
    await ana.join()
    await ana.sees("Waiting for Ben…")
    await ana.page.reload()
    await ana.films("audio", "video")
    await ben.join()
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()


async def test_a_reload_while_waiting(sign_up: Visit) -> None:
    """The microphone opens again, for a voice call no camera, and the page joins by itself all the same."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    await ana.page.get_by_text("Voice", exact=True).click()
    await ana.press("Meet someone")
    await ana.sees_heading("Nobody else is here yet")
    await ana.page.reload()
    await ana.films("audio")
    await ben.page.get_by_text("Voice", exact=True).click()
    await ben.looks_elsewhere()  # or the call begins before he loads his page again
    await ben.press("Meet someone")
    await expect(ben.page.get_by_role("dialog", name="Ana")).to_be_visible()
    await ben.page.reload()
    await ben.films("audio")
    await ben.join()
    for person in (ana, ben):
        await person.sees_state("Live")
    await ben.press("Hang up")
    await ana.sees_heading("Ben hung up")


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
    await ana.page.get_by_label("Self-harm").check()
    await ana.press("Report and end call")
    await ana.sees_heading("Thank you for telling us")
    await expect(ben.page.get_by_role("region", name="Call")).to_be_hidden()


async def test_whoever_comes_back_hears_that_the_call_is_over(pair: Pair) -> None:
    """The end is told by what was missed, after a connection on which there is no call any more."""
    ana, ben = await pair()
    await ana.context.set_offline(True)
    await ana.sees("Connection lost. Trying to get it back…")
    await ben.press("Hang up")
    await ben.sees_heading("You hung up")
    await ana.context.set_offline(False)
    await ana.sees_heading("Ben hung up")
    await ana.films()


async def test_a_voice_call_needs_no_camera(sign_up: Visit) -> None:
    """Voice meets voice: sound, no picture. Another tab takes the call when the first is gone, not before."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    for person in (ana, ben):
        await person.page.get_by_text("Voice", exact=True).click()
        await person.press("Meet someone")
    for person in (ana, ben):
        await person.join()
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.hears()
        await expect(person.button("Camera off")).to_be_hidden()
    tab = await ana.second_tab()
    await tab.sees_heading("You are in a call elsewhere")
    await ana.hears()
    await expect(tab.button("Continue here")).to_be_hidden()
    await ana.page.close()
    await tab.press("Continue here")
    for person in (tab, ben):
        await person.sees_state("Live")
        await person.hears()
    await tab.press("Hang up")
    await ben.sees_heading("Ana hung up")


async def test_declining_leaves_the_other_in_the_queue(sign_up: Visit) -> None:
    """Escape says not this time; the other keeps the place and is told why, and can be reported."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male")
    await ben.looks_elsewhere()  # or he says yes before he can say no
    for person in (ana, ben):
        await person.press("Meet someone")
    await expect(ben.page.get_by_role("dialog", name="Ana")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await ana.sees("Ben said not this time.")
    await ben.sees_heading("You said not this time")
    await ben.press("Report")
    report = ben.page.get_by_role("dialog", name="Report Ana")
    await report.get_by_role("button", name="Report", exact=True).click()
    await ben.sees("Thank you for telling us. A moderator will look at it.")
    await ben.go("Profile")
    await ben.go("Safety")
    await expect(ben.button("Unblock Ana")).to_be_visible()
    await ben.sees("You have talked to nobody yet.")


async def test_whoever_is_hung_up_on_can_still_report(pair: Pair) -> None:
    """The dialog stays, with what was written, and the report arrives after the end as well."""
    ana, ben = await pair()
    await ana.press("Report")
    dialog = ana.page.get_by_role("dialog", name="Report Ben")
    await dialog.get_by_label("Violence or threats").check()
    await dialog.get_by_label("Tell us more, if you like").fill("He knows where I live.")
    await ben.press("Hang up")
    await ben.sees_heading("You hung up")
    await expect(dialog.get_by_role("button", name="Report", exact=True)).to_be_visible()
    await expect(dialog.get_by_label("Tell us more, if you like")).to_have_value("He knows where I live.")
    await dialog.get_by_role("button", name="Report", exact=True).click()
    await ana.sees("Thank you for telling us. A moderator will look at it.")
    await expect(ana.button("Report")).to_be_hidden()
    await expect(ana.page.get_by_role("heading", name="Ben hung up")).to_be_focused()


async def test_whose_partner_closes_the_tab_is_told_at_once(pair: Pair) -> None:
    """The picture stops and the time that is left runs, while the media has not noticed anything yet."""
    ana, ben = await pair()
    await ben.page.close()
    await ana.sees_state(re.compile(r"Reconnecting… \d+ s"))
    await ana.press("Hang up")
    await ana.sees_heading("You hung up")


async def test_an_offer_rings_and_waits_for_somebody_to_see_it(sign_up: Visit) -> None:
    """It sounds, vibrates, says so in the title, and accepts nothing by itself while nobody can say no."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male", phone=True)
    await ana.looks_elsewhere()
    for person in (ana, ben):
        await person.press("Meet someone")
    await expect(ana.page).to_have_title(re.compile("^Somebody for you: Ben"))
    await ben.sees("Waiting for Ana…")  # his page joined by itself, and hers, which came first, did not
    await expect(ana.button("Join now")).to_be_visible()
    # Again and again: at first a busy machine may have no sound yet.
    await ana.page.wait_for_function("rings.sounds > 0 && rings.vibrations > 0")
    await ana.press("Not this time")
    await ben.sees("Ana said not this time.")
