"""Pictures are deleted in time, whoever dies in between; and a decoder that dies or dawdles harms nobody."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from msgspec import structs
from structlog.testing import capture_logs

from composition.foundation import Foundation
from composition.media import MediaParts
from core.clock import to_datetime
from core.errors import InvalidRequest, Unavailable
from core.ids import new_id
from db.postgres.media import free_within, use_within
from db.redis.bus import Bus
from realtime.background.media_keeping import MediaKeeping
from services.decoders import Decoders
from services.picture_scans import MOST, PictureScans
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import drawn, encoded, show, tedious_png, upload
from tests.rest.server import RestServer
from tests.rest.test_shown_texts import scanning

DAY_S = 86_400


def keeping_node(rest: RestServer, folder: Path, **changes: Any) -> MediaParts:
    """Another node, which keeps its pictures where `rest` does."""
    settings = structs.replace(SETTINGS, data_dir=str(folder), **changes)
    bus = Bus(rest.redis_client, "keeping")
    base = Foundation(settings, rest.world.pool, rest.redis_client, bus, node_id="keeping", clock=rest.clock)
    return MediaParts(base)


@pytest.fixture
def node(rest: RestServer, tmp_path: Path) -> MediaParts:
    return keeping_node(rest, tmp_path)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def rows(rest: RestServer, owner: Any) -> list[str]:
    query = "SELECT id FROM social.media WHERE owner_id = $1 ORDER BY id"
    return [row["id"] for row in await rest.world.pool.fetch(query, owner["user"]["id"])]


async def collected(rest: RestServer, node: MediaParts) -> None:
    keeping = MediaKeeping(node.service, None, rest.clock)
    while await keeping.collect():
        pass


async def test_what_no_report_uses_is_deleted_after_a_day(
    rest: RestServer, node: MediaParts, tmp_path: Path
) -> None:
    """Evidence stays, however long its case is open, and is deleted when it is free."""
    ana, call = await rest.sign_up(), new_id()
    unused, used = sorted([(await upload(rest, ana, encoded(drawn()))).body["id"] for _ in range(2)])
    pool = rest.world.pool
    async with pool.acquire() as connection, connection.transaction():
        assert await use_within(connection, used, ana["user"]["id"], call, rest.clock())
    rest.clock.advance(s=DAY_S - 60)
    await collected(rest, node)
    assert files(tmp_path) == await rows(rest, ana) == [unused, used]
    rest.clock.advance(s=120)
    gone = await rest.ask("GET", f"/v1/media/{unused}", token=(await again(rest, ana))["access_token"])
    assert gone.code == "not_found"
    await collected(rest, node)
    assert files(tmp_path) == await rows(rest, ana) == [used]
    rest.clock.advance(s=400 * DAY_S)
    await collected(rest, node)
    assert files(tmp_path) == [used]
    async with pool.acquire() as connection, connection.transaction():
        await free_within(connection, [used, unused], rest.clock())
    await asyncio.gather(*(collected(rest, node) for _ in range(2)))
    assert (files(tmp_path), await rows(rest, ana)) == ([], [])


async def again(rest: RestServer, who: Any) -> Any:
    """Signed in anew."""
    return (await rest.login(who["user"]["username"])).body


async def test_an_upload_that_is_broken_off_leaves_nothing(
    rest: RestServer, node: MediaParts, tmp_path: Path
) -> None:
    """The store does not serve, or the node dies when the object is there and its row does not know of it."""
    ana = await rest.sign_up()
    (tmp_path / "media").write_text("a file in the place of the folder")
    assert (await upload(rest, ana, encoded(drawn()))).code == "unavailable"
    (tmp_path / "media").unlink()
    [lost] = await rows(rest, ana)
    await node.service._objects.put(f"report/{lost}", b"what was sealed")
    seen = await rest.ask("GET", f"/v1/media/{lost}", token=ana["access_token"])
    assert seen.code == "not_found"
    rest.clock.advance(s=3700)
    await collected(rest, node)
    assert (files(tmp_path), await rows(rest, ana)) == ([], [])


async def test_objects_without_a_record_are_swept(rest: RestServer, node: MediaParts, tmp_path: Path) -> None:
    """As after a database was restored. What is young, or known, stays."""
    ana = await rest.sign_up()
    known = (await upload(rest, ana, encoded(drawn()))).body["id"]
    for name in ("old", "young"):
        await node.service._objects.put(f"report/{name}", b"left behind")
    two_days_ago = rest.clock() / 1000 - 2 * DAY_S
    for name in ("old", known):
        os.utime(tmp_path / "media" / "report" / name, (two_days_ago, two_days_ago))
    await MediaKeeping(node.service, None, rest.clock).sweep()
    assert files(tmp_path) == sorted(["young", known])


def decoders() -> list[psutil.Process]:
    """The processes that decode pictures for this one."""
    return [
        child
        for child in psutil.Process().children()
        if any("services.decoding" in part for part in child.cmdline())
    ]


async def decoder() -> psutil.Process:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(psutil.Error):
                if found := decoders():
                    return found[0]
            await asyncio.sleep(0.001)


async def test_a_decoder_that_dies_is_an_error_and_the_next_picture_is_read() -> None:
    decoders = Decoders(processes=1, queue=1, max_pixels=400_000_000, cpu_s=60)
    large = tedious_png(20_000)  # so that its decoder is there, however late somebody looks for it
    reading = asyncio.create_task(decoders.picture(large, "ana"))
    (await decoder()).kill()
    with pytest.raises(Unavailable):
        await reading
    assert (await decoders.picture(encoded(drawn()), "ana")).width == 64


async def test_no_more_wait_than_may() -> None:
    """One is read, one waits, and the third is told to come back; who goes away takes the decoder along."""
    decoders = Decoders(processes=1, queue=1, max_pixels=400_000_000, cpu_s=60)
    large = tedious_png(20_000)
    waiting = [asyncio.create_task(decoders.picture(large, who)) for who in ("ana", "ben")]
    process = await decoder()
    with pytest.raises(Unavailable):
        await decoders.picture(large, "eve")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not process.is_running()
    assert (await decoders.picture(encoded(drawn()), "ana")).height == 48


async def test_a_picture_that_takes_too_long_is_refused() -> None:
    """By the CPU that its decoder has used, so that a busy machine refuses nobody."""
    decoders = Decoders(processes=1, queue=1, max_pixels=400_000_000, cpu_s=1)
    tedious = tedious_png(20_000)
    assert len(tedious) < 15 * 1024 * 1024
    with pytest.raises(InvalidRequest, match="takes too long"):
        await decoders.picture(tedious, "ana")


async def for_strangers(rest: RestServer, who: Any) -> str:
    """The id of a photo in a profile, which waits for a scan."""
    media_id: str = (await upload(rest, who, encoded(drawn()), purpose="photo")).body["id"]
    await rest.world.pool.execute(
        "UPDATE social.media SET state = 'processing', scan_at = $2 WHERE id = $1",
        media_id,
        to_datetime(rest.clock()),
    )
    assert (await show(rest, who, photos=[media_id])).status == 200
    return media_id


def says(verdict: str) -> Callable[[], web.Response]:
    return lambda: web.json_response({"verdict": verdict, "reason": "skin"})


@pytest.mark.parametrize(
    ("verdict", "state"), [("pass", "ready"), ("refuse", "refused"), ("review", "processing")]
)
async def test_strangers_see_a_picture_when_a_scan_has_passed_it(
    rest: RestServer, tmp_path: Path, verdict: str, state: str
) -> None:
    """Until then its owner alone; a scanner that does not answer is asked again, by one node at a time."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await rest.world.talked((ana["user"]["id"], ben["user"]["id"]))
    rest.clock.stop()  # ten seconds later it is asked again
    async with scanning() as (scanner, url):
        nodes = [keeping_node(rest, tmp_path, scan_url=url, scan_s=30).scans for _ in range(2)]
        media_id = await for_strangers(rest, ana)
        scanner.says = lambda: web.Response(status=500)
        await scanned(rest, *nodes)
        scanner.says = says(verdict)
        await scanned(rest, *nodes)
        assert len(scanner.heard) == 1, "it was asked again at once, or by two nodes"
        assert await seen_by(rest, ana, media_id) == "processing"
        assert await seen_by(rest, ben, media_id) is None
        rest.clock.advance(s=11)
        await scanned(rest, *nodes)
        assert [kind for kind, _ in scanner.heard] == ["image/jpeg"] * 2
        assert scanner.heard[1][1].startswith(b"\xff\xd8\xff")
        assert await seen_by(rest, ana, media_id) == state
        assert await seen_by(rest, ben, media_id) == (state if state == "ready" else None)
        rest.clock.advance(s=80)
        await scanned(rest, *nodes)
        assert len(scanner.heard) == 2


