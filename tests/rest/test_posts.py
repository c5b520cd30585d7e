"""Posts over REST: uploaded, posted, read, changed and deleted; each step as a client does it."""

import asyncio
from typing import Any

import pytest

from core.ids import new_id
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import Answer, RestServer
from tests.stores.posting import picture


async def befriend(rest: RestServer, *people: Any) -> None:
    """The first one and each of the others."""
    first, *others = (person["user"]["id"] for person in people)
    for other in others:
        await rest.world.befriended((first, other))


async def upload(rest: RestServer, who: Any, side: int = 24) -> str:
    data = form(encoded(drawn(side)), purpose="post")
    answer = await rest.ask("POST", "/v1/media", token=who["access_token"], data=data)
    assert answer.status == 201, answer.body
    media_id: str = answer.body["id"]
    return media_id


async def post(rest: RestServer, who: Any, key: str | None = None, **body: Any) -> Answer:
    """With a picture of its own, if no other is given."""
    if "media_ids" not in body:
        body["media_ids"] = [await picture(rest.world, who["user"]["id"])]
    headers = {"Idempotency-Key": key} if key else {}
    return await rest.ask("POST", "/v1/posts", token=who["access_token"], json=body, headers=headers)


async def read(rest: RestServer, who: Any, path: str) -> Answer:
    return await rest.ask("GET", path, token=who["access_token"])


async def ids(rest: RestServer, who: Any, path: str = "/v1/feed") -> list[str]:
    answer = await read(rest, who, path)
    assert answer.status == 200, answer.body
    return [item["id"] for item in answer.body["items"]]


async def test_what_is_posted_comes_to_friends(rest: RestServer) -> None:
    """With the pictures at addresses that open, and the author's card."""
    ana, ben, eve = [await rest.sign_up(display_name=name) for name in ("Ana", "Ben", "Eve")]
    await befriend(rest, ana, ben)
    pictures = [await upload(rest, ana, side) for side in (20, 22)]
    made = await post(rest, ana, media_ids=pictures, caption="Two of us")
    assert made.status == 201
    assert made.body.keys() == {
        *("id", "author", "media", "caption", "visibility", "like_count", "comment_count", "liked"),
        *("created_at", "updated_at"),
    }
    assert (made.body["visibility"], made.body["like_count"], made.body["liked"]) == ("friends", 0, False)
    [got] = (await read(rest, ben, "/v1/feed")).body["items"]
    assert got == made.body
    assert [media["id"] for media in got["media"]] == pictures
    status, headers, _ = await rest.open(got["media"][0]["urls"]["original"])
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert got["author"]["display_name"] == "Ana"
    assert await ids(rest, ana) == await ids(rest, ana, "/v1/posts") == [got["id"]]
    assert await ids(rest, eve) == await ids(rest, eve, f"/v1/posts?user_id={ana['user']['id']}") == []
    assert (await read(rest, eve, f"/v1/posts/{got['id']}")).code == "not_found"


async def test_who_does_not_see_a_post_does_not_see_its_picture(rest: RestServer) -> None:
    """Friends too, who know its id from when they did; and whoever sees the one sees the other."""
    ana, ben, cal, eve = [await rest.sign_up() for _ in range(4)]
    await befriend(rest, ana, ben, cal)
    picture_id = await upload(rest, ana)
    made = (await post(rest, ana, media_ids=[picture_id], visibility="everyone")).body
    media = f"/v1/media/{picture_id}"
    assert [(await read(rest, one, media)).status for one in (ana, ben, cal, eve)] == [200] * 4
    chosen = {"visibility": "selected", "audience": [ben["user"]["id"]]}
    patched = await rest.ask("PATCH", f"/v1/posts/{made['id']}", token=ana["access_token"], json=chosen)
    assert patched.status == 200, patched.body
    assert [(await read(rest, one, media)).status for one in (ana, ben, cal, eve)] == [200, 200, 404, 404]


