"""The page's own files, and what somebody else might ask for in their place."""

import base64
import gzip
import hashlib
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web as server
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from core.settings import Settings
from core.terms import AT_SIGN_UP
from core.vocabulary import ConsentKind
from realtime.bundle import TEXTS
from realtime.site import mount
from realtime.ways import Ways

ENTRIES = {
    "/": ("app.webmanifest", "de.js", "icon.svg", "main.js", "page.css", "touch.png"),
    "/admin/": ("admin.css", "admin.js", "icon.svg"),
}


async def _names(address: str, web: aiohttp.ClientSession, page: str = "/") -> dict[str, str]:
    """The files that a page loads, by what they were before they got their names."""
    async with web.get(address + page) as response:
        assert response.status == 200
        found = re.findall(r'"/page/(\w+)(-[0-9a-f]{12})(\.\w+)"', await response.text())
    return {stem + ending: stem + digest + ending for stem, digest, ending in found}


@pytest.mark.parametrize("page", ENTRIES)
async def test_a_page_may_do_only_what_it_needs(address: str, web: aiohttp.ClientSession, page: str) -> None:
    names = await _names(address, web, page)
    assert tuple(sorted(names)) == ENTRIES[page], names
    for path in (page[1:], *(f"page/{name}" for name in names.values())):
        async with web.get(f"{address}/{path}") as response:
            assert response.status == 200, path
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            host = address.removeprefix("http://")
            assert f"connect-src 'self' ws://{host} wss://{host};" in policy
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            allowed = response.headers["Permissions-Policy"].split(", ")
            assert allowed[:3] == ["camera=(self)", "microphone=(self)", "geolocation=(self)"]
            assert all(feature.endswith("=()") for feature in allowed[3:])


