"""`Idempotency-Key`: every endpoint that takes one acts once and answers its copies the same."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData
from msgspec import structs
from structlog.testing import capture_logs

from core.contract.accounts import Register, SignedIn
from core.contract.index import ENDPOINTS
from core.contract.media import UploadTarget
from core.ids import new_id
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire
from core.wire.uploads import Form, Upload
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Pool
from rest.http.idempotency_key import key_of
from rest.http.request import Request
from tests.rest.conftest import SETTINGS
from tests.rest.own_endpoints import answering
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import Answer, RestServer, new_person, serving
from tests.stores.grouping import ways_to_groups
from tests.stores.mentoring import MENTOR, a_mentor, slot, ways_to_mentors
from tests.stores.places import PLACE, a_place
from tests.stores.posting import picture, posted
from tests.stores.rewarding import A_RULE, a_scan

_sides = itertools.count(8)
KEYED = [endpoint for endpoint in ENDPOINTS if endpoint.idempotent]


async def good_body(rest: RestServer, endpoint: Endpoint, user_id: str) -> Any:
    """One that is accepted of this user, another one each time."""
    bodies: dict[str, Any] = {
        "register": new_person(),
        "block": {"user_id": (ben := await rest.world.person("Ben"))},
        "ask_friend": {"user_id": await rest.world.person("Cem")},
        "report": {"subject": {"type": "user", "id": ben}, "reason": "spam"},
        "upload_media": encoded(drawn(next(_sides))),
        "announce_upload": {"purpose": "photo", "content_type": "image/png", "size": next(_sides)},
        "ban": {"user_id": await rest.world.person("Ben"), "reason": "spam"},
        "appeal": {"text": f"not so {new_id()}"},
        "add_post": {"media_ids": [await picture(rest.world, user_id)]},
        "add_comment": {"content": new_id()},
        "create_location": {**PLACE, "name": new_id()},
        "review": {"rating": 4, "title": new_id()},
        "check_in": {"location_id": await a_place(rest.world.pool)},
        "create_partner": {"name": new_id()},
        "create_reward_rule": {**A_RULE, "title": new_id()},
        "create_mentor": {**MENTOR, "user_id": ben},
        "book_session": slot(await a_mentor(rest.world.pool, await rest.world.person("Mia")), next(_sides)),
        "review_mentor": {"rating": 4, "title": new_id()},
        "create_group": {"name": new_id()},
        "invite": {"max_uses": next(_sides)},
    }
    if endpoint.name == "redeem_reward":
        return await a_scan(rest.world, user_id)
    assert endpoint.name in bodies, f"Put a good body for `{endpoint.name}` here"
    return bodies[endpoint.name]


async def good_path(rest: RestServer, endpoint: Endpoint, user_id: str) -> str:
    """One that this user may ask."""
    if endpoint.name == "appeal":
        return endpoint.path.replace("{id}", (await rest.world.strike(user_id, "warn")).strike_id)
    if endpoint.name == "add_comment":
        return endpoint.path.replace("{id}", (await posted(rest.world, user_id)).id)
    if endpoint.name == "invite":
        return endpoint.path.replace("{id}", await ways_to_groups(rest.world, user_id)["invite"]())
    if endpoint.name == "review":
        return endpoint.path.replace("{id}", await a_place(rest.world.pool))
    if endpoint.name == "review_mentor":
        mentor = await ways_to_mentors(rest.world, user_id)[endpoint.name]()
        return endpoint.path.replace("{id}", mentor)
    return endpoint.path


async def ask(
    rest: RestServer, endpoint: Endpoint, body: Any, key: str, token: str | None, path: str | None = None
) -> Answer:
    headers = {"Idempotency-Key": key}
    sent = {"data": form(body)} if isinstance(body, bytes) else {"json": body}
    return await rest.ask(endpoint.method, path or endpoint.path, headers=headers, token=token, **sent)


def test_whatever_creates_takes_a_key() -> None:
    """A POST whose answer is 201."""
    creating = {e.name for e in ENDPOINTS if e.method == "POST" and e.status == 201}
    assert creating == {e.name for e in KEYED}


@pytest.mark.parametrize("endpoint", KEYED, ids=lambda endpoint: endpoint.name)
async def test_copies_at_once_and_later_have_one_answer(rest: RestServer, endpoint: Endpoint) -> None:
    """To the letter, but for tokens and signed addresses: these are made anew each time."""
    signed_in = await rest.sign_up()
    token = signed_in["access_token"] if endpoint.auth else None
    path = await good_path(rest, endpoint, signed_in["user"]["id"])
    if endpoint.roles:
        await rest.world.set_role(signed_in["user"]["id"], "admin")
    body, key = await good_body(rest, endpoint, signed_in["user"]["id"]), new_id()
    copies = await asyncio.gather(*(ask(rest, endpoint, body, key, token, path) for _ in range(4)))
    copies.append(await ask(rest, endpoint, body, key, token, path))
    assert {copy.status for copy in copies} == {endpoint.status}
    if endpoint.reply is SignedIn:
        assert len({copy.body["refresh_token"] for copy in copies}) == len(copies)
        assert all(copy.body["user"] == copies[0].body["user"] for copy in copies)
    elif endpoint.reply is UploadTarget:
        assert len({copy.body["id"] for copy in copies}) == 1
    else:
        assert all(copy.body == copies[0].body for copy in copies)


async def test_copies_of_a_registration_count_as_one_account(rest: RestServer) -> None:
    """On the device's limit of them: after four copies at once another person may still register on it."""
    settings = structs.replace(SETTINGS, rate_limits="on", register_device_per_h=4)
    device, body, key = new_id(), new_person(), {"Idempotency-Key": new_id()}
    async with serving(rest.world, rest.redis, rest.redis_client, settings) as server:
        person = {**body, "device_id": device}
        register = ("POST", "/v1/auth/register")
        copies = [server.ask(*register, json=person, headers=key) for _ in range(4)]
        assert {copy.status for copy in await asyncio.gather(*copies)} == {201}
        other = await server.ask(*register, json=new_person(device_id=device))
    assert other.status == 201, other.body


