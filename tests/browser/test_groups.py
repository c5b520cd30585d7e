"""A group on the page, from making it to handing it over; and a room in which much was said meanwhile."""

import re
from functools import partial

from playwright.async_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor, eventually
from tests.stores.grouping import Party
from tests.stores.world import World

LONG = "Those who run on Mondays, slowly, " * 3  # near a hundred letters


def log(person: Visitor) -> Locator:
    return person.page.get_by_role("log", name="Messages")


async def reads(person: Visitor, *lines: str) -> None:
    """In this order, and that is read out as it comes."""
    said = log(person).get_by_role("listitem")
    pattern = [re.compile(re.escape(line)) for line in lines]
    await expect(said).to_contain_text(pattern, timeout=WAIT_MS)


async def writes_on(message: Locator, other: Visitor) -> bool:
    """Whether the other is told: it is for some seconds after a letter."""
    await message.press_sequentially("o")
    return await other.page.get_by_text("Ben is writing…").filter(visible=True).count() > 0


async def test_two_people_and_a_group(sign_up: Visit, visit: Visit) -> None:
    """From a name to handing it over, at a desk and on the phone of somebody new, who came by a link."""
    ana = await sign_up("Ana")
    await ana.go("Chats")
    await ana.follow("New group")
    form = ana.page.get_by_role("form", name="New group")
    await form.get_by_label("Name of the group").fill(LONG[:100])
    await form.get_by_label("What it is about").fill("In any weather.")
    await ana.press("Make the group")
    await ana.sees_heading(LONG[:100].strip())
    await ana.page.get_by_label("For how many people").fill("1")
    await ana.press("Make a link")
    link = await ana.page.get_by_role("textbox", name="Link").input_value(timeout=WAIT_MS)
    await ana.fits()

    ben = await visit("Ben", phone=True, dark=True)
    await ben.page.goto(f"{ben.address}/#{link.partition('#')[2]}")
    await ben.fill_sign_up(Gender="male")
    await ben.sees_heading("You are invited")
    await ben.sees_heading(LONG[:100].strip())
    await ben.sees(re.compile("1 member · In any weather"))
    await ben.fits()
    await ben.press("Join")
    await reads(ben, "You joined.")
    await ana.sees("There is no link by which anybody could join.")  # it was for one

    await ana.follow("To the chat")
    await reads(ana, "You made this group.", "Ben joined.")
    message = ben.page.get_by_label("Message", exact=True)
    await eventually(partial(writes_on, message, ana), "Ana does not see that Ben writes", at=ana.page)
    await message.fill("Hello")
    await ben.page.keyboard.press("Enter")
    await reads(ana, "You made this group.", "Ben joined.", "BenHello")
    await ana.write("Welcome")
    await reads(ben, "You joined.", "Hello", "AnaWelcome")
    await ben.press("Notifications of this chat")
    await ben.fits()
    await ben.press("For 8 hours")
    quiet = re.compile("^Notifications of this chat: No notifications until ")
    await ben.page.get_by_role("button", name=quiet).click(timeout=WAIT_MS)
    await ben.press("Notify me again")
    await expect(ben.button("Notifications of this chat")).to_be_visible(timeout=WAIT_MS)

    await ana.press(f"About this group: {LONG[:100].strip()}")
    members = ana.page.get_by_role("region", name="Members").get_by_role("listitem")
    await expect(members).to_have_count(2, timeout=WAIT_MS)
    await ana.press("Make admin: Ben")
    await ana.sees(re.compile("^Admin · since"))
    details = ana.page.get_by_text("Name, picture, newcomers, keeping")
    await details.click()
    await ana.page.locator("#group").get_by_label("Name of the group").fill("Runners")
    await ana.press("Save")
    await reads(ben, "You joined.", "Hello", "Welcome", "Ana renamed the group.")
    await ben.sees_heading("Runners")
    await ana.page.locator("#group").get_by_label("How long messages are kept").select_option("7 days")
    ana.page.once("dialog", lambda dialog: dialog.accept())
    await ana.press("Save")
    await reads(ben, "What is older than 7 days is deleted here.", "You joined.", "Ana changed how long")
    await ben.fits()
    ana.page.once("dialog", lambda dialog: dialog.accept())
    await ana.press("Hand over: Ben")
    await expect(ana.button("End the group")).to_be_hidden()
    await ben.press("About this group: Runners")
    await expect(ben.button("End the group")).to_be_visible(timeout=WAIT_MS)
    await ben.fits()
    ben.page.once("dialog", lambda dialog: dialog.accept())
    await ben.press("Remove: Ana")
    await expect(ana.page.get_by_role("link", name=re.compile("^R.*Runners"))).to_have_count(0)
    await ana.go("Chats")
    await ana.sees(re.compile("^Nobody here yet"))


