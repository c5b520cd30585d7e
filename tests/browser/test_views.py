"""Every view, drawn from the states that the page's own rules make, on small screens and with long words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from tests.browser.chromium import Chromium
from tests.served import ROOT, Served

HERE = Path(__file__).parent
PAGE = ROOT / "realtime" / "page"
# Longer than the server lets a name be: what is drawn is safe by itself.
LONG = dict.fromkeys(("name", "city", "bio", "message", "username"), "W" * 200)
PLAIN = {
    "name": "Ben",
    "city": "Berlin",
    "bio": "Climbs, cooks, laughs.",
    "message": "That was fun!",
    "username": "ben",
}
# On the smallest with the longest words: those are German.
LOCALES = {"phone": "de-DE", "landscape": "en-GB", "desk": "en-GB"}
SCREENS = {"phone": (320, 568), "landscape": (568, 320), "desk": (1280, 800)}


@asynccontextmanager
async def _stage(browser: Chromium, address: str, screen: str, **how: Any) -> AsyncIterator[Page]:
    """The page as the server gives it, with the stage in the place of its main module."""
    width, height = SCREENS[screen]
    about: Any = {"reduced_motion": "reduce", "locale": "en-GB", **how}
    page = await browser.open(viewport={"width": width, "height": height}, **about)
    await page.route("**/page/main-*.js", _empty)
    await page.route("**/stage/**", _file)
    await page.goto(address)
    await page.add_style_tag(url="/page/inside.css")
    await page.add_script_tag(url="/stage/looking.js", type="module")
    await page.add_script_tag(url="/stage/stage.js", type="module")
    await page.wait_for_function(
        "() => globalThis.showScene !== undefined && globalThis.misfits !== undefined"
    )
    yield page
    await browser.close(page.context)


async def _empty(route: Route) -> None:
    body = 'document.documentElement.dataset.says = "all";'
    await route.fulfill(body=body, content_type="text/javascript")


async def _file(route: Route) -> None:
    name = route.request.url.partition("/stage/")[2]
    path = PAGE / name.removeprefix("page/") if name.startswith("page/") else HERE / name
    await route.fulfill(path=path, content_type="text/javascript")


async def _everywhere(page: Page, words: dict[str, str], look: str) -> dict[str, list[str]]:
    """What a look at each scene finds, where it finds something."""
    found = {}
    for scene in await page.evaluate("sceneNames"):
        await page.evaluate("([scene, words]) => showScene(scene, words)", [scene, words])
        if faults := await page.evaluate(f"{look}()"):
            found[scene] = faults
    return found


@pytest.mark.parametrize("screen", SCREENS)
async def test_long_words_move_nothing_off_the_screen(server: Served, browser: Chromium, screen: str) -> None:
    """A word of 200 letters in each field that others write: no sideways scrolling, all buttons in reach."""
    async with _stage(browser, server.address, screen, locale=LOCALES[screen]) as page:
        assert await page.evaluate("document.documentElement.lang") == LOCALES[screen][:2]
        assert not (found := await _everywhere(page, LONG, "misfits")), found


async def test_whoever_is_asked_for_more_time_reads_it_and_can_agree(
    server: Served, browser: Chromium
) -> None:
    """In German, with a name of 200 letters, on the smallest phone; and whoever asked that the other may."""
    async with _stage(browser, server.address, "phone", locale="de-DE") as page:
        for scene, words in (
            ("asked in a call", "möchte länger reden."),
            ("waiting for a yes in a call", "Du möchtest länger reden."),
        ):
            await page.evaluate("([scene, words]) => showScene(scene, words)", [scene, LONG])
            said = await page.get_by_text(words).bounding_box()
            assert said
            assert 0 <= said["y"] <= said["y"] + said["height"] <= SCREENS["phone"][1], said
            agree = page.get_by_role("button", name="Ich auch")
            assert await agree.is_visible() is (scene == "asked in a call")
            assert not (faults := await page.evaluate("misfits()")), faults


async def test_a_question_with_little_time_is_in_view(server: Served, browser: Chromium) -> None:
    """On the smallest phone the answers stand where nobody has to look for them, above the navigation."""
    async with _stage(browser, server.address, "phone") as page:
        for scene in ("both decide", "I decide", "one yes will do", "asked again after a reload"):
            await page.evaluate("([scene, words]) => showScene(scene, words)", [scene, PLAIN])
            for answer in ("Yes, stay in touch", "No, thanks"):
                button = await page.get_by_role("button", name=answer).bounding_box()
                below = await page.get_by_role("navigation").bounding_box()
                assert button
                assert below
                assert button["y"] + button["height"] <= below["y"], f"{scene}: {answer} at {button}"


async def test_the_time_left_stands_behind_any_name(server: Served, browser: Chromium) -> None:
    """A name that is written from right to left does not turn the number that follows it."""
    async with _stage(browser, server.address, "desk") as page:
        await page.evaluate(
            "([scene, words]) => showScene(scene, words)", ["offer accepted", {**PLAIN, "name": "محمد"}]
        )
        number, name = await page.evaluate("""() => ["8 s", "محمد"].map((words) => {
          const node = document.getElementById("offer-state").firstChild;
          const range = new Range();
          range.setStart(node, node.data.indexOf(words));
          range.setEnd(node, node.data.indexOf(words) + 1);
          return range.getBoundingClientRect().left;
        })""")
        assert number > name


async def test_of_a_long_name_the_beginning_is_seen(server: Served, browser: Chromium) -> None:
    """Also where it is written from right to left, in the call, a room and lists."""
    async with _stage(browser, server.address, "phone") as page:
        checked = 0
        for scene in await page.evaluate("sceneNames"):
            await page.evaluate(
                "([scene, words]) => showScene(scene, words)", [scene, {**PLAIN, "name": "محمد " * 20}]
            )
            hidden, seen = await page.evaluate("""() => {
              const names = [...document.querySelectorAll(".line, .who b")]
                .filter((e) => e.checkVisibility() && e.textContent.startsWith("محمد"));
              const cut = names.filter((name) => {
                const range = new Range();
                range.setStart(name.firstChild, 0);
                range.setEnd(name.firstChild, 1);
                return range.getBoundingClientRect().right > name.getBoundingClientRect().right + 1;
              });
              return [cut.map(({ id, parentNode }) => id || parentNode.className), names.length];
            }""")
            assert not hidden, f"{scene}: {hidden}"
            checked += seen
        assert checked


@pytest.mark.parametrize(
    ("theme", "device", "paper"),
    [
        ("system", "dark", "rgb(21, 20, 23)"),
        ("light", "dark", "rgb(246, 244, 239)"),
        ("neon", "light", "rgb(10, 6, 22)"),
    ],
)
async def test_everything_can_be_read(
    server: Served, browser: Chromium, theme: str, device: str, paper: str
) -> None:
    """In each theme, whatever the device has: the contrast that WCAG 2 asks for at level AA."""
    async with _stage(browser, server.address, "phone", color_scheme=device) as page:
        await page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        worn = "(paper) => getComputedStyle(document.body).backgroundColor === paper"
        await page.wait_for_function(worn, arg=paper)
        assert not (found := await _everywhere(page, PLAIN, "faint")), found


@pytest.mark.parametrize("screen", ["phone", "desk"])
async def test_each_view_has_one_first_heading(server: Served, browser: Chromium, screen: str) -> None:
    async with _stage(browser, server.address, screen) as page:
        for scene in await page.evaluate("sceneNames"):
            await page.evaluate("([scene, words]) => showScene(scene, words)", [scene, PLAIN])
            first = await page.evaluate("firstHeadings()")
            assert len(first) == 1 or scene == "starting", f"{scene}: {first}"