async def test_the_feed_is_not_sent_again_while_it_says_the_same(rest: RestServer) -> None:
    """Nor a list of posts, nor a post: until somebody likes it."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await befriend(rest, ana, ben)
    made = (await post(rest, ana)).body
    token = ben["access_token"]
    for path in ("/v1/feed", f"/v1/posts?user_id={ana['user']['id']}", f"/v1/posts/{made['id']}"):
        first = await read(rest, ben, path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        known = {"If-None-Match": first.headers["ETag"]}
        again = await rest.ask("GET", path, token=token, headers=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
        how = "DELETE" if first.body.get("liked", first.body.get("items", [{}])[0].get("liked")) else "PUT"
        assert (await rest.ask(how, f"/v1/posts/{made['id']}/like", token=token)).status == 204
        changed = await rest.ask("GET", path, token=token, headers=known)
        assert (changed.status, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)


async def test_what_an_app_asks_for_again_is_not_sent_again(rest: RestServer) -> None:
    """Whenever it is opened: until something is different. What is private in itself nobody keeps."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await befriend(rest, ana, ben)
    token = ana["access_token"]
    of_ben = f"/v1/profiles/{ben['user']['id']}"
    often = ("me/settings", "me/rewards", "friends", "friends/requests", "connections", "notifications")
    known: dict[str, str] = {}
    for path in (of_ben, *(f"/v1/{name}" for name in often)):
        first = await rest.ask("GET", path, token=token)
        assert first.headers["Cache-Control"] == "private, no-cache", path
        known[path] = first.headers["ETag"]
        again = await rest.ask("GET", path, token=token, headers={"If-None-Match": known[path]})
        assert (again.status, again.body) == (304, ""), path
    me = await rest.ask("GET", "/v1/me", token=ben["access_token"])
    patch = {"If-Match": me.headers["ETag"]}
    renamed = {"display_name": "Benno"}
    await rest.ask("PATCH", "/v1/me", token=ben["access_token"], headers=patch, json=renamed)
    for path in (of_ben, "/v1/friends"):
        changed = await rest.ask("GET", path, token=token, headers={"If-None-Match": known[path]})
        assert (changed.status, "Benno" in str(changed.body)) == (200, True), path
    for name in ("me", "rooms", "me/standing", "auth/sessions", "me/consents"):
        assert (await rest.ask("GET", f"/v1/{name}", token=token)).headers["Cache-Control"] == "no-store", (
            name
        )


async def test_for_everyone_is_found_by_who_looks_and_comes_to_no_strangers_feed(rest: RestServer) -> None:
    """Who has nothing to do with the author reads a name."""
    ana, eve = await rest.sign_up(), await rest.sign_up()
    query = "UPDATE identity.profiles SET bio = 'I draw.' WHERE user_id = $1"
    await rest.world.pool.execute(query, ana["user"]["id"])
    made = (await post(rest, ana, visibility="everyone")).body
    assert await ids(rest, eve) == []
    assert await ids(rest, eve, f"/v1/posts?user_id={ana['user']['id']}") == [made["id"]]
    seen = (await read(rest, eve, f"/v1/posts/{made['id']}")).body
    assert (seen["author"]["display_name"], "bio" in seen["author"]) == ("Ana", False)


async def test_a_block_takes_it_away_at_once(rest: RestServer) -> None:
    """From both; and who is a friend no longer does not see what was for friends, nor who was chosen."""
    ana, ben, cem = [await rest.sign_up() for _ in range(3)]
    await befriend(rest, ana, ben, cem)
    hers = [
        (await post(rest, ana, visibility="everyone")).body["id"],
        (await post(rest, ana)).body["id"],
        (await post(rest, ana, visibility="selected", audience=[cem["user"]["id"]])).body["id"],
    ]
    assert await ids(rest, ben) == hers[1::-1]
    assert await ids(rest, cem) == hers[::-1]
    blocked = {"user_id": ben["user"]["id"]}
    await rest.ask("POST", "/v1/blocks", token=ana["access_token"], json=blocked)
    assert await ids(rest, ben) == []
    assert (await read(rest, ben, f"/v1/posts/{hers[0]}")).code == "not_found"
    await rest.ask("DELETE", f"/v1/friends/{cem['user']['id']}", token=ana["access_token"])
    assert await ids(rest, cem) == []
    assert await ids(rest, cem, f"/v1/posts?user_id={ana['user']['id']}") == hers[:1]


