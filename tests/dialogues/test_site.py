"""The page's own files, and what somebody else might ask for in their place."""

import aiohttp
import pytest
from yarl import URL


@pytest.mark.parametrize("path", ["main.js", "views/dom.js", "style.css"])
async def test_the_page_is_served_and_may_do_only_what_it_needs(
    address: str, web: aiohttp.ClientSession, path: str
) -> None:
    async with web.get(f"{address}/page/{path}") as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "../site.py",
        "..%2fsite.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "/etc/passwd",
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
