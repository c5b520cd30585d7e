"""What an endpoint may say of itself: a contradiction ends the start."""

from typing import Any

import pytest

from core.wire.endpoint import ById, Cache, Endpoint


def endpoint(path: str, **more: Any) -> Endpoint:
    return Endpoint(name="thing", method="GET", path=path, area="things", summary="A thing.", **more)


def test_parameters_are_the_names_in_the_path() -> None:
    assert endpoint("/v1/things/{id}", parameters=ById)
    for path, parameters in (("/v1/things/{id}", None), ("/v1/things", ById), ("/v1/things/{name}", ById)):
        with pytest.raises(ValueError, match="are not the names"):
            endpoint(path, parameters=parameters)


def test_only_somebody_who_is_known_has_a_role() -> None:
    with pytest.raises(ValueError, match="asks for a role"):
        endpoint("/v1/things", roles={"moderator"}, auth=False)


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
