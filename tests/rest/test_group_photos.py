"""The photo of a group: whose it may be, who sees it, and when it is gone."""

from typing import Any

from tests.rest.pictures import drawn, encoded, upload
from tests.rest.server import RestServer


async def sent(rest: RestServer, who: Any, width: int) -> str:
    """A photo of theirs, so wide."""
    answer = await upload(rest, who, encoded(drawn(width)), purpose="photo")
    assert answer.status == 201, answer.body
    media_id: str = answer.body["id"]
    return media_id


async def seen(rest: RestServer, url: str) -> tuple[int, str]:
    """What a browser gets there."""
    status, headers, _ = await rest.open(url)
    return status, headers["Content-Type"]


async def test_a_group_shows_the_photo_that_it_was_given(rest: RestServer) -> None:
    """To its members, and to who is asked to join; another takes its place, and none, and each is told."""
    ana, ben = await rest.sign_up(), await rest.sign_up()

    async def asks(who: Any, method: str, path: str, **body: Any) -> Any:
        more = {"json": body} if method != "GET" else {}
        answer = await rest.ask(method, path, token=who["access_token"], **more)
        assert answer.status in (200, 201), answer.body
        return answer.body

    first, second = await sent(rest, ana, 64), await sent(rest, ana, 72)
    group = await asks(ana, "POST", "/v1/groups", name="Runners", photo=first)
    at = f"/v1/groups/{group['id']}"
    assert first in group["photo_url"]
    invitation = await asks(ana, "POST", f"{at}/invitations")
    preview = await asks(ben, "POST", "/v1/groups/preview", code=invitation["code"])
    assert await seen(rest, preview["photo_url"]) == (200, "image/webp")
    await asks(ben, "POST", "/v1/groups/join", code=invitation["code"])

    theirs = await sent(rest, ben, 80)
    refused = await rest.ask("PATCH", at, token=ana["access_token"], json={"photo": theirs})
    assert (refused.code, refused.body["details"]["field"]) == ("not_found", "photo")

    changed = await asks(ana, "PATCH", at, photo=second)
    assert second in changed["photo_url"]
    rooms = await asks(ben, "GET", "/v1/rooms")
    [room] = [each for each in rooms["items"] if each["id"] == group["room_id"]]
    assert second in room["photo_url"]
    assert await seen(rest, room["photo_url"]) == (200, "image/webp")
    assert (await rest.open(preview["photo_url"]))[0] == 404

    assert "photo_url" not in await asks(ana, "PATCH", at, photo=None)
    assert (await rest.open(room["photo_url"]))[0] == 404
    said, *_ = await rest.world.rooms.history(
        group["room_id"], ana["user"]["id"], before_seq=None, after_seq=0, limit=10
    )
    assert [each.system.kind for each in said if each.system] == ["created", "joined", "photo", "photo"]
