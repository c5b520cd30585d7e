"""A file for a chat has the name that it was uploaded with, as far as that hurts nobody."""

from typing import Any

import pytest
from aiohttp import FormData

from core.file_names import disposition
from tests.rest.pictures import drawn, encoded
from tests.rest.server import Answer, RestServer
from tests.rest.test_announced_uploads import announced, completed, sent

NOTES = b"Six o'clock, at the pier."


async def uploaded(rest: RestServer, who: Any, data: bytes, name: str) -> Answer:
    made = FormData(quote_fields=False, default_to_multipart=True)  # as browsers do
    made.add_field("purpose", "chat")
    made.add_field("file", data, content_type="application/octet-stream", filename=name)
    return await rest.ask("POST", "/v1/media", token=who["access_token"], data=made)


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Plan.pdf", "Plan.pdf"),
        ("../計画%22 1.pdf", '計画" 1.pdf'),
        ("\u202e...", None),
        ("a" * 400 + ".pdf", "a" * 196 + ".pdf"),
    ],
)
async def test_a_file_is_saved_as_it_was_called(rest: RestServer, called: str, name: str | None) -> None:
    """Also a part of it."""
    ana = await rest.sign_up()
    media = (await uploaded(rest, ana, NOTES, called)).body
    assert (media["type"], media.get("name")) == ("file", name)
    seen = (await rest.ask("GET", f"/v1/media/{media['id']}", token=ana["access_token"])).body
    assert seen.get("name") == name
    for how in ({}, {"Range": "bytes=0-2"}):
        _, headers, _ = await rest.open(media["urls"]["original"], **how)
        assert headers["Content-Disposition"] == disposition(name)


async def test_a_picture_has_no_name(rest: RestServer) -> None:
    """It is kept without all that says where it comes from."""
    ana = await rest.sign_up()
    media = (await uploaded(rest, ana, encoded(drawn()), "At home, 1 Main Street.jpg")).body
    assert media["type"] == "image"
    assert "name" not in media
    kept = await rest.world.pool.fetchval("SELECT name FROM social.media WHERE id = $1", media["id"])
    assert kept is None


@pytest.mark.parametrize(("data", "kept"), [(NOTES, "Plan.pdf"), (encoded(drawn()), None)])
async def test_what_is_announced_may_have_a_name(rest: RestServer, data: bytes, kept: str | None) -> None:
    """A picture loses it when it is seen to be one."""
    ana = await rest.sign_up()
    plan = {"purpose": "chat", "content_type": "application/octet-stream", "name": "../Plan.pdf"}
    target = (await announced(rest, ana, len(data), **plan)).body
    assert await sent(target, data) == 204
    media = (await completed(rest, ana, target["id"])).body
    assert media.get("name") == kept
    asked = "SELECT name FROM social.media WHERE id = $1"
    assert await rest.world.pool.fetchval(asked, media["id"]) == kept
