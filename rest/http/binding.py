"""Which handler answers which endpoint: the method of its name. Checked at start; nobody lists them."""

from collections.abc import Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Protocol

from core.wire.endpoint import Endpoint
from rest.http.request import Handler


class Resource(Protocol):
    """The handlers of one resource: a public method for each of its endpoints, and no other."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]: ...


class BindingError(Exception):
    """An endpoint has no handler, or a handler has no endpoint."""


def bind(resources: Iterable[Resource], contract: tuple[Endpoint, ...]) -> list[tuple[Endpoint, Handler]]:
    """Each endpoint of the contract with its handler. Raises `BindingError` where one lacks the other."""
    bound = [pair for resource in resources for pair in _handlers(resource)]
    served, declared = {endpoint.name for endpoint, _ in bound}, {endpoint.name for endpoint in contract}
    if unserved := declared - served:
        raise BindingError(f"The application has no resource with {_listed(unserved)}.")
    if undeclared := served - declared:
        raise BindingError(f"The index of the contract does not have {_listed(undeclared)}.")
    return bound


def _handlers(resource: Resource) -> Iterator[tuple[Endpoint, Handler]]:
    """Each endpoint of a resource with the method of its name."""
    kind = type(resource)
    place = f"{kind.__module__}.{kind.__name__}"
    methods = {name for name, part in vars(kind).items() if iscoroutinefunction(part) and name[0] != "_"}
    names = {endpoint.name for endpoint in resource.endpoints}
    if missing := names - methods:
        raise BindingError(f"{place} has no method {_listed(missing)}, which its contract declares.")
    if superfluous := methods - names:
        raise BindingError(f"{place} has {_listed(superfluous)}, which its contract does not declare.")
    for endpoint in resource.endpoints:
        yield endpoint, getattr(resource, endpoint.name)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
