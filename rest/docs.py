"""The page `/docs`: both API documents for people, in plain HTML that needs nothing else. Pure."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import orjson
from msgspec import Struct

from core.documents.asyncapi import asyncapi, socket_servers
from core.documents.examples import example
from core.documents.openapi import EXAMPLE_ADDRESS, openapi, rest_servers
from core.errors import CATALOGUE
from rest.docs_fields import Json, code, e, fields, kind, prose, shown

_STYLE = Path(__file__).with_name("docs.css").read_text()
_START = f"""curl -X POST {EXAMPLE_ADDRESS}/v1/auth/login -H 'Content-Type: application/json' \\
     -d '{{"login": "ana_b", "password": "correct horse battery"}}'

import {{ io }} from "socket.io-client";
const socket = io("{EXAMPLE_ADDRESS}", {{ transports: ["websocket"], auth: {{ token }} }});
socket.on("session:ready", (state) => …);
const answer = await socket.emitWithAck("queue:join", {{ mode: "video" }});"""


class Documents(Struct, frozen=True):
    """Both documents, the page, and the Content-Security-Policy under which it shows.

    Made once; what is served names the address that it was asked at, as `https://example.org`.
    """

    rest: Json
    socket: Json
    page: str
    policy: str

    def openapi(self, address: str) -> bytes:
        """The OpenAPI document as JSON."""
        return orjson.dumps({**self.rest, "servers": rest_servers(address)})

    def asyncapi(self, address: str) -> bytes:
        """The AsyncAPI document as JSON."""
        return orjson.dumps({**self.socket, "servers": socket_servers(address)})

    def page_at(self, address: str) -> str:
        """The page as HTML."""
        return self.page.replace(EXAMPLE_ADDRESS, e(address))


@cache
def documents(version: str) -> Documents:
    """All that describes this server. It depends on the code alone, and takes a tenth of a second."""
    rest, socket = openapi(version), asyncapi(version)
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return Documents(
        rest=rest,
        socket=socket,
        page=page(rest, socket),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'",
    )


def page(rest: Json, socket: Json) -> str:
    """The whole page."""
    schemas = rest["components"]["schemas"] | socket["components"]["schemas"]
    operations = socket["operations"].values()
    commands = [o for o in operations if "reply" in o]
    events = [o for o in operations if o["action"] == "send"]
    sections = [
        ("start", "Start", _start(rest, socket)),
        ("rest", "REST", _rest(rest, schemas)),
        ("commands", "Commands", "".join(_command(o, socket) for o in commands)),
        ("events", "Events", "".join(_event(o, socket) for o in events)),
        ("errors", "Errors", _errors()),
        ("schemas", "Schemas", "".join(_schema(name, schemas) for name in sorted(schemas))),
    ]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in sections)
    bodies = "".join(f'<section id="{key}"><h2>{title}</h2>{body}</section>' for key, title, body in sections)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>Realtime Connect API</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>Realtime Connect API <small>{e(rest['info']['version'])}</small></h1>"
        f"<nav>{links}</nav></header><main>{bodies}</main></body></html>"
    )


def _start(rest: Json, socket: Json) -> str:
    return (
        f"<p>{prose(rest['info']['description'])}</p><p>{prose(socket['info']['description'])}</p>"
        f'<pre tabindex="0">{e(_START)}</pre>'
        '<p>For machines: <a href="/openapi.json">OpenAPI 3.1</a>, '
        '<a href="/asyncapi.json">AsyncAPI 3.0</a>.</p>'
    )


def _rest(rest: Json, schemas: Json) -> str:
    parts = []
    for tag in rest["tags"]:
        parts.append(f"<h3>{e(tag['name'].capitalize())}</h3>")
        for path, operations in rest["paths"].items():
            parts += [
                _endpoint(method, path, operation, schemas)
                for method, operation in operations.items()
                if tag["name"] in operation["tags"]
            ]
    return "".join(parts)


def _endpoint(method: str, path: str, operation: Json, schemas: Json) -> str:
    parameters = "".join(
        f"<li>{code(p['name'])} in {e(p['in'])} {prose(p.get('description', ''))}</li>"
        for p in operation["parameters"]
    )
    answers = {status: r for status, r in operation["responses"].items() if int(status) < 400}
    refusals = "".join(
        f"<li>{code(status)} {prose(r['description'])}</li>"
        for status, r in operation["responses"].items()
        if int(status) >= 400
    )
    open_to_all = "" if operation["security"] else " <small>no token needed</small>"
    return _entry(
        operation["operationId"],
        f"<b class={method}>{method.upper()}</b> {code(path)}",
        f"{prose(operation['summary'])}{open_to_all}",
        [
            ("Parameters", f"<ul>{parameters}</ul>" if parameters else ""),
            ("Body", _body(operation.get("requestBody", {}).get("content", {}), schemas)),
            *((f"Answer {status}", _answer(r, schemas)) for status, r in answers.items()),
            ("Refusals", f"<ul>{refusals}</ul>"),
        ],
    )


def _body(content: Json, schemas: Json) -> str:
    """What may be sent, by media type: JSON and forms by their fields."""
    return "".join(
        (f"<p>{code(media)}</p>" if media != "application/json" else "") + _sent(body["schema"], schemas)
        for media, body in content.items()
    )


def _sent(schema: Json, schemas: Json) -> str:
    return _both(schema, schemas) if "$ref" in schema else fields(schema) or f"<p>{kind(schema)}</p>"


def _answer(response: Json, schemas: Json) -> str:
    content: Json = next(iter(response.get("content", {}).values()), {})
    return _both(content["schema"], schemas) if "$ref" in content.get("schema", {}) else ""


def _command(operation: Json, socket: Json) -> str:
    schemas, message = socket["components"]["schemas"], _message(operation, socket)
    acknowledged = operation["reply"]["messages"][0]["$ref"].rpartition("/")[2]
    data = schemas[acknowledged]["properties"]["data"]
    return _entry(
        f"command-{message['name']}",
        code(message["name"]),
        prose(operation["summary"]),
        [("Payload", _both(message["payload"], schemas)), ("Acknowledged data", _both(data, schemas))],
    )


def _event(operation: Json, socket: Json) -> str:
    message = _message(operation, socket)
    trait = message["traits"][0]["$ref"].rpartition("/")[2]
    about = socket["components"]["messageTraits"][trait]["description"]
    return _entry(
        f"event-{message['name']}",
        f"{code(message['name'])} <i class={trait}>{trait}</i>",
        prose(operation["summary"]),
        [("Payload", _both(message["payload"], socket["components"]["schemas"])), ("Delivery", prose(about))],
    )


def _message(operation: Json, socket: Json) -> Json:
    found: Json = socket["components"]["messages"][operation["messages"][0]["$ref"].rpartition("/")[2]]
    return found


def _both(schema: Json, schemas: Json) -> str:
    """Fields and an example."""
    inner = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return fields(inner) + shown(example(schema, schemas))


def _entry(key: str, title: str, summary: str, parts: Iterable[tuple[str, str]]) -> str:
    inner = "".join(f"<h4>{e(name)}</h4>{body}" for name, body in parts if body)
    return (
        f'<details id="{e(key)}"><summary>{title}<span>{summary}</span></summary><div>{inner}</div></details>'
    )


def _schema(name: str, schemas: Json) -> str:
    """Never folded: a link leads here, and a link does not unfold."""
    schema = schemas[name]
    return (
        f'<article id="schema-{e(name)}"><h3>{code(name)}</h3><p>{prose(schema.get("description", ""))}</p>'
        f"{fields(schema)}{shown(example(schema, schemas))}</article>"
    )


def _errors() -> str:
    rows = "".join(
        f'<tr id="error-{error.code}"><th scope=row>{code(error.code)}</th>'
        f"<td>{error.status}</td><td>{prose(error.__doc__ or '')}</td></tr>"
        for error in CATALOGUE
    )
    return (
        "<p>The same over Socket.IO, in an acknowledgement's <code>error</code>, and over REST, as "
        "<code>application/problem+json</code>. With <code>retry_after_ms</code> trying again makes sense "
        "after that time; <code>details</code> may name the field.</p>"
        f"<div class=scroll><table>{rows}</table></div>"
    )
