"""A medium that only evidence of a report keeps is gone to its owner, as one that never was."""

from typing import Any

import pytest

from core.clock import DAY_MS, now_ms
from core.errors import NotFound
from core.ids import new_id
from db.postgres.forgotten_messages import ForgottenMessages
from tests.rest.pictures import drawn, encoded, upload
from tests.rest.server import RestServer
from tests.rest.test_moderation import staff
from tests.rest.test_posts import befriend, post
from tests.rest.test_posts import upload as upload_for_post


class Sender:
    """Ana, who has uploaded a picture and shown it to Ben, who reports her."""

    def __init__(self, rest: RestServer, ana: Any, ben: Any) -> None:
        self.rest, self.ana, self.ben = rest, ana, ben

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """As Ana."""
        return await self.rest.ask(method, path, token=self.ana["access_token"], json=body or None)

    async def report(self, kind: str, id_: str) -> None:
        body = {"subject": {"type": kind, "id": id_}, "reason": "hate", "block": False}
        answer = await self.rest.ask("POST", "/v1/reports", token=self.ben["access_token"], json=body)
        assert answer.status == 201, answer.body

    async def told(self, media_id: str) -> list[tuple[int, str, Any]]:
        """What she is told of it where she reads, deletes and completes it, or shows it in a post."""
        path = f"/v1/media/{media_id}"
        answers = [await self.ask(method, path) for method in ("GET", "DELETE")]
        answers.append(await self.ask("POST", f"{path}/complete"))
        answers.append(await post(self.rest, self.ana, media_ids=[media_id]))
        return [(answer.status, answer.code, answer.body.get("details")) for answer in answers]

    async def has(self, media_id: str) -> bool:
        """Whether it is hers still; if not, it is as one that never was."""
        if (await self.ask("GET", f"/v1/media/{media_id}")).status == 200:
            return True
        told = await self.told(media_id)
        assert told == await self.told(new_id())
        assert [code for _, code, _ in told] == ["not_found"] * 4
        return False

    async def moderators_see(self, media_id: str) -> bool:
        mod = await staff(self.rest)
        answer = await self.rest.ask("GET", f"/v1/media/{media_id}", token=mod["access_token"])
        return answer.status == 200 and (await self.rest.open(answer.body["urls"]["original"]))[0] == 200


@pytest.fixture
async def sender(rest: RestServer) -> Sender:
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await befriend(rest, ana, ben)
    return Sender(rest, ana, ben)


@pytest.mark.parametrize("how", ["deleted", "forgotten"])
async def test_what_was_shown_in_a_chat_is_gone_with_its_message(sender: Sender, how: str) -> None:
    """It is not sent once more either, and comes back for nobody."""
    rest, ana, ben = sender.rest, sender.ana["user"]["id"], sender.ben["user"]["id"]
    room_id = (await rest.world.connected((ana, ben))).room_id
    media_id = (await upload(rest, sender.ana, encoded(drawn()), purpose="chat")).body["id"]
    showing: dict[str, Any] = {"content": None, "type": "image", "media_id": media_id}
    first, second = [(await rest.world.say(room_id, ana, **showing)).message.id for _ in range(2)]
    await sender.report("message", first)
    url = (await sender.ask("GET", f"/v1/media/{media_id}")).body["urls"]["original"]
    if how == "deleted":
        assert await rest.world.rooms.delete(first, ana, now_ms())
        assert await sender.has(media_id)
        assert await rest.world.rooms.delete(second, ana, now_ms())
    else:
        await rest.world.pool.execute("DELETE FROM communication.outbox WHERE lane = $1", room_id)
        forgotten = ForgottenMessages(rest.world.pool)
        assert await forgotten.forget(room_id, now_ms() + DAY_MS, now_ms(), limit=100) > 0
    assert not await sender.has(media_id)
    assert (await rest.open(url))[0] == 404
    with pytest.raises(NotFound):
        await rest.world.say(room_id, ana, **showing)
    assert await sender.moderators_see(media_id)


@pytest.mark.parametrize("how", ["deleted", "changed"])
async def test_what_was_shown_in_a_post_is_gone_with_it(sender: Sender, how: str) -> None:
    """Also while the post shows another picture by now."""
    media_id, other = [await upload_for_post(sender.rest, sender.ana) for _ in range(2)]
    shown = (await post(sender.rest, sender.ana, media_ids=[media_id])).body["id"]
    await sender.report("post", shown)
    assert await sender.has(media_id)
    url = (await sender.ask("GET", f"/v1/media/{media_id}")).body["urls"]["original"]
    if how == "deleted":
        assert (await sender.ask("DELETE", f"/v1/posts/{shown}")).status == 204
    else:
        assert (await sender.ask("PATCH", f"/v1/posts/{shown}", media_ids=[other])).status == 200
        assert await sender.has(other)
    assert not await sender.has(media_id)
    assert (await sender.rest.open(url))[0] == 404
    assert await sender.moderators_see(media_id)


async def test_a_moderator_does_not_see_what_was_reported_of_their_own(sender: Sender) -> None:
    """They would know by it that there is a report."""
    media_id = await upload_for_post(sender.rest, sender.ana)
    shown = (await post(sender.rest, sender.ana, media_ids=[media_id])).body["id"]
    await sender.report("post", shown)
    assert (await sender.ask("DELETE", f"/v1/posts/{shown}")).status == 204
    await sender.rest.world.set_role(sender.ana["user"]["id"], "moderator")
    assert not await sender.has(media_id)
