"""Photos of profiles: what becomes of them, in which order they are shown, and to whom."""

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from composition.foundation import Foundation
from composition.stores import Stores
from core.clock import now_ms
from core.ids import new_id
from db.postgres.applicants import ApplicantStore
from db.redis.bus import Bus
from services.media_rules import SIZES
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import drawn, encoded, show, upload
from tests.rest.server import RestServer
from tests.stores.world import since

EXIF_TURNED, EXIF_GPS = 0x0112, 0x8825
ORIGINAL_SIDE = 1920


async def photo(rest: RestServer, who: Any, *, side: int = 64) -> Any:
    """A photo that somebody has uploaded."""
    answer = await upload(rest, who, encoded(drawn(side, 48)), purpose="photo")
    assert answer.status == 201, answer.body
    return answer.body


def files_of(folder: Path, media_id: str) -> list[Path]:
    return list(folder.rglob(f"{media_id}*"))


async def state(rest: RestServer, media_id: str, state: str) -> None:
    await rest.world.pool.execute("UPDATE social.media SET state = $2 WHERE id = $1", media_id, state)


async def get(rest: RestServer, who: Any, path: str) -> Any:
    return await rest.ask("GET", path, token=who["access_token"])


def same_file(url: str | None) -> str | None:
    """An address without the server and the time."""
    return url and url.partition("?")[0].removeprefix("http://").partition("/")[2]


