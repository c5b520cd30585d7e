"""Places and mentors on the page: found near by, with their hours, booked, and what people say of them."""

import io
import re
from asyncio import to_thread
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Locator, Route, expect

from core.clock import now_ms
from core.ids import new_id
from tests.browser.conftest import Visit
from tests.browser.person import WAIT_MS, Visitor
from tests.stores.mentoring import a_mentor
from tests.stores.places import a_place, zone_of_noon
from tests.stores.rewarding import a_reward, a_shop
from tests.stores.world import World

# Where no other place is, for each test a hundred kilometres from the last one.
LATITUDES, LON = count(-48), 37.7
# The camera sees what the other screen shows by then, in the middle of a white sheet: codes are soon over.
BEFORE_THE_CAMERA = """async () => {
  let [picture, drawn, looking] = [null, null, false];
  async function look() {
    if (looking) return;
    looking = true;
    const source = await shown();
    if (source && source !== drawn) {
      const next = Object.assign(new Image(), { src: source });
      await next.decode();
      [picture, drawn] = [next, source];
    }
    looking = false;
  }
  await look();
  const paper = Object.assign(document.createElement('canvas'), { width: 640, height: 480 }).getContext('2d');
  navigator.mediaDevices.getUserMedia = async () => {
    const stream = paper.canvas.captureStream(10);
    const [track] = stream.getVideoTracks();
    tracks.push(track);
    const painting = setInterval(() => {
      if (track.readyState === 'ended') return clearInterval(painting);
      look();
      paper.fillStyle = 'white';
      paper.fillRect(0, 0, 640, 480);
      paper.drawImage(picture, 140, 60, 360, 360);
    }, 50);
    return stream;
  };
}"""
ALWAYS = {day: [["00:00", "00:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


async def two_places(world: World) -> tuple[str, str, Any]:
    """A café that is always open, and a gym further away without known hours: their names, and a spot."""
    mark, lat = new_id()[-6:], next(LATITUDES)
    await a_place(
        world.pool,
        lat=lat + 0.001,
        lon=LON,
        name=f"Café {mark}",
        amenities=["wifi"],
        verified=True,
        hours={"zone": "Europe/London", "week": ALWAYS, "except": {"2090-12-25": []}},
    )
    await a_place(world.pool, lat=lat + 0.02, lon=LON, name=f"Gym {mark}", type="gym")
    return f"Café {mark}", f"Gym {mark}", {"latitude": lat, "longitude": LON}


def found(person: Visitor, name: str) -> Locator:
    return person.page.get_by_role("list", name="Places found").get_by_role("link", name=re.compile(name))


async def tile(route: Route) -> None:
    """What a server of tiles answers."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "white").save(picture, "PNG")
    await route.fulfill(body=picture.getvalue(), content_type="image/png")


async def at_places(person: Visitor) -> None:
    await person.go("Profile")
    await person.follow("Places")
    await expect(person.page.get_by_role("heading", name="Places", exact=True)).to_be_visible()


async def test_a_place_is_found_near_by_and_reviewed(sign_up: Visit, world: World) -> None:
    """On a phone: the nearest first, its hours, and one's own review, which is changed and taken back."""
    cafe, gym, spot = await two_places(world)
    ana = await sign_up("Ana", phone=True, geolocation=spot)
    await ana.context.grant_permissions(["geolocation", "camera", "microphone"])
    await at_places(ana)
    await ana.press("Near me")
    await expect(found(ana, cafe)).to_contain_text("Café · 111 m · Open now", timeout=WAIT_MS)
    await expect(found(ana, gym)).to_contain_text("2.2 km")
    names = await ana.page.get_by_role("list", name="Places found").get_by_role("link").all_inner_texts()
    assert [cafe in names[0], gym in names[1]] == [True, True]
    await ana.fits()

    await ana.context.route("https://tiles.example.org/**", tile)
    await ana.press("Map")
    page = ana.page
    ground = page.get_by_role("region", name="Map of the places found")
    await expect(ground.get_by_role("link", name="© Those who drew it")).to_be_visible(timeout=WAIT_MS)
    await expect(ground.locator("img.leaflet-tile-loaded").first).to_be_visible()
    await expect(ground.get_by_role("button", name=gym)).to_be_visible()
    await expect(page.get_by_text("The map comes from tiles.example.org")).to_be_visible()
    await ana.fits()
    for _ in range(3):
        await ana.press("Closer")
    await ana.press("Search where the map is")
    await expect(page.get_by_text("No such place was found.")).to_be_visible()
    await ana.press("Near me")
    await ground.get_by_role("button", name=cafe).click()
    await expect(ground.get_by_text("Café · 111 m · Open now")).to_be_visible()
    await ground.get_by_role("link", name="Look at it").click()
    await expect(page.get_by_role("heading", name=cafe)).to_be_visible()
    await expect(page.get_by_role("row", name="Monday Round the clock", exact=True)).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="2090")).to_contain_text("Closed")
    await expect(page.get_by_text("Nobody has reviewed this place yet.")).to_be_visible()
    review = page.get_by_role("form", name="Your review")
    await review.get_by_text("4 ★").click()
    await review.get_by_label("In a few words").fill("Calm")
    await review.get_by_role("button", name="Send").click()
    said = page.get_by_role("list", name="Reviews").get_by_role("listitem")
    await expect(said).to_contain_text("Calm")
    await expect(said.get_by_role("img", name="4 stars")).to_be_visible()
    await expect(page.get_by_text("★ 4 (1 review)").first).to_be_visible()
    await ana.fits()

    await review.get_by_text("2 ★").click()
    await review.get_by_role("button", name="Change").click()
    await expect(said.get_by_role("img", name="2 stars")).to_be_visible()
    await review.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_text("Nobody has reviewed this place yet.")).to_be_visible()
    await ana.follow("All places")
    await expect(found(ana, cafe)).to_be_visible()


