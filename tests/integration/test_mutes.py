"""A room that is quiet for one of its members, on two nodes."""

import aiohttp

from tests.integration.conftest import Meeting
from tests.integration.test_pushes import Phone, called


async def test_who_mutes_a_room_sees_so_on_all_devices(
    pair: Meeting, web: aiohttp.ClientSession, here: str
) -> None:
    """The other one does not. It counts as unread, and what is said when it is undone is pushed."""
    room = (await pair.connect())["room_id"]
    his, ana = await Phone(pair.he, web, here).named(), await called(pair.she)
    at = f"/v1/rooms/{room}"
    status, view = await pair.he.rest("PUT", f"{at}/mute", json={"for_s": 3600})
    assert (status, view["id"], view["peer"]["user_id"]) == (200, room, pair.she.id)
    told = await pair.ben.next("room:muted")
    assert told == {"room_id": room, "muted_until": view["muted_until"]}
    assert (await pair.he.rest("GET", at))[1]["muted_until"] == view["muted_until"]
    assert "muted_until" not in (await pair.she.rest("GET", at))[1]
    await pair.ana.ask("chat:send", room_id=room, client_id="m1", content="Are you there?")
    assert (await pair.he.rest("GET", at))[1]["unread"] == 1
    assert (await pair.he.rest("DELETE", f"{at}/mute"))[0] == 204
    assert await pair.ben.next("room:muted") == {"room_id": room}
    await pair.ben.drop()
    await pair.ana.ask("chat:send", room_id=room, client_id="m2", content="Now?")
    await his.shows(ana, f"Now?\n/#room/{room}")
