"""Uploading pictures for a report: what becomes of them, who sees them, and when they are gone."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PIL import Image

from core.ids import new_id
from db.postgres.bans import NewBan, ban_within
from db.postgres.media import use_within
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import drawn, encoded, form, png_that_says, upload
from tests.rest.server import RestServer, serving

EXIF_TURNED, EXIF_ARTIST, EXIF_GPS = 0x0112, 0x013B, 0x8825


async def moderator(rest: RestServer) -> Any:
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], "moderator")
    return signed_in


async def get(rest: RestServer, who: Any, media_id: str) -> Any:
    return await rest.ask("GET", f"/v1/media/{media_id}", token=who["access_token"])


async def opened(rest: RestServer, media_id: str) -> bytes:
    """The picture as a moderator gets it."""
    seen = await get(rest, await moderator(rest), media_id)
    status, _, data = await rest.open(seen.body["urls"]["original"])
    assert status == 200
    return data


async def use(rest: RestServer, media_id: str, owner: str, subject: str) -> bool:
    """As a report does."""
    async with rest.world.pool.acquire() as connection, connection.transaction():
        return await use_within(connection, media_id, owner, subject, rest.clock())


async def noted(rest: RestServer, owner: Any) -> list[Any]:
    """What is on record of somebody's."""
    query = "SELECT id, stored FROM social.media WHERE owner_id = $1"
    return list(await rest.world.pool.fetch(query, owner["user"]["id"]))


def kept_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_kept_for_its_owner(rest: RestServer, kind: str) -> None:
    """Whatever the client calls it. Its bytes are for moderators: the owner has it."""
    ana = await rest.sign_up()
    answer = await upload(rest, ana, encoded(drawn(), kind), media="application/octet-stream")
    assert answer.status == 201, answer.body
    media = answer.body
    assert media == {
        "id": media["id"],
        "type": "image",
        "state": "ready",
        "size": media["size"],
        "width": 64,
        "height": 48,
        "urls": {},
    }
    assert (await get(rest, ana, media["id"])).body == media
    assert (await get(rest, await rest.sign_up(), media["id"])).code == "not_found"


async def test_a_picture_that_was_on_its_way_when_its_owner_was_banned_is_refused(rest: RestServer) -> None:
    """However slowly it comes: the session was looked at when its first byte came."""
    ana, picture = await rest.sign_up(), encoded(drawn())
    admitted = (
        "SELECT t.served_at IS NOT NULL FROM identity.refresh_tokens t"
        " JOIN identity.sessions s ON s.id = t.session_id WHERE s.user_id = $1"
    )

    async def slowly() -> AsyncIterator[bytes]:
        yield picture[:50]
        async with asyncio.timeout(PATIENCE_S):
            while not await rest.world.pool.fetchval(admitted, ana["user"]["id"]):
                await asyncio.sleep(0)
        async with rest.world.pool.acquire() as connection, connection.transaction():
            await ban_within(connection, NewBan(user_id=ana["user"]["id"], reason="spam"), rest.clock())
        yield picture[50:]

    assert (await upload(rest, ana, slowly())).code == "banned"
    assert await noted(rest, ana) == []


async def test_nothing_but_pixels_is_kept(rest: RestServer, tmp_path: Path) -> None:
    """Neither where and by whom it was taken, nor comments, nor what was hidden behind the picture."""
    exif = Image.Exif()
    exif[EXIF_ARTIST] = "Ana Lima"
    exif[EXIF_TURNED] = 6  # the camera was held upright: turn it to the right
    exif.get_ifd(EXIF_GPS).update({1: "N", 2: (38.0, 42.0, 0.0)})
    sent = encoded(drawn(), exif=exif, comment=b"at home") + b"<script>alert(1)</script>"
    ana = await rest.sign_up()
    media = (await upload(rest, ana, sent)).body
    assert (media["width"], media["height"]) == (48, 64)

    kept = await opened(rest, media["id"])
    assert b"script" not in kept
    picture = Image.open(BytesIO(kept))
    assert picture.format == "JPEG"
    assert not dict(picture.getexif())
    assert "comment" not in picture.info
    blue = picture.convert("RGB").getchannel("B").tobytes()
    assert blue[60 * 48 + 40] > 200 > blue[60 * 48 + 8], "the blue corner, turned to the right, is not below"


async def test_it_is_encrypted_at_rest(rest: RestServer, tmp_path: Path) -> None:
    """What lies in the store is no picture, and opens in no other's place."""
    ana = await rest.sign_up()
    first, second = [(await upload(rest, ana, encoded(drawn(64, side)))).body["id"] for side in (48, 64)]
    files = {path.name: path for path in kept_in(tmp_path)}
    assert sorted(files) == sorted([first, second])
    assert not any(b"JFIF" in path.read_bytes() for path in files.values())
    files[second].write_bytes(files[first].read_bytes())
    seen = await get(rest, await moderator(rest), second)
    status, _, data = await rest.open(seen.body["urls"]["original"])
    assert (status, b"JFIF" in data) == (404, False)


