"""Posts on the page: pictures come from a phone to a friend, and what the friend says comes back, live."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import SignUp
from tests.browser.person import WAIT_MS, Visitor
from tests.browser.test_people import loaded


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    for shade in ("red", "blue"):
        Image.new("RGB", (120, 90), shade).save(tmp_path / f"{shade}.png")
    return [tmp_path / "red.png", tmp_path / "blue.png"]


async def shares(who: Visitor, pictures: list[Path], caption: str, *, chosen: str = "") -> None:
    form = who.page.get_by_role("region", name="Post something")
    await form.get_by_label("Pictures, up to four").set_input_files(pictures)
    await form.get_by_label("A few words").fill(caption)
    if chosen:
        await form.get_by_label("For whom").select_option("Some of my friends")
        await form.get_by_label(chosen).check()
    await form.get_by_role("button", name="Post").click()
    await expect(who.page.get_by_role("article")).to_contain_text(caption, timeout=WAIT_MS)


async def test_a_post_comes_to_a_friend_who_likes_and_comments(
    sign_up: Visit, person: SignUp, pictures: list[Path]
) -> None:
    """The author sees each like and word as it comes, answers, and deletes all of it."""
    ana = await sign_up("Ana", phone=True)
    ben = await person("Ben")
    user_id = await ana.page.evaluate("JSON.parse(localStorage.getItem('realtime-connect.account')).user_id")
    _, request = await ben.rest("POST", "/v1/friends/requests", json={"user_id": user_id})
    await ana.go("Friends")
    await ana.press("Accept: Ben")
    await ana.follow("Posts")
    await shares(ana, pictures, "Red and blue", chosen="Ben")
    await loaded(ana, ana.page.get_by_role("img", name="Picture 1 of 2 by Ana"))
    await ana.fits()

    _, feed = await ben.rest("GET", "/v1/feed")
    [post] = feed["items"]
    assert (post["caption"], len(post["media"]), request["box"]) == ("Red and blue", 2, "out")
    assert post["visibility"] == "selected"
    await ben.rest("PUT", f"/v1/posts/{post['id']}/like")
    await expect(ana.button("Like, 1 like")).to_be_visible(timeout=WAIT_MS)
    await ana.follow("0 comments")
    await ben.rest("POST", f"/v1/posts/{post['id']}/comments", json={"content": "How lovely"})
    talk = ana.page.get_by_role("list", name="Comments")
    await expect(talk.get_by_role("listitem")).to_contain_text("How lovely", timeout=WAIT_MS)
    await ana.press("Answer: Ben")
    await ana.page.get_by_role("textbox", name="Your comment").fill("Is it not?")
    await ana.press("Comment")
    await expect(talk.get_by_role("listitem")).to_have_count(2)
    _, said = await ben.rest("GET", f"/v1/posts/{post['id']}/comments")
    assert [one["content"] for one in said["items"]] == ["How lovely", "Is it not?"]
    assert said["items"][1]["reply_to"] == said["items"][0]["id"]
    await ana.fits()
    await ana.page.get_by_text("Who likes it").click()
    likers = ana.page.get_by_role("list", name="Who likes it").get_by_role("listitem")
    await expect(likers).to_have_text([re.compile("Ben")])
    await ana.press("Like, 1 like")
    await expect(ana.button("Like, 2 likes")).to_have_attribute("aria-pressed", "true")
    await expect(likers).to_have_text([re.compile("Ana"), re.compile("Ben")])

    await ana.page.get_by_text("Change this post").click()
    await ana.page.get_by_role("textbox", name="A few words").filter(visible=True).fill("Red, then blue")
    await expect(ana.page.get_by_role("checkbox", name="Ben").filter(visible=True)).to_be_checked()
    await ana.page.get_by_label("For whom").filter(visible=True).select_option("My friends")
    await ana.press("Save")
    await expect(ana.page.get_by_role("article")).to_contain_text("Red, then blue", timeout=WAIT_MS)
    await ana.fits()
    [post] = (await ben.rest("GET", "/v1/feed"))[1]["items"]
    assert (post["caption"], post["visibility"]) == ("Red, then blue", "friends")

    ana.page.once("dialog", lambda dialog: dialog.accept())
    await ana.press("Delete your post")
    await expect(ana.page.get_by_text("Nothing yet.")).to_be_visible(timeout=WAIT_MS)
    assert (await ben.rest("GET", f"/v1/posts/{post['id']}"))[0] == 404
    assert ana.faults == []
