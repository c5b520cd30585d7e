"""What an endpoint may declare, shown by some that are made up: typed paths, roles, caches, ETags."""

from collections.abc import AsyncIterator, Collection
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.documents.openapi import openapi
from core.vocabulary import Role
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from rest.http.request import Request, Versioned
from tests.rest.own_endpoints import answering
from tests.rest.server import RestServer

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$(?!\n)", max_length=20)]


class ByYear(Input):
    """A word, a pattern and a number."""

    kind: Literal["post", "place"]
    slug: Slug
    year: Annotated[int, Meta(ge=2000, le=2100)]


class Seen(Wire):
    """What a handler was given."""

    value: Any


def endpoint(name: str, path: str, **more: Any) -> Endpoint:
    return Endpoint(name=name, method="GET", path=path, area="test", summary="…", reply=Seen, **more)


class Shelf:
    """Endpoints of all kinds."""

    endpoints = (
        endpoint("typed", "/v1/{kind}/{slug}/in/{year}", parameters=ByYear),
        endpoint("moderated", "/v1/moderated", roles={"moderator"}),
        endpoint("administered", "/v1/administered", roles={"admin"}),
        endpoint("versioned", "/v1/versioned", versioned=True, cache=Cache(max_age_s=0)),
        endpoint("kept", "/v1/kept", cache=Cache(max_age_s=60)),
        endpoint(
            "shared", "/v1/shared/{id}", parameters=ById, auth=False, cache=Cache(max_age_s=300, public=True)
        ),
        endpoint("personal", "/v1/personal"),
    )

    version = 1

    async def typed(self, request: Request) -> Seen:
        at = request.at(ByYear)
        return Seen(value=[at.kind, at.slug, at.year])

    async def moderated(self, _request: Request) -> Seen:
        return Seen(value="moderated")

    async def administered(self, _request: Request) -> Seen:
        return Seen(value="administered")

    async def versioned(self, _request: Request) -> Versioned:
        return Versioned(Seen(value=self.version), self.version)

    async def kept(self, _request: Request) -> Seen:
        return Seen(value="kept")

    async def shared(self, request: Request) -> Seen:
        return Seen(value=request.at(ById).id)

    async def personal(self, _request: Request) -> Seen:
        return Seen(value="personal")


@pytest.fixture
async def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def server(rest: RestServer, shelf: Shelf) -> AsyncIterator[RestServer]:
    async with answering(rest, shelf) as server:
        yield server


@pytest.fixture
async def token(rest: RestServer) -> str:
    found: str = (await rest.sign_up())["access_token"]
    return found


async def test_a_path_is_read_as_declared(server: RestServer, token: str) -> None:
    """A word, a pattern and a number: no id among them."""
    answer = await server.ask("GET", "/v1/post/hello-world/in/2026", token=token)
    assert answer.body == {"value": ["post", "hello-world", 2026]}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/person/hello/in/2026",
        "/v1/post/Hello/in/2026",
        "/v1/post/hello%0A/in/2026",
        "/v1/post/hello%00/in/2026",
        f"/v1/post/{'a' * 21}/in/2026",
        "/v1/post/hello/in/1999",
        "/v1/post/hello/in/soon",
        "/v1/post/hello/in/2026.5",
        "/v1/shared/nobody",
    ],
)
async def test_nothing_has_an_address_that_does_not_fit(server: RestServer, token: str, path: str) -> None:
    assert (await server.ask("GET", path, token=token)).code == "not_found"


def test_the_document_shows_the_types_of_a_path() -> None:
    described = openapi("1", Shelf.endpoints)["paths"]["/v1/{kind}/{slug}/in/{year}"]["get"]
    assert {p["name"]: p["schema"] for p in described["parameters"]} == {
        "kind": {"enum": ["place", "post"]},
        "slug": {"type": "string", "maxLength": 20, "pattern": r"^[a-z][a-z0-9-]*$(?!\n)"},
        "year": {"type": "integer", "minimum": 2000, "maximum": 2100},
    }


@pytest.mark.parametrize(
    ("path", "parameters"), [("/v1/{id}/{slug}", ById), ("/v1/things", ById), ("/v1/{id}", None)]
)
def test_a_path_and_its_parameters_agree(path: str, parameters: Any) -> None:
    with pytest.raises(ValueError, match="`thing`: the fields of `parameters` are not the names in"):
        endpoint("thing", path, parameters=parameters)