@pytest.mark.parametrize("page", ENTRIES)
async def test_a_script_in_a_page_is_named_by_its_digest(
    address: str, web: aiohttp.ClientSession, page: str
) -> None:
    """The one that is there runs, and none that somebody brings into the page."""
    async with web.get(address + page) as response:
        [script] = re.findall(r"<script>(.*?)</script>", await response.text(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'self' 'sha256-{digest}';" in response.headers["Content-Security-Policy"]


async def test_moderators_find_their_page_without_its_last_slash(
    address: str, web: aiohttp.ClientSession
) -> None:
    async with web.get(f"{address}/admin") as response:
        assert (response.status, response.url.path) == (200, "/admin/")


@pytest.mark.parametrize(("path", "kind"), TEXTS.items())
async def test_there_is_something_to_read_before_one_agrees(
    address: str, web: aiohttp.ClientSession, path: str, kind: ConsentKind
) -> None:
    """Without a script, in the version that signing up agrees to, linked from the page."""
    async with web.get(f"{address}/{path}") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "script-src 'self';" in response.headers["Content-Security-Policy"]
        page = await response.text()
    assert f"Version {AT_SIGN_UP[kind]}." in page
    for asked, liked in (("", "fr, de-AT;q=0.8, en;q=0.5"), ("?lang=de", "en")):
        async with web.get(f"{address}/{path}{asked}", headers={"Accept-Language": liked}) as response:
            page = await response.text()
        assert f"Fassung {AT_SIGN_UP[kind]}." in page
        assert '<html lang="de">' in page
    assert "<script" not in page
    [style] = re.findall(r'href="(/page/page-[0-9a-f]{12}\.css)"', page)
    async with web.get(address + style) as response:
        assert response.status == 200
    async with web.get(address) as response:
        assert f'href="/{path}"' in await response.text()


@pytest.mark.parametrize("host", ["x; script-src *", "x *", "ws:", "a" * 300, "[::1", "*"])
async def test_a_host_is_no_way_into_the_policy(address: str, web: aiohttp.ClientSession, host: str) -> None:
    """Whatever the client says that it asked for: what is no name is not named."""
    async with web.get(address, headers={"Host": host}) as response:
        if response.status == 200:
            assert "connect-src 'self'; " in response.headers["Content-Security-Policy"]


async def test_what_is_loaded_is_kept_under_the_name_of_its_content(
    address: str, web: aiohttp.ClientSession
) -> None:
    """The page is asked for each time and answered 304; its files are not asked for again."""
    async with web.get(address) as response:
        assert response.headers["Cache-Control"] == "no-cache"
        assert "Accept-Encoding" in response.headers["Vary"]
        known = {"If-None-Match": response.headers["ETag"]}
    async with web.get(address, headers=known) as response:
        assert (response.status, await response.read()) == (304, b"")
    for name in (await _names(address, web)).values():
        async with web.get(f"{address}/page/{name}") as response:
            assert "immutable" in response.headers["Cache-Control"], name


async def test_the_page_can_be_installed(address: str, web: aiohttp.ClientSession) -> None:
    """Its manifest names icons that there are, and what opens it without a network is asked for anew."""
    names = await _names(address, web)
    async with web.get(f"{address}/page/{names['app.webmanifest']}") as response:
        assert response.content_type == "application/manifest+json"
        manifest = await response.json(content_type=None)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    for icon in manifest["icons"]:
        async with web.get(address + icon["src"]) as response:
            assert (response.status, response.content_type) == (200, icon["type"])
            assert "immutable" in response.headers["Cache-Control"]
    async with web.get(f"{address}/sw.js") as response:
        assert (response.content_type, response.headers["Cache-Control"]) == ("text/javascript", "no-cache")
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["socket.io/?EIO=4&transport=polling", "page/nothing.js", "nothing"])
async def test_whatever_else_is_kept_by_nobody(address: str, web: aiohttp.ClientSession, path: str) -> None:
    """What is said in a poll is personal, and what is not here yet comes with the next version."""
    async with web.get(f"{address}/{path}") as response:
        assert response.headers.get("Cache-Control") == "no-store"


async def test_a_name_of_another_version_gets_this_one(address: str, web: aiohttp.ClientSession) -> None:
    """While nodes are replaced the page may come from one and its files from another; nobody keeps those."""
    names = await _names(address, web)
    other = re.sub(r"-[0-9a-f]{12}", "-0123456789ab", names["main.js"])
    ours_url, other_url = f"{address}/page/{names['main.js']}", f"{address}/page/{other}"
    async with web.get(ours_url) as ours, web.get(other_url) as asked:
        assert (asked.status, asked.headers["Cache-Control"]) == (200, "no-store")
        assert await asked.read() == await ours.read()


async def test_it_is_compressed_for_whoever_reads_that(address: str, web: aiohttp.ClientSession) -> None:
    url = f"{address}/page/{(await _names(address, web))['main.js']}"
    async with web.get(url, headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        plain = await response.read()
    async with aiohttp.ClientSession(auto_decompress=False) as raw, raw.get(url) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.content_type == "text/javascript"
        packed = await response.read()
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


@pytest.mark.parametrize(
    "path",
    [
        "../site.py",
        "..%2fsite.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "/etc/passwd",
        "index.html",
        "views",
        "main.js%00",
        "x" * 300,
        "a/" * 2000,
    ],
)
async def test_nothing_else_is(address: str, web: aiohttp.ClientSession, path: str) -> None:
    """Whatever a path tries, it names no file of the page."""
    async with web.get(URL(f"{address}/page/{path}", encoded=True)) as response:
        assert response.status == 404
        assert (await response.json())["code"] == "not_found"


@pytest.mark.parametrize(
    ("media_url", "shown"),
    [("", ""), ("https://cdn.example.org/pictures/", " https://cdn.example.org")],
)
async def test_pictures_are_shown_from_where_they_are_read(media_url: str, shown: str) -> None:
    """A browser loads nothing from where the page does not say that it may."""
    app = server.Application()
    mount(app, Ways.of(Settings()), media_url=media_url)
    async with TestClient(TestServer(app)) as client, client.get("/") as response:
        policy = response.headers["Content-Security-Policy"]
    assert f"img-src 'self' data: blob:{shown};" in policy
    assert f"media-src 'self' blob:{shown};" in policy


async def test_a_map_lies_on_what_the_operator_says() -> None:
    """The page is told where that is, and loads pictures from there, and nothing else."""
    ways = Ways.of(Settings(map_tiles="https://tiles.example.org:8443/a/{z}/{x}/{y}.png", map_credit="© Us"))
    app = server.Application()
    mount(app, ways, media_url="")
    async with TestClient(TestServer(app)) as client, client.get("/") as response:
        policy, page = response.headers["Content-Security-Policy"], await response.text()
    assert "img-src 'self' data: blob: https://tiles.example.org:8443;" in policy
    assert policy.count("tiles.example.org") == 1
    assert "https://tiles.example.org:8443/a/{z}/{x}/{y}.png" in unescape(page)


async def test_an_answer_by_a_form_reaches_the_page(address: str, web: aiohttp.ClientSession) -> None:
    """As Apple's: behind the `#`, without what the page has no use for; a page of theirs posts it."""

    async def posted(**how: Any) -> tuple[int, str]:
        headers = {"Origin": "https://appleid.apple.com", "Sec-Fetch-Site": "cross-site"}
        async with web.post(f"{address}/", headers=headers, allow_redirects=False, **how) as answer:
            return answer.status, answer.headers.get("Location", "")

    said = {"state": "s&1", "id_token": "a.b.c", "code": "secret", "user": '{"name": {}}', "more": "x"}
    status, there = await posted(data=said)
    assert status == 303
    assert dict(parse_qsl(there.removeprefix("/#"))) == {
        name: said[name] for name in ("state", "id_token", "user")
    }
    assert await posted(data={"code": "x"}) == (303, "/")
    assert (await posted(json=said))[0] == 400
    assert (await posted(data={"state": "s" * 2_000_000}))[0] == 413
