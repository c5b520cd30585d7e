"""Which answers are compressed, and which are not."""

import gzip
import json
from collections.abc import Mapping

import aiohttp
import pytest

from tests.rest.server import RestServer, new_person


async def raw(rest: RestServer, path: str, **headers: str) -> tuple[bytes, Mapping[str, str]]:
    """The body as it came."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as web,
        web.get(rest.address + path, headers=headers) as answer,
    ):
        assert answer.status == 200
        return await answer.read(), answer.headers


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json", "/docs"])
async def test_documents_come_compressed(rest: RestServer, path: str) -> None:
    """A fifth of their size or less; uncompressed for clients that take no gzip."""
    packed, headers = await raw(rest, path, **{"Accept-Encoding": "br, gzip;q=0.8"})
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    bare, others = await raw(rest, path, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in others
    assert others["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed) == bare
    assert len(packed) < len(bare) / 5


async def test_an_answer_without_its_body_has_the_same_headers(rest: RestServer) -> None:
    """Whoever asks by HEAD how long a document is, is told how long it would come."""
    packed, told = await raw(rest, "/openapi.json", **{"Accept-Encoding": "gzip"})
    alone = (await rest.ask("HEAD", "/openapi.json", headers={"Accept-Encoding": "gzip"})).headers
    names = ("Vary", "Content-Encoding", "Content-Length")
    assert [alone.get(name) for name in names] == [told[name] for name in names]
    assert int(told["Content-Length"]) == len(packed)


async def test_long_answers_are_compressed_and_short_ones_are_not(rest: RestServer) -> None:
    signed_in = await rest.sign_up()
    token = {"Authorization": f"Bearer {signed_in['access_token']}", "Accept-Encoding": "gzip"}
    values = [{"category": "value", "name": f"name {n}", "strength": 50} for n in range(30)]
    put = await rest.ask("PUT", "/v1/me/values", token=signed_in["access_token"], json={"values": values})
    assert put.status == 200
    body, headers = await raw(rest, "/v1/me/values", **token)
    assert headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["values"]) == 30
    _, headers = await raw(rest, "/healthz", **token)
    assert "Content-Encoding" not in headers


async def test_what_has_a_version_or_a_token_is_not_compressed(rest: RestServer) -> None:
    """An ETag is of the bytes it came with; the length of what holds a token is nobody's business."""
    person = new_person(display_name="a" * 100)
    signed_in = (await rest.ask("POST", "/v1/auth/register", json=person)).body
    for _ in range(3):
        again = {"login": person["email"], "password": person["password"]}
        headers = {"User-Agent": "b" * 400}
        assert (await rest.ask("POST", "/v1/auth/login", json=again, headers=headers)).status == 200
    token = {"Authorization": f"Bearer {signed_in['access_token']}", "Accept-Encoding": "gzip"}
    _, told = await raw(rest, "/v1/me", **token)
    changes = {"bio": "c" * 500, "city": "d" * 100, "languages": ["en", "de", "fr", "es"]}
    versions = {"If-Match": str(told["ETag"])}
    changed = await rest.ask(
        "PATCH", "/v1/me", token=signed_in["access_token"], json=changes, headers=versions
    )
    assert changed.status == 200
    for path in ("/v1/me", "/v1/auth/sessions"):
        body, told = await raw(rest, path, **token)
        assert len(body) > 1024
        assert "Content-Encoding" not in told
