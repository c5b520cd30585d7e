"""Pictures as AVIF: made later, read by whoever can at the same addresses, and gone with the picture."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image
from redis.asyncio import Redis

from core.keys import Keyring, SigningKey
from core.seals import Sealed
from db.redis.multiplexed import RedisClient
from rest.http.accepts import accepts
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import encoded, upload
from tests.rest.server import RestServer, serving
from tests.stores.world import World

BROWSER = "image/avif,image/webp,image/apng,*/*;q=0.8"
SIDES = {"s640": 640, "s1280": 900}
KEPT = SigningKey("0123456789abcdef", bytes(32))


@pytest.fixture
async def rest(
    world: World, redis: Redis, redis_client: RedisClient, tmp_path: Path
) -> AsyncIterator[RestServer]:
    """Jobs have a key of their own, as once there are keys for data; what others left is read too."""
    settings = replace(SETTINGS, media_avif="on", data_dir=str(tmp_path))
    keyring = Keyring.of(settings)
    keyring.learn((), {"jobs": (KEPT, *keyring.keys("jobs"))})
    async with serving(world, redis, redis_client, settings, keyring=keyring) as server:
        yield server


def view_of_the_sea(side: int = 900) -> bytes:
    """With waves and grain: what is plain is no smaller as AVIF."""
    waves = Image.effect_mandelbrot((side, side // 2), (-2, -1.5, 1, 1.5), 40)
    return encoded(Image.merge("RGB", (waves, Image.effect_noise(waves.size, 30), waves)))


async def photo(rest: RestServer, who: Any, data: bytes) -> Any:
    answer = await upload(rest, who, data, purpose="photo")
    assert answer.status == 201, answer.body
    return answer.body


def names(folder: Path, media: Any) -> list[str]:
    """What is kept of it, by what comes after the dot."""
    return sorted(path.suffix[1:] for path in folder.rglob(f"{media['id']}*"))


def lose(folder: Path, media: Any) -> None:
    """Its original is gone."""
    [original] = folder.rglob(media["id"])
    original.unlink()


async def test_who_reads_avif_gets_it_at_the_same_address(rest: RestServer, tmp_path: Path) -> None:
    """Once it is made; all others get WebP, and a cache that heeds what they say keeps both."""
    ana = await rest.sign_up()
    media = await photo(rest, ana, view_of_the_sea())
    url = media["urls"]["s640"]
    asked = "SELECT payload FROM jobs.pgqueuer WHERE dedupe_key = $1"
    payload = await rest.world.pool.fetchval(asked, f"avif {media['id']}")
    assert msgspec.msgpack.decode(payload, type=Sealed).key_id == KEPT.kid, "who does it has no other"
    _, headers, webp = await rest.open(url, Accept=BROWSER)
    assert (headers["Content-Type"], headers["Vary"]) == ("image/webp", "Accept")
    await rest.work()
    assert {"a1280", "a640"} <= set(names(tmp_path, media))
    for name, side in SIDES.items():
        _, headers, data = await rest.open(media["urls"][name], Accept=BROWSER)
        picture = Image.open(BytesIO(data))
        assert (headers["Content-Type"], headers.getall("Vary")) == ("image/avif", ["Accept", "Origin"])
        assert (picture.format, picture.size) == ("AVIF", (side, side // 2))
        status, _, part = await rest.open(
            media["urls"][name], Accept=BROWSER, Range="bytes=0-9", If_Range=headers["ETag"]
        )
        assert (status, part) == (206, data[:10])
    _, headers, data = await rest.open(url)
    assert (headers["Content-Type"], data) == ("image/webp", webp)
    _, headers, _ = await rest.open(media["urls"]["original"], Accept=BROWSER)
    assert headers["Content-Type"] == "image/jpeg"
    assert "Accept" not in headers.getall("Vary")
    shown = (await rest.ask("GET", f"/v1/media/{media['id']}", token=ana["access_token"])).body
    assert shown["urls"].keys() == media["urls"].keys()
    await rest.ask("DELETE", f"/v1/media/{media['id']}", token=ana["access_token"])
    assert names(tmp_path, media) == []


async def test_what_is_deleted_meanwhile_stays_deleted(rest: RestServer, tmp_path: Path) -> None:
    """And what is lost, or no smaller as AVIF, has none; nothing fails for that."""
    ana = await rest.sign_up()
    gone, lost = [await photo(rest, ana, view_of_the_sea(side)) for side in (200, 202)]
    plain = await photo(rest, ana, encoded(Image.new("RGB", (64, 48), "red")))
    await rest.ask("DELETE", f"/v1/media/{gone['id']}", token=ana["access_token"])
    lose(tmp_path, lost)
    await rest.work()
    assert names(tmp_path, gone) == []
    assert not {name for media in (lost, plain) for name in names(tmp_path, media) if name.startswith("a")}
    failed = "SELECT count(*) FROM jobs.pgqueuer WHERE status = 'failed' AND entrypoint = 'avif'"
    assert await rest.world.pool.fetchval(failed) == 0


@pytest.mark.parametrize(
    ("header", "can"),
    [
        (BROWSER, True),
        ("image/webp, Image/AVIF;q=0.5", True),
        ("image/avif;q=0", False),
        ("image/avif; q=0.000", False),
        ("*/*", False),
        ("", False),
        ("image/avifs", False),
    ],
)
def test_who_can_read_it(header: str, can: bool) -> None:
    assert accepts(header, "image/avif") is can
