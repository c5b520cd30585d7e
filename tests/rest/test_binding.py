"""Handlers are bound to the endpoints of their contract by name; what does not fit ends the start."""

from typing import Any

import pytest

from core.contract import index, values
from rest.http.binding import BindingError, Resource, bind


class Whole:
    """A method for each endpoint of `core.contract.values`."""

    endpoints = values.ENDPOINTS

    async def values(self, _request: Any) -> None: ...

    async def put_values(self, _request: Any) -> None: ...

    async def _private(self) -> None: ...


class PartialHandlers:
    endpoints = values.ENDPOINTS

    async def values(self, _request: Any) -> None: ...


class Excessive:
    endpoints = values.ENDPOINTS

    async def values(self, _request: Any) -> None: ...

    async def put_values(self, _request: Any) -> None: ...

    async def put_value(self, _request: Any) -> None: ...


def test_each_endpoint_gets_the_method_of_its_name() -> None:
    resource = Whole()
    bound = {endpoint.name: handler for endpoint, handler in bind([resource], values.ENDPOINTS)}
    assert bound == {"values": resource.values, "put_values": resource.put_values}


@pytest.mark.parametrize(
    ("resources", "contract", "sentence"),
    [
        (
            [PartialHandlers()],
            values.ENDPOINTS,
            "PartialHandlers has no method `put_values`, which its contract declares.",
        ),
        ([Excessive()], values.ENDPOINTS, "Excessive has `put_value`, which its contract does not declare."),
        ([], values.ENDPOINTS, "The application has no resource with `put_values`, `values`."),
        ([Whole()], (), "The index of the contract does not have `put_values`, `values`."),
    ],
)
def test_what_does_not_fit_is_named(resources: list[Resource], contract: Any, sentence: str) -> None:
    with pytest.raises(BindingError) as refusal:
        bind(resources, contract)
    assert str(refusal.value).endswith(sentence)


def test_no_two_endpoints_have_one_name_or_one_address() -> None:
    """The second one would never be asked."""
    for told in ([e.name for e in index.ENDPOINTS], [(e.method, e.path) for e in index.ENDPOINTS]):
        assert len(told) == len(set(told))