def test_whoever_needs_a_role_has_to_say_who_they_are() -> None:
    with pytest.raises(ValueError, match="`thing` asks for a role"):
        endpoint("thing", "/v1/things", roles={"admin"}, auth=False)


@pytest.mark.parametrize(
    ("role", "open_to"),
    [("user", set()), ("moderator", {"moderated"}), ("admin", {"moderated", "administered"})],
)
async def test_an_admin_may_do_what_a_moderator_may(
    rest: RestServer, server: RestServer, role: Role, open_to: Collection[str]
) -> None:
    """And nobody else: to all others there is no such thing."""
    someone = await rest.sign_up()
    await rest.world.set_role(someone["user"]["id"], role)
    for name in ("moderated", "administered"):
        answer = await server.ask("GET", f"/v1/{name}", token=someone["access_token"])
        assert (answer.status == 200) == (name in open_to), (role, name)
        assert name in open_to or answer.code == "not_found"


def test_the_document_says_who_is_admitted() -> None:
    paths = openapi("1", Shelf.endpoints)["paths"]
    for path, whom in (
        ("moderated", "the roles `moderator` and `admin`"),
        ("administered", "the role `admin`"),
    ):
        told = paths[f"/v1/{path}"]["get"]["description"]
        assert told == f"For {whom}; to all others there is no such thing."


@pytest.mark.parametrize(
    ("path", "kept", "vary"),
    [
        ("/v1/personal", "no-store", ""),
        ("/v1/versioned", "private, no-cache", "Authorization"),
        ("/v1/kept", "private, max-age=60", "Authorization"),
        ("/v1/shared/019a2f4e-7c1b-7d3a-9f60-5b2c8e1d4a77", "public, max-age=300", ""),
    ],
)
async def test_an_answer_says_how_long_it_may_be_kept(
    server: RestServer, token: str, path: str, kept: str, vary: str
) -> None:
    """What belongs to an account only by those who show its token; what failed by nobody."""
    answer = await server.ask("GET", path, token=token)
    assert answer.headers["Cache-Control"] == kept
    assert ("Authorization" in answer.headers.getall("Vary", [])) == bool(vary)
    failed = await server.ask("GET", "/v1/shared/nobody")
    assert failed.headers["Cache-Control"] == "no-store"


async def test_what_has_not_changed_is_not_sent_again(server: RestServer, shelf: Shelf, token: str) -> None:
    """While the version is among those that the client has."""
    first = await server.ask("GET", "/v1/versioned", token=token)
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"7", {tag}', "*"):
        again = await server.ask("GET", "/v1/versioned", token=token, headers={"If-None-Match": known})
        assert (again.status, again.body, again.headers["ETag"]) == (304, "", tag), known
        assert again.headers["Cache-Control"] == "private, no-cache"
    shelf.version += 1
    for known in (tag, "", "nonsense", '"' + "1" * 5000 + '"'):
        changed = await server.ask("GET", "/v1/versioned", token=token, headers={"If-None-Match": known})
        assert (changed.status, changed.body) == (200, {"value": 2}), known
        assert changed.headers["ETag"] != tag


async def test_ones_own_account_is_never_kept(rest: RestServer) -> None:
    """Its version is that of the profile: who confirms an address elsewhere does not change that."""
    token = (await rest.sign_up())["access_token"]
    first = await rest.ask("GET", "/v1/me", token=token)
    again = await rest.ask("GET", "/v1/me", token=token, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.headers["Cache-Control"]) == (200, "no-store")
    patch = {"If-Match": first.headers["ETag"]}
    assert (await rest.ask("PATCH", "/v1/me", token=token, headers=patch, json={"bio": "new"})).status == 200


def test_the_document_tells_of_caches_and_versions() -> None:
    document = openapi("1", Shelf.endpoints)
    OpenAPIV31SpecValidator(document).validate()
    paths = document["paths"]
    versioned, shared = paths["/v1/versioned"]["get"], paths["/v1/shared/{id}"]["get"]
    assert [p["name"] for p in versioned["parameters"]] == ["If-None-Match"]
    for status in ("200", "304"):
        assert versioned["responses"][status]["headers"].keys() == {"ETag", "Cache-Control"}
    kept = shared["responses"]["200"]["headers"]["Cache-Control"]["schema"]
    assert kept == {"const": "public, max-age=300"}
    assert "304" not in shared["responses"]
