"""Bodies that are not JSON: read while they come, never longer, slower or of another type than declared."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.documents.openapi import openapi
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire
from core.wire.uploads import Form, Upload
from rest.docs import page
from rest.http.request import Request
from tests.patience import PATIENCE_S
from tests.rest.own_endpoints import answering
from tests.rest.server import RestServer
from tests.rest.test_boundary import problem_on, raw

MB = 1024 * 1024
PNG = {"Content-Type": "image/png"}
HEAD = b"POST /v1/picture HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 9000\r\n\r\n"


class Caption(Input):
    """What stands under a picture."""

    text: str


class Received(Wire):
    """What came: of each part its type, bytes and digest."""

    parts: dict[str, Any]


def endpoint(name: str, upload: Upload | Form) -> Endpoint:
    return Endpoint(
        name=name,
        method="POST",
        path=f"/v1/{name}",
        area="test",
        summary="…",
        upload=upload,
        reply=Received,
        auth=False,
    )


class Gallery:
    """A picture alone, and a picture with a caption and perhaps a small one of it."""

    picture_type = Upload(media=("image/png", "image/webp"), max_bytes=8 * MB)
    endpoints = (
        endpoint("picture", picture_type),
        endpoint(
            "post",
            Form(
                parts={
                    "picture": picture_type,
                    "caption": Upload(media=("application/json",), max_bytes=1000, kind=Caption),
                    "small": Upload(media=("image/png",), max_bytes=2000),
                },
                optional={"small"},
            ),
        ),
        endpoint("first", Form(parts={"picture": picture_type})),
    )

    async def picture(self, request: Request) -> Received:
        file = request.uploaded
        return Received(parts={"": [file.media, *await digested(file)]})

    async def post(self, request: Request) -> Received:
        seen: dict[str, Any] = {}
        async for part in request.parts:
            is_caption = part.name == "caption"
            seen[part.name] = (
                (await part.decoded(Caption)).text if is_caption else [part.media, *await digested(part)]
            )
        return Received(parts=seen)

    async def first(self, request: Request) -> Received:
        """Answers before it has read anything."""
        async for part in request.parts:
            return Received(parts={part.name: part.media})
        return Received(parts={})


async def digested(chunks: AsyncIterator[bytes] | Any) -> tuple[int, str]:
    """How many bytes, and their digest, without keeping them."""
    size, digest = 0, hashlib.sha256()
    async for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def digest(data: bytes) -> list[Any]:
    return [len(data), hashlib.sha256(data).hexdigest()]


def form(**changes: Any) -> aiohttp.FormData:
    """A post that is accepted, but for the changes; None leaves a part out."""
    parts = {
        "picture": (b"picture" * 9000, "image/png"),
        "caption": (b'{"text": "Lisbon"}', "application/json"),
        **changes,
    }
    made = aiohttp.FormData(default_to_multipart=True)
    for name, part in parts.items():
        if part is not None:
            made.add_field(name, part[0], content_type=part[1], filename="x")
    return made


@pytest.fixture
async def server(rest: RestServer) -> AsyncIterator[RestServer]:
    async with answering(rest, Gallery()) as server:
        yield server


async def test_bytes_come_as_they_were_sent(server: RestServer) -> None:
    """Far more of them than a JSON body may have; announced, or in pieces of unknown number."""
    data = bytes(range(256)) * 8192

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    for body in (data, in_pieces()):
        answer = await server.ask("POST", "/v1/picture", data=body, headers=PNG)
        assert answer.body == {"parts": {"": ["image/png", *digest(data)]}}


async def test_a_body_is_not_kept_while_it_is_read(server: RestServer) -> None:
    """Eight megabytes pass through far less memory."""

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(128):
            yield bytes(64 * 1024)

    tracemalloc.start()
    try:
        answer = await server.ask("POST", "/v1/picture", data=in_pieces(), headers=PNG)
        assert answer.status == 200, answer.body
        assert tracemalloc.get_traced_memory()[1] < 3 * MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "image/gif"},
        {"Content-Type": "application/json"},
        {"Content-Type": ""},
        {**PNG, "Content-Encoding": "gzip"},
    ],
)
async def test_bytes_of_another_type(server: RestServer, headers: dict[str, str]) -> None:
    answer = await server.ask("POST", "/v1/picture", data=b"x", headers=headers)
    assert answer.code == "invalid_request"


@pytest.mark.parametrize("path", ["picture", "post"])
async def test_a_huge_upload_is_refused_before_it_comes(server: RestServer, path: str) -> None:
    """10 GB are announced, none of it is waited for."""
    kind = "image/png" if path == "picture" else "multipart/form-data; boundary=x"
    head = f"POST /v1/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n".encode()
    reader, writer = await raw(server, head + b"Content-Length: 10000000000\r\n\r\n")
    assert (await problem_on(reader))["code"] == "payload_too_large"
    writer.close()


async def test_no_more_is_read_than_declared(server: RestServer) -> None:
    """Of a body that goes on and on, of such a part, and of what stands before the first part."""

    async def long(line: bytes) -> AsyncIterator[bytes]:
        for _ in range(10 * MB // len(line)):
            yield line

    block = bytes(64 * 1024)
    sent: list[tuple[str, Any, dict[str, str]]] = [
        ("picture", long(block), PNG),
        ("post", form(picture=(long(block), "image/png")), {}),
        ("post", long(block[:1000] + b"\r\n"), {"Content-Type": "multipart/form-data; boundary=b"}),
    ]
    for path, data, headers in sent:
        answer = await server.ask("POST", f"/v1/{path}", data=data, headers=headers)
        assert answer.code == "payload_too_large", path


async def test_bytes_that_do_not_come_are_not_waited_for(rest: RestServer) -> None:
    """Neither at the beginning nor, for longer than what came has earned, in the middle."""
    async with answering(rest, Gallery(), body_timeout_s=1, body_bytes_per_s=10_000) as server:
        for sent in (b"", bytes(1000)):
            reader, writer = await raw(server, HEAD + sent)
            problem = await problem_on(reader)
            assert problem["code"] == "invalid_request"
            assert problem["detail"] == "The body did not come in time."
            writer.close()


async def test_bytes_that_come_steadily_are_waited_for(rest: RestServer) -> None:
    """For longer than a body that does not come."""
    async with answering(rest, Gallery(), body_timeout_s=2, body_bytes_per_s=20) as server:

        async def slowly() -> AsyncIterator[bytes]:
            yield bytes(1000)  # for which it has 50 s more, however busy the machine
            await asyncio.sleep(2.5)  # the slowness of a client is what this is about
            yield bytes(2000)

        answer = await server.ask("POST", "/v1/picture", data=slowly(), headers=PNG)
        assert answer.body["parts"][""][:2] == ["image/png", 3000]


async def test_the_parts_of_a_form_come_in_any_order(server: RestServer) -> None:
    """With what may be left out, or without."""
    picture = b"picture" * 9000
    whole = {"picture": ["image/png", *digest(picture)], "caption": "Lisbon"}
    assert (await server.ask("POST", "/v1/post", data=form())).body == {"parts": whole}
    turned = form(picture=None, small=(b"s", "image/png"))
    turned.add_field("picture", picture, content_type="image/png", filename="x")
    answer = await server.ask("POST", "/v1/post", data=turned)
    assert answer.body == {"parts": {**whole, "small": ["image/png", *digest(b"s")]}}
    assert list(answer.body["parts"]) == ["caption", "small", "picture"]


@pytest.mark.parametrize(
    ("changes", "code", "field", "reason"),
    [
        ({"picture": None}, "invalid_request", "picture", None),
        ({"picture": (b"x", "image/gif")}, "invalid_request", "picture", "type"),
        ({"extra": (b"x", "image/png")}, "invalid_request", "extra", None),
        ({"small": (b"x" * 2001, "image/png")}, "payload_too_large", "small", None),
        ({"caption": (b'{"text": 1}', "application/json")}, "invalid_request", "text", None),
        ({"caption": (b'{"text": "a", "more": 1}', "application/json")}, "invalid_request", "more", None),
    ],
)
async def test_a_part_that_does_not_fit_is_named(
    server: RestServer, changes: dict[str, Any], code: str, field: str, reason: str | None
) -> None:
    answer = await server.ask("POST", "/v1/post", data=form(**changes))
    details = answer.body["details"]
    assert (answer.code, details["field"], details.get("reason")) == (code, field, reason)


async def test_a_part_comes_once(server: RestServer) -> None:
    twice = form()
    twice.add_field("picture", b"x", content_type="image/png", filename="x")
    answer = await server.ask("POST", "/v1/post", data=twice)
    assert (answer.code, answer.body["details"]) == ("invalid_request", {"field": "picture"})


async def test_a_handler_may_answer_before_all_has_come(server: RestServer) -> None:
    """What it did not read does no harm to the next request of the same connection."""
    answer = await server.ask("POST", "/v1/first", data=form(caption=None))
    assert answer.body == {"parts": {"picture": "image/png"}}
    assert (await server.ask("GET", "/healthz")).status == 200


@pytest.mark.parametrize(
    "kind",
    [
        "image/png",
        "multipart/form-data",
        "multipart/mixed; boundary=b",
        f"multipart/form-data; boundary={'b' * 99}",
    ],
)
async def test_a_form_says_that_it_is_one(server: RestServer, kind: str) -> None:
    answer = await server.ask("POST", "/v1/post", data=b"--b--\r\n", headers={"Content-Type": kind})
    assert answer.code == "invalid_request"


PART = b'--b\r\nContent-Disposition: form-data; name="picture"\r\nContent-Type: image/png\r\n\r\nxyz\r\n'
GOOD = PART + (
    b'--b\r\nContent-Disposition: form-data; name="caption"\r\nContent-Type: application/json\r\n\r\n'
    b'{"text": "Lisbon"}\r\n--b--\r\n'
)
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b--",
        b"--b\r\n\r\n",
        PART,
        PART[:-5],
        GOOD.replace(b"image/png", b"multipart/mixed; boundary=c"),
        GOOD.replace(b"image/png", b"image/png\r\nContent-Transfer-Encoding: base64"),
        GOOD.replace(b'name="picture"', b"name"),
        GOOD.replace(b'name="picture"', b'name="_charset_"'),
        GOOD.replace(b"Content-Type: image/png", b"x" * 9000 + b": y"),
        GOOD.replace(b"Content-Type: image/png", b"A: b\r\n" * 200),
    ],
)
async def test_a_malformed_form_is_the_clients_mistake(server: RestServer, body: bytes) -> None:
    assert (await server.ask("POST", "/v1/post", data=GOOD, headers=MULTIPART)).status == 200
    assert (await server.ask("POST", "/v1/post", data=body, headers=MULTIPART)).code == "invalid_request"


async def test_lines_around_the_parts_are_read_while_they_are_few(server: RestServer) -> None:
    """Each costs as much as a part's chunk: a short body of nothing else would hold up everybody."""
    body = b"For readers that know no forms.\r\n" + GOOD.replace(
        b"\r\n\r\nxyz", b"\r\nA: b" * 100 + b"\r\n\r\nxyz"
    )
    assert (await server.ask("POST", "/v1/post", data=body, headers=MULTIPART)).status == 200
    refused = await server.ask("POST", "/v1/post", data=b"\r\n" * 1000 + GOOD, headers=MULTIPART)
    assert refused.code == "payload_too_large"


