"""Photos on one's profile, and two who become friends."""

import asyncio
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Visit
from tests.browser.desk import SignUp
from tests.browser.person import WAIT_MS, Visitor, eventually
from tests.browser.test_calling import connected, opens_chat
from tests.stores.world import World

SHADES = ("red", "lime", "blue")
DROP = """(files) => {
  const dataTransfer = new DataTransfer();
  files.forEach((hex, at) => {
    const bytes = Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
    dataTransfer.items.add(new File([bytes], `${at}.png`, { type: "image/png" }));
  });
  const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
  document.getElementById("photos").dispatchEvent(drop);
}"""
SEEN = """() => [...document.querySelectorAll("[aria-label='Photos'] img")].map((img) => {
  if (!img.naturalWidth) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pixel = canvas.getContext("2d");
  pixel.drawImage(img, 0, 0, 1, 1);
  const [r, g, b] = pixel.getImageData(0, 0, 1, 1).data;
  return r > 128 ? "red" : g > 128 ? "lime" : b > 128 ? "blue" : null;
})"""


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three that are told apart by their colour, and something that is none."""
    for shade in SHADES:
        Image.new("RGB", (120, 160), shade).save(tmp_path / f"{shade}.png")
    (tmp_path / "none.png").write_bytes(b"no picture at all")
    return [tmp_path / f"{name}.png" for name in (*SHADES, "none")]


def tiles(person: Visitor) -> Locator:
    return person.page.get_by_role("list", name="Photos", exact=True).get_by_role("listitem")


async def shows(person: Visitor, *shades: str) -> None:
    """The photos of the profile have these colours, in this order."""

    async def so() -> bool:
        return bool(await person.page.evaluate(SEEN) == list(shades))

    await eventually(so, f"{person.name} does not see {shades}", at=person.page)


async def test_photos_are_added_put_in_order_and_removed(sign_up: Visit, pictures: list[Path]) -> None:
    """From the camera roll of a phone; what is no picture is refused, and why; a reload shows the same."""
    ana = await sign_up("Ana", phone=True)
    await ana.go("Profile")
    await add_photos(ana, *pictures)
    refused = tiles(ana).filter(has=ana.page.get_by_role("alert"))
    await expect(refused).to_contain_text("Send a JPEG, PNG or WebP", timeout=WAIT_MS)
    await ana.press("Do not add none.png")
    await expect(tiles(ana)).to_have_count(3)
    await shows(ana, *SHADES)
    await ana.fits()

    await ana.button("Move forward: photo 3 of 3").press("Enter")
    await shows(ana, "red", "blue", "lime")
    moved = ana.button("Move forward: photo 2 of 3")
    await expect(moved).to_be_focused()
    await moved.press("ArrowLeft")
    await shows(ana, "blue", "red", "lime")
    ana.page.once("dialog", lambda dialog: dialog.accept())
    await ana.press("Remove: photo 2 of 3")
    await shows(ana, "blue", "lime")
    form = ana.page.get_by_role("form", name="Your profile")
    await form.get_by_role("textbox", name="City").fill("Berlin")  # the photos have made it another version
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("status")).to_have_text("Saved.")
    await ana.page.reload()
    await shows(ana, "blue", "lime")
    await expect(form.get_by_role("textbox", name="City")).to_have_value("Berlin")


async def test_photos_that_are_dropped_and_dragged(sign_up: Visit, pictures: list[Path]) -> None:
    """Dropped on the card, dragged to another place; an address that has expired is asked for anew."""
    ana = await sign_up("Ana")
    await ana.go("Profile")
    await ana.sees_heading("Your profile")  # elsewhere it takes nothing
    await ana.page.evaluate(DROP, [path.read_bytes().hex() for path in pictures[:2]])
    await expect(ana.button("Remove: photo 2 of 2")).to_be_visible(timeout=WAIT_MS)
    await shows(ana, "red", "lime")
    async with ana.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await tiles(ana).nth(1).drag_to(tiles(ana).nth(0))
    await shows(ana, "lime", "red")
    await ana.page.route(re.compile(r"/v1/media/[0-9a-f-]+$"), _with_newer_addresses)
    await ana.page.route(re.compile("/files/"), _expired_unless_newer)
    await ana.page.reload()
    await shows(ana, "lime", "red")


async def _with_newer_addresses(route: Route) -> None:
    answer = await route.fetch()
    await route.fulfill(response=answer, body=(await answer.text()).replace("?expires", "?newer&expires"))


async def _expired_unless_newer(route: Route) -> None:
    if "newer&" in route.request.url:
        await route.continue_(url=route.request.url.replace("newer&", ""))
    else:
        await route.fulfill(status=404)


async def loaded(person: Visitor, picture: Locator) -> None:
    async def there() -> bool:
        return bool(await picture.evaluate_all("(all) => all.some((img) => img.naturalWidth > 0)"))

    await eventually(there, f"{person.name} does not see a photo", at=person.page)


async def own_id(person: Visitor) -> str:
    kept = "JSON.parse(localStorage.getItem('realtime-connect.account')).user_id"
    user_id: str = await person.page.evaluate(kept)
    return user_id


def among(person: Visitor, card: str, name: str) -> Locator:
    """Somebody in one of the lists of the friends' place."""
    return person.page.get_by_role("region", name=card).get_by_role("listitem").filter(has_text=name)


