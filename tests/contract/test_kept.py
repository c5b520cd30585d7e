"""What clients rely on stays: against the documents of the version before, whose clients are out there.

A field may be added, never renamed or of another type; what the server always says it goes on saying, and of
clients no more is asked.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.documents.asyncapi import asyncapi
from core.documents.openapi import openapi
from tests import released

_TELL = (
    "import json; from core.documents.asyncapi import asyncapi; from core.documents.openapi import openapi;"
    " print(json.dumps([openapi('1'), asyncapi('1')]))"
)
# What was changed all the same, and why nobody misses it.
CHANGED = {
    "call:offered.icebreaker": "it was never sent",
    "call:offered.peer": "null where `origin` is `echo`, of which old clients do not ask",
    "session:ready.call.peer": "the same",
    "GET /v1/me/calls, 200.items[].started_at": "null in calls that nobody answered, which were not there",
}


class Said(NamedTuple):
    """What may stand in one place."""

    types: frozenset[str]
    words: frozenset[str] | None
    required: bool


Places = dict[str, Said]


def _alternatives(schema: Any, schemas: Any) -> Iterator[Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(each, schemas)
    else:
        yield schema


def places(name: str, schema: Any, schemas: Any, *, required: bool = True) -> Places:
    """Each place in a message, by its path. The contract's types do not hold themselves."""
    types: set[str] = set()
    words: set[str] = set()
    inside: Places = {}
    for one in _alternatives(schema, schemas):
        kinds = one.get("type", [])
        named = {"null" if word is None else "string" for word in one.get("enum", [])}
        types |= ({kinds} if isinstance(kinds, str) else set(kinds)) or named
        words |= {word for word in one.get("enum", []) if word is not None}
        for field, held in one.get("properties", {}).items():
            always = field in one.get("required", ())
            inside |= places(f"{name}.{field}", held, schemas, required=always)
        if isinstance(items := one.get("items"), dict):
            inside |= places(f"{name}[]", items, schemas)
    return {name: Said(frozenset(types), frozenset(words) or None, required), **inside}


def _schema_of(content: Any) -> Any:
    return content.get("content", {}).get("application/json", {}).get("schema", {})


def said_and_asked(rest: Any, socket: Any) -> tuple[Places, Places]:
    """What the server says, and what it is asked."""
    said: Places = {}
    asked: Places = {}
    schemas = socket["components"]["schemas"]
    for name, event in socket["x-events"].items():
        said |= places(name, event, schemas)
    for name, command in socket["x-commands"].items():
        asked |= places(name, command["payload"], schemas)
        said |= places(f"{name}, acknowledged", command["data"], schemas)
    schemas = rest["components"]["schemas"]
    for path, methods in rest["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            asked |= places(name, _schema_of(operation.get("requestBody", {})), schemas)
            for each in operation.get("parameters", ()):
                if each.get("in") == "query":
                    must = each.get("required", False)
                    asked |= places(f"{name}?{each['name']}", each["schema"], schemas, required=must)
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    said |= places(f"{name}, {status}", _schema_of(answer), schemas)
    return said, asked


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Places, Places]:
    """Of the version before, told by its own code."""
    code: Path = released.unpack(tmp_path_factory.mktemp("before"))
    run = subprocess.run([sys.executable, "-c", _TELL], cwd=code, capture_output=True, check=True)
    return said_and_asked(*json.loads(run.stdout))


@pytest.fixture(scope="module")
def now() -> tuple[Places, Places]:
    """Of ours."""
    return said_and_asked(openapi("1"), asyncapi("1"))


def test_what_the_server_said_it_still_says(
    before: tuple[Places, Places], now: tuple[Places, Places]
) -> None:
    """In the same words and more, of the same type, and always where it always did."""
    wrong = []
    for name, was in before[0].items():
        there = now[0].get(name)
        if there is None:
            wrong.append(f"{name} is gone")
        elif name not in CHANGED and not there.types <= was.types:
            wrong.append(f"{name} was {sorted(was.types)}, and may be {sorted(there.types)}")
        elif was.required and not there.required:
            wrong.append(f"{name} was always there")
        elif (was.words or set()) - (there.words or set()):
            wrong.append(f"{name} has lost words")
    assert not wrong, "\n".join(wrong)


def test_what_clients_sent_is_still_taken(before: tuple[Places, Places], now: tuple[Places, Places]) -> None:
    """And nothing has to come with it that they do not know."""
    wrong = []
    for name, was in before[1].items():
        there = now[1].get(name)
        if there is None:
            wrong.append(f"{name} is no longer taken")
        elif not was.types <= there.types:
            wrong.append(f"{name} was {sorted(was.types)}, and is {sorted(there.types)}")
        elif there.words is not None and (was.words is None or was.words - there.words):
            wrong.append(f"{name} has to be one of {sorted(there.words)}")
        elif there.required and not was.required:
            wrong.append(f"{name} has to be there")
    for name, there in now[1].items():
        within = name.rpartition(".")[0]
        if there.required and within in before[1] and name not in before[1]:
            wrong.append(f"{name} is new, and has to be there")
    assert not wrong, "\n".join(wrong)


def test_what_was_changed_is_not_forgotten(before: tuple[Places, Places], now: tuple[Places, Places]) -> None:
    """An exception that serves nothing goes."""
    told = {name for name in CHANGED if name in before[0] and not now[0][name].types <= before[0][name].types}
    assert told == set(CHANGED)
