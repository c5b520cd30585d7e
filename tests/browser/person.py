"""Somebody who uses the page, by the roles and labels that a person or a screen reader finds."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Self

from playwright.async_api import ConsoleMessage, Locator, Page, ViewportSize, expect

from tests.browser.chromium import Chromium

WAIT_MS = 60_000
CAN_BE_PRESSED = "button:visible:not([disabled])"
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=800)
PASSWORD = "correct horse battery"
LEADS_TO_SIGN_UP = ("Create an account", "Back")

# What a browser logs by itself about answers and connections that a test provokes.
EXPECTED = (
    *("Failed to load resource", "WebSocket connection to", "ERR_INTERNET_DISCONNECTED"),
    "Service Worker registration blocked by Playwright",  # where a test is not about it
)

INBOUND = """async () => {
  const report = await globalThis.realtimeConnect.stats();
  const kinds = [...(report?.values() ?? [])].filter((entry) => entry.type === "inbound-rtp");
  return Object.fromEntries(kinds.map((entry) => [entry.kind, entry.framesDecoded ?? entry.bytesReceived]));
}"""

# Words of the navigation, and at the head of tables, that stand on two lines.
BROKEN = """() => {
  const broken = (part) => [...part.data.matchAll(/[^ ]+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(part, index);
    range.setEnd(part, index + word.length);
    return range.getClientRects().length > 1;
  }).map(([word]) => word);
  const texts = [...document.querySelectorAll('.shell nav a, th')].flatMap((each) => [...each.childNodes]);
  return texts.filter((part) => part.nodeType === 3).flatMap(broken);
}"""

# Why somebody still waits.
EXPLAINED = "realtimeConnect.explain().then(JSON.stringify, String)"

# Every track that the page has ever been given, of a camera whose pictures are small: they cost less to code.
TRACKS = """
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  globalThis.tracks = [];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const video = wanted.video && { ...wanted.video, width: 320, height: 180 };
    const stream = await ask({ ...wanted, video });
    tracks.push(...stream.getTracks());
    return stream;
  };
"""

# What a browser does that nobody sees: sounds and vibrations.
RINGS = """
  globalThis.rings = { sounds: 0, vibrations: 0 };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    rings.sounds += 1;
    return start.apply(this, when);
  };
  navigator.vibrate = (pattern) => Boolean(pattern && (rings.vibrations += 1));