async def test_a_place_is_found_by_its_name(sign_up: Visit, world: World) -> None:
    """Where the device does not say where it is, and the map has no pictures; what is not there is said."""
    cafe, gym, _ = await two_places(world)
    ana = await sign_up("Ana")
    await at_places(ana)
    await ana.press("Near me")
    await ana.sees("This device does not say where you are. You can search by name or street.")
    search = ana.page.get_by_role("search").filter(has_text="Kind")
    await search.get_by_label("Name or street").fill(gym.split()[1])
    await search.get_by_role("button", name="Search").click()
    await expect(found(ana, cafe)).to_be_visible()
    await search.get_by_label("Kind").select_option("gym")
    await search.get_by_role("button", name="Search").click()
    await expect(found(ana, cafe)).to_have_count(0)
    await expect(found(ana, gym)).to_be_visible()
    await ana.context.route("https://tiles.example.org/**", lambda route: route.abort())
    await ana.press("Map")
    ground = ana.page.get_by_role("region", name="Map of the places found")
    await expect(ground.get_by_role("button", name=gym)).to_be_visible(timeout=WAIT_MS)
    await ana.press("Map")
    await expect(ground).to_be_hidden()
    await search.get_by_label("Open now").check()
    await search.get_by_role("button", name="Search").click()
    await expect(ana.page.get_by_text("No such place was found.")).to_be_visible()


async def test_checking_in_where_one_is_begins_a_journey(sign_up: Visit, world: World) -> None:
    """On a phone: at the door of a place, then again, which does not count; and by a code that was typed."""
    cafe, gym, spot = await two_places(world)
    where: dict[str, Any] = {"geolocation": {**spot, "latitude": spot["latitude"] + 0.001}}
    ana = await sign_up("Ana", phone=True, timezone_id=zone_of_noon(now_ms()), **where)
    await ana.context.grant_permissions(["geolocation", "camera", "microphone"])
    page = ana.page
    here = page.get_by_role("region", name="Check in", exact=True)
    journey = page.get_by_role("region", name="Your journey", exact=True)
    await at_places(ana)
    await ana.press("Near me")
    await found(ana, cafe).click(timeout=WAIT_MS)
    await ana.follow("Check in")
    await expect(here.get_by_text(cafe)).to_be_visible(timeout=WAIT_MS)
    await here.get_by_label("How are you?").select_option("calm")
    await ana.fits()
    await ana.press("I am here")
    await expect(here.get_by_text("You are checked in")).to_be_visible(timeout=WAIT_MS)
    await expect(here.get_by_text("Reached: First check-in")).to_be_visible()
    await ana.fits()

    await here.get_by_role("link", name="Your journey").click()
    await expect(journey.get_by_role("heading", name="Level 1")).to_be_visible(timeout=WAIT_MS)
    await expect(journey.get_by_text("1 day in a row")).to_be_visible()
    await expect(journey.locator("td.counts.today")).to_have_count(1)
    await expect(journey.get_by_role("listitem").filter(has_text="Ten check-ins")).to_contain_text("Not yet")
    await ana.fits()
    await page.go_back()
    await expect(page.get_by_role("button", name="I am here")).to_be_visible(timeout=WAIT_MS)
    await ana.press("I am here")
    await expect(here.get_by_text("One a day counts at each place")).to_be_visible(timeout=WAIT_MS)

    gym_id = await world.pool.fetchval("SELECT id FROM places.locations WHERE name = $1", gym)
    await page.evaluate(f"location.hash = 'check-in/{gym_id}'")
    await expect(here.get_by_text(gym)).to_be_visible(timeout=WAIT_MS)
    await here.get_by_label("Or the code that is shown here").fill("made up")
    await ana.press("Check in by the code")
    await expect(here.get_by_text("It cannot be seen that you are there.")).to_be_visible(timeout=WAIT_MS)
    assert ana.faults == []


