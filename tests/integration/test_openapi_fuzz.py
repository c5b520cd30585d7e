"""Requests made of the OpenAPI document, right and wrong ones, are answered as the document says.

By schemathesis, with a few examples each, the same in every run: as an admin, and as nobody.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.contract.index import ENDPOINTS
from core.documents.openapi import openapi
from tests.integration.conftest import SignUp
from tests.patience import PATIENCE_S
from tests.stores.world import World

EXAMPLES = 2
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LASTING = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations() -> Iterator[Any]:
    """All but signing out: whoever asks goes on to ask."""
    document: Any = schemathesis.openapi.from_dict(openapi("1"))
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] != "logout":
            yield operation


def broken(
    address: str, token: str | None, operation: Any, mode: GenerationMode, asked: set[str]
) -> list[str]:
    """What the document does not say of its answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    found: list[str] = []

    @LASTING
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        asked.add(operation.label)
        response = case.call(base_url=address, headers=headers, timeout=PATIENCE_S)
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as failed:
            found.append(
                f"{operation.label}, {mode.value}, {case.body!r}: {failed!r} {response.content[:500]!r}"
            )

    with contextlib.suppress(Unsatisfiable):  # there may be no wrong request to it
        holds()
    return found


@pytest.mark.parametrize("who", ["nobody", "admin"])
async def test_answers_are_as_documented(address: str, sign_up: SignUp, world: World, who: str) -> None:
    """And never a 5xx."""
    admin = await sign_up()
    await world.set_role(admin.id, "admin")
    token = admin.token if who == "admin" else None

    asked: set[str] = set()

    def ask() -> list[str]:
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        return [b for op in operations() for mode in modes for b in broken(address, token, op, mode, asked)]

    found = await asyncio.to_thread(ask)
    assert not found, "\n".join(found)
    assert len(asked) == len(ENDPOINTS) - 1