"""


class Visitor:
    """One browser context: its own storage, its own camera."""

    def __init__(self, name: str, browser: Chromium, page: Page, address: str) -> None:
        self.name, self.browser, self.page, self.address = name, browser, page, address
        self.context = page.context
        self.username = f"{name.lower()}-{secrets.token_hex(4)}"
        self.faults: list[str] = []
        self._watch(page)

    @classmethod
    async def visit(
        cls,
        browser: Chromium,
        address: str,
        name: str,
        *,
        phone: bool = False,
        dark: bool = False,
        **how: Any,
    ) -> Self:
        """Open the page for the first time."""
        page = await browser.open(
            viewport=PHONE if phone else DESK,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **{"locale": "en-GB", **how},
        )
        page.context.set_default_timeout(WAIT_MS)
        for script in (TRACKS, RINGS):
            await page.context.add_init_script(script)
        person = cls(name, browser, page, address)
        await page.goto(address)
        return person

    def _watch(self, page: Page) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not any(e in message.text for e in EXPECTED):
                self.faults.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def second_tab(self) -> "Visitor":
        """Another tab of the same browser."""
        page = await self.context.new_page()
        tab = Visitor(self.name, self.browser, page, self.address)
        tab.faults = self.faults
        await page.goto(self.address)
        return tab

    async def leave(self) -> None:
        """Go away without a ticket left behind that the next test would meet."""
        try:
            async with asyncio.timeout(3 * WAIT_MS / 1000):  # what is asked of a page has no end of its own
                for last in () if self.page.is_closed() else ("Not this time", "Hang up", "Stop looking"):
                    await self.press_if_there(last)
                    await expect(self.page.locator(CAN_BE_PRESSED).filter(has_text=last)).to_have_count(0)
        finally:
            await self.browser.close(self.context)

    # --- What a person does ---

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        await self.button(name).click()

    async def follow(self, name: str) -> None:
        """A link with this name."""
        await self.page.get_by_role("link", name=name, exact=True).click()

    async def press_unheard(self, name: str) -> None:
        """End a call while the server is away: nothing is sent or seen from then on."""
        await self.context.set_offline(offline=True)
        await self.press(name)
        assert await self.page.evaluate("realtimeConnect.stats()") is None
        await self.context.set_offline(offline=False)

    async def press_if_there(self, name: str) -> None:
        """In one step of the page: what may go by itself at any moment is not waited for."""
        await self.button(name).evaluate_all("there => there.forEach((b) => b.disabled || b.click())")

    async def join(self) -> None:
        """Say yes to the offer, unless the page was faster, which joins by itself after a moment."""
        offered = self.page.locator("#offer[open], #call:not([hidden])").first
        try:
            await eventually(offered.is_visible, f"no offer came to {self.name}", at=self.page)
        except AssertionError as error:
            raise AssertionError(f"{error}; the server says {await self.page.evaluate(EXPLAINED)}") from None
        await self.press_if_there("Join now")

    async def looks_elsewhere(self) -> None:
        """Have the page behind another one until it is loaded again: it joins nothing by itself."""
        await self.page.evaluate(
            "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })"
        )

    async def looks_here(self) -> None:
        """Come back from elsewhere."""
        await self.page.evaluate(
            "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
        )

    async def go(self, place: str) -> None:
        await self.page.get_by_role("link", name=re.compile(f"^{place}")).first.click()

    async def fill_sign_up(self, **changes: str) -> None:
        """Go through the steps and send the form; `changes` by field."""
        form = await self.reaches_sign_up()
        first = {
            "Display name": self.name,
            "Email": f"{self.username}@example.com",
            "Password": PASSWORD,
        }
        rest = {"Username": self.username, "Birth date": "1995-04-03", "Gender": "female"}
        said = {**first, **rest, **changes}
        for label in first:
            await form.get_by_label(label, exact=True).fill(said[label])
        await self.press("Go on")
        wrong, second = form.locator("[aria-invalid=true]"), form.get_by_label("Username")
        await wrong.or_(second).filter(visible=True).first.wait_for()
        if not await second.is_visible():
            return  # something is wrong with this step
        for label in ("Username", "Birth date"):
            await form.get_by_label(label, exact=True).fill(said[label])
        await form.get_by_label("Gender").select_option(said["Gender"])
        await form.get_by_label("I am 18 or older").check()
        await self.press("Create account")

    async def reaches_sign_up(self) -> Locator:
        """The form, at its first step, from wherever somebody is who is not signed in."""
        form = self.page.get_by_role("form", name="Create your account")
        ways = [self.page.get_by_role("link", name=name, exact=True) for name in LEADS_TO_SIGN_UP]
        first = form.get_by_label("Display name")
        await ways[0].or_(ways[1]).or_(first).first.wait_for()
        for way in ways:
            if await way.is_visible():
                await way.click()
        await first.wait_for()
        return form

    async def sign_up(self, *, gender: str) -> None:
        """Make an account; ready to meet when this returns."""
        await self.fill_sign_up(Gender=gender)
        await self.is_ready()

    async def reaches_sign_in(self) -> None:
        """From wherever somebody is who is not signed in."""
        form = self.page.get_by_role("form", name="Welcome back")
        way = self.page.get_by_role("link", name=re.compile("^Sign in( instead)?$"))
        await form.or_(way).first.wait_for()
        if await way.is_visible():
            await way.click()

    async def sign_in(self, password: str = PASSWORD) -> None:
        form = self.page.get_by_role("form", name="Welcome back")
        await form.get_by_label("Email or username").fill(self.username)
        await form.get_by_label("Password").fill(password)
        await self.press("Sign in")

    async def write(self, words: str) -> None:
        """Write into the room that is open."""
        await self.page.get_by_label("Message", exact=True).fill(words)
        await self.page.keyboard.press("Enter")

    # --- What a person sees ---

    async def is_ready(self) -> None:
        """Signed in, connected, camera on: one button away from meeting somebody."""
        await expect(self.button("Meet someone")).to_be_enabled(timeout=WAIT_MS)

    async def sees(self, words: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_text(words).filter(visible=True).first).to_be_visible(timeout=WAIT_MS)

    async def sees_heading(self, words: str) -> None:
        await expect(self.page.get_by_role("heading", name=words)).to_be_visible(timeout=WAIT_MS)

    async def sees_state(self, words: str | re.Pattern[str], *, timeout_ms: int = WAIT_MS) -> None:
        """The state of the call."""
        call = self.page.get_by_role("region", name="Call")
        await expect(call.get_by_role("status").first).to_have_text(words, timeout=timeout_ms)

    async def sees_and_hears(self) -> None:
        """Frames of the other are decoded and sound arrives, more and more of both."""
        before = await self._inbound()
        more = {"audio", "video"}

        async def risen() -> bool:
            now = await self._inbound()
            return all(now.get(kind, 0) > before.get(kind, 0) for kind in more)

        await eventually(risen, f"{self.name} gets no sound or picture")

    async def hears(self) -> None:
        """Sound arrives, in a voice call."""
        before = await self._inbound()

        async def risen() -> bool:
            return (await self._inbound()).get("audio", 0) > before.get("audio", 0)

        await eventually(risen, f"{self.name} gets no sound")

    async def _inbound(self) -> dict[str, int]:
        figures: dict[str, int] = await self.page.evaluate(INBOUND)
        return figures

    async def films(self, *kinds: str) -> None:
        """Exactly these of camera (`video`) and microphone (`audio`) are open: no light is on for more."""
        live = "tracks.filter((track) => track.readyState === 'live').map((track) => track.kind).sort()"

        async def exactly() -> bool:
            return bool(await self.page.evaluate(live) == sorted(kinds))

        await eventually(exactly, f"{self.name} has other than {kinds} open")

    async def sees_oneself(self) -> None:
        """The preview shows moving pictures."""
        video = self.page.get_by_label("Your camera").filter(visible=True)

        async def moving() -> bool:
            return bool(await video.evaluate("(v) => v.videoWidth > 0 && v.currentTime > 0 && !v.paused"))

        await eventually(moving, f"{self.name} does not see the preview")

    async def past_call(self) -> Locator:
        """The last one in the list, once there is no call any more."""
        await expect(self.page.get_by_role("region", name="Call")).to_be_hidden()
        await self.go("Profile")
        await self.go("Safety")
        return self.page.get_by_role("region", name="Past calls").get_by_role("button").first

    async def fits(self) -> None:
        """Nothing is wider than the screen, and neither navigation nor tables break a word."""

        async def is_narrow() -> bool:
            return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

        async def is_whole() -> bool:
            return not await self.page.evaluate(BROKEN)

        # A page that has just become narrow may be laid out before its style has heard of that.
        await eventually(is_narrow, f"{self.name} has to scroll sideways", at=self.page)
        await eventually(is_whole, f"{self.name} reads broken words", at=self.page)


async def eventually(holds: Callable[[], Awaitable[bool]], otherwise: str, *, at: Page | None = None) -> None:
    """Wait until a condition holds, or fail saying what was missing, and what that page shows instead."""
    try:
        async with asyncio.timeout(WAIT_MS / 1000):
            while not await holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        shown = await at.locator("body").inner_text() if at else ""
        raise AssertionError(f"{otherwise}{shown and f', but the page shows {shown!r}'}") from None
