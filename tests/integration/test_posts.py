"""Posts on two nodes: who watches hears of likes and comments, live, and only while they may see the post."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person
from tests.integration.test_friends import befriend
from tests.rest.pictures import drawn, encoded, form


@pytest.fixture
async def ana(sign_up: SignUp) -> Person:
    return await sign_up()


@pytest.fixture
async def ben(sign_up: SignUp, elsewhere: str) -> Person:
    """On another node, and a friend of hers."""
    person = await sign_up()
    person.address = elsewhere
    return person


async def posted(person: Person, **more: object) -> str:
    _, media = await person.rest("POST", "/v1/media", data=form(encoded(drawn(20)), purpose="post"))
    status, post = await person.rest("POST", "/v1/posts", json={"media_ids": [media["id"]], **more})
    assert status == 201, post
    post_id: str = post["id"]
    return post_id


async def notice(device: ClientDevice, kind: str) -> dict[str, Any]:
    """The first notification of this kind, not taken before; others, as of a friendship, may come first."""
    while True:
        told: dict[str, Any] = (await device.next("notification:new"))["notification"]
        if told["kind"] == kind:
            return told


async def test_who_watches_hears_of_likes_and_comments(ana: Person, ben: Person, sign_up: SignUp) -> None:
    """On another node; a stranger is told of nothing. The author has a notification of each kind.

    Counts and notifications come in any order: each is waited for on a device of its own.
    """
    await befriend(ana, ben)
    eve, post_id = await sign_up(), await posted(ana)
    hers, his, strangers = await ana.connect(), await ben.connect(), await eve.connect()
    notified = await ana.connect()
    watched = await his.ask("post:watch", post_ids=[post_id])
    assert watched["posts"] == [{"post_id": post_id, "like_count": 0, "comment_count": 0}]
    assert (await strangers.ask("post:watch", post_ids=[post_id]))["posts"] == []
    await hers.ask("post:watch", post_ids=[post_id])
    assert (await ben.rest("PUT", f"/v1/posts/{post_id}/like"))[0] == 204
    for device in (hers, his):
        assert (await device.next("post:changed", post_id=post_id))["like_count"] == 1
    assert (await notice(notified, "like"))["subject"] == {"type": "post", "id": post_id}
    _, said = await ben.rest("POST", f"/v1/posts/{post_id}/comments", json={"content": "Lovely"})
    for device in (hers, his):
        await device.next("post:changed", post_id=post_id, like_count=1, comment_count=1)
    assert (await notice(notified, "comment"))["subject"] == {"type": "post", "id": post_id}
    assert (await ana.rest("DELETE", f"/v1/comments/{said['id']}"))[0] == 204
    await his.next("post:changed", post_id=post_id, comment_count=0)
    assert strangers.has_heard("post:changed") == 0


async def test_another_list_takes_the_place_of_the_first(ana: Person, ben: Person) -> None:
    """What is not watched any more is not heard of; an empty list ends it."""
    await befriend(ana, ben)
    first, second = await posted(ana), await posted(ana)
    his = await ben.connect()
    await his.ask("post:watch", post_ids=[first])
    assert [one["post_id"] for one in (await his.ask("post:watch", post_ids=[second]))["posts"]] == [second]
    for post_id in (first, second):
        await ana.rest("PUT", f"/v1/posts/{post_id}/like")
    await his.next("post:changed", post_id=second, like_count=1)
    assert his.has_heard("post:changed") == 1
    assert (await his.ask("post:watch", post_ids=[]))["posts"] == []


async def test_a_friend_no_longer_hears_nothing_more(ana: Person, ben: Person, sign_up: SignUp) -> None:
    """Nor is told by the watch that goes on; one who stays a friend is."""
    cem = await sign_up()
    await befriend(ana, ben)
    await befriend(ana, cem)
    post_id = await posted(ana)
    his, others = await ben.connect(), await cem.connect()
    for device in (his, others):
        await device.ask("post:watch", post_ids=[post_id])
    await ana.rest("DELETE", f"/v1/friends/{ben.id}")
    await ana.rest("PUT", f"/v1/posts/{post_id}/like")
    await others.next("post:changed", post_id=post_id, like_count=1)
    assert (await his.ask("post:watch", post_ids=[post_id]))["posts"] == []
    assert his.has_heard("post:changed") == 0


async def test_a_hundred_at_once_are_counted(ana: Person, ben: Person, sign_up: SignUp) -> None:
    """Through two nodes: whoever watches is told the last count, and not each of them has to be."""
    await befriend(ana, ben)
    post_id = await posted(ana, visibility="everyone")
    his = await ben.connect()
    await his.ask("post:watch", post_ids=[post_id])
    people = [ana, ben, *[await sign_up() for _ in range(6)]]
    asked = [
        person.rest("POST", f"/v1/posts/{post_id}/comments", json={"content": str(n)})
        for person in people
        for n in range(10)
    ]
    likes = [person.rest("PUT", f"/v1/posts/{post_id}/like") for person in people for _ in range(3)]
    answers = await asyncio.gather(*asked, *likes)
    assert {status for status, _ in answers} == {201, 204}
    await his.next("post:changed", post_id=post_id, like_count=8, comment_count=80)
    _, seen = await ana.rest("GET", f"/v1/posts/{post_id}")
    assert (seen["like_count"], seen["comment_count"]) == (8, 80)
