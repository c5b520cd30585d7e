"""What surrounds every endpoint: hostile requests, the router's own errors, headers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from redis.asyncio import Redis

from core.contract.index import ENDPOINTS
from db.redis.multiplexed import RedisClient
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.server import Answer, RestServer, new_person, path_of, serving
from tests.stores.world import World

JSON = {"Content-Type": "application/json"}
LOGIN = "/v1/auth/login"
WITH_BODY = [e for e in ENDPOINTS if e.body]


async def test_declared_and_routed_are_the_same(rest: RestServer) -> None:
    """A declared endpoint that nobody serves answers 404 or 405; what is served is in the document."""
    document = (await rest.ask("GET", "/openapi.json")).body
    declared = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    assert declared == {(e.method, e.path) for e in ENDPOINTS}
    for method, path in declared:
        answer = await rest.ask(method, path_of(path))
        security = document["paths"][path][method.lower()]["security"]
        assert answer.status in ({401} if security and {} not in security else {200, 400, 401})


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/nothing", "/v1/me/", "/%00", "/%ff", "/v1/%2e%2e/me"]
)
async def test_an_unknown_path_is_a_problem(rest: RestServer, path: str) -> None:
    answer = await rest.ask("GET", path)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PURGE"])
async def test_another_method_is_told_which_are_allowed(rest: RestServer, method: str) -> None:
    answer = await rest.ask(method, "/v1/me/settings")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "PATCH"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff", b'{"login": "\xc3("}', b"{}{}", b"[" * 2000, b"1e999"],
)
async def test_a_body_that_is_no_object_of_json(rest: RestServer, body: bytes) -> None:
    answer = await rest.ask("POST", LOGIN, data=body, headers=JSON)
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {**JSON, "Content-Encoding": "gzip"},
        {**JSON, "Content-Encoding": "br"},
    ],
)
async def test_a_body_of_another_kind(rest: RestServer, headers: dict[str, str]) -> None:
    """Other types, other encodings; nothing is unpacked."""
    answer = await rest.ask("POST", LOGIN, data=b'{"login": "a", "password": "b"}', headers=headers)
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=Utf-8", "application/merge-patch+json"]
)
async def test_a_body_of_our_kind(rest: RestServer, media: str) -> None:
    body = b'{"login": "nobody", "password": "b"}'
    answer = await rest.ask("POST", LOGIN, data=body, headers={"Content-Type": media})
    assert answer.code == "unauthenticated"


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda e: e.name)
async def test_a_long_body_is_refused_whether_announced_or_not(rest: RestServer, endpoint: Any) -> None:
    """4,096 bytes are allowed here, one more is not."""

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b" " * 512

    headers = {**JSON, "If-Match": "*"}
    token = await a_token(rest)

    async def send(data: Any) -> Answer:
        return await rest.ask(
            endpoint.method, path_of(endpoint.path), data=data, headers=headers, token=token
        )

    for data in (b" " * 4097, in_pieces()):
        answer = await send(data)
        assert (answer.status, answer.code) == (413, "payload_too_large")
    assert (await send(b"{}".ljust(4096))).status != 413


async def raw(rest: RestServer, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which this was sent."""
    host, _, port = rest.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    return reader, writer