async def test_a_scanner_that_never_answers_is_not_asked_for_ever(rest: RestServer, tmp_path: Path) -> None:
    """Then a moderator has to look."""
    ana = await rest.sign_up()
    async with scanning() as (scanner, url):
        node = keeping_node(rest, tmp_path, scan_url=url, scan_s=30).scans
        await for_strangers(rest, ana)
        scanner.says = lambda: web.Response(status=500)
        for _ in range(2 * MOST):
            await scanned(rest, node)
            rest.clock.advance(s=2 * 3600)
        assert len(scanner.heard) == MOST


async def scanned(rest: RestServer, *nodes: PictureScans | None) -> None:
    await asyncio.gather(*(node.scan(rest.clock(), limit=5) for node in nodes if node))


async def seen_by(rest: RestServer, who: Any, media_id: str) -> str | None:
    """In which state somebody sees it; None: they do not."""
    answer = await rest.ask("GET", f"/v1/media/{media_id}", token=who["access_token"])
    return answer.body["state"] if answer.status == 200 else None


@pytest.mark.parametrize(
    ("changes", "says_so"),
    [({}, True), ({"media_review": "after"}, False), ({"scan_url": "http://127.0.0.1:1/"}, False)],
)
async def test_production_says_at_its_start_that_it_takes_no_pictures_for_strangers(
    rest: RestServer, tmp_path: Path, changes: dict[str, Any], says_so: bool
) -> None:
    """Where nobody looks at them before, and the operator has not said that somebody will afterwards."""
    with capture_logs() as said:
        keeping_node(rest, tmp_path, environment="production", **changes)
    assert any("set SCAN_URL, or MEDIA_REVIEW=after" in line["event"] for line in said) is says_so
    with capture_logs() as said:
        keeping_node(rest, tmp_path)
    assert said == []