HOSTILE = {
    "text": b"<html>" * 100,
    "truncated": encoded(drawn(640, 480))[:-2000],
    "head_alone": encoded(drawn())[:20],
    "a_gif": encoded(drawn(), "GIF"),
    "moving_png": encoded(drawn(), "PNG", save_all=True, append_images=[drawn(64, 48).rotate(180)]),
    "moving_webp": encoded(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(180)]),
    "400_million_pixels": png_that_says(20_000, 20_000),
    "bomb": png_that_says(20_000, 20_000, bytes(3 * 20_000 * 400)),
    "a_line_of_a_billion": png_that_says(2**31 - 1, 1),
    "no_pixels": png_that_says(5_000, 5_000),
    "a_tiff_by_another_name": encoded(drawn(), "TIFF"),
    "jpeg_then_zeros": b"\xff\xd8\xff" + bytes(1000),
    "webp_head": b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100),
    "empty": b"",
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_picture_is_refused_and_not_kept(
    rest: RestServer, tmp_path: Path, sent: bytes
) -> None:
    ana = await rest.sign_up()
    answer = await upload(rest, ana, sent, media="image/png")
    assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", "file")
    assert (answer.body["details"].get("reason") == "empty") == (not sent)
    assert kept_in(tmp_path) == []
    assert await noted(rest, ana) == []


async def test_an_upload_has_a_size(rest: RestServer, tmp_path: Path) -> None:
    """The operator's; no more is read of what goes on."""
    settings = structs.replace(SETTINGS, max_upload_bytes=100_000, data_dir=str(tmp_path))
    world, ana = rest.world, await rest.sign_up()
    async with serving(world, rest.redis, rest.redis_client, settings) as server:
        answer = await upload(server, ana, encoded(drawn()) + bytes(200_000))
        assert answer.code == "payload_too_large"
        assert answer.body["details"] == {"field": "file", "max_bytes": 100_000}
        assert (await upload(server, ana, encoded(drawn()))).status == 201


async def test_a_process_holds_so_much_at_once(rest: RestServer, tmp_path: Path) -> None:
    """And gives it free again, whatever became of it."""
    settings = structs.replace(SETTINGS, upload_memory_bytes=50_000, data_dir=str(tmp_path))
    world, ana = rest.world, await rest.sign_up()
    async with serving(world, rest.redis, rest.redis_client, settings) as server:
        for _ in range(3):
            assert (await upload(server, ana, encoded(drawn()) + bytes(100_000))).code == "unavailable"
            assert (await upload(server, ana, b"x" * 30_000)).code == "invalid_request"
        assert (await upload(server, ana, encoded(drawn()) + bytes(30_000))).status == 201


@pytest.mark.parametrize("purpose", ["photo", "post", "chat", "place", "report"])
async def test_a_picture_is_taken_for_each_purpose_that_is_served(rest: RestServer, purpose: str) -> None:
    answer = await upload(rest, await rest.sign_up(), encoded(drawn()), purpose=purpose)
    assert (answer.status, answer.body.get("type")) == (201, "image"), answer.body


@pytest.mark.parametrize("purpose", ["note", "evil", ""])
async def test_only_some_purposes_are_served(rest: RestServer, purpose: str) -> None:
    answer = await upload(rest, await rest.sign_up(), encoded(drawn()), purpose=purpose)
    assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "purpose"})
    served = "`photo` or `post` or `chat` or `place` or `report`"
    assert answer.body["detail"] == f"Upload something with the purpose {served}."


async def test_the_parts_come_in_any_order(rest: RestServer) -> None:
    ana = await rest.sign_up()
    turned = form(encoded(drawn()), None)
    turned.add_field("purpose", "report")
    answer = await rest.ask("POST", "/v1/media", token=ana["access_token"], data=turned)
    assert answer.status == 201, answer.body


async def test_uploads_are_counted_for_each_user_and_network(rest: RestServer, tmp_path: Path) -> None:
    """On all nodes together."""
    settings = structs.replace(
        SETTINGS,
        rate_limits="on",
        uploads_burst=2,
        uploads_per_m=1,
        network_uploads_burst=3,
        network_uploads_per_m=1,
        data_dir=str(tmp_path),
    )
    ana, ben = await rest.sign_up(), await rest.sign_up()
    async with (
        serving(rest.world, rest.redis, rest.redis_client, settings) as one,
        serving(rest.world, rest.redis, rest.redis_client, settings) as other,
    ):
        sent = [(await upload(node, ana, b"x")).code for node in (one, other, one)]
        assert sent == ["invalid_request", "invalid_request", "rate_limited"]
        answers = [await upload(node, ben, b"x") for node in (one, other)]
        assert [answer.code for answer in answers] == ["invalid_request", "rate_limited"]
        assert 0 < answers[1].body["retry_after_ms"] <= 60_000


