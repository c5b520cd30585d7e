"""What a resource has to have: a module of its noun in `rest/`, handlers that answer what they promise."""

from importlib import import_module
from types import ModuleType, NoneType
from typing import Any, get_args, get_type_hints

import pytest
from aiohttp import web

from core.contract.index import RESOURCES
from core.wire.endpoint import Endpoint
from rest.http.request import Created, Versioned

# Handlers that answer with these say by themselves what is in them.
OWN = (Versioned, web.Response)
SERVED = [resource for resource in RESOURCES if hasattr(resource, "ENDPOINTS")]


def noun(resource: ModuleType) -> str:
    return resource.__name__.rpartition(".")[2]


def handlers_of(resource: ModuleType) -> Any:
    """The class in `rest/<noun>.py` that serves the endpoints of `core/contract/<noun>.py`."""
    module = import_module(f"rest.{noun(resource)}")
    own = [kind for kind in vars(module).values() if getattr(kind, "__module__", None) == module.__name__]
    [kind] = [kind for kind in own if hasattr(kind, "endpoints")]
    return kind


@pytest.mark.parametrize("resource", SERVED, ids=noun)
def test_the_module_of_its_noun_serves_it(resource: ModuleType) -> None:
    assert handlers_of(resource).endpoints == resource.ENDPOINTS


@pytest.mark.parametrize(
    ("resource", "endpoint"),
    [(resource, endpoint) for resource in SERVED for endpoint in resource.ENDPOINTS],
    ids=lambda part: part.name if isinstance(part, Endpoint) else noun(part),
)
def test_a_handler_answers_with_what_the_contract_says(resource: ModuleType, endpoint: Endpoint) -> None:
    """By its annotation, which the type checker holds it to."""
    answer = get_type_hints(getattr(handlers_of(resource), endpoint.name))["return"]
    several = endpoint.other_reply, Created if endpoint.creates else None
    promised = {endpoint.reply or NoneType, *filter(None, several)}
    assert answer in OWN or set(get_args(answer) or [answer]) == promised
