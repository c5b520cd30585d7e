"""What is said in a chat on the page: shown, heard, answered, changed, taken back, and found again."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor
from tests.browser.test_calling import connected, opens_chat
from tests.browser.test_groups import TOP, log, said
from tests.browser.test_people import loaded
from tests.stores.world import World

Talk = Callable[[], Awaitable[tuple[Visitor, Visitor]]]
ACTS = "What you can do with this message"
SIZE = "(img) => [img.offsetWidth, img.offsetHeight]"


@pytest.fixture
def talk(sign_up: Visit, world: World) -> Talk:
    """`await talk()`: Ana at a desk and Ben on a phone in the dark, in their chat."""

    async def make() -> tuple[Visitor, Visitor]:
        ana = await sign_up("Ana")
        ben = await sign_up("Ben", gender="male", phone=True, dark=True)
        await connected(world, ana, ben)
        await opens_chat(ana, ben)
        await opens_chat(ben, ana)
        return ana, ben

    return make


def bubble(person: Visitor, words: str) -> Locator:
    return log(person).get_by_role("listitem").filter(has_text=words)


async def does(person: Visitor, message: Locator, what: str) -> None:
    """One of the things that can be done with a message."""
    await message.get_by_label(ACTS).click()
    await message.get_by_role("button", name=what, exact=True).click()


async def test_a_picture_and_a_voice_message(talk: Talk, tmp_path: Path) -> None:
    """They come to the other as they are sent, as a file of any kind does; the picture is answered, and the
    answer leads to it. The end stays in view meanwhile: a picture has its place before it comes.
    """
    ana, ben = await talk()
    there = asyncio.Event()

    async def later(route: Route) -> None:
        await there.wait()
        await route.continue_()

    await ben.page.route(re.compile("/files/"), later)
    Image.new("RGB", (300, 900), "red").save(tmp_path / "red.png")
    notes, long = tmp_path / "notes.txt", tmp_path / f"{'Lists of all that we take ' * 8}.txt"
    for each in (notes, long):
        each.write_text("Six o'clock, at the pier.")
    async with ana.page.expect_file_chooser() as chosen:
        await ana.press("Add pictures, videos or files")
    await (await chosen.value).set_files([tmp_path / "red.png", notes, long, notes])
    await ana.sees("4 files to send")
    await ana.button("Leave out notes.txt").last.click()
    await ana.sees("3 files to send")
    await ana.write("Our boat")
    picture = log(ben).get_by_role("img", name="Picture by Ana")
    size = await picture.evaluate(SIZE)
    there.set()
    await loaded(ben, picture)
    assert await picture.evaluate(SIZE) == size
    files = log(ben).get_by_role("link", name=re.compile("^Download: "))
    sent = [re.compile(r"^notes.txt0.1\s?kB$"), re.compile("^Lists of all that we take")]
    await expect(files).to_have_text(sent, timeout=WAIT_MS)
    short = files.first
    async with ben.page.expect_download(timeout=WAIT_MS) as saving:
        await short.click()
    assert (await saving.value).suggested_filename == "notes.txt"
    await ben.sees("Our boat")
    await ben.fits()

    await does(ben, bubble(ben, "Our boat"), "Answer")
    await ben.sees("Answering “Our boat” (Ana)")
    await ben.write("How red")
    quote = ana.button("To what this answers: You: Our boat")
    await quote.click(timeout=WAIT_MS)
    await expect(bubble(ana, "Our boat").first).to_be_focused()

    await ben.press("Record a voice message")
    await ben.sees(re.compile(r"^Recording… (?!0:00)\d+:\d\d"))
    await ben.press("Send the voice message")
    sound = log(ana).get_by_role("group", name="Voice message by Ben")
    await sound.get_by_role("button", name="Play: Voice message by Ben").click()
    await expect(sound.get_by_role("slider")).not_to_have_value("0", timeout=WAIT_MS)
    await expect(sound).to_be_in_viewport(ratio=1)
    await ben.films()  # nobody is listened to any more
    await ben.fits()
    await ana.fits()


async def test_what_was_said_is_changed_and_taken_back(talk: Talk) -> None:
    """The other sees it at once, in what was said and in answers to it; and who has read what."""
    ana, ben = await talk()
    await ana.write("See you at six")
    await expect(bubble(ben, "See you at six")).to_be_visible(timeout=WAIT_MS)
    await does(ben, bubble(ben, "See you at six"), "Answer")
    await ben.write("Fine")
    await expect(bubble(ana, "Fine")).to_be_visible(timeout=WAIT_MS)

    mine = bubble(ana, "See you at six").first
    await expect(mine).to_contain_text("seen", timeout=WAIT_MS)  # it is looked up once
    await ana.page.reload()
    await expect(mine).to_contain_text("seen", timeout=WAIT_MS)
    await does(ana, mine, "Who has read it")
    await expect(mine.get_by_text(re.compile("^Ben: read "))).to_be_visible(timeout=WAIT_MS)
    await mine.get_by_role("button", name="Change", exact=True).click()
    await ana.sees("Changing your message")
    await ana.write("See you at seven")
    await expect(bubble(ben, "See you at seven").first).to_contain_text("edited", timeout=WAIT_MS)
    await expect(bubble(ben, "Fine")).to_contain_text("See you at seven")
    await expect(log(ben).get_by_text("See you at six")).to_have_count(0)

    ana.page.once("dialog", lambda dialog: dialog.accept())
    await does(ana, bubble(ana, "See you at seven").first, "Delete for everybody")
    await expect(log(ben).get_by_text("See you at seven")).to_have_count(0, timeout=WAIT_MS)
    await expect(bubble(ben, "Fine")).to_be_visible()
    await expect(log(ana)).to_be_focused()  # what was pressed is gone


async def test_what_was_said_long_ago_is_found(talk: Talk, world: World) -> None:
    """It is shown with what is around it, and stays in view while more is said and the network is away; the
    latest are one button away.
    """
    ana, ben = await talk()
    await ana.write("A needle in the hay")
    await expect(bubble(ben, "A needle in the hay")).to_be_visible(timeout=WAIT_MS)
    room_id = (await ana.page.evaluate("location.hash")).partition("/")[2]
    sender = await world.pool.fetchval(
        "SELECT id::text FROM identity.users WHERE username = $1", ben.username
    )
    await ana.go("Chats")
    await said(world, room_id, sender, 1, 700)
    await ana.page.reload()

    everywhere = ana.page.get_by_role("search", name="Search all chats")
    await everywhere.get_by_role("searchbox").fill("needl")
    await ana.page.keyboard.press("Enter")
    await ana.sees("1 message was found.")
    await ana.fits()
    await ana.page.get_by_role("list", name="What was found").get_by_role("link").click()
    needle = log(ana).get_by_text("A needle in the hay", exact=True)
    await expect(needle).to_be_in_viewport(timeout=WAIT_MS)
    await expect(log(ana).get_by_text("No. 700", exact=True)).to_have_count(0)

    await expect(ana.page.locator("#room-scroll")).not_to_have_attribute("aria-busy", "true")
    before = await ana.page.evaluate(TOP)
    await ana.context.set_offline(offline=True)
    await ben.write("Are you there?")
    await ana.context.set_offline(offline=False)
    await expect(ana.page.locator("#rooms-list")).to_contain_text("Are you there?", timeout=WAIT_MS)
    assert await ana.page.evaluate(TOP) == before

    await ana.press("To the latest messages")
    await expect(log(ana).get_by_text("Are you there?", exact=True)).to_be_in_viewport(timeout=WAIT_MS)
    await ana.press("Search this chat")
    here = ana.page.get_by_role("search", name="Search this chat")
    await here.get_by_role("searchbox").fill("nothing like that")
    await ana.page.keyboard.press("Enter")
    await ana.sees("Nothing was found.")
    await ana.page.keyboard.press("Escape")
    await ana.page.keyboard.press("Escape")
    await expect(ana.button("Search this chat")).to_be_focused()
    await expect(log(ana)).to_be_visible()


PASTE = """(field, written) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", written);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