async def add_photos(person: Visitor, *files: Path) -> None:
    """Choose them, as from the camera roll of a phone."""
    async with person.page.expect_file_chooser() as choosing:
        await person.press("Add photos")
    await (await choosing.value).set_files(files)


class Held:
    """Requests that are answered only when they may be; or never, and fail then."""

    def __init__(self) -> None:
        self._go = asyncio.Event()
        self._fails = False

    async def __call__(self, route: Route) -> None:
        await self._go.wait()
        await (route.fulfill(status=404) if self._fails else route.continue_())

    def go(self, *, fails: bool = False) -> None:
        self._fails = fails
        self._go.set()


@pytest.mark.parametrize("fails", [False, True], ids=["comes", "fails"])
async def test_nothing_of_a_card_moves_under_a_finger(
    sign_up: Visit, world: World, pictures: list[Path], *, fails: bool
) -> None:
    """What one can do has the same place before the card is there, before its photos are, and afterwards."""
    ana, ben = await sign_up("Ana"), await sign_up("Ben", phone=True)
    await connected(world, ana, ben)
    await ana.go("Profile")
    await add_photos(ana, *pictures[:2])
    await expect(ana.button("Remove: photo 2 of 2")).to_be_visible(timeout=WAIT_MS)
    await opens_chat(ben, ana)
    card, photos = Held(), Held()
    await ben.page.route(re.compile("/v1/profiles/"), card)
    await ben.page.route(re.compile("/files/|/v1/media/"), photos)
    await ben.press("More about Ana")
    ask, photo = ben.button("Add as friend"), ben.page.get_by_role("img", name="Photo 1 of Ana")
    await expect(ask).to_be_visible(timeout=WAIT_MS)
    at_first = await ask.bounding_box()
    card.go()
    await expect(photo).to_be_attached(timeout=WAIT_MS)
    assert await ask.bounding_box() == at_first
    place = await photo.bounding_box()
    assert place is not None
    assert place["height"] > 100
    photos.go(fails=fails)
    await expect(photo).to_have_js_property("complete", True, timeout=WAIT_MS)
    if fails:
        await expect(photo).to_have_attribute("src", re.compile("^data:"), timeout=WAIT_MS)
    else:
        await loaded(ben, photo)
    assert await photo.bounding_box() == place
    assert await ask.bounding_box() == at_first
    await ben.fits()
    await ben.press("Add as friend")
    await ben.sees(re.compile("^You have asked"))


