"""Requests made of the OpenAPI document, right and wrong ones: are they answered as it says?

By schemathesis. An id in a path or body may be replaced by one that is there, or nearly all requests would
end with `not_found`.
"""

import contextlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from msgspec import Struct
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.documents.openapi import openapi
from tests.patience import PATIENCE_S

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def operations() -> Iterator[Any]:
    """All but signing out: whoever asks goes on to ask."""
    document: Any = schemathesis.openapi.from_dict(openapi("1"))
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] != "logout":
            yield operation


class Asking(Struct, frozen=True, kw_only=True):
    """Who asks, how often for each operation and mode, and with which ids of what is there.

    Without a seed the examples are the same in every run.
    """

    address: str
    token: str | None
    examples: int
    seed: int | None = None
    ids: Sequence[str] = ()

    def settings(self) -> hypothesis.settings:
        return hypothesis.settings(
            max_examples=self.examples,
            derandomize=self.seed is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )


class Answers:
    """How many there were of each kind, and what the document does not say of them."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[int, int]] = {}
        self.wrong: list[str] = []

    def note(self, case: Any, mode: GenerationMode, response: Any) -> None:
        counted = self.asked.setdefault(case.operation.label, {})
        counted[response.status_code] = counted.get(response.status_code, 0) + 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as failed:
            self.wrong.append(f"{_shown(case, mode)}: {failed!r} {response.content[:500]!r}")


def ask(operation: Any, mode: GenerationMode, asking: Asking, answers: Answers) -> None:
    """Send the examples of one operation."""
    headers = {"Authorization": f"Bearer {asking.token}"} if asking.token else {}
    chance = Random(f"{asking.seed} {operation.label} {mode.value}")

    def sends(case: Any) -> None:
        if asking.ids:
            _put_in(case, asking.ids, chance)
        try:
            response = case.call(base_url=asking.address, headers=headers, timeout=PATIENCE_S)
        except requests.RequestException as error:
            answers.wrong.append(f"{_shown(case, mode)}: {error!r}")
        else:
            answers.note(case, mode, response)

    strategy = operation.as_strategy(generation_mode=mode)
    examples = asking.settings()(hypothesis.given(case=strategy)(sends))
    if asking.seed is not None:
        examples = hypothesis.seed(asking.seed)(examples)
    with contextlib.suppress(Unsatisfiable):  # there may be no wrong request to it
        examples()


def _put_in(case: Any, ids: Sequence[str], chance: Random) -> None:
    """Half of the ids are of something, whatever it is."""
    for within in (case.path_parameters, case.body, *_objects(case.body)):
        if isinstance(within, dict):
            for name in within:
                if (name == "id" or name.endswith("_id")) and chance.random() < 0.5:
                    within[name] = chance.choice(ids)


def _objects(body: Any) -> list[Any]:
    return list(body.values()) if isinstance(body, dict) else []


def _shown(case: Any, mode: GenerationMode) -> str:
    sent = f"{case.path_parameters!r} {case.query!r} {case.body!r}"
    return f"{case.operation.label}, {mode.value}, {sent}"[:2000]
