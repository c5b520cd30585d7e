"""Comments and likes over REST: who may, who reads them, and who is told."""

from typing import Any

import pytest

from core.ids import new_id
from tests.rest.server import Answer, RestServer
from tests.rest.test_posts import befriend, post, read


class Post:
    """A post of Ana's, whom Ben and Cem know, and Eve does not."""

    def __init__(self, rest: RestServer, people: list[Any], made: Any) -> None:
        self.rest = rest
        self.ana, self.ben, self.cem, self.eve = people
        self.id = made["id"]
        self.path = f"/v1/posts/{self.id}"

    async def say(self, who: Any, content: str, reply_to: str | None = None) -> Answer:
        body = {"content": content, **({"reply_to": reply_to} if reply_to else {})}
        token = who["access_token"]
        return await self.rest.ask("POST", f"{self.path}/comments", token=token, json=body)

    async def said(self, who: Any) -> list[str]:
        answer = await read(self.rest, who, f"{self.path}/comments")
        assert answer.status == 200, answer.body
        return [item["content"] for item in answer.body["items"]]

    async def like(self, who: Any, method: str = "PUT") -> Answer:
        return await self.rest.ask(method, f"{self.path}/like", token=who["access_token"])

    async def at(self, who: Any, method: str, comment: Answer, **body: str) -> Answer:
        path, token = f"/v1/comments/{comment.body['id']}", who["access_token"]
        return await self.rest.ask(method, path, token=token, **({"json": body} if body else {}))

    async def seen(self, who: Any) -> Any:
        return (await read(self.rest, who, self.path)).body

    async def told(self, who: Any) -> list[tuple[str, str, str]]:
        """Kind, words, and the id that it is about."""
        items = (await read(self.rest, who, "/v1/notifications")).body["items"]
        kinds = ("like", "comment")
        return [(n["kind"], n["title"], n["subject"]["id"]) for n in items if n["kind"] in kinds]


@pytest.fixture
async def shown(rest: RestServer) -> Post:
    people = [await rest.sign_up(display_name=name) for name in ("Ana", "Ben", "Cem", "Eve")]
    await befriend(rest, *people[:3])
    return Post(rest, people, (await post(rest, people[0])).body)


async def test_what_friends_say_and_answer(shown: Post) -> None:
    """The oldest first; each is told once, and who speaks to themselves is not."""
    first = await shown.say(shown.ben, "How lovely")
    assert first.status == 201
    assert first.body.keys() == {"id", "post_id", "author", "content", "created_at"}
    answer = await shown.say(shown.cem, "Is it?", first.body["id"])
    assert answer.body["reply_to"] == first.body["id"]
    await shown.say(shown.ana, "It is")
    assert await shown.said(shown.ben) == ["How lovely", "Is it?", "It is"]
    assert (await shown.seen(shown.cem))["comment_count"] == 3
    assert await shown.told(shown.ana) == [("comment", "Cem commented on your post", shown.id)]
    assert await shown.told(shown.ben) == [("comment", "Cem answered your comment", first.body["id"])]
    assert await shown.told(shown.cem) == []


async def test_there_is_one_level_of_replies(shown: Post, rest: RestServer) -> None:
    """And they are to comments on the same post."""
    first = await shown.say(shown.ben, "Hm")
    answer = await shown.say(shown.cem, "Hm?", first.body["id"])
    deeper = await shown.say(shown.ben, "Hm!", answer.body["id"])
    assert (deeper.code, deeper.body["details"]) == ("invalid_request", {"field": "reply_to"})
    other = Post(rest, [shown.ana, shown.ben, shown.cem, shown.eve], (await post(rest, shown.ana)).body)
    for reply_to in (first.body["id"], new_id()):
        assert (await other.say(shown.ben, "Hm", reply_to)).code == "not_found"
    assert await other.said(shown.ben) == []


async def test_who_does_not_see_the_post_does_nothing_with_it(shown: Post) -> None:
    """There is no such thing."""
    comment = await shown.say(shown.ben, "Hm")
    assert (await shown.say(shown.eve, "Hello?")).code == "not_found"
    for what in ("comments", "likes"):
        assert (await read(shown.rest, shown.eve, f"{shown.path}/{what}")).code == "not_found"
    for method in ("PUT", "DELETE"):
        assert (await shown.like(shown.eve, method)).code == "not_found"
    assert (await shown.at(shown.eve, "PATCH", comment, content="!")).code == "not_found"
    assert (await shown.at(shown.eve, "DELETE", comment)).code == "not_found"