@pytest.mark.parametrize("header", [b"form-\xd9", b"form-data; name", b'form-data; name="x"; x*=y'])
async def test_a_header_that_is_wrong_warns_nobody(
    server: RestServer, header: bytes, recwarn: pytest.WarningsRecorder
) -> None:
    """Of the server's own: a client that sends many of them fills neither its log nor its memory."""
    body = GOOD.replace(b'form-data; name="picture"', header)
    assert (await server.ask("POST", "/v1/post", data=body, headers=MULTIPART)).code == "invalid_request"
    assert [str(warning.message) for warning in recwarn] == []


@effort(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(GOOD)), cut=st.integers(0, 30), put=st.binary(max_size=20))
async def test_no_form_is_more_than_an_error(server: RestServer, at: int, cut: int, put: bytes) -> None:
    """Whatever is done to a good one: success, or a problem that blames the client."""
    body = GOOD[:at] + put + GOOD[at + cut :]
    answer = await server.ask("POST", "/v1/post", data=body, headers=MULTIPART)
    assert answer.status == 200 or answer.code in {"invalid_request", "payload_too_large"}


async def test_a_client_that_goes_away_is_no_outage(server: RestServer) -> None:
    """In the middle of its body: nobody is to look for a store that has failed."""
    _, writer = await raw(server, HEAD + bytes(10))
    await writer.drain()
    assert (await server.ask("GET", "/healthz")).status == 200
    writer.transport.abort()
    async with asyncio.timeout(PATIENCE_S):
        while 'endpoint="picture",status=' not in (told := (await server.ask("GET", "/metrics")).body):
            await asyncio.sleep(0.01)
    assert 'endpoint="picture",status="400"' in told


