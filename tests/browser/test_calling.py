"""Calls that people make: to hear and see themselves, and to those whom they are connected with."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.browser.coded import code, sees_and_hears
from tests.browser.conftest import Visit
from tests.browser.person import Visitor
from tests.browser.windowed import browser  # noqa: F401
from tests.served import START_S
from tests.stores.world import World

PITCH = 660


async def connected(world: World, *people: Visitor) -> None:
    """As after a call that both wanted to be not the last; both are on the page anew."""
    names = [person.username for person in people]
    query = "SELECT id::text, username FROM identity.users WHERE username = ANY($1)"
    rows = await world.pool.fetch(query, names)
    ids = {row["username"]: row["id"] for row in rows}
    ana, ben = (ids[name] for name in names)
    await world.connected((ana, ben))
    for person in people:
        await person.page.reload()
        await person.is_ready()


async def opens_chat(person: Visitor, other: Visitor) -> None:
    await person.go("Chats")
    await person.page.get_by_role("link", name=other.name).click()
    await expect(person.page.get_by_label("Message", exact=True)).to_be_visible()


def ringing(person: Visitor, other: Visitor) -> Locator:
    return person.page.get_by_role("dialog", name=other.name)


@pytest.fixture
async def echo(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[None]:
    """What answers echo calls: no other test of pages needs it."""
    given = {
        "DATABASE_URL": nodes_database_url,
        "REDIS_URL": nodes_redis_url,
        "REGION": "browser",
        "ECHO_CALL_S": "600",  # a busy machine takes its time
        "ECHO_ADDRESS": "127.0.0.1",  # aiortc takes no other of a machine that has only that
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "realtime", "echo"),
        env={**os.environ, **given},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            while b"Ctrl-C stops it" not in (line := await process.stdout.readline()):
                assert line, "it has ended by itself"
        yield
    finally:
        process.kill()
        await process.wait()


async def test_hearing_and_seeing_oneself(sign_up: Visit, echo: None) -> None:
    """Before the first call: one's own tone and numbered pictures come back, after a reload too."""
    ana = await sign_up("Ana", phone=True)
    await code(ana, PITCH)
    await ana.press("First hear and see yourself")
    await ana.sees_state("Live")
    await sees_and_hears(ana, ana, PITCH)
    await expect(ana.page).to_have_title(re.compile("^Hearing and seeing yourself"))
    await expect(ana.button("Report")).to_be_hidden()
    await ana.fits()
    await ana.page.reload()
    await ana.sees_state("Live")
    await sees_and_hears(ana, ana, PITCH)
    await ana.press("Hang up")
    await ana.is_ready()
    await expect(ana.button("Hear and see yourself")).to_be_visible()


async def test_calling_somebody_rings_everywhere(sign_up: Visit, world: World) -> None:
    """On both tabs, of which one answers; then declined, then missed: each is told, and among past calls."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male", phone=True)
    await connected(world, ana, ben)
    tab = await ben.second_tab()
    await tab.is_ready()
    await opens_chat(ana, ben)
    await ana.press("Call Ben")
    await expect(ringing(ana, ben).get_by_role("button", name="Cancel")).to_be_focused()
    for there in (ben, tab):
        await expect(ringing(there, ana)).to_be_visible()
        await expect(there.page).to_have_title(re.compile("^Ana is calling"))
        await there.fits()
    await tab.press("Answer")
    for person in (ana, tab):
        await person.sees_state("Live")
        await person.hears()
    await ben.sees_heading("You are in a call elsewhere")
    await expect(ana.button("Skip")).to_be_hidden()
    await ana.press("Hang up")
    await tab.sees_heading("Ana hung up")
    await tab.page.close()

    await ana.press("Call Ben")
    await expect(ringing(ben, ana)).to_be_visible()
    await ben.press("Decline")
    await ana.sees("Ben declined the call.")
    await ana.press("Close")
    await ana.press("Call Ben")
    await expect(ringing(ben, ana)).to_be_visible()
    await ana.press("Cancel")
    await ben.sees_heading("You missed a call from Ana")
    await ben.go("News")
    await ben.sees("You missed a call from Ana")
    await ben.go("Profile")
    await ben.go("Safety")
    calls = ben.page.get_by_role("region", name="Past calls").get_by_role("listitem")
    said = (("missed",), ("declined", "You declined."), ("they called",))
    for row, words in enumerate(said):
        for each in words:
            await expect(calls.nth(row)).to_contain_text(each)
    await ben.fits()


async def test_video_calls_want_a_yes(sign_up: Visit, world: World) -> None:
    """Asked for in the chat, allowed there by the other, and then there is one."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male", phone=True)
    await connected(world, ana, ben)
    for person, other in ((ana, ben), (ben, ana)):
        await opens_chat(person, other)
    await ben.press("Video call with Ana")
    await ben.press("Ask for them")
    await ben.sees("You have asked Ana for video calls.")
    await ana.sees("Ben asks for video calls with you.")
    await ben.fits()
    await ana.press("Allow")
    await expect(ben.page.get_by_text("You have asked Ana for video calls.")).to_be_hidden()
    await ben.press("Video call with Ana")
    await ana.press("Answer")
    for person in (ana, ben):
        await person.sees_state("Live")
        await person.sees_and_hears()
    await ana.press("Hang up")
    await ben.sees("Ana hung up.")


async def test_the_keyboard_is_where_one_answers_after_a_call_of_ones_own(
    sign_up: Visit, world: World
) -> None:
    """There was nothing to answer then: pressing Enter declined the next call."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male", phone=True)
    await connected(world, ana, ben)
    for person, other in ((ana, ben), (ben, ana)):
        await opens_chat(person, other)
    await ben.press("Call Ana")
    await expect(ringing(ana, ben)).to_be_visible()
    await ben.press("Cancel")
    await expect(ringing(ana, ben)).to_be_hidden()
    await ana.press("Call Ben")
    await expect(ringing(ben, ana).get_by_role("button", name="Answer")).to_be_focused()
    await ben.page.keyboard.press("Enter")
    for person in (ana, ben):
        await person.sees_state("Live")


async def test_long_names_and_long_words_fit(sign_up: Visit, world: World) -> None:
    """On a German phone: while it rings, in the call, and where it says why that has ended."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", gender="male", phone=True)
    name = "Donaudampfschifffahrt" * 4
    await world.pool.execute(
        "UPDATE identity.profiles p SET display_name = $2 FROM identity.users u"
        " WHERE u.id = p.user_id AND u.username = $1",
        ana.username,
        name,
    )
    await connected(world, ana, ben)
    await world.pool.execute(
        "INSERT INTO identity.settings (user_id, language) SELECT id, 'de' FROM identity.users"
        " WHERE username = $1 ON CONFLICT (user_id) DO UPDATE SET language = 'de'",
        ben.username,
    )
    await ben.page.reload()
    await ben.sees_heading("Bereit, wenn du es bist")
    await opens_chat(ana, ben)
    await ana.press("Call Ben")
    await expect(ben.page.get_by_role("dialog", name=name)).to_be_visible()
    await ben.fits()
    await ben.press("Annehmen")
    await ana.sees_state("Live")
    dot = ben.page.locator("#call-dot")
    await expect(dot).to_have_attribute("data-state", "live")
    await ben.fits()
    await ana.page.close()
    await expect(dot).to_have_attribute("data-state", "reconnecting")
    await ben.press("Auflegen")
    await ben.sees("Die andere Seite hat die Seite verlassen.")
    await ben.fits()
