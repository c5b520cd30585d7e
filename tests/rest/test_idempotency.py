"""`Idempotency-Key`: every endpoint that takes one acts once and answers its copies the same."""

import asyncio
import hashlib
from typing import Any

import pytest
from msgspec import structs

from core.contract.accounts import Register, SignedIn
from core.contract.index import ENDPOINTS
from core.ids import new_id
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire
from core.wire.uploads import Upload
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Pool
from rest.http.idempotency import key_of
from rest.http.request import Request
from tests.rest.conftest import SETTINGS
from tests.rest.own_endpoints import answering
from tests.rest.server import Answer, RestServer, new_person, serving

KEYED = [endpoint for endpoint in ENDPOINTS if endpoint.idempotent]


async def good_body(rest: RestServer, endpoint: Endpoint) -> Any:
    """One that is accepted, another one each time."""
    bodies = {"register": new_person(), "block": {"user_id": await rest.world.person("Ben")}}
    assert endpoint.name in bodies, f"Put a good body for `{endpoint.name}` here"
    return bodies[endpoint.name]


async def ask(rest: RestServer, endpoint: Endpoint, body: Any, key: str, token: str | None) -> Answer:
    headers = {"Idempotency-Key": key}
    return await rest.ask(endpoint.method, endpoint.path, json=body, headers=headers, token=token)


def test_whatever_creates_takes_a_key() -> None:
    """A POST whose answer is 201."""
    creating = {e.name for e in ENDPOINTS if e.method == "POST" and e.status == 201}
    assert creating == {e.name for e in KEYED}


@pytest.mark.parametrize("endpoint", KEYED, ids=lambda endpoint: endpoint.name)
async def test_copies_at_once_and_later_have_one_answer(rest: RestServer, endpoint: Endpoint) -> None:
    """To the letter, but for the tokens of those that sign in: these are made anew each time."""
    token = (await rest.sign_up())["access_token"] if endpoint.auth else None
    body, key = await good_body(rest, endpoint), new_id()
    copies = await asyncio.gather(*(ask(rest, endpoint, body, key, token) for _ in range(4)))
    copies.append(await ask(rest, endpoint, body, key, token))
    assert {copy.status for copy in copies} == {endpoint.status}
    if endpoint.reply is SignedIn:
        assert len({copy.body["refresh_token"] for copy in copies}) == len(copies)
        assert all(copy.body["user"] == copies[0].body["user"] for copy in copies)
    else:
        assert all(copy.body == copies[0].body for copy in copies)


async def test_copies_of_a_registration_count_as_one_account(rest: RestServer) -> None:
    """On the device's limit of them: after four copies at once another person may still register on it."""
    settings = structs.replace(SETTINGS, rate_limits="on", register_device_per_h=4)
    device, body, key = new_id(), new_person(), {"Idempotency-Key": new_id()}
    async with serving(rest.world, rest.redis, settings) as server:
        person = {**body, "device_id": device}
        register = ("POST", "/v1/auth/register")
        copies = [server.ask(*register, json=person, headers=key) for _ in range(4)]
        assert {copy.status for copy in await asyncio.gather(*copies)} == {201}
        other = await server.ask(*register, json=new_person(device_id=device))
    assert other.status == 201, other.body


@pytest.mark.parametrize("endpoint", [e for e in KEYED if e.auth], ids=lambda endpoint: endpoint.name)
async def test_a_key_is_its_accounts_own(rest: RestServer, endpoint: Endpoint) -> None:
    """Another body is refused, of another account it is another key, and a refusal is not kept."""
    ana, eve = [(await rest.sign_up())["access_token"] for _ in range(2)]
    body, other, key = await good_body(rest, endpoint), await good_body(rest, endpoint), new_id()
    assert (await ask(rest, endpoint, {"colour": "blue"}, key, ana)).code == "invalid_request"
    assert (await ask(rest, endpoint, body, key, ana)).status == endpoint.status
    assert (await ask(rest, endpoint, other, key, ana)).code == "idempotency_conflict"
    assert (await ask(rest, endpoint, other, key, eve)).status == endpoint.status


class KeptThing(Wire):
    """A picture that was sent."""

    id: str


PICTURES = (
    Endpoint(
        name="picture",
        method="POST",
        path="/v1/pictures",
        area="test",
        summary="Keep a picture.",
        upload=Upload(media=("image/png",), max_bytes=100),
        reply=KeptThing,
        status=201,
        idempotent=True,
    ),
)


class Pictures:
    """An upload that takes a key; a store would be a class of its own."""

    endpoints = PICTURES

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def picture(self, request: Request) -> KeptThing:
        assert request.file
        digest = hashlib.sha256(await request.file.read()).digest()
        key = request.key and request.key.including(digest)
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, KeptThing)) is not None:
                return known
            return await keep(connection, key, KeptThing(id=new_id()))


async def test_an_upload_is_part_of_what_is_asked(rest: RestServer) -> None:
    """The same bytes again are a copy, others are another request."""
    token = (await rest.sign_up())["access_token"]
    headers = {"Idempotency-Key": "k", "Content-Type": "image/png"}
    async with answering(rest, Pictures(rest.world.pool)) as server:
        first, copy, other = [
            await server.ask("POST", "/v1/pictures", data=sent, headers=headers, token=token)
            for sent in (b"one", b"one", b"two")
        ]
    assert (first.status, copy.body) == (201, first.body)
    assert other.code == "idempotency_conflict"


class Note(Input):
    """A body of one version."""

    text: str


class NewerNote(Input):
    """The same as a later version has it."""

    text: str
    colour: str = "grey"


def made(body: Input, *, path: str = "1", user_id: str | None = "ana") -> IdempotencyKey:
    key = key_of("k", operation="note", user_id=user_id, path={"id": path}, body=body, now=1)
    assert key is not None
    return key


def test_what_is_asked_is_path_and_body() -> None:
    """A newer node, which knows more fields, takes an old request for the same."""
    assert made(Note(text="a")) == made(NewerNote(text="a")) == made(Note(text="a"))
    asked = [Note(text="a"), Note(text="b"), NewerNote(text="a", colour="blue")]
    assert len({made(body, path=path).digest for body in asked for path in "12"}) == 6


def test_a_strangers_key_belongs_to_what_is_asked() -> None:
    """Less what is secret, of which not even a digest is kept."""
    person = new_person()
    one, same, other = (
        made(Register(**person | changes), user_id=None)
        for changes in ({}, {"password": "another one", "device_token": "t"}, {"display_name": "Eve"})
    )
    assert (one, one.owner) == (same, one.digest.hex())
    assert one.owner != other.owner