async def said(world: World, room_id: str, sender: str, first: int, last: int) -> None:
    """`No. 1` and so on; of the last one everybody is told."""
    await world.pool.execute(
        "WITH room AS (SELECT last_seq FROM communication.rooms WHERE id = $1), said AS ("
        " INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content,"
        " created_at) SELECT communication.new_id(now()), $1, last_seq + n, $2, gen_random_uuid(), 'text',"
        " 'No. ' || ($3 + n - 1), now() FROM room, generate_series(1, $4::int) AS n)"
        " UPDATE communication.rooms SET last_seq = last_seq + $4 WHERE id = $1",
        room_id,
        sender,
        first,
        last - first,
    )
    await world.say(room_id, sender, f"No. {last}")


READ = """SELECT read_seq = last_seq FROM communication.members JOIN communication.rooms ON id = room_id
WHERE room_id = $1 AND user_id = $2"""
TOP = """() => {
  const scroll = document.getElementById("room-scroll");
  const edge = scroll.getBoundingClientRect().top;
  const first = [...scroll.querySelectorAll("li")].find((item) => item.getBoundingClientRect().top >= edge);
  return [first.innerText, Math.round(first.getBoundingClientRect().top)];
}"""


async def test_much_is_said_while_somebody_is_away(sign_up: Visit, world: World) -> None:
    """What they look at stays where it is; they begin where something is new, and go there by a button."""
    ana = await sign_up("Ana")
    me = await world.pool.fetchval("SELECT id FROM identity.users WHERE username = $1", ana.username)
    ben = await world.person("Ben")
    group = await Party(world).of(me, ben)
    await said(world, group.room_id, ben, 1, 120)
    page = ana.page
    await page.evaluate("id => location.hash = `room/${id}`", group.room_id)
    mark = log(ana).get_by_text("New messages")
    await expect(mark).to_be_in_viewport(timeout=WAIT_MS)
    scroll = page.locator("#room-scroll")
    await expect(scroll).not_to_have_attribute("aria-busy", "true")

    await scroll.evaluate("(scroll) => { scroll.scrollTop = scroll.scrollHeight / 2; }")
    before = await page.evaluate(TOP)
    await ana.context.set_offline(offline=True)
    await said(world, group.room_id, ben, 121, 320)
    await ana.context.set_offline(offline=False)
    await expect(log(ana).get_by_text("No. 320", exact=True)).to_be_attached(timeout=WAIT_MS)
    assert await page.evaluate(TOP) == before
    await ana.press("To the latest messages")
    await expect(log(ana).get_by_text("No. 320", exact=True)).to_be_in_viewport()

    async def all_is_read() -> bool:
        return bool(await world.pool.fetchval(READ, group.room_id, me))

    await eventually(all_is_read, "nobody knows that she has read it")
    await ana.go("Chats")
    await said(world, group.room_id, ben, 321, 620)
    await page.reload()
    await page.get_by_role("link", name=re.compile("Runners")).click(timeout=WAIT_MS)
    jump = page.get_by_role("button", name=re.compile("300 new messages"))
    await jump.click()
    await expect(mark).to_be_in_viewport(timeout=WAIT_MS)
    await expect(log(ana).get_by_text("No. 321", exact=True)).to_be_in_viewport()
    await scroll.evaluate("(scroll) => { scroll.scrollTop = 100; }")  # earlier ones come by themselves
    at = await page.evaluate(TOP)
    await expect(log(ana).get_by_text("No. 260", exact=True)).to_be_attached(timeout=WAIT_MS)
    assert await page.evaluate(TOP) == at
