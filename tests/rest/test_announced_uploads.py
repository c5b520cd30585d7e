"""Uploads to an address that was given: of the server for a folder, of S3 itself where that is the store."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from moto.server import ThreadedMotoServer
from msgspec import structs

from composition.foundation import Foundation
from composition.media import MediaParts
from core.ids import new_id
from db.redis.bus import Bus
from realtime.background.media_keeping import MediaKeeping
from services.decoders import Decoders
from services.uploads import Uploads
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import drawn, encoded
from tests.rest.server import Answer, RestServer, serving

PATH, BUCKET = "/v1/media/uploads", "pictures"
PICTURE = encoded(drawn(200, 100))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Where a real S3 answers, with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
async def kept(
    request: pytest.FixtureRequest, rest: RestServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RestServer]:
    """A server with this store."""
    if request.param == "folder":
        yield rest
        return
    url = request.getfixturevalue("s3")
    keys = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1", "ENDPOINT_URL": url}
    for name, value in keys.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    async with aiohttp.ClientSession() as client, client.put(f"{url}/{BUCKET}") as made:
        assert made.status in {200, 409}
    settings = structs.replace(SETTINGS, media_store=f"s3://{BUCKET}/ours")
    async with serving(rest.world, rest.redis, rest.redis_client, settings) as server:
        yield server


async def announced(rest: RestServer, who: Any, size: int = 100, **changes: Any) -> Answer:
    key = {"Idempotency-Key": changes.pop("key")} if "key" in changes else {}
    plan = {"purpose": "photo", "content_type": "image/jpeg", "size": size, **changes}
    return await rest.ask("POST", PATH, token=who["access_token"], json=plan, headers=key)


async def sent(target: Any, data: bytes) -> int:
    """As a client does that knows nothing but what it was told."""
    async with (
        aiohttp.ClientSession() as client,
        client.request(target["method"], target["url"], headers=target["headers"], data=data) as answer,
    ):
        return answer.status


async def completed(rest: RestServer, who: Any, media_id: str) -> Answer:
    return await rest.ask("POST", f"/v1/media/{media_id}/complete", token=who["access_token"])


async def test_what_is_uploaded_to_an_address_is_taken_when_it_is_complete(kept: RestServer) -> None:
    """Once, however often that is said, also at the same time; nothing of what was sent is left."""
    ana = await kept.sign_up()
    answer = await announced(kept, ana, len(PICTURE))
    assert answer.status == 201, answer.body
    target = answer.body
    assert target.keys() == {"id", "url", "method", "headers", "expires_at"}
    early = await completed(kept, ana, target["id"])
    assert early.code == "conflict", "nothing has come"
    assert await sent(target, PICTURE) in {200, 204}
    answers = await asyncio.gather(*(completed(kept, ana, target["id"]) for _ in range(2)))
    assert {answer.status for answer in answers} <= {200, 409}
    media = (await completed(kept, ana, target["id"])).body
    assert (media["id"], media["type"], media["state"]) == (target["id"], "image", "ready")
    status, _, data = await kept.open(media["urls"]["s160"])
    assert (status, data[8:12]) == (200, b"WEBP")
    assert await sent(target, PICTURE) in {200, 404}
    eve = await kept.sign_up()
    assert (await completed(kept, eve, target["id"])).code == "not_found"


async def test_who_asks_again_while_it_is_taken_gets_the_same(
    rest: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one who gave up waiting: what was sent is gone by then, and that is no mistake of theirs."""
    ana, one_is_taken = await rest.sign_up(), asyncio.Event()
    target = (await announced(rest, ana, len(PICTURE))).body
    assert await sent(target, PICTURE) == 204
    look, looked = Uploads._sent, itertools.count()

    async def looks(self: Uploads, *given: Any) -> bytes:
        if next(looked):
            await one_is_taken.wait()
        return await look(self, *given)

    monkeypatch.setattr(Uploads, "_sent", looks)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        asked = [group.create_task(completed(rest, ana, target["id"])) for _ in range(2)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        one_is_taken.set()
    answers = [task.result() for task in asked]
    assert [(answer.status, answer.body["id"]) for answer in answers] == [(200, target["id"])] * 2


async def test_what_takes_too_long_is_unavailable_and_may_be_asked_for_again(
    rest: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that is slow just now; nothing has to be sent again."""
    ana = await rest.sign_up()
    target = (await announced(rest, ana, len(PICTURE))).body
    assert await sent(target, PICTURE) == 204
    settings = structs.replace(SETTINGS, data_dir=str(tmp_path), upload_answer_s=1)

    async def forever(*_: Any) -> Any:
        await asyncio.Event().wait()

    async with serving(rest.world, rest.redis, rest.redis_client, settings) as hurried:
        with monkeypatch.context() as patch:
            patch.setattr(Decoders, "_ran", forever)
            late = await completed(hurried, ana, target["id"])
    assert (late.status, late.code) == (503, "unavailable")
    assert int(late.headers["Retry-After"]) >= 1
    again = await completed(rest, ana, target["id"])
    assert (again.status, again.body["state"]) == (200, "ready"), again.body


async def test_completion_looks_at_what_came(kept: RestServer) -> None:
    """An address bounds neither size nor type: what is no picture, or larger, is not taken and not left."""
    ana = await kept.sign_up()
    for data, code in ((b"<html>" * 50, "invalid_request"), (PICTURE + bytes(500), "payload_too_large")):
        target = (await announced(kept, ana, min(len(data), len(PICTURE)))).body
        if await sent(target, data) == 413:
            continue  # our own address reads no more than was announced
        assert (await completed(kept, ana, target["id"])).code == code
    stored = "SELECT count(*) FROM social.media WHERE owner_id = $1 AND stored"
    assert await kept.world.pool.fetchval(stored, ana["user"]["id"]) == 0


async def test_an_address_takes_one_upload_for_some_time(rest: RestServer) -> None:
    """Nobody else's, none after that, and nothing that was not announced."""
    ana = await rest.sign_up()
    rest.clock.stop()
    target, other = [(await announced(rest, ana, len(PICTURE))).body for _ in range(2)]
    wrong = {**target, "url": target["url"].replace(target["id"], other["id"])}
    assert await sent(wrong, PICTURE) == 404
    assert await sent({**target, "headers": {"Content-Type": "text/html"}}, PICTURE) == 400
    rest.clock.advance(s=SETTINGS.upload_address_s + 1)
    assert await sent(target, PICTURE) == 404


@pytest.mark.parametrize(
    ("changes", "code", "field", "reason"),
    [
        ({"purpose": "report"}, "invalid_request", "purpose", None),
        ({"purpose": "note"}, "invalid_request", "purpose", None),
        ({"content_type": "text/html"}, "invalid_request", "content_type", "type"),
        ({"size": 16 * 1024 * 1024}, "payload_too_large", "size", None),
        ({"size": 0}, "invalid_request", "size", None),
    ],
)
async def test_what_is_not_taken_gets_no_address(
    rest: RestServer, changes: dict[str, Any], code: str, field: str, reason: str | None
) -> None:
    answer = await announced(rest, await rest.sign_up(), **changes)
    details = answer.body["details"]
    assert (answer.code, details["field"], details.get("reason")) == (code, field, reason)


async def test_what_is_never_completed_is_deleted(rest: RestServer, tmp_path: Path) -> None:
    """And what is sent to an address after its upload was taken."""
    ana = await rest.sign_up()
    target = (await announced(rest, ana, len(PICTURE))).body
    assert await sent(target, PICTURE) == 204
    settings = structs.replace(SETTINGS, data_dir=str(tmp_path))
    base = Foundation(
        settings,
        rest.world.pool,
        rest.redis_client,
        Bus(rest.redis_client, "x"),
        node_id="x",
        clock=rest.clock,
    )
    keeping = MediaKeeping(MediaParts(base).service, None, rest.clock)
    rest.clock.advance(s=SETTINGS.upload_address_s + 3601)
    await keeping.collect()
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_copies_of_an_announcement_are_one(rest: RestServer) -> None:
    ana, key = await rest.sign_up(), new_id()
    first, again = [await announced(rest, ana, 100, key=key) for _ in range(2)]
    assert (first.status, again.status, first.body["id"]) == (201, 201, again.body["id"])
