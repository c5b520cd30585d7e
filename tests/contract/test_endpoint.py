"""What an endpoint may say of itself: a contradiction ends the start."""

from typing import Any

import msgspec
import pytest

from core.documents.openapi import openapi
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input
from core.wire.uploads import Form, Upload

PICTURE = Upload(media=("image/png",), max_bytes=1000)


class Thing(Input):
    """A thing."""

    name: str


def endpoint(path: str, **more: Any) -> Endpoint:
    return Endpoint(name="thing", method="GET", path=path, area="things", summary="A thing.", **more)


def test_parameters_are_the_names_in_the_path() -> None:
    assert endpoint("/v1/things/{id}", parameters=ById)
    for path, parameters in (("/v1/things/{id}", None), ("/v1/things", ById), ("/v1/things/{name}", ById)):
        with pytest.raises(ValueError, match="are not the names"):
            endpoint(path, parameters=parameters)


def test_there_is_one_body_at_most() -> None:
    with pytest.raises(ValueError, match="two bodies"):
        endpoint("/v1/things", body=Thing, upload=PICTURE)


def test_bytes_and_forms_are_described_as_they_are_taken() -> None:
    """With their types and sizes; a part that is JSON by its schema; who may ask, and what may be kept."""
    about = Upload(media=("application/json",), max_bytes=500, kind=Thing)
    form = Form(parts={"about": about, "file": PICTURE}, optional={"about"})
    put = msgspec.structs.replace(endpoint("/v1/pictures", upload=PICTURE), method="PUT", status=204)
    post = msgspec.structs.replace(
        endpoint("/v1/pictures", upload=form, roles={"moderator"}, cache=Cache(max_age_s=60)), method="POST"
    )
    document = openapi("1", (put, post))
    taken = document["paths"]["/v1/pictures"]
    image = {"type": "string", "format": "binary", "maxLength": 1000}
    assert taken["put"]["requestBody"]["content"] == {"image/png": {"schema": image}}
    assert "content" not in taken["put"]["responses"]["204"]
    parts = taken["post"]["requestBody"]["content"]["multipart/form-data"]
    assert parts["schema"]["properties"] == {"about": {"$ref": "#/components/schemas/Thing"}, "file": image}
    assert parts["schema"]["required"] == ["file"]
    assert parts["encoding"]["file"] == {"contentType": "image/png"}
    assert "Thing" in document["components"]["schemas"]
    assert "`moderator` and `admin`" in taken["post"]["description"]
    good = taken["post"]["responses"]["200"]
    assert good["headers"]["Cache-Control"]["schema"] == {"const": "private, max-age=60"}
    assert good["content"] == {"application/json": {"schema": {"type": "object"}}}


def test_only_somebody_who_is_known_has_a_role() -> None:
    with pytest.raises(ValueError, match="asks for a role"):
        endpoint("/v1/things", roles={"moderator"}, auth=False)


@pytest.mark.parametrize("given", [{"roles": {"moderator"}}, {"auth": False}])
def test_what_serves_the_banned_knows_them_and_asks_for_no_role(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="serves one who is banned"):
        endpoint("/v1/things", restricted=True, **given)


def test_an_admin_may_do_whatever_others_may() -> None:
    assert set(endpoint("/v1/things", roles={"moderator"}).admitted) == {"moderator", "admin"}
    assert endpoint("/v1/things").admitted == ()


@pytest.mark.parametrize(
    ("cache", "header"),
    [
        (Cache(max_age_s=60), "private, max-age=60"),
        (Cache(max_age_s=60, public=True), "public, max-age=60"),
        (Cache(max_age_s=0), "private, no-cache"),
    ],
)
def test_how_long_an_answer_may_be_kept(cache: Cache, header: str) -> None:
    assert cache.header == header