async def test_chunks_that_are_none_are_the_clients_mistake(rest: RestServer) -> None:
    """It is told when the time for a body is over."""
    head = HEAD.replace(b"Content-Length: 9000", b"Transfer-Encoding: chunked")
    async with answering(rest, Gallery(), body_timeout_s=2) as server:
        reader, writer = await raw(server, head + b"3\r\nabc\r\n")
        assert (await server.ask("GET", "/healthz")).status == 200
        writer.write(b"nonsense\r\n")
        assert (await problem_on(reader))["code"] == "invalid_request"
        writer.close()


def test_the_document_shows_what_may_be_sent() -> None:
    """Types and lengths of bytes; of a form its parts, and which of them must come."""
    document = openapi("1", Gallery.endpoints)
    OpenAPIV31SpecValidator(document).validate()
    bodies = {p: o["post"]["requestBody"]["content"] for p, o in document["paths"].items()}
    picture = {"type": "string", "format": "binary", "maxLength": 8 * MB}
    assert bodies["/v1/picture"] == {"image/png": {"schema": picture}, "image/webp": {"schema": picture}}
    post = bodies["/v1/post"]["multipart/form-data"]
    assert post["schema"]["properties"]["caption"] == {"$ref": "#/components/schemas/Caption"}
    assert post["schema"]["required"] == ["picture", "caption"]
    assert post["encoding"]["picture"] == {"contentType": "image/png, image/webp"}
    codes = document["paths"]["/v1/picture"]["post"]["responses"].keys()
    assert {"200", "400", "413", "429", "500", "503"} == codes
    empty = {"operations": {}, "components": {"schemas": {}, "messages": {}}, "info": {"description": ""}}
    assert "<code>image/webp</code>" in page(document, empty)