async def person_id(world: World, person: Visitor) -> str:
    query = "SELECT id::text FROM identity.users WHERE username = $1"
    found: str = await world.pool.fetchval(query, person.username)
    return found


def yours(person: Visitor) -> Locator:
    return person.page.get_by_role("list", name="Your sessions").get_by_role("listitem")


async def test_a_session_is_booked_moved_met_in_and_reviewed(sign_up: Visit, world: World) -> None:
    """On a phone, by the keyboard: a slot of the mentor's week; then their call, and what became of it."""
    ana, mia = await sign_up("Ana", phone=True), await sign_up("Mia")
    tag = new_id()[-6:]
    long = {"title": "Coach" * 20, "specialization": [tag, "strength" * 6], "bio": "I have been there."}
    name, who = "Donaudampfschifffahrt" * 4, await person_id(world, mia)
    await world.pool.execute("UPDATE identity.profiles SET display_name = $2 WHERE user_id = $1", who, name)
    mentor = await a_mentor(world.pool, who, schedule_type="virtual", **long)
    page = ana.page
    await ana.go("Profile")
    await ana.follow("Mentors")
    await expect(page.get_by_text("You have none yet.", exact=True)).to_be_visible()
    await page.get_by_role("textbox", name="What it is about").fill(tag.upper())
    await page.get_by_role("search").get_by_role("button", name="Search").filter(visible=True).click()
    found = page.get_by_role("list", name="Mentors found").get_by_role("link")
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text(name)
    await ana.fits()
    await found.click()
    await expect(page.get_by_text("Nobody has reviewed this mentor yet.")).to_be_visible()
    await expect(page.get_by_role("form", name="Your review")).to_be_hidden()
    calendar = page.get_by_role("form", name="Book")
    today = await calendar.get_by_role("group").first.inner_text()
    await calendar.get_by_role("button", name="Later", exact=True).click()
    await expect(calendar.get_by_role("group").first).not_to_have_text(today, use_inner_text=True)
    await calendar.get_by_role("radio").first.focus()
    await page.keyboard.press("Space")
    await expect(calendar.get_by_role("button", name="Book", exact=True)).to_be_enabled()
    await ana.fits()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You find it among your sessions.")).to_be_visible()
    await ana.follow("All mentors")
    await expect(yours(ana)).to_contain_text(name)
    before = await yours(ana).locator(".last").inner_text()
    await ana.press(f"Move: {name}")
    moving = page.get_by_role("form", name="Move")
    await moving.get_by_text("12:00").first.click()
    await moving.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_text("The session was moved.")).to_be_visible()
    await expect(yours(ana).locator(".last")).not_to_have_text(before)
    await ana.fits()

    await mia.go("News")
    await mia.page.get_by_role("link", name="See your sessions: Ana moved your session").click()
    await expect(yours(mia)).to_contain_text("you are the mentor")
    await yours(mia).get_by_text("Your notes, for you alone").click()
    await yours(mia).get_by_role("textbox").fill("Shy.")
    await yours(mia).get_by_role("button", name="Keep").click()
    await expect(mia.page.get_by_text("Your notes are kept.")).to_be_visible()
    await world.pool.execute(
        "UPDATE places.mentor_sessions SET starts_at = now() - interval '1 minute',"
        " ends_at = now() + interval '59 minutes' WHERE mentor_id = $1",
        mentor,
    )
    for person in (ana, mia):
        await person.go("News")
        await person.sees_heading("News")  # else its sessions may never have been off the screen
        await person.page.go_back()
    await ana.press(f"Call {name}")
    await mia.press("Answer")
    for person in (ana, mia):
        await person.sees_state("Live")
        await person.hears()
    await ana.press("Hang up")
    mia.page.on("dialog", lambda dialog: dialog.accept())
    await mia.press("It is completed: Ana")
    await expect(mia.page.get_by_role("list", name="Earlier sessions")).to_contain_text("Completed")
    await expect(yours(ana)).to_have_count(0)
    await page.get_by_role("link", name="Review", exact=True).click()
    review = page.get_by_role("form", name="Your review")
    await review.get_by_text("5 ★").click()
    await review.get_by_role("button", name="Send").click()
    said = page.get_by_role("list", name="Reviews").filter(visible=True).get_by_role("listitem")
    await expect(said).to_contain_text("had a session")
    await ana.fits()
    assert ana.faults == mia.faults == []


