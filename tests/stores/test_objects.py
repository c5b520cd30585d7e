"""Objects in a folder and in S3: the same bytes by the same names, and outages told as such."""

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from aiohttp import web

from core.clock import now_ms
from core.errors import Unavailable
from core.settings import Settings
from db.objects.store import ObjectStore, object_store
from rest.http.listening import listening

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1"}


class S3:
    """As much of S3 as objects that are written once need; who asks has to have signed."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        signed = "AWS4-HMAC-SHA256 Credential=key/"
        if not request.headers.get("Authorization", "").startswith(signed):
            return web.Response(status=403)
        key = request.match_info["key"]
        if request.method == "GET" and "list-type" in request.query:
            return self._listed(request.query.get("prefix", ""))
        if request.method == "PUT":
            self.objects[key] = await request.read()
            return web.Response(headers={"ETag": '"1"'})
        if request.method == "POST" and "delete" in request.query:
            return self._deleted(re.findall("<Key>(.*?)</Key>", await request.text()))
        if key not in self.objects or request.method != "GET":
            return web.Response(status=404)
        headers = {"ETag": '"1"', "Last-Modified": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")}
        return web.Response(body=self.objects[key], headers=headers)

    def _deleted(self, keys: list[str]) -> web.Response:
        """Those too that are not there, as S3 does."""
        for key in keys:
            self.objects.pop(key, None)
        text = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return web.Response(text=f"<DeleteResult>{text}</DeleteResult>", content_type="application/xml")

    def _listed(self, prefix: str) -> web.Response:
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{at}</LastModified>"
            f'<ETag>"1"</ETag><Size>{len(data)}</Size></Contents>'
            for key, data in self.objects.items()
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        return web.Response(text=text, content_type="application/xml")


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3]:
    """A bucket `pictures`, as the environment says where."""
    bucket, app = S3(), web.Application()
    app.router.add_route("*", "/pictures{slash:/?}{key:.*}", bucket.answer)
    async with listening(app, Settings(port=0)) as port:
        for name, value in (KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}).items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return object_store(Settings(media_store=f"file://{tmp_path}/pictures of ours"))
    request.getfixturevalue("s3")
    return object_store(Settings(media_store="s3://pictures/ours"))


async def test_what_is_put_is_got_listed_and_deleted(store: ObjectStore) -> None:
    data = bytes(range(256)) * 4000
    assert await store.get("report/1") is None
    await store.put("report/1", b"an earlier one")
    await store.put("report/1", data)
    await store.put("photo/2", b"")
    assert (await store.get("report/1"), await store.get("photo/2")) == (data, b"")
    listed = [one async for some in store.listed() for one in some]
    assert sorted(one.key for one in listed) == ["photo/2", "report/1"]
    assert all(abs(one.at - now_ms()) < 3_600_000 for one in listed)
    for _ in range(2):
        await store.delete("report/1")
    assert await store.get("report/1") is None
    assert [one.key async for some in store.listed() for one in some] == ["photo/2"]


async def test_in_s3_objects_are_under_the_prefix(s3: S3) -> None:
    await object_store(Settings(media_store="s3://pictures/ours")).put("report/1", b"x")
    assert s3.objects == {"ours/report/1": b"x"}


@pytest.mark.parametrize("away", ["refuses", "is not there", "folder"])
async def test_a_store_that_does_not_serve_is_unavailable(
    s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, away: str
) -> None:
    if away == "folder":
        (tmp_path / "file").write_text("in the place of a folder")
        store = object_store(Settings(media_store=f"file://{tmp_path}/file"))
    else:
        name, value = (
            ("AWS_ACCESS_KEY_ID", "other")
            if away == "refuses"
            else ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        )
        monkeypatch.setenv(name, value)
        store = object_store(Settings(media_store="s3://pictures/ours", upload_answer_s=2))
    with pytest.raises(Unavailable):
        await store.put("report/1", b"x")
    with pytest.raises(Unavailable):
        await store.get("report/1")
    with pytest.raises(Unavailable):
        [one async for one in store.listed()]
    with contextlib.suppress(Unavailable):
        await store.delete("report/1")
