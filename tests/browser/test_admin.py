"""Moderators at work on their page, by keyboard: a case from the report to the appeal."""

import re
import secrets
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Route, expect

from tests.browser.desk import Desk, SignUp
from tests.browser.person import PASSWORD
from tests.integration.person import Person
from tests.rest.pictures import drawn, encoded, form
from tests.served import Served
from tests.stores.world import World

HTML = "<img src=x onerror=alert(1)>"


async def reported(world: World, ana: Person, ben: Person, **more: Any) -> None:
    """The two have met and are connected; Ana reports the call, with what she saw."""
    connection = await world.connected((ana.id, ben.id))
    await world.say(connection.room_id, ben.id, f"you {HTML}")
    _, picture = await ana.rest("POST", "/v1/media", data=form(encoded(drawn())))
    call = await world.pool.fetchval(
        "SELECT call_id FROM interaction.call_participants WHERE user_id = $1 ORDER BY call_id DESC", ana.id
    )
    body = {
        "subject": {"type": "call", "id": call},
        "reason": "harassment",
        "note": "was rude",
        "evidence_media_id": picture["id"],
        **more,
    }
    status, answer = await ana.rest("POST", "/v1/reports", json=body)
    assert status == 201, answer


async def is_out(ben: Person) -> bool:
    status, body = await ben.rest("GET", "/v1/me")
    return status != 200 and body["code"] == "banned"


