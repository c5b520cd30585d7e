"""What is said in a chat while the connection is away, and files that are sent together."""

import asyncio
import itertools
import re
from pathlib import Path

from PIL import Image
from playwright.async_api import Response, Route, WebSocketRoute, expect

from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor, eventually
from tests.browser.test_calling import connected, opens_chat
from tests.browser.test_chat import Talk, bubble, talk  # noqa: F401
from tests.browser.test_groups import log, reads
from tests.browser.test_offline import keeps_the_page
from tests.stores.world import World

WAITING = "Waiting for the connection. It is sent by itself when you are back."
PICTURE = ": "  # it has no words, but somebody who shows it
KEPT = "indexedDB.databases().then((all) => all.map(({ name }) => name))"


async def chooses(person: Visitor, *files: Path) -> None:
    """And sends them."""
    async with person.page.expect_file_chooser() as chosen:
        await person.press("Add pictures, videos or files")
    await (await chosen.value).set_files(files)
    await person.press("Send")


async def reads_only(person: Visitor, *lines: str) -> None:
    """Each once, and nothing else."""
    await reads(person, *lines)
    await expect(log(person).get_by_role("listitem")).to_have_count(len(lines))


async def waits(person: Visitor, messages: int) -> None:
    """So many wait for the connection, and none asks to be tried again."""
    await expect(log(person).get_by_text(WAITING, exact=True)).to_have_count(messages, timeout=WAIT_MS)
    await expect(person.button("Try again")).to_have_count(0)


async def test_what_is_said_without_a_network_is_sent_when_it_is_back(talk: Talk, tmp_path: Path) -> None:  # noqa: F811
    """By itself, once each, in the order in which it was said; one of them is taken back before that."""
    ana, ben = await talk()
    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    await ben.context.set_offline(offline=True)
    for words in ("One", "Two", "Not this", "Three"):
        await ben.write(words)
    await chooses(ben, tmp_path / "red.png")
    await waits(ben, 5)
    await bubble(ben, "Not this").get_by_role("button", name="Do not send").click()
    await waits(ben, 4)
    await ben.fits()
    await ben.context.set_offline(offline=False)
    await waits(ben, 0)
    await ben.write("Four")
    for one in (ana, ben):
        await reads_only(one, "One", "Two", "Three", PICTURE, "Four")
        await expect(log(one).get_by_role("listitem").nth(3).get_by_role("img")).to_be_visible()


async def test_an_answer_that_is_lost_makes_no_second_message(talk: Talk) -> None:  # noqa: F811
    """The connection breaks after the server has the message, and before the page knows so."""
    ana, ben = await talk()
    lost = asyncio.Event()

    async def loses_one(page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        sent = False

        def said(message: str | bytes) -> None:
            nonlocal sent
            sent = sent or (not lost.is_set() and "chat:send" in str(message))
            server.send(message)

        async def answered(message: str | bytes) -> None:
            if not sent:
                page.send(message)
            elif str(message).startswith("43"):  # an acknowledgement
                lost.set()
                await page.close()
                await server.close()

        page.on_message(said)
        server.on_message(answered)

    await ana.page.route_web_socket(re.compile("/socket.io/"), loses_one)
    await ana.page.reload()
    await ana.write("Said once")
    await lost.wait()
    await ana.write("And this")
    for one in (ben, ana):
        await reads_only(one, "Said once", "And this")
    await waits(ana, 0)


async def test_what_waits_is_there_after_a_reload_and_not_after_signing_out(
    sign_up: Visit, world: World, tmp_path: Path
) -> None:
    """The words and the picture, in their order."""
    ana, ben = await sign_up("Ana", service_workers="allow"), await sign_up("Ben", gender="male")
    await connected(world, ana, ben)
    await keeps_the_page(ana)
    await opens_chat(ana, ben)
    await opens_chat(ben, ana)
    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    await ana.context.set_offline(offline=True)
    await ana.write("Before the reload")
    await chooses(ana, tmp_path / "red.png")
    await waits(ana, 2)
    await ana.page.reload()
    await ana.sees("The server cannot be reached")
    await ana.context.set_offline(offline=False)
    for one in (ben, ana):
        await reads_only(one, "Before the reload", PICTURE)
        await expect(log(one).get_by_role("listitem").nth(1).get_by_role("img")).to_be_visible()
    await waits(ana, 0)

    await ana.context.set_offline(offline=True)
    await ana.write("Never mind")
    await waits(ana, 1)
    await ana.go("Profile")
    await ana.press("Sign out")

    async def is_gone() -> bool:
        return "realtime-connect.unsent" not in await ana.page.evaluate(KEPT)

    await eventually(is_gone, "what Ana has written is kept")
    await ana.context.set_offline(offline=False)
    await ana.reaches_sign_in()
    await ana.sign_in()
    await ana.is_ready()
    await opens_chat(ana, ben)
    await ana.write("Here again")
    for one in (ben, ana):
        await reads_only(one, "Before the reload", PICTURE, "Here again")


async def test_files_come_in_the_order_chosen(talk: Talk, tmp_path: Path) -> None:  # noqa: F811
    """Though the first is there last; one that is refused stays, can be tried again, and holds up none."""
    ana, ben = await talk()
    first, second, third = (tmp_path / f"{name}.txt" for name in ("First", "Second", "Third"))
    for each in (first, second, third):
        each.write_text(each.stem)
    none = tmp_path / "None.txt"
    none.touch()
    others = asyncio.Semaphore(0)
    began = itertools.count(1)

    async def holds(route: Route) -> None:
        if next(began) == 1:  # they begin in their order
            for _ in range(3):
                await others.acquire()
        await route.continue_()

    def answered(response: Response) -> None:
        if response.request.method == "POST" and response.url.endswith("/v1/media"):
            others.release()

    ana.page.on("response", answered)
    await ana.page.route("**/v1/media", holds)
    await chooses(ana, first, none, second, third)
    files = log(ben).get_by_role("link", name=re.compile("^Download: "))
    await expect(files).to_contain_text(["First.txt", "Second.txt", "Third.txt"], timeout=WAIT_MS)
    await expect(files).to_have_count(3)
    left = log(ana).get_by_role("listitem").filter(has_text="Not sent.")
    await expect(left).to_have_count(1, timeout=WAIT_MS)
    await expect(log(ana).get_by_text(WAITING)).to_have_count(0)
    await left.get_by_role("button", name="Try again").click()
    await expect(left).to_contain_text("Not sent. This file is empty: there is nothing", timeout=WAIT_MS)
    await left.get_by_role("button", name="Do not send").click()
    await expect(left).to_have_count(0)
