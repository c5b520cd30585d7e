"""The AsyncAPI 3.0 document of the Socket.IO side, made of the commands and events of the contract. Pure.

Seen from the server: it receives commands and replies to each on its acknowledgement, and it sends events.
"""

from typing import Any

from msgspec import Struct

from core.contract.index import COMMANDS, EVENTS
from core.contract.session import ConnectAuth
from core.documents.examples import example
from core.documents.naming import named
from core.documents.openapi import EXAMPLE_ADDRESS, schemas_of
from core.errors import CATALOGUE
from core.wire.message import CONTRACT, Command, Event

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"

_ABOUT = (
    "Socket.IO v5 on Engine.IO v4, WebSocket and long-polling; any official client works. Connect with "
    "`auth: {token, device_id?, pid?, offset?, client?}`; what else is in it is ignored. A refusal is a "
    "CONNECT_ERROR whose `data.code` is of the catalogue. A command takes one JSON object and is always "
    "acknowledged. The commands of a connection are handled in the order in which they were sent. "
    "`x-events` and `x-commands` map each name to its types."
)
_DURABLE = (
    "Durable: every connected device gets it at least once and in order. One more argument follows the "
    "payload, an opaque offset (a string): drop what came before, and reconnect with the last one to get "
    "what was missed."
)
_VOLATILE = "Volatile: a slow consumer loses it first, and nothing is kept for later."


def asyncapi(version: str) -> Json:
    """The document as plain values; `version` is the server's."""
    replies = list(dict.fromkeys(command.reply for command in COMMANDS))
    schemas = schemas_of([ConnectAuth, *COMMANDS, *EVENTS, *replies], _REF)
    acknowledged = {_ack(reply): _acknowledged(reply) for reply in replies} | {"Refusal": _refusal()}
    schemas |= named(acknowledged, _REF)
    messages = {"Connect": _message("connect", ConnectAuth, schemas)}
    messages |= {kind.__name__: _message(kind.event, kind, schemas) for kind in COMMANDS}
    messages |= {kind.__name__: _sent(kind, schemas) for kind in EVENTS}
    answers = {_ack(reply): _answer(_ack(reply), reply.__doc__) for reply in replies}
    answers["Refusal"] = _answer("Refusal", "The command was refused; nothing has changed.")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Realtime Connect",
            "version": version,
            "x-contract": CONTRACT,
            "description": _ABOUT,
        },
        "defaultContentType": "application/json",
        "servers": socket_servers(EXAMPLE_ADDRESS),
        "x-events": {kind.event: _schema(kind) for kind in EVENTS},
        "x-commands": {
            kind.event: {"payload": _schema(kind), "data": _schema(kind.reply)} for kind in COMMANDS
        },
        "channels": {
            "socket": _channel("/", "The namespace in which everything is said.", messages),
            "acknowledgement": _channel(None, "The acknowledgement of the packet that it answers.", answers),
        },
        "operations": {
            "Connect": _connect(),
            **{kind.__name__: _command(kind) for kind in COMMANDS},
            **{kind.__name__: _event(kind) for kind in EVENTS},
        },
        "components": {
            "schemas": schemas,
            "messages": messages | answers,
            "messageTraits": {
                "durable": {"description": _DURABLE, "x-arguments": ["payload", "offset"]},
                "volatile": {"description": _VOLATILE, "x-arguments": ["payload"]},
            },
        },
    }


def socket_servers(address: str) -> Json:
    """Where Socket.IO answers: at an address as `https://example.org`."""
    scheme, _, host = address.partition("://")
    return {
        "socket": {
            "host": host,
            "pathname": "/socket.io",
            "protocol": "wss" if scheme == "https" else "ws",
            "description": "Socket.IO v5 on Engine.IO v4.",
        }
    }


def _schema(kind: type[Struct]) -> Json:
    return {"$ref": _REF.format(name=kind.__name__)}


def _channel(address: str | None, description: str, messages: Json) -> Json:
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": description, "messages": refs}


def _message(event: str, kind: type[Struct], schemas: Json) -> Json:
    """The message with the docstring's first sentence as summary and an example of its payload."""
    schema = _schema(kind)
    return {
        "name": event,
        "title": event,
        "summary": " ".join((kind.__doc__ or "").split()),
        "contentType": "application/json",
        "payload": schema,
        "examples": [{"name": kind.__name__, "payload": example(schema, schemas)}],
    }


def _sent(kind: type[Event], schemas: Json) -> Json:
    trait = "volatile" if kind.volatile else "durable"
    return {
        **_message(kind.event, kind, schemas),
        "traits": [{"$ref": f"#/components/messageTraits/{trait}"}],
    }


def _ack(reply: type[Struct]) -> str:
    return f"Ack{reply.__name__}"


def _acknowledged(reply: type[Struct]) -> Json:
    return {
        "type": "object",
        "required": ["ok", "data"],
        "properties": {"ok": {"const": True}, "data": _schema(reply)},
    }


def _refusal() -> Json:
    codes = sorted(error.code for error in CATALOGUE)
    error = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"enum": codes},
            "message": {"type": "string"},
            "retry_after_ms": {"type": "integer"},
            "details": {"type": "object"},
        },
    }
    return {
        "type": "object",
        "required": ["ok", "error"],
        "properties": {"ok": {"const": False}, "error": error},
    }


def _answer(name: str, about: str | None) -> Json:
    return {
        "name": name,
        "summary": " ".join((about or "").split()),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


def _said(name: str) -> Json:
    return {"$ref": f"#/channels/socket/messages/{name}"}


def _connect() -> Json:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/socket"},
        "summary": "The `auth` of the CONNECT packet, not an event.",
        "messages": [_said("Connect")],
    }


def _command(kind: type[Command]) -> Json:
    answers = [{"$ref": f"#/channels/acknowledgement/messages/{n}"} for n in (_ack(kind.reply), "Refusal")]
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/socket"},
        "summary": " ".join((kind.__doc__ or "").split()),
        "messages": [_said(kind.__name__)],
        "reply": {"channel": {"$ref": "#/channels/acknowledgement"}, "messages": answers},
    }


def _event(kind: type[Event]) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": " ".join((kind.__doc__ or "").split()),
        "messages": [_said(kind.__name__)],
    }