@pytest.mark.parametrize("endpoint", [e for e in KEYED if e.auth], ids=lambda endpoint: endpoint.name)
async def test_a_key_is_its_accounts_own(rest: RestServer, endpoint: Endpoint) -> None:
    """Another body is refused, of another account it is another key, and a refusal is not kept."""
    people = [await rest.sign_up() for _ in range(2)]
    ana, eve = [
        (person["access_token"], await good_path(rest, endpoint, person["user"]["id"])) for person in people
    ]
    for person in people if endpoint.roles else ():
        await rest.world.set_role(person["user"]["id"], "admin")
    body, other = [await good_body(rest, endpoint, person["user"]["id"]) for person in people]
    key = new_id()
    nonsense = b"blue" if endpoint.upload else {"colour": "blue"}
    assert (await ask(rest, endpoint, nonsense, key, *ana)).code == "invalid_request"
    assert (await ask(rest, endpoint, body, key, *ana)).status == endpoint.status
    assert (await ask(rest, endpoint, other, key, *ana)).code == "idempotency_conflict"
    assert (await ask(rest, endpoint, other, key, *eve)).status == endpoint.status


class KeptThing(Wire):
    """A picture that was sent."""

    id: str


PNG = Upload(media=("image/png",), max_bytes=100)


def uploading(name: str, upload: Upload | Form, **changes: Any) -> Endpoint:
    """A POST that keeps a picture."""
    return Endpoint(
        name=name,
        method="POST",
        path=f"/v1/{name}",
        area="test",
        summary="Keep a picture.",
        upload=upload,
        reply=KeptThing,
        status=201,
        idempotent=True,
        **changes,
    )


class Pictures:
    """Uploads that take a key; a store would be a class of its own."""

    endpoints = (
        uploading("picture", PNG),
        uploading("poster", PNG, auth=False),
        uploading("album", Form(parts={"front": PNG, "back": PNG}, optional={"back"})),
        uploading("hasty", PNG),
        uploading("hasty_album", Form(parts={"front": PNG})),
    )

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def picture(self, request: Request) -> KeptThing:
        await request.uploaded.read()
        return await self._kept(request)

    async def poster(self, request: Request) -> KeptThing:
        return await self.picture(request)

    async def album(self, request: Request) -> KeptThing:
        async for part in request.parts:
            await part.read()
        return await self._kept(request)

    async def hasty(self, request: Request) -> KeptThing:
        """Acts before it has read anything."""
        return await self._kept(request)

    async def hasty_album(self, request: Request) -> KeptThing:
        """Acts at the first part, of which it has read nothing."""
        async for _ in request.parts:
            return await self._kept(request)
        raise AssertionError

    async def _kept(self, request: Request) -> KeptThing:
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, request.key, KeptThing)) is not None:
                return known
            return await keep(connection, request.key, KeptThing(id=new_id()))


def album(**parts: bytes) -> FormData:
    """The parts in this order, framed as nobody else frames them."""
    form = FormData(default_to_multipart=True)
    for name, sent in parts.items():
        form.add_field(name, sent, content_type="image/png", filename="x")
    return form


@pytest.fixture
async def pictures(rest: RestServer) -> AsyncIterator[RestServer]:
    async with answering(rest, Pictures(rest.world.pool)) as server:
        yield server


async def upload(server: RestServer, path: str, data: Any, token: str | None = None) -> Answer:
    headers = {"Idempotency-Key": "k"} | ({"Content-Type": "image/png"} if isinstance(data, bytes) else {})
    return await server.ask("POST", f"/v1/{path}", data=data, headers=headers, token=token)


async def test_an_upload_is_part_of_what_is_asked(rest: RestServer, pictures: RestServer) -> None:
    """The same bytes again are a copy, others are another request."""
    token = (await rest.sign_up())["access_token"]
    first, copy, other = [await upload(pictures, "picture", sent, token) for sent in (b"one", b"one", b"two")]
    assert (first.status, copy.body) == (201, first.body)
    assert other.code == "idempotency_conflict"


async def test_so_is_a_form_in_whichever_order_its_parts_come(rest: RestServer, pictures: RestServer) -> None:
    token = (await rest.sign_up())["access_token"]
    first, copy, turned, less = [
        await upload(pictures, "album", sent, token)
        for sent in (
            album(front=b"1", back=b"2"),
            album(back=b"2", front=b"1"),
            album(front=b"2", back=b"1"),
            album(front=b"1"),
        )
    ]
    assert (first.status, copy.body) == (201, first.body)
    assert turned.code == less.code == "idempotency_conflict"


async def test_strangers_who_upload_under_one_key_do_not_meet(pictures: RestServer) -> None:
    first, copy, other = [await upload(pictures, "poster", new) for new in (b"one", b"one", b"two")]
    assert (first.status, copy.body, other.status) == (201, first.body, 201)
    assert other.body != first.body


@pytest.mark.parametrize(("path", "data"), [("hasty", b"one"), ("hasty_album", album(front=b"1"))])
async def test_a_key_cannot_be_used_before_the_upload_is_read(
    rest: RestServer, pictures: RestServer, path: str, data: Any
) -> None:
    """Else every other upload under this key would be taken for a copy of it."""
    token = (await rest.sign_up())["access_token"]
    with capture_logs() as said:
        answer = await upload(pictures, path, data, token)
    assert answer.code == "internal"
    assert any(entry.get("exc_info") for entry in said)


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