async def signs_in(server: Served, web: aiohttp.ClientSession, who: Person) -> dict[str, Any]:
    """What a sign-in of theirs is answered."""
    body = {"login": who.account["user"]["username"], "password": PASSWORD}
    async with web.post(f"{server.address}/v1/auth/login", json=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_case_by_keyboard_from_the_report_to_the_appeal(
    desk: Desk, person: SignUp, world: World, server: Served, web: aiohttp.ClientSession
) -> None:
    """Claimed, seen, banned, undone; banned again, appealed against, and granted by another."""
    ana, ben = await person("Ana"), await person("Ben Rude")
    await reported(world, ana, ben)
    phone = await ben.connect()
    mod = await desk()
    await mod.sign_in()
    await mod.stands_on("heading", "Cases")

    await mod.reach("Ben Rude")
    await mod.keys("Enter")
    await mod.at.sees_heading("Ben Rude")
    await mod.at.sees("was rude")
    await mod.at.sees(f"you {HTML}")
    await mod.at.sees("1 report by 1 person")
    await mod.at.button("Claim").focus()
    await mod.keys("Enter")
    await mod.at.sees(re.compile("Claimed by you, .* left"))
    await mod.stands_on("button", "Claim for longer")
    await expect(mod.page.locator(".picture img")).to_have_count(0)
    await mod.at.sees("The picture is hidden.")
    await mod.keys("e")
    picture = mod.page.get_by_alt_text("What Ana saw of Ben Rude")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64
    await mod.keys("e")
    await expect(picture).to_have_css("filter", re.compile("blur"))

    await mod.confirm("b", "Ban Ben Rude?", Note="third time")
    await mod.decided("Banned")
    await mod.at.sees("third time")
    await mod.stands_on("heading", "Ben Rude")
    await expect(mod.page.locator("#announce")).to_have_text("Decided.")
    assert (await phone.next("session:revoked"))["code"] == "banned"
    assert await is_out(ben)
    await mod.confirm("u", "Undo the decision?")
    await mod.decided("A decision was undone")
    assert "access_token" in await signs_in(server, web, ben)

    await mod.confirm("s", "Suspend Ben Rude?", **{"For how many days": "3"})
    await mod.decided("Suspended for 3 days")
    await mod.keys("p")
    await expect(mod.page.locator("#person-title")).to_be_focused()
    await mod.keys("Escape")
    await expect(mod.page.locator("#case-title")).to_be_focused()
    refused = await signs_in(server, web, ben)
    assert refused["code"] == "banned"
    ben.token = refused["details"]["token"]
    _, standing = await ben.rest("GET", "/v1/me/standing")
    strike = standing["strikes"][0]["id"]
    status, _ = await ben.rest("POST", f"/v1/me/strikes/{strike}/appeal", json={"text": "It was my brother."})
    assert status == 201

    other = await desk("Claire")
    await other.sign_in()
    await mod.keys("4")
    await mod.reach("It was my brother.")
    await mod.confirm("g", "Grant the appeal of Ben Rude?")
    await mod.at.sees("Another moderator decides this one")
    await other.keys("4")
    await other.reach("It was my brother.")
    await other.confirm("g", "Grant the appeal of Ben Rude?")
    await expect(other.row("It was my brother.")).to_contain_text("granted")
    assert "access_token" in await signs_in(server, web, ben)


async def test_what_somebody_else_has_done_is_told(desk: Desk, person: SignUp, world: World) -> None:
    """Who claims or decides second hears why it cannot be, and sees how it stands."""
    await reported(world, await person("Ana"), await person("Carl"), reason="underage")
    desks = [await desk(), await desk("Claire")]
    for each in desks:
        await each.sign_in()
        await each.reach("Carl")
        await each.keys("Enter")
        await each.at.sees_heading("Carl")
    mod, claire = desks
    await mod.keys("c")
    await mod.at.sees("Claimed by you")
    await claire.keys("c")
    await claire.at.sees("Another moderator has claimed this case.")
    await claire.at.sees("Claimed by another moderator")
    await expect(claire.at.button("Ban")).to_have_count(0)
    await mod.page.context.set_offline(offline=True)
    await mod.confirm("d", "Dismiss this case?", Note="looks 30 to me")
    await mod.at.sees("The server cannot be reached.")
    await mod.page.context.set_offline(offline=False)
    await mod.confirm("d", "Dismiss this case?")
    await mod.decided("Dismissed")
    await mod.at.sees("looks 30 to me")
    await claire.keys("Escape")
    await claire.at.sees_heading("Cases")
    await expect(claire.row("Carl")).to_have_count(0)
    await claire.stands_on("heading", "Cases")


async def test_a_queue_of_many_cases(desk: Desk, person: SignUp, world: World) -> None:
    """Page after page, and the keyboard stays where it was; a long note leaves room for what follows it."""
    ana, ben = await person("Ana"), await person("Bruno")
    for _ in range(51):  # less severe than all that other tests wait for
        await world.report_user(await world.person("One of many"), ana.id, "other")
    await reported(world, ana, ben, note="He would not stop. " * 100, reason="other")
    mod = await desk()
    await mod.sign_in()
    await mod.page.get_by_label("Reason").select_option("other")
    cases = mod.page.locator("#cases-list [data-row]")
    await expect(cases).to_have_count(50)
    await mod.at.button("More").focus()
    await mod.keys("Enter")
    await expect(cases.nth(51)).to_be_visible()
    await expect(mod.page.locator("#cases-list :focus")).to_have_count(1)
    await cases.filter(has_text="Bruno").click()
    note = mod.page.get_by_role("blockquote")
    await expect(note).to_contain_text("Read all")
    box = await note.bounding_box()
    assert box
    assert box["height"] < 200
    await mod.keys("j", "Enter")  # the evidence, which was open
    await expect(mod.page.get_by_text("The profile then")).to_be_hidden()
    await note.locator("summary").press("Enter")
    await expect(note).to_contain_text("Read less")
    await mod.at.sees(re.compile(r"(He would not stop\. ?){100}"))


async def test_who_may_be_somebody_that_was_banned(desk: Desk, person: SignUp, world: World) -> None:
    """Shown with what the two have in common, and cleared by a key; with what they have posted, as it was."""
    old, new = await person("Olga"), await person("Nora")
    await world.ban(old.id)
    await reported(world, await person("Ana"), new, reason="spam")
    _, picture = await new.rest("POST", "/v1/media", data=form(encoded(drawn()), "post"))
    post = {"media_ids": [picture["id"]], "caption": f"Buy {HTML}", "visibility": "everyone"}
    _, post = await new.rest("POST", "/v1/posts", json=post)
    report = {"subject": {"type": "post", "id": post["id"]}, "reason": "spam", "block": False}
    assert (await (await person("Cem")).rest("POST", "/v1/reports", json=report))[0] == 201
    await new.rest("DELETE", f"/v1/posts/{post['id']}")
    await world.suspect(new.id, old.id, "device", "network")
    mod = await desk()
    await mod.sign_in()
    await mod.reach("Nora")
    await mod.keys("Enter")
    await mod.at.sees("the same device, network.")
    await mod.keys("e")
    await mod.at.sees(f"Buy {HTML}")
    await expect(mod.page.get_by_role("img", name="Picture 1 of 1 that Nora posted")).to_be_visible()
    await mod.confirm("x", "Nora is nobody that was banned?")
    await mod.at.sees(re.compile("^cleared "))
    await expect(mod.at.button("They are somebody else")).to_have_count(0)


async def shows_a_photo(who: Person) -> str:
    """Gives its id. It is plain, so that no other test's photo is taken for it."""
    _, media = await who.rest("POST", "/v1/media", data=form(encoded(drawn()), "photo"))
    await who.rest("PATCH", "/v1/me", json={"photos": [media["id"]]}, headers={"If-Match": "*"})
    media_id: str = media["id"]
    return media_id


async def test_pictures_by_keyboard(desk: Desk, person: SignUp) -> None:
    """Hidden until asked for; removed with a reason, brought back, and passed on its owner's page."""
    paula = await person("Paula")
    media_id = await shows_a_photo(paula)
    mod = await desk()
    await mod.sign_in()
    await mod.keys("5")
    await mod.reach("Paula")
    row = mod.row("Paula")
    await expect(row).to_contain_text("to decide, others see it")
    await expect(row.locator("img")).to_have_count(0)
    await mod.keys("e")
    picture = row.get_by_alt_text("A picture of Paula")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64
    await mod.keys("e")
    await expect(picture).to_have_css("filter", re.compile("blur"))
    await mod.keys("r")
    ask = mod.page.get_by_role("dialog", name="Remove this picture of Paula?")
    await ask.get_by_label("Why").select_option("nudity")
    await ask.get_by_role("button", name="Remove").press("Enter")
    await expect(row).to_contain_text("removed: Nudity or sex")
    _, own = await paula.rest("GET", f"/v1/media/{media_id}")
    assert own["state"] == "refused"
    await row.focus()
    await mod.keys("u")
    await expect(row).to_contain_text("to decide, nobody else sees it")
    await row.get_by_role("link", name="Paula").press("Enter")
    await mod.at.sees_heading("Paula")
    await expect(mod.page.get_by_role("link", name="← Pictures")).to_be_visible()
    await mod.page.locator(".media [data-row]:visible").focus()
    await mod.keys("g")
    await expect(mod.page.locator("#person-media")).to_contain_text("passed")
    await expect(mod.page.locator("#person-media").get_by_role("button", name="Pass")).to_have_count(0)


async def answer_is_lost(route: Route) -> None:
    """The server has done what it was asked."""
    await route.fetch()
    await route.abort()


async def test_people_bans_and_the_log(desk: Desk, person: SignUp, world: World) -> None:
    """An admin finds somebody, corrects them, bans them and lifts it; all of it is on the log."""
    await person("Dora Searched")
    chief = await desk("Chief", "admin")
    await chief.sign_in()
    await chief.keys("/")
    await chief.page.keyboard.type("dora searched")
    await chief.keys("Enter")
    await chief.reach("Dora Searched")
    await chief.keys("Enter")
    await chief.at.sees_heading("Dora Searched")
    await chief.page.get_by_label("Role").select_option("moderator")
    await chief.page.get_by_label("Birth date").fill("1990-01-31")
    await chief.at.press("Save")
    await expect(chief.page.locator("#person-head").get_by_text("moderator", exact=True)).to_be_visible()
    await chief.page.get_by_label("Birth date").fill("2019-01-31")  # a slip of the hand
    await chief.at.press("Save")
    await chief.at.press("Lift")
    await chief.keys("Enter")
    await expect(chief.row("Looks under 18")).to_contain_text("lifted")
    await chief.page.get_by_label("Birth date").fill("1990-01-31")
    await chief.at.press("Save")
    await chief.page.locator("#person-title").focus()
    await chief.page.route("**/v1/admin/bans", answer_is_lost, times=1)
    await chief.confirm("b", "Ban Dora Searched?", Reason="sold secrets")
    await chief.at.sees("The server cannot be reached.")
    await chief.confirm("b", "Ban Dora Searched?", Reason="sold secrets")  # and is one ban
    await chief.at.sees("sold secrets")
    await chief.keys("3", "n")
    ask = chief.page.get_by_role("dialog", name="Ban somebody")
    await ask.get_by_label("Id of the user").fill("Dora")
    await ask.get_by_label("Reason").fill("sold more secrets")
    await ask.get_by_label("Id of the user").press("Enter")
    await expect(ask.locator(":invalid")).to_have_count(2)  # the field, and with it the form
    await expect(ask.get_by_label("Reason")).to_have_value("sold more secrets")
    await chief.keys("Escape")
    assert await chief.place_after("3") == "bans"  # the person's page has that ban too
    await chief.reach("sold secrets")
    await chief.confirm("l", "Lift the ban of Dora Searched?")
    await expect(chief.row("sold secrets")).to_contain_text("lifted")
    await chief.keys("6")
    await chief.at.sees("unbanned")
    await expect(chief.page.locator("#audit-list")).to_contain_text(re.compile("until: 3[01] Jan 2037"))
    await chief.keys("?")
    await expect(chief.page.get_by_role("dialog", name="Keys")).to_be_visible()
    await chief.keys("Escape")


async def test_a_place_with_its_hours(desk: Desk, world: World) -> None:
    """An admin adds it, is told what is no time, changes it, and takes it off; its id still finds it."""
    name = f"Quiet corner {secrets.token_hex(3)}"
    chief = await desk("Chief", "admin", phone=True)
    await chief.sign_in()
    await chief.at.follow("Places")
    await chief.at.follow("Add a place")
    form = chief.page.get_by_role("form", name="A new place")
    said = {"Name": name, "Address": "1 Calm Street", "City": "London", "Country, as GB": "gb"}
    for label, words in {**said, "Latitude": "51.5", "Longitude": "-0.12", "Monday": "9 to 5"}.items():
        await form.get_by_label(label, exact=True).fill(words)
    await chief.at.press("Save")
    await expect(form.get_by_label("Monday")).to_have_accessible_description(re.compile("9to5 is none"))
    await form.get_by_label("Monday").fill("09:00 - 12:30, 14:00-02:00")
    await form.get_by_label("Dates with other hours").fill("2026-12-25 closed\n2026-12-24 09:00-13:00")
    await chief.at.press("Save")
    await expect(form.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    await form.get_by_label("Time zone").fill("Europe/London")
    await chief.page.route("**/v1/admin/locations", answer_is_lost, times=1)
    await chief.at.press("Save")
    await chief.at.sees("The server cannot be reached.")
    await chief.at.press("Save")  # and is one place
    await chief.at.sees_heading(name)
    await chief.at.fits()
    [row] = await world.pool.fetch("SELECT id, hours FROM places.locations WHERE name = $1", name)
    assert row["hours"]["week"]["mon"] == [["09:00", "12:30"], ["14:00", "02:00"]]
    assert row["hours"]["except"] == {"2026-12-24": [["09:00", "13:00"]], "2026-12-25": []}

    await chief.keys("Escape")
    await chief.page.get_by_label("Words of its name").fill(name)
    await chief.keys("Enter")
    await chief.page.get_by_role("link", name=re.compile(name)).click()
    form = chief.page.get_by_role("form", name=name)
    await expect(form.get_by_label("Monday")).to_have_value("09:00-12:30, 14:00-02:00")
    await form.get_by_label("Tuesday").fill("10:00-11:00")
    await form.get_by_label("Shown to everybody").uncheck()
    await chief.at.press("Save")
    await expect(form.get_by_role("status")).to_have_text("Saved.")
    await chief.page.reload()
    await expect(form.get_by_label("Tuesday")).to_have_value("10:00-11:00")
    await expect(form.get_by_label("Shown to everybody")).not_to_be_checked()
    assert not await world.pool.fetchval("SELECT active FROM places.locations WHERE id = $1", row["id"])


@pytest.mark.parametrize("phone", [True, False])
async def test_long_words_move_nothing_off_the_screen(
    desk: Desk, person: SignUp, world: World, *, phone: bool
) -> None:
    """Names, notes and messages of long words, at every place, on a dark phone and at a light desk."""
    long = "W" * 200
    ana, ben = await person("Ana"), await person("Ben")
    for who in (ana, ben):
        await world.pool.execute(
            "UPDATE identity.profiles SET display_name = $2, bio = $2, city = $2 WHERE user_id = $1",
            who.id,
            long[:100],
        )
    await reported(world, ana, ben, note=long, reason="hate")
    await shows_a_photo(ben)
    given = await world.strike(ben.id, "warn", reason=long)
    await world.appeal_against(given, ben.id)
    chief = await desk("Chief", "admin", phone=phone, dark=phone)
    await chief.sign_in()
    case = await world.pool.fetchval("SELECT id FROM safety.cases WHERE user_id = $1", ben.id)
    for place in ("cases", f"case/{case}", "people", f"person/{ben.id}", "bans", "appeals", "media", "audit"):
        await chief.page.evaluate("(place) => (location.hash = place)", place)
        name = place.partition("/")[0]
        await expect(chief.page.locator(f"#{name} h1")).to_be_visible()
        await expect(chief.page.get_by_text("Loading…").filter(visible=True)).to_have_count(0)
        await chief.looks_right(place)
    await chief.page.evaluate("(place) => (location.hash = place)", f"case/{case}")
    await chief.at.sees_heading(long[:100])
    for key in ("s", "?"):
        await chief.keys(key)
        await expect(chief.page.get_by_role("dialog")).to_be_visible()
        await chief.looks_right(f"the dialog of {key}")
        await chief.keys("Escape")