async def test_what_cannot_be_shown_or_sent_is_said(talk: Talk, tmp_path: Path) -> None:
    """A picture that is none has its name; what is longer than a message does not lose its end unseen."""
    ana, _ = await talk()
    (tmp_path / "boat.png").write_bytes(b"")
    async with ana.page.expect_file_chooser() as chosen:
        await ana.press("Add pictures, videos or files")
    await (await chosen.value).set_files([tmp_path / "boat.png"])
    await expect(ana.button("Leave out boat.png")).to_contain_text("boat.png", timeout=WAIT_MS)
    await ana.page.get_by_label("Message", exact=True).press("Enter")
    refused = bubble(ana, "This file is empty")
    await expect(refused).to_contain_text("boat.png", timeout=WAIT_MS)

    field = ana.page.get_by_label("Message", exact=True)
    await field.fill("x" * 3990)
    for fits in ("y" * 10, "y" * 8 + "\r\ny"):  # the end of a line is one letter, also on Windows
        await field.evaluate(PASTE, fits)
        await expect(ana.page.get_by_text("its end was left out")).to_have_count(0)
    await field.evaluate(PASTE, "y" * 11)
    await ana.sees("This is too long for one message: its end was left out.")


async def test_what_the_page_says_leaves_the_field_to_write_in_view(talk: Talk, tmp_path: Path) -> None:
    _, ben = await talk()
    many = [tmp_path / f"{n}.txt" for n in range(11)]
    for each in many:
        each.write_text("Six o'clock, at the pier.")
    async with ben.page.expect_file_chooser() as chosen:
        await ben.press("Add pictures, videos or files")
    await (await chosen.value).set_files(many)
    await ben.sees("Ten files at most at once.")
    field = await ben.page.get_by_label("Message", exact=True).bounding_box()
    navigation = await ben.page.get_by_role("navigation").first.bounding_box()
    assert field is not None
    assert navigation is not None
    assert field["y"] + field["height"] <= navigation["y"]
