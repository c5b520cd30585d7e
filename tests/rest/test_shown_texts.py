"""What strangers read is looked at when it is written: by the operator's list, and by a scanner."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec import structs

from core.errors import Unavailable
from outside.scan import HttpScan
from rest.http.listening import listening
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, new_person, serving

FIELDS = ("display_name", "bio", "city")


class Scanner:
    """An operator's scanner: refuses what is rude, is not sure about `hm`, and may be told what to say."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.says: Callable[[], web.Response] | None = None
        self.silent = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.heard.append((request.content_type, body))
        if self.silent:
            await asyncio.Event().wait()
        if self.says is not None:
            return self.says()
        if re.search(rb"\brude\b", body):
            return web.json_response({"verdict": "refuse", "reason": "rude", "score": 0.9})
        return web.json_response({"verdict": "review" if b"hm" in body else "pass"})


@contextlib.asynccontextmanager
async def scanning() -> AsyncIterator[tuple[Scanner, str]]:
    scanner, app = Scanner(), web.Application()
    app.router.add_post("/scan", scanner.answer)
    async with listening(app, structs.replace(SETTINGS, port=0)) as port:
        yield scanner, f"http://127.0.0.1:{port}/scan"


@contextlib.asynccontextmanager
async def looking(rest: RestServer, **changes: Any) -> AsyncIterator[RestServer]:
    settings = structs.replace(SETTINGS, **changes)
    async with serving(rest.world, rest.redis, rest.redis_client, settings) as server:
        yield server


async def change(server: RestServer, who: Any, **fields: str) -> Any:
    headers = {"If-Match": "*"}
    return await server.ask("PATCH", "/v1/me", token=who["access_token"], json=fields, headers=headers)


@pytest.mark.parametrize("by", ["list", "scanner"])
async def test_a_text_that_is_refused_names_its_field(rest: RestServer, tmp_path: Path, by: str) -> None:
    """At registration and in the profile; nothing of it is kept, and other texts are taken."""
    words = tmp_path / "words"
    words.write_text("Rude\nvery impolite\n")
    async with scanning() as (_, url):
        asked = {"words_file": str(words)} if by == "list" else {"scan_url": url, "scan_s": 30}
        async with looking(rest, **asked) as server:
            refused = await server.ask("POST", "/v1/auth/register", json=new_person(display_name="so rude"))
            assert (refused.code, refused.body["details"]["field"]) == ("invalid_request", "display_name")
            ana = await server.sign_up(display_name="Ana")
            for field in FIELDS:
                answer = await change(server, ana, **{field: "a rude word"})
                assert (answer.code, answer.body["details"]["field"]) == ("invalid_request", field)
            me = (await change(server, ana, bio="hm, polite", city="Prudence")).body
            assert (me["display_name"], me["bio"], me["city"]) == ("Ana", "hm, polite", "Prudence")


async def test_what_was_there_before_is_not_looked_at_again(rest: RestServer) -> None:
    """A list that has grown keeps nobody from changing something else."""
    async with scanning() as (scanner, url), looking(rest, scan_url=url, scan_s=30) as server:
        ana = await rest.sign_up(display_name="rude Ana")
        assert (await change(server, ana, bio="polite")).status == 200
        assert scanner.heard == [("application/json", b'{"text":"polite"}')]


BROKEN: dict[str, Callable[[], web.Response]] = {
    "an error": lambda: web.Response(status=500),
    "no JSON": lambda: web.Response(text="pass"),
    "no verdict": lambda: web.json_response({"verdict": "perhaps"}),
    "sends us elsewhere": lambda: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
    "too long": lambda: web.json_response({"verdict": "refuse", "reason": "x" * 100_000}),
}


async def test_a_scanner_that_does_not_serve_keeps_nobody_out(rest: RestServer) -> None:
    """Nobody could sign up without it. A job that asks is told, and asks again."""
    async with scanning() as (scanner, url), looking(rest, scan_url=url, scan_s=0.5) as server:
        for broken in BROKEN.values():
            scanner.says = broken
            await server.sign_up(display_name="so rude")
            with pytest.raises(Unavailable):
                await HttpScan(url, timeout_s=30).picture(b"\xff\xd8\xff", "image/jpeg")
        scanner.says, scanner.silent = None, True
        await server.sign_up(display_name="so rude")
    with pytest.raises(Unavailable):
        await HttpScan("http://127.0.0.1:1/", timeout_s=30).text("hello")


async def test_a_picture_is_sent_as_it_is() -> None:
    async with scanning() as (scanner, url):
        verdict = await HttpScan(url, timeout_s=30).picture(b"\xff\xd8\xff rude", "image/jpeg")
        assert (verdict.verdict, verdict.reason) == ("refuse", "rude")
        assert scanner.heard == [("image/jpeg", b"\xff\xd8\xff rude")]