async def test_words_are_their_authors_and_may_be_taken_off_ones_own_post(shown: Post) -> None:
    """With what was answered to them."""
    first, second = await shown.say(shown.ben, "One"), await shown.say(shown.cem, "Two")
    await shown.say(shown.cem, "One and a half", first.body["id"])
    changed = await shown.at(shown.ben, "PATCH", first, content="Once")
    assert (changed.body["content"], "edited_at" in changed.body) == ("Once", True)
    for who in (shown.ana, shown.cem):
        assert (await shown.at(who, "PATCH", first, content="!")).code == "forbidden"
    assert (await shown.at(shown.cem, "DELETE", first)).code == "forbidden"
    assert (await shown.at(shown.ana, "DELETE", first)).status == 204
    assert (await shown.at(shown.ben, "DELETE", first)).code == "not_found"
    assert await shown.said(shown.ana) == ["Two"]
    assert (await shown.seen(shown.ana))["comment_count"] == 1
    assert (await shown.at(shown.cem, "DELETE", second)).status == 204
    assert await shown.said(shown.ana) == []


async def test_liked_once_and_not_any_more(shown: Post) -> None:
    """Again changes nothing; the latest comes first; the author is told of others."""
    for who in (shown.ben, shown.ana, shown.cem, shown.ben):
        assert (await shown.like(who)).status == 204
    assert (await shown.seen(shown.ben))["like_count"] == 3
    likes = (await read(shown.rest, shown.ben, f"{shown.path}/likes")).body
    assert [card["display_name"] for card in likes["items"]] == ["Cem", "Ana", "Ben"]
    assert await shown.told(shown.ana) == [("like", "Cem likes your post", shown.id)]
    for _ in range(2):
        assert (await shown.like(shown.ben, "DELETE")).status == 204
    seen = await shown.seen(shown.ben)
    assert (seen["like_count"], seen["liked"]) == (2, False)
    assert (await shown.seen(shown.cem))["liked"] is True


async def test_a_block_hides_what_the_other_says_and_likes(shown: Post) -> None:
    """On the post of a third one too, with what was answered to it; the counts are of all."""
    first = await shown.say(shown.ben, "One")
    await shown.say(shown.ana, "Two", first.body["id"])
    await shown.like(shown.ben)
    blocked = {"user_id": shown.ben["user"]["id"]}
    await shown.rest.ask("POST", "/v1/blocks", token=shown.cem["access_token"], json=blocked)
    assert await shown.said(shown.cem) == []
    assert (await read(shown.rest, shown.cem, f"{shown.path}/likes")).body["items"] == []
    seen = await shown.seen(shown.cem)
    assert (seen["comment_count"], seen["like_count"]) == (2, 1)
    assert await shown.said(shown.ana) == ["One", "Two"]
    assert (await shown.say(shown.cem, "Hm", first.body["id"])).code == "not_found"


@pytest.mark.parametrize("content", ["", "  ", "x" * 1001])
async def test_words_that_say_nothing_or_too_much(shown: Post, content: str) -> None:
    answer = await shown.say(shown.ben, content)
    assert answer.code == ("payload_too_large" if len(content) > 1000 else "invalid_request")
    assert answer.body["details"] == {"field": "content"}


async def test_pages_of_comments_and_likes(shown: Post) -> None:
    """One at a time, each once."""
    for who in (shown.ana, shown.ben, shown.cem):
        await shown.say(who, who["user"]["display_name"])
        await shown.like(who)
    for what, expected in (("comments", ["Ana", "Ben", "Cem"]), ("likes", ["Cem", "Ben", "Ana"])):
        found, cursor = [], ""
        for _ in range(3):
            page = (await read(shown.rest, shown.ben, f"{shown.path}/{what}?limit=1{cursor}")).body
            found += [item.get("content") or item["display_name"] for item in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        assert (found, page["next_cursor"]) == (expected, None)