async def scans(person: Visitor, shower: Visitor, code: str) -> None:
    """Somebody holds the camera over the code that another screen shows."""
    picture = shower.page.get_by_role("img", name=code)
    await expect(picture).to_be_visible(timeout=WAIT_MS)
    await person.page.expose_function("shown", partial(picture.evaluate_all, "(all) => all[0]?.src ?? null"))
    await person.page.evaluate(BEFORE_THE_CAMERA)
    await person.press("Scan with the camera")


async def test_a_reward_is_shown_scanned_redeemed_and_taken_back(sign_up: Visit, world: World) -> None:
    """And a check-in by the code that the place shows; the partner sees what became of it."""
    zone = zone_of_noon(now_ms())
    ana = await sign_up("Ana", phone=True, timezone_id=zone)
    sam = await sign_up("Sam", gender="male", timezone_id=zone)
    shop = await a_shop(world, await person_id(world, sam))
    hours = "UPDATE places.locations SET hours = $2 WHERE id = $1"
    await world.pool.execute(hours, shop.place, {"zone": zone, "week": {}})
    await a_reward(world, await person_id(world, ana), shop, title="A coffee on us", valid_days=30)
    counter = sam.page.get_by_role("region", name="At the counter", exact=True)
    wallet = ana.page.get_by_role("region", name="Your rewards", exact=True)
    shown = sam.page.get_by_role("form", name="What was scanned")

    await sam.go("Profile")
    await sam.follow("Your rewards")
    await sam.sees("You have earned nothing yet.")
    await sam.follow("At the counter")
    await counter.get_by_role("link", name="Code for checking in").click()
    await ana.page.evaluate(f"location.hash = 'check-in/{shop.place}'")
    await expect(ana.page.get_by_role("button", name="I am here")).to_be_visible(timeout=WAIT_MS)
    await scans(ana, sam, "The code of this place")
    await ana.sees("You are checked in")
    await ana.films()
    await sam.page.go_back()

    await ana.page.get_by_role("link", name="Your journey").filter(visible=True).click()
    await ana.page.get_by_role("link", name="Your rewards").filter(visible=True).click()
    await expect(wallet.get_by_role("list", name="To be redeemed")).to_contain_text("Peaceful Grounds")
    await ana.fits()
    await ana.press("Show the code: A coffee on us")
    await scans(sam, ana, "The code of your reward")
    await expect(shown).to_contain_text("Ana: A coffee on us", timeout=WAIT_MS)
    await sam.films()
    await shown.get_by_role("button", name="Redeem").click()
    await sam.sees(re.compile("^Redeemed. Until .* you can take that back"))
    await ana.sees("Redeemed: A coffee on us")
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)
    await expect(wallet.get_by_role("list", name="To be redeemed").get_by_role("listitem")).to_have_count(0)
    figures = counter.get_by_role("table").get_by_role("row", name="In all")
    await expect(figures).to_have_text("In all11001")
    async with sam.page.expect_download() as saving:
        await counter.get_by_role("button", name="Save as a table (CSV)").click()
    file = await saving.value
    lines = (await to_thread(Path(await file.path()).read_text)).splitlines()
    assert (len(lines), lines[0].split(",")[0], lines[-1].split(",")[1:]) == (31, "day", list("11001"))
    await counter.get_by_label("From", exact=True).fill("2020-01-01")
    await sam.sees(re.compile("at most a year before it"))
    await sam.page.set_viewport_size({"width": 320, "height": 640})
    await sam.fits()

    await shown.get_by_label("Why it is taken back").fill("Scanned by mistake.")
    await shown.get_by_role("button", name="Take it back").click()
    await sam.sees("Taken back: they have it again.")
    await expect(ana.button("Show the code: A coffee on us")).to_be_visible(timeout=WAIT_MS)
    visits = counter.get_by_role("form", name="Check-ins of today")
    checked_in = visits.get_by_label("Checked in at").get_by_role("option")
    await expect(checked_in).to_have_text(re.compile("by the code$"))
    await visits.get_by_label("Why it is not true").fill("Nobody was here.")
    await visits.get_by_role("button", name="It was not so").click()
    await sam.sees("Nobody has checked in here today.")
    await counter.get_by_label("Or the code that they read to you").fill("made up")
    await sam.press("Look what it is")
    await sam.sees("This is no code of a reward.")
