"""What one sees of a stranger: blurred until one asks, where the operator wants that; and what is sent."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Arrive, meet
from tests.browser.person import Visitor, eventually
from tests.served import Served


@pytest.fixture
async def blurring(
    nodes_database_url: str, nodes_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION="blurred",
        VIDEO_START="blurred",
        DATA_DIR=str(tmp_path_factory.mktemp("data")),
    )
    await server.start()
    yield server
    await server.stop()


async def sees(person: Visitor, *, blurred: bool) -> None:
    """The picture of the other, as the browser draws it."""
    drawn = "(video) => getComputedStyle(video).filter.startsWith('blur')"

    async def so() -> bool:
        return bool(await person.page.locator("#remote").evaluate(drawn) == blurred)

    await eventually(so, f"the picture that {person.name} sees is {'not ' * blurred}blurred")


def picture(person: Visitor) -> Locator:
    """What would go with a report."""
    return person.page.get_by_role("dialog").get_by_alt_text("What you saw last")


async def sent(database_url: str, person: Visitor) -> int:
    """How many pictures this person has sent with reports."""
    query = (
        "SELECT count(*) FROM social.media m JOIN identity.users u ON u.id = m.owner_id"
        " WHERE m.stored AND u.username = $1"
    )
    connection = await asyncpg.connect(database_url)
    try:
        count: int = await connection.fetchval(query, person.username)
        return count
    finally:
        await connection.close()


async def test_a_video_begins_blurred_and_what_was_seen_goes_with_a_report(
    blurring: Served, arrive: Arrive, nodes_database_url: str
) -> None:
    """By keyboard too, with sound from the start, again after a reload. What nobody saw is not offered."""
    ana, ben = [await arrive(blurring.address, name) for name in ("Ana", "Ben")]
    for person, gender in ((ana, "female"), (ben, "male")):
        await person.sign_up(gender=gender)
    await meet(ana, ben)
    await ana.hears()
    await sees(ana, blurred=True)
    await ana.press("Report")
    await expect(ana.page.get_by_role("dialog", name="Report Ben")).to_be_visible()
    await expect(picture(ana)).to_be_hidden()
    await ana.press("Cancel")

    for control in ("Switch camera", "Show the video"):
        await expect(ana.button(control)).to_be_visible()
    await ana.page.get_by_role("heading", name="Ben").focus()
    for _ in ("the connection", "the other camera", "the video"):
        await ana.page.keyboard.press("Tab")
    await expect(ana.button("Show the video")).to_be_focused()
    await ana.page.keyboard.press("s")
    await expect(ana.button("Show the video")).to_be_hidden()
    await sees(ana, blurred=False)
    await sees(ben, blurred=True)
    await ana.page.reload()
    await ana.sees_state("Live")
    await sees(ana, blurred=True)
    await ana.button("Show the video").focus()
    await ana.page.keyboard.press("Enter")
    await ana.sees_and_hears()
    await sees(ana, blurred=False)
    await ben.press("Show the video")
    await ben.sees_and_hears()

    async def offered() -> bool:
        await ana.press("Report")
        try:
            await expect(picture(ana)).to_be_visible(timeout=2_000)  # it is drawn while the dialog is open
        except AssertionError:
            await ana.press("Cancel")
            return False
        return True

    await eventually(offered, "what Ana sees is not offered to her")
    await ana.sees("Send this picture with it")
    await ana.sees(re.compile("looks at it, at the picture below, and at"))
    assert await picture(ana).evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    await ana.press("Report and end call")
    await ana.sees_heading("Thank you for telling us")
    assert await sent(nodes_database_url, ana) == 1

    await ben.sees_heading("Ana hung up")
    await ben.press("Report")
    await expect(picture(ben)).to_be_visible()
    await ben.page.get_by_label("Send this picture with it").uncheck()
    await ben.page.get_by_role("dialog").get_by_role("button", name="Report", exact=True).click()
    await ben.sees("Thank you for telling us. A moderator will look at it.")
    assert await sent(nodes_database_url, ben) == 0
