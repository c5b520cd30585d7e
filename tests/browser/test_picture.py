"""The README's picture: two people in a call, as each of them sees it."""

import base64
import json
from pathlib import Path

from playwright.async_api import Page

from tests.browser.conftest import Visit, meet
from tests.browser.person import Visitor, eventually
from tests.served import ROOT

PICTURE = ROOT / "docs" / "two-people-in-a-call.png"
PORTRAIT = Path(__file__).with_name("portrait.js").read_text()
ANA = {"skin": "#e8b48f", "hair": "#3d2620", "long": True, "shirt": "#c8553d", "wall": ["#f3d9b1", "#c98f6b"]}
BEN = {
    "skin": "#a8714a",
    "hair": "#1d1715",
    "long": False,
    "shirt": "#3f6c8f",
    "wall": ["#a9c6c9", "#587f86"],
}
FRAME = """
  <style>
    body {{ margin: 0; height: 860px; background: linear-gradient(120deg, #f6e7dc, #dfe6e4) }}
    img {{ position: absolute; box-shadow: 0 24px 70px #0005; display: block }}
    .desk {{ left: 60px; top: 50px; width: 1216px; border-radius: 18px }}
    .phone {{ right: 52px; bottom: 40px; height: 660px; border-radius: 34px; border: 9px solid #17151a }}
  </style>
  <img class="desk" src="data:image/png;base64,{desk}"><img class="phone" src="data:image/png;base64,{phone}">
"""


async def test_the_picture_of_two_people_in_a_call(visit: Visit, tmp_path: Path) -> None:
    """Remove the picture and run this to take it anew; otherwise it is only tried, and no file changes."""
    ana, ben = await visit("Ana"), await visit("Ben", phone=True)
    for person, looks in ((ana, ANA), (ben, BEN)):
        await person.page.add_init_script(f"{PORTRAIT}({json.dumps(looks)})")
        await person.page.reload()
    await ana.sign_up(gender="female")
    await ben.sign_up(gender="male")
    await meet(ana, ben)
    taken = PICTURE.exists()
    for person in (ana, ben):
        await _is_sharp(person, 1 if taken else 900)  # a busy machine may send small pictures for long
    path = tmp_path / PICTURE.name if taken else PICTURE
    await _compose(await ana.context.new_page(), ana, ben, path)
    assert path.stat().st_size > 50_000


async def _is_sharp(person: Visitor, width: int) -> None:
    """A call begins with a small picture and grows; the picture of it shall be good."""
    remote = person.page.locator("#remote")
    drawn = "(video, width) => video.videoWidth >= width && video.currentTime > 1"

    async def sharp() -> bool:
        return bool(await remote.evaluate(drawn, width))

    await eventually(sharp, f"{person.name} never gets a sharp picture")


async def _compose(paper: Page, ana: Visitor, ben: Visitor, path: Path) -> None:
    desk, phone = [base64.b64encode(await p.page.screenshot()).decode() for p in (ana, ben)]
    await paper.set_viewport_size({"width": 1680, "height": 860})
    await paper.set_content(FRAME.format(desk=desk, phone=phone))
    await paper.screenshot(path=path)