async def test_two_become_friends_write_and_part(
    sign_up: Visit, person: SignUp, pictures: list[Path]
) -> None:
    """By a common friend; each step is seen by both, and who was removed can write no more."""
    ana, ben, cleo = await sign_up("Ana"), await sign_up("Ben", phone=True), await person("Cleo")
    await ana.go("Profile")
    await add_photos(ana, pictures[0])
    await expect(ana.button("Remove: photo 1 of 1")).to_be_visible(timeout=WAIT_MS)
    for one in (ana, ben):
        status, _ = await cleo.rest("POST", "/v1/friends/requests", json={"user_id": await own_id(one)})
        assert status == 201
        await expect(one.page.get_by_label("1 request", exact=True)).to_be_visible(timeout=WAIT_MS)
        await one.go("Friends")
        await one.press("Accept: Cleo")
        await expect(among(one, "Your friends", "Cleo")).to_contain_text("Offline", timeout=WAIT_MS)

    await ana.page.reload()  # suggestions are worked out when somebody comes
    await (
        among(ana, "People you may know", "A friend of one of your friends")
        .get_by_role("button", name="Add: Ben")
        .click()
    )
    await expect(among(ana, "You have asked", "Ben")).to_be_visible(timeout=WAIT_MS)
    await (
        among(ben, "They ask to be your friend", "Ana").get_by_role("button", name=re.compile("^Ana")).click()
    )
    await ben.sees("They ask to be your friend.")
    await ben.press("Accept")
    await ben.sees("You are friends.")
    await ben.fits()
    await ben.press("Close")
    for one, other in ((ana, "Ben"), (ben, "Ana")):
        await expect(among(one, "Your friends", other)).to_contain_text("Online", timeout=WAIT_MS)

    await ana.page.get_by_role("link", name="Write to Ben").click()
    await ana.write("Hello, friend")
    await ben.go("Chats")
    await ben.page.get_by_role("link", name=re.compile("^Ana")).click()
    await ben.sees("Hello, friend")
    await ben.press("More about Ana")
    await ben.sees("You are friends.")
    await loaded(ben, ben.page.get_by_role("img", name="Photo 1 of Ana"))
    await loaded(ben, ben.page.locator("#rooms-list img"))
    await expect(ben.button("End connection")).to_be_hidden()
    ben.page.once("dialog", lambda dialog: dialog.accept())
    await ben.press("Remove friend")
    await expect(ben.button("Add as friend")).to_be_visible(timeout=WAIT_MS)
    await ana.sees("This chat has ended.")
    await ana.go("Friends")
    await expect(among(ana, "Your friends", "Cleo")).to_be_visible(timeout=WAIT_MS)
    await expect(among(ana, "Your friends", "Ben")).to_have_count(0)


async def test_somebody_finds_people_and_decides_who_finds_them(sign_up: Visit, person: SignUp) -> None:
    """By name, of those who allow it; by numbers. What failed is said, and nothing typed is lost."""
    ana, ben = await sign_up("Ana", phone=True), await person("Ben")
    name = ben.account["user"]["username"]
    await ben.rest("PATCH", "/v1/me/settings", json={"privacy": {"find_by_search": True}})
    await ana.go("Profile")
    privacy = ana.page.get_by_role("form", name="What others see of you")
    by_name = privacy.get_by_label("Anybody, by my name or username")
    await by_name.check()
    await expect(privacy.get_by_role("status")).to_have_text("Saved.")
    await ana.context.set_offline(offline=True)
    await by_name.click()
    await expect(privacy.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(by_name).to_be_checked()
    await ana.context.set_offline(offline=False)

    await ana.go("Friends")
    await ana.page.get_by_role("searchbox", name="Name or username").fill(name)
    await ana.page.get_by_role("search").get_by_role("button", name="Search").click()
    await among(ana, "Find somebody", "Ben").get_by_role("button", name="Add: Ben").click()
    await expect(among(ana, "Find somebody", "Ben")).to_contain_text("You have asked.")
    numbers = ana.page.get_by_label("Phone numbers, one on each line")
    await numbers.fill("Mum +49 151 1234567\nnobody")
    await ana.press("Look who is here")
    await ana.sees("None of them is here")
    await expect(numbers).to_have_value("nobody")
    await ana.fits()
    await ana.go("Profile")
    await ana.go("Friends")
    await numbers.fill("+49 151 7654321")  # and is not sent: whoever signs in next does not see it
    await ana.go("Profile")
    await ana.press("Sign out")
    await expect(numbers).to_have_value("")
