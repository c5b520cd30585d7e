"""Camera, microphone and speaker: chosen once, changed in a call, and what a call does to the machine."""

import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Visit, meet
from tests.browser.person import Visitor, eventually
from tests.browser.windowed import browser  # noqa: F401

# Which devices are open, by their names.
OPEN = """() => Object.fromEntries(
  tracks.filter((track) => track.readyState === "live").map((track) => [track.kind, track.label]))"""
# Whether the screen was asked to stay on, and may go off again.
AWAKE = """
  globalThis.screens = { kept: 0, let_go: 0 };
  WakeLock.prototype.request = async () => {
    screens.kept += 1;
    return { released: false, release: () => (screens.let_go += 1) };
  };
"""


def dialog(person: Visitor) -> Locator:
    return person.page.get_by_role("dialog", name="Camera and sound")


async def uses(person: Visitor, **devices: str) -> None:
    async def so() -> bool:
        return bool(await person.page.evaluate(OPEN) == devices)

    await eventually(so, f"{person.name} does not use {devices}", at=person.page)


async def other(person: Visitor, name: str) -> str:
    """Choose the last of several, and give its name."""
    field = dialog(person).get_by_role("combobox", name=name)
    await expect(field).to_be_enabled()
    label = await field.evaluate("(list) => [...list.options].at(-1).text")
    await field.select_option(label=label)
    return str(label)


async def test_a_choice_is_remembered_and_changed_in_a_call(sign_up: Visit) -> None:
    """After a reload too; the other goes on seeing and hearing while it changes; the screen stays on."""
    ana = await sign_up("Ana")
    await ana.page.context.add_init_script(AWAKE)
    await ana.press("Camera and sound")
    chosen = {"audio": await other(ana, "Microphone"), "video": await other(ana, "Camera")}
    await uses(ana, **chosen)
    await dialog(ana).get_by_label("Ring for offers and calls").uncheck()
    await ana.press("Done")
    await ana.page.reload()
    await ana.is_ready()
    await uses(ana, **chosen)

    ben = await sign_up("Ben", gender="male", phone=True)
    await meet(ana, ben)
    assert await ana.page.evaluate("rings") == {"sounds": 0, "vibrations": 0}
    assert await ana.page.evaluate("screens") == {"kept": 1, "let_go": 0}
    await ana.press("Switch camera")
    await ana.page.wait_for_function(f"(before) => ({OPEN})().video !== before", arg=chosen["video"])
    await ben.sees_and_hears()
    await ana.button("Mute").press("Enter")
    await ben.sees("Ana is muted")
    await ana.page.get_by_role("button", name=re.compile("^Connection and devices")).click()
    field = dialog(ana).get_by_role("combobox", name="Microphone")
    await field.select_option(index=0)
    await ana.page.wait_for_function(f"(before) => ({OPEN})().audio !== before", arg=chosen["audio"])
    heard = "tracks.some((t) => t.kind === 'audio' && t.readyState === 'live' && t.enabled)"
    assert not await ana.page.evaluate(heard)
    await expect(dialog(ana)).to_contain_text(re.compile(r"Connection: (good|fair|weak|bad)\."))
    await expect(dialog(ana)).to_contain_text(re.compile(r"There and back it takes \d+ ms\."))
    await ana.press("Done")
    await ana.press("Mute")
    await ben.sees_and_hears()
    await ben.press("Hang up")
    await ana.sees_heading("Ben hung up")
    assert await ana.page.evaluate("screens") == {"kept": 1, "let_go": 1}
    await ana.films()


UNPLUG = """(kind) => {
  for (const track of tracks.filter((each) => each.kind === kind && each.readyState === "live")) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}"""


async def test_what_was_unplugged_in_a_call_is_opened_again_by_its_button(sign_up: Visit) -> None:
    """The other is told so each time, and then sees and hears again."""
    ana = await sign_up("Ana")
    ben = await sign_up("Ben", gender="male", phone=True)
    await meet(ana, ben)
    for kind, lost, button, told in (
        ("audio", "Your microphone stopped working", "#mute", "Ana is muted"),
        ("video", "Your camera stopped working", "#camera", "Ana's camera is off"),
    ):
        await ana.page.evaluate(UNPLUG, kind)
        await ana.sees(re.compile(lost))
        await ben.sees(told)
        await ana.page.locator(button).press("Enter")
        await expect(ben.page.get_by_text(told)).to_be_hidden()
        await ana.films("audio", "video")
        await ben.sees_and_hears()