async def test_what_is_deleted_is_gone(rest: RestServer, tmp_path: Path) -> None:
    """Its bytes too. Nobody else can delete it."""
    ana, eve = await rest.sign_up(), await rest.sign_up()
    media_id = (await upload(rest, ana, encoded(drawn()))).body["id"]
    path = f"/v1/media/{media_id}"
    assert (await rest.ask("DELETE", path, token=eve["access_token"])).code == "not_found"
    assert (await rest.ask("DELETE", path, token=ana["access_token"])).status == 204
    assert (await get(rest, ana, media_id)).code == "not_found"
    assert (await rest.ask("DELETE", path, token=ana["access_token"])).code == "not_found"
    assert kept_in(tmp_path) == []


async def test_what_a_report_has_used_is_evidence(rest: RestServer, tmp_path: Path) -> None:
    """Its owner neither sees nor deletes it; another report cannot use it, nor anybody else's."""
    ana, eve, call = await rest.sign_up(), await rest.sign_up(), new_id()
    media_id = (await upload(rest, ana, encoded(drawn()))).body["id"]
    assert not await use(rest, media_id, eve["user"]["id"], call)
    assert await use(rest, media_id, ana["user"]["id"], call)
    assert not await use(rest, media_id, ana["user"]["id"], new_id())
    assert (await get(rest, ana, media_id)).code == "not_found"
    deleted = await rest.ask("DELETE", f"/v1/media/{media_id}", token=ana["access_token"])
    assert deleted.code == "not_found"
    assert (await opened(rest, media_id)).startswith(b"\xff\xd8\xff")
    assert len(kept_in(tmp_path)) == 1


async def test_a_moderator_opens_it_by_an_address_that_expires(rest: RestServer) -> None:
    """No page runs it or keeps it; the address is worth nothing for another media, viewer or time."""
    ana, staff = await rest.sign_up(), await moderator(rest)
    media_id, other = [(await upload(rest, ana, encoded(drawn()))).body["id"] for _ in range(2)]
    rest.clock.stop()
    url = (await get(rest, staff, media_id)).body["urls"]["original"]
    status, headers, data = await rest.open(url)
    assert (status, data[:3]) == (200, b"\xff\xd8\xff")
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Content-Disposition"].startswith("inline")

    signature = url[-64:]
    changed = [
        url.replace(media_id, other),
        url.replace(staff["user"]["id"], ana["user"]["id"]),
        url.replace(signature, "0" * 64),
        url.replace("expires=", "expires=9"),
    ]
    assert [(await rest.open(wrong))[0] for wrong in changed] == [404] * 4
    rest.clock.advance(s=61)
    assert (await rest.open(url))[0] == 404


async def test_who_is_no_moderator_any_more_opens_nothing(rest: RestServer) -> None:
    ana, staff = await rest.sign_up(), await moderator(rest)
    media_id = (await upload(rest, ana, encoded(drawn()))).body["id"]
    url = (await get(rest, staff, media_id)).body["urls"]["original"]
    await rest.world.set_role(staff["user"]["id"], "user")
    assert (await rest.open(url))[0] == 404
    assert (await get(rest, staff, media_id)).code == "not_found"


async def test_each_look_is_on_the_audit_log(rest: RestServer) -> None:
    """That an address was given, and each time that it was opened."""
    ana, staff = await rest.sign_up(), await moderator(rest)
    media_id = (await upload(rest, ana, encoded(drawn()))).body["id"]
    url = (await get(rest, staff, media_id)).body["urls"]["original"]
    for _ in range(2):
        await rest.open(url)
    rows = await rest.world.pool.fetch(
        "SELECT action, subject_id, details FROM identity.audit_log WHERE actor_id = $1 ORDER BY id",
        staff["user"]["id"],
    )
    assert [row["action"] for row in rows] == ["media_address_given", "media_seen", "media_seen"]
    assert {row["subject_id"] for row in rows} == {ana["user"]["id"]}
    assert all(row["details"] == {"media_id": media_id} for row in rows)


async def test_copies_of_an_upload_are_one(rest: RestServer, tmp_path: Path) -> None:
    """At once and later; what the others have stored is deleted in time."""
    ana, key, sent = await rest.sign_up(), new_id(), encoded(drawn())
    copies = await asyncio.gather(*(upload(rest, ana, sent, key=key) for _ in range(3)))
    copies.append(await upload(rest, ana, sent, key=key))
    assert [copy.status for copy in copies] == [201] * 4
    assert all(copy.body == copies[0].body for copy in copies)
    assert [row["id"] for row in await noted(rest, ana) if row["stored"]] == [copies[0].body["id"]]
    assert (await upload(rest, ana, encoded(drawn(48, 48)), key=key)).code == "idempotency_conflict"