async def test_a_photo_is_kept_in_sizes_without_what_it_tells(rest: RestServer) -> None:
    """Upright, without position; what is smaller than a size is not blown up."""
    exif = Image.Exif()
    exif[EXIF_TURNED] = 6
    exif.get_ifd(EXIF_GPS).update({1: "N", 2: (38.0, 42.0, 0.0)})
    ana = await rest.sign_up()
    answer = await upload(rest, ana, encoded(drawn(2400, 1200), exif=exif), purpose="photo")
    assert answer.status == 201, answer.body
    media = answer.body
    assert (media["type"], media["state"]) == ("image", "ready")
    assert (media["width"], media["height"]) == (ORIGINAL_SIDE // 2, ORIGINAL_SIDE)
    assert len(media["blurhash"]) == 28
    assert set(media["urls"]) == {"original", *SIZES}
    for name, url in media["urls"].items():
        assert url.startswith(rest.address)
        status, headers, data = await rest.open(url)
        picture = Image.open(BytesIO(data))
        side = SIZES.get(name, ORIGINAL_SIDE)
        assert (status, picture.size) == (200, (side // 2, side))
        assert picture.format == ("JPEG" if name == "original" else "WEBP")
        assert headers["Content-Type"] == f"image/{picture.format.lower()}"
        assert not dict(picture.getexif())
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert headers["Cache-Control"].startswith("public, max-age=")
    small = await photo(rest, ana)
    _, _, data = await rest.open(small["urls"]["s1280"])
    assert Image.open(BytesIO(data)).size == (64, 48)


async def test_an_address_opens_one_file_and_expires(rest: RestServer) -> None:
    """It is the same for some time, so that it is read once; other files and times it does not open. That of
    a card opens what a list shows too.
    """
    ana = await rest.sign_up()
    rest.clock.stop()
    media, other = await photo(rest, ana), await photo(rest, ana)
    url = media["urls"]["s640"]
    again = (await get(rest, ana, f"/v1/media/{media['id']}")).body["urls"]["s640"]
    assert again == url
    wrong = [
        url.replace(media["id"], other["id"]),
        url.replace("s640", "s1280"),
        media["urls"]["s160"].replace("s160", "s640"),
        url.replace("s640", "s9999"),
        url.replace("expires=", "expires=9"),
        url[:-64] + "0" * 64,
    ]
    assert [(await rest.open(address))[0] for address in wrong] == [404] * len(wrong)
    small, named = [await rest.open(at) for at in (url.replace("s640", "s160"), media["urls"]["s160"])]
    assert (small[0], small[2]) == (200, named[2])
    rest.clock.advance(s=SETTINGS.file_address_s - 1)
    assert (await rest.open(url))[0] == 200
    rest.clock.advance(s=SETTINGS.file_address_s + 1)
    assert (await rest.open(url))[0] == 404


async def test_a_profile_shows_photos_in_their_order(rest: RestServer) -> None:
    """Each once; what is left out of the list is deleted, and the profile has another version."""
    ana = await rest.sign_up()
    ids = [(await photo(rest, ana))["id"] for _ in range(3)]
    before = await get(rest, ana, "/v1/me")
    assert (before.body["photos"], before.body["videos"]) == ([], [])
    shown = await show(rest, ana, photos=[ids[2], ids[0], ids[2], ids[1]])
    assert shown.status == 200, shown.body
    assert [media["id"] for media in shown.body["photos"]] == [ids[2], ids[0], ids[1]]
    assert shown.headers["ETag"] != before.headers["ETag"]
    assert (await show(rest, ana, bio="same photos")).body["photos"] == shown.body["photos"]
    fewer = await show(rest, ana, photos=[ids[1], ids[2]])
    assert [media["id"] for media in fewer.body["photos"]] == [ids[1], ids[2]]
    assert (await get(rest, ana, f"/v1/media/{ids[0]}")).code == "not_found"
    assert (await show(rest, ana, photos=[])).body["photos"] == []


async def test_what_holds_addresses_is_not_answered_by_not_modified(rest: RestServer) -> None:
    """They would have expired."""
    ana = await rest.sign_up()
    shown = await show(rest, ana, photos=[(await photo(rest, ana))["id"]])
    tag = {"If-None-Match": shown.headers["ETag"]}
    again = await rest.ask("GET", "/v1/me", token=ana["access_token"], headers=tag)
    assert (again.status, len(again.body["photos"])) == (200, 1)


async def test_only_ones_own_photos_can_be_shown(rest: RestServer) -> None:
    """Neither evidence nor somebody else's, what was refused or deleted; nothing is changed then."""
    ana, eve = await rest.sign_up(), await rest.sign_up()
    own, refused, gone = [(await photo(rest, ana))["id"] for _ in range(3)]
    await state(rest, refused, "refused")
    await rest.ask("DELETE", f"/v1/media/{gone}", token=ana["access_token"])
    evidence = (await upload(rest, ana, encoded(drawn()))).body["id"]
    for wrong in ((await photo(rest, eve))["id"], refused, gone, evidence, new_id()):
        answer = await show(rest, ana, photos=[own, wrong], bio="new")
        assert (answer.status, answer.code) == (404, "not_found")
        assert answer.body["details"] == {"field": "photos", "id": wrong}
    assert (await show(rest, ana, videos=[own])).body["details"] == {"field": "videos", "id": own}
    many = await show(rest, ana, photos=[new_id() for _ in range(7)])
    assert (many.code, many.body["details"]["field"]) == ("payload_too_large", "photos")
    me = (await get(rest, ana, "/v1/me")).body
    assert (me["photos"], me["bio"]) == ([], None)


async def test_a_photo_that_is_deleted_leaves_the_profile(rest: RestServer, tmp_path: Path) -> None:
    """All its files too."""
    ana = await rest.sign_up()
    first, second = [(await photo(rest, ana))["id"] for _ in range(2)]
    shown = await show(rest, ana, photos=[first, second])
    assert (await rest.ask("DELETE", f"/v1/media/{first}", token=ana["access_token"])).status == 204
    assert files_of(tmp_path, first) == []
    after = await get(rest, ana, "/v1/me")
    assert [media["id"] for media in after.body["photos"]] == [second]
    assert after.headers["ETag"] != shown.headers["ETag"]


async def cards(rest: RestServer, viewer: Any, of: str) -> dict[str, str | None]:
    """The photo on each card that the viewer is shown of somebody."""
    base = Foundation(
        SETTINGS,
        rest.world.pool,
        rest.redis_client,
        Bus(rest.redis_client, "x"),
        node_id="x",
        clock=rest.clock,
    )
    applicants = ApplicantStore(rest.world.pool, Stores(base).cards)
    [waiting] = await applicants.applicants([(of, now_ms(), since(now_ms()))])
    assert waiting
    found = {"queue": waiting.card.photo_url}
    for path in ("/v1/connections", "/v1/rooms", "/v1/me/calls"):
        [item] = (await get(rest, viewer, path)).body["items"]
        found[path] = item["peer"].get("photo_url")
    profile = (await get(rest, viewer, f"/v1/profiles/{of}")).body
    found["profile"] = profile.get("photo_url")
    assert [same_file(media["urls"]["s640"]) for media in profile["photos"][:1]] == (
        [same_file(found["profile"])] if found["profile"] else []
    )
    return found


async def test_every_card_has_the_first_photo_that_was_passed(rest: RestServer) -> None:
    """Of those who may be seen; what waits, or was removed, is on none of them."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    ids = ana["user"]["id"], ben["user"]["id"]
    await rest.world.connected(ids)
    first, second = [(await photo(rest, ana))["id"] for _ in range(2)]
    assert set((await cards(rest, ben, ids[0])).values()) == {None}
    await show(rest, ana, photos=[first, second])

    async def photos() -> set[str | None]:
        return {same_file(url) for url in (await cards(rest, ben, ids[0])).values()}

    def file(of: str) -> str:
        return f"v1/media/{of}/files/s640"

    assert await photos() == {file(first)}
    assert (await get(rest, ben, f"/v1/media/{first}")).status == 200
    await state(rest, first, "processing")
    assert await photos() == {file(second)}
    assert (await get(rest, ben, f"/v1/media/{first}")).code == "not_found"
    await state(rest, second, "refused")
    assert await photos() == {None}
    assert len((await get(rest, ana, "/v1/me")).body["photos"]) == 2


async def test_a_photo_is_seen_by_those_who_see_the_profile(rest: RestServer) -> None:
    """Neither by strangers nor by those who are blocked; nobody opens one of somebody who is banned."""
    ana, ben, eve = [await rest.sign_up() for _ in range(3)]
    ids = ana["user"]["id"], ben["user"]["id"]
    await rest.world.talked(ids)
    media = await photo(rest, ana)
    path = f"/v1/media/{media['id']}"
    assert (await get(rest, ben, path)).code == "not_found", "it is in no profile yet"
    await show(rest, ana, photos=[media["id"]])
    url = (await get(rest, ben, path)).body["urls"]["s160"]
    assert (await get(rest, eve, path)).code == "not_found"
    assert (await rest.open(url))[0] == 200
    await rest.world.block(*ids)
    assert (await get(rest, ben, path)).code == "not_found"
    await rest.world.ban(ids[0])
    assert (await rest.open(url))[0] == 404


async def test_staff_look_at_a_photo_on_the_audit_log(rest: RestServer) -> None:
    ana, staff = await rest.sign_up(), await rest.sign_up()
    await rest.world.set_role(staff["user"]["id"], "moderator")
    media = await photo(rest, ana)
    await state(rest, media["id"], "refused")
    seen = await get(rest, staff, f"/v1/media/{media['id']}")
    assert (await rest.open(seen.body["urls"]["original"]))[0] == 200
    query = "SELECT action FROM identity.audit_log WHERE actor_id = $1 ORDER BY id"
    noted = await rest.world.pool.fetch(query, staff["user"]["id"])
    assert [row["action"] for row in noted] == ["media_address_given", "media_seen"]
    assert (await get(rest, ana, f"/v1/media/{media['id']}")).body["urls"] == {}