async def test_its_author_alone_changes_and_deletes_it(rest: RestServer) -> None:
    """Who sees it is told that it is not theirs; to others there is none."""
    ana, ben, eve = [await rest.sign_up() for _ in range(3)]
    await befriend(rest, ana, ben)
    made = (await post(rest, ana, caption="Hm")).body
    path = f"/v1/posts/{made['id']}"
    for who, code in ((ben, "forbidden"), (eve, "not_found")):
        token = who["access_token"]
        assert (await rest.ask("PATCH", path, token=token, json={"caption": "!"})).code == code
        assert (await rest.ask("DELETE", path, token=token)).code == code
    token = ana["access_token"]
    changed = await rest.ask("PATCH", path, token=token, json={"caption": None})
    assert (changed.status, changed.body["caption"], changed.body["visibility"]) == (200, None, "friends")
    assert (await rest.ask("DELETE", path, token=token)).status == 204
    assert (await rest.ask("DELETE", path, token=token)).code == "not_found"
    assert await ids(rest, ben) == []


async def test_copies_of_a_request_are_one_post(rest: RestServer) -> None:
    """At once and later, also while it is liked; another body under the same key is refused."""
    ana = await rest.sign_up()
    media_id = await picture(rest.world, ana["user"]["id"])
    asked = [post(rest, ana, "k", media_ids=[media_id], caption="Once") for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(await ids(rest, ana)) == 1
    other = await post(rest, ana, "k", media_ids=[media_id], caption="Twice")
    assert other.code == "idempotency_conflict"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"media_ids": []}, "invalid_request", "media_ids"),
        ({"media_ids": [new_id()] * 2}, "invalid_request", "media_ids"),
        ({"media_ids": [new_id()]}, "not_found", "media_ids"),
        ({"media_ids": [new_id() for _ in range(5)]}, "payload_too_large", "media_ids"),
        ({"caption": "x" * 2001}, "payload_too_large", "caption"),
        ({"visibility": "selected"}, "invalid_request", "audience"),
        ({"visibility": "selected", "audience": [new_id()]}, "invalid_request", "audience"),
        ({"audience": [new_id()]}, "invalid_request", "audience"),
        ({"visibility": "public"}, "invalid_request", "visibility"),
        ({"title": "Hm"}, "invalid_request", "title"),
    ],
)
async def test_what_is_no_post_leaves_nothing(
    rest: RestServer, change: dict[str, Any], code: str, field: str
) -> None:
    """The picture may be posted afterwards."""
    ana = await rest.sign_up()
    media_id = await picture(rest.world, ana["user"]["id"])
    refused = await post(rest, ana, **{"media_ids": [media_id], **change})
    assert (refused.code, refused.body["details"]["field"]) == (code, field)
    assert await ids(rest, ana) == []
    again = await post(rest, ana, media_ids=[media_id])
    assert again.status == 201
    assert (await post(rest, ana, media_ids=[media_id])).code == "conflict"


async def test_a_picture_in_a_post_goes_with_the_post_alone(rest: RestServer) -> None:
    ana = await rest.sign_up()
    media_id = await upload(rest, ana)
    made = (await post(rest, ana, media_ids=[media_id])).body
    path, token = f"/v1/media/{media_id}", ana["access_token"]
    assert (await rest.ask("DELETE", path, token=token)).code == "conflict"
    assert (await rest.ask("DELETE", f"/v1/posts/{made['id']}", token=token)).status == 204
    assert (await rest.ask("GET", path, token=token)).code == "not_found"


async def test_pages_of_the_feed(rest: RestServer) -> None:
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await befriend(rest, ana, ben)
    made = [(await post(rest, ben if n % 2 else ana)).body["id"] for n in range(5)]
    found, cursor = [], ""
    for _ in range(3):
        page = (await read(rest, ana, f"/v1/feed?limit=2{cursor}")).body
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert found == made[::-1]