async def problem_on(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The problem that comes back."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).decode().lower()
    assert "application/problem+json" in head
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    found: dict[str, Any] = json.loads(await reader.readexactly(length))
    return found


async def test_a_huge_body_is_refused_before_it_comes(rest: RestServer) -> None:
    """10 GB are announced, none of it is waited for."""
    head = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    reader, writer = await raw(rest, head + b"Content-Length: 10000000000\r\n\r\n")
    assert (await problem_on(reader))["code"] == "payload_too_large"
    writer.close()


@pytest.mark.parametrize("pieces", [1, 2])
async def test_a_body_is_the_same_whether_it_comes_with_its_head_or_after_it(
    rest: RestServer, pieces: int
) -> None:
    """Announced or in chunks; too long it is refused."""
    head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    good = '{"login": "nobody", "password": "b"}'

    async def code(way: str, body: str) -> str:
        reader, writer = await raw(rest, f"{head}{way}\r\n".encode() + body.encode() * (pieces == 1))
        if pieces == 2:
            await rest.ask("GET", "/healthz")  # the head has been read by now, or is soon
            writer.write(body.encode())
        problem = await problem_on(reader)
        writer.close()
        said: str = problem["code"]
        return said

    chunked = "Transfer-Encoding: chunked\r\n"
    assert await code(f"Content-Length: {len(good)}\r\n", good) == "unauthenticated"
    assert await code(chunked, f"{len(good):x}\r\n{good}\r\n0\r\n\r\n") == "unauthenticated"
    long = good.ljust(4097)
    assert await code(chunked, f"{len(long):x}\r\n{long}\r\n0\r\n\r\n") == "payload_too_large"
    assert await code(f"Content-Length: {len(long)}\r\n", long) == "payload_too_large"


async def test_a_body_that_does_not_come_is_not_waited_for(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """For longer than the setting says."""
    async with serving(
        world, redis, redis_client, msgspec.structs.replace(SETTINGS, body_timeout_s=1)
    ) as rest:
        head = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        reader, writer = await raw(rest, head + b'Content-Length: 100\r\n\r\n{"login"')
        problem = await problem_on(reader)
        assert (problem["code"], problem["detail"]) == ("invalid_request", "The body did not come in time.")
        writer.close()


async def test_a_strange_agent_signs_in(rest: RestServer) -> None:
    """Header bytes that are no UTF-8 are stored as something that is."""
    body = new_person()
    await rest.sign_up(**body)
    sent = json.dumps({"login": body["email"], "password": body["password"]}).encode()
    head = (
        b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nUser-Agent: \xff\xfe"
    )
    reader, writer = await raw(rest, head + b"x" * 600 + b"\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)
    assert b" 200 " in await reader.readline()
    writer.close()


def bodies() -> Iterator[st.SearchStrategy[bytes]]:
    """Bytes, JSON of any shape, and JSON with our fields in it."""
    yield st.binary(max_size=300)
    plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    anything = st.recursive(plain, lambda s: st.lists(s) | st.dictionaries(st.text(), s), max_leaves=8)
    names = sorted({name for e in WITH_BODY if e.body for name in e.body.__struct_fields__})
    shaped = st.dictionaries(st.sampled_from(names), anything, max_size=8)
    good = st.builds(new_person).flatmap(lambda p: shaped.map(lambda s: {**p, **s}))
    for strategy in (anything, shaped, good):
        yield strategy.map(lambda value: json.dumps(value).encode())


@effort(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(body=st.one_of(*bodies()), endpoint=st.sampled_from(WITH_BODY))
async def test_no_body_is_more_than_an_error(rest: RestServer, body: bytes, endpoint: Any) -> None:
    """Whatever is sent, wherever: success or a problem that blames the client."""
    token = await a_token(rest)
    headers = {**JSON, "If-Match": "*"}
    answer = await rest.ask(endpoint.method, path_of(endpoint.path), data=body, headers=headers, token=token)
    assert answer.status < 400 or answer.code in {e.code for e in endpoint.possible_errors} - {"internal"}


async def a_token(rest: RestServer) -> str:
    """An admin's, so that every endpoint is there; one for all examples of a test."""
    if not hasattr(rest, "token"):
        signed_in = await rest.sign_up()
        await rest.world.set_role(signed_in["user"]["id"], "admin")
        rest.token = signed_in["access_token"]  # type: ignore[attr-defined]
    token: str = rest.token  # type: ignore[attr-defined]
    return token


async def test_answers_are_what_they_say_and_kept_by_nobody(rest: RestServer) -> None:
    """On errors too."""
    for path in ("/v1/me", "/v1/nothing", "/nothing", "/healthz", "/docs"):
        headers = (await rest.ask("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "realtime-connect"


async def test_pages_of_other_origins_need_a_setting(
    world: World, redis: Redis, redis_client: RedisClient, rest: RestServer
) -> None:
    """Preflight and answer; errors can be read too."""
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    assert (await rest.ask("OPTIONS", "/v1/me", headers=asks)).status == 405
    assert "Access-Control-Allow-Origin" not in (await rest.ask("GET", "/v1/me", headers=asks)).headers
    app = await rest.ask("GET", "/v1/me", headers={"Origin": "capacitor://localhost"})
    assert app.headers["Access-Control-Allow-Origin"] == "capacitor://localhost"  # no page has this scheme
    listed = msgspec.structs.replace(SETTINGS, cors_origins="https://a.example, https://app.example")
    async with serving(world, redis, redis_client, listed) as opened:
        preflight = await opened.ask("OPTIONS", "/v1/me", headers=asks)
        assert preflight.status == 204
        assert "If-Match" in preflight.headers["Access-Control-Allow-Headers"]
        for answer in (preflight, await opened.ask("GET", "/v1/me", headers=asks)):
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
            assert answer.headers["Vary"] == "Origin"
            assert "Access-Control-Allow-Credentials" not in answer.headers
        other = await opened.ask("OPTIONS", "/v1/me", headers={**asks, "Origin": "https://evil.example"})
        assert other.status == 405
        assert "Access-Control-Allow-Origin" not in other.headers
