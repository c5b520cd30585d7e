"""The OpenAPI 3.1 document, made of the declared endpoints and their Structs. Pure."""

from typing import Any

import msgspec
from msgspec import Struct

from core.contract.index import ENDPOINTS
from core.documents.naming import named
from core.errors import AppError
from core.wire.endpoint import Endpoint
from core.wire.message import CONTRACT
from core.wire.problem import Problem
from core.wire.uploads import Form, Upload

Json = dict[str, Any]

EXAMPLE_ADDRESS = "http://localhost:8080"  # where `make run` serves
_REF = "#/components/schemas/{name}"
_ABOUT = (
    "Lists are pages by cursor, newest first. Errors are RFC 9457 problems with a `code` from one catalogue, "
    "the same as over Socket.IO (`/asyncapi.json`). The server refuses fields it does not know; a client "
    "should ignore those it does not know."
)


def openapi(version: str, endpoints: tuple[Endpoint, ...] = ENDPOINTS) -> Json:
    """The document as plain values; `version` is the server's."""
    schemas = _schemas(endpoints)
    paths: Json = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Realtime Connect",
            "version": version,
            "x-contract": CONTRACT,
            "description": _ABOUT,
        },
        "servers": rest_servers(EXAMPLE_ADDRESS),
        "tags": [{"name": area} for area in dict.fromkeys(e.area for e in endpoints)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "description": "An access token."}
            },
        },
    }


def rest_servers(address: str) -> list[Json]:
    """Where REST answers: at an address as `https://example.org`."""
    return [{"url": address}]


def _schemas(endpoints: tuple[Endpoint, ...]) -> Json:
    """Each Struct that is named anywhere, by name."""
    named: list[type[Struct]] = [Problem]
    for endpoint in endpoints:
        said = (endpoint.body, endpoint.query, endpoint.reply, endpoint.other_reply)
        named += [kind for kind in said if kind]
        if isinstance(endpoint.upload, Form):
            named += [part.kind for part in endpoint.upload.parts.values() if part.kind]
    return schemas_of(dict.fromkeys(named), _REF)


def schemas_of(kinds: Any, ref: str) -> Json:
    """JSON Schemas of Structs and of what they are made of, with descriptions on one line."""
    _, components = msgspec.json.schema_components(kinds, ref_template=ref)
    for schema in components.values():
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].split())
    return named(components, ref)


def reference(kind: type[Struct]) -> Json:
    """A reference to the schema of this Struct."""
    return {"$ref": _REF.format(name=kind.__name__)}


def _operation(endpoint: Endpoint, schemas: Json) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.area],
        "parameters": [*_in_path(endpoint), *_in_query(endpoint, schemas), *_in_headers(endpoint)],
        "responses": _responses(endpoint),
        "security": _security(endpoint),
    }
    if endpoint.admitted:
        operation["description"] = f"For {_roles(endpoint)}; to all others there is no such thing."
    if content := _content(endpoint):
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(endpoint: Endpoint) -> list[Json]:
    """What has to come along; an empty requirement says that one may also ask without."""
    known: Json = {"access_token": []}
    if endpoint.auth:
        return [known]
    return [{}, known] if endpoint.may_be_known else []


def _content(endpoint: Endpoint) -> Json:
    """What a body may be, by media type; nothing without one."""
    if endpoint.body:
        return {"application/json": {"schema": reference(endpoint.body)}}
    if isinstance(endpoint.upload, Form):
        return {"multipart/form-data": _form(endpoint.upload)}
    if endpoint.upload:
        return {media: {"schema": _bytes(endpoint.upload)} for media in endpoint.upload.media}
    return {}


def _form(form: Form) -> Json:
    return {
        "schema": {
            "type": "object",
            "title": "Form",
            "properties": {name: _bytes(part) for name, part in form.parts.items()},
            "required": form.required,
            "additionalProperties": False,
        },
        "encoding": {name: {"contentType": ", ".join(part.media)} for name, part in form.parts.items()},
    }


def _bytes(upload: Upload) -> Json:
    if upload.kind:
        return reference(upload.kind)
    return {"type": "string", "format": "binary", "maxLength": upload.max_bytes}


def _roles(endpoint: Endpoint) -> str:
    noun = "role" if len(endpoint.admitted) == 1 else "roles"
    return f"the {noun} " + " and ".join(f"`{role}`" for role in endpoint.admitted)


def _in_path(endpoint: Endpoint) -> list[Json]:
    if endpoint.parameters is None:
        return []
    (schema,) = msgspec.json.schema_components([endpoint.parameters], ref_template=_REF)[1].values()
    return [
        {"name": name, "in": "path", "required": True, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _in_query(endpoint: Endpoint, schemas: Json) -> list[Json]:
    if endpoint.query is None:
        return []
    fields = schemas[endpoint.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def _in_headers(endpoint: Endpoint) -> list[Json]:
    headers: list[Json] = []
    if endpoint.idempotent:
        headers.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key and body again, within a day, has the effect of one request.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            }
        )
    if endpoint.revalidated:
        headers.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "An ETag that GET gave: if it is still that of the answer, 304.",
                "schema": {"type": "string", "examples": ['"7"']},
            }
        )
    if endpoint.ranged:
        headers.append(
            {
                "name": "Range",
                "in": "header",
                "description": "One part of it, in bytes; `If-Range` may name the ETag that it is of.",
                "schema": {"type": "string", "examples": ["bytes=0-1023"]},
            }
        )
    if endpoint.guarded:
        headers.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "The ETag that GET gave.",
                "schema": {"type": "string", "examples": ['"7"']},
            }
        )
    return headers


def _responses(endpoint: Endpoint) -> Json:
    good: Json = {"description": endpoint.reply.__doc__ if endpoint.reply else "Done."}
    if endpoint.reply:
        schema = reference(endpoint.reply)
        if endpoint.other_reply:
            schema = {"anyOf": [schema, reference(endpoint.other_reply)]}
        good["content"] = {endpoint.media: {"schema": schema}}
    elif endpoint.status not in {202, 204}:
        schema = {"type": "object"} if endpoint.media == "application/json" else {"type": "string"}
        good["content"] = {endpoint.media: {"schema": schema}}
    if endpoint.versioned:
        good["headers"] = {"ETag": {"description": "The version.", "schema": {"type": "string"}}}
    if endpoint.cache:
        kept = {"description": "How long it may be kept.", "schema": {"const": endpoint.cache.header}}
        good.setdefault("headers", {})["Cache-Control"] = kept
    responses = {str(endpoint.status): good}
    if endpoint.creates and endpoint.reply:
        made = {endpoint.media: {"schema": reference(endpoint.reply)}}
        responses["201"] = {"description": endpoint.reply.__doc__, "content": made}
    if endpoint.revalidated:
        unchanged = {"description": "It is as it was; there is no body.", "headers": good["headers"]}
        responses["304"] = unchanged
    if endpoint.ranged:
        responses["206"] = {"description": "The part that `Range` asks for.", "content": good["content"]}
        responses["416"] = {"description": "It has no such part: `Content-Range` says how many bytes it has."}
    for status in dict.fromkeys(error.status for error in endpoint.possible_errors):
        responses[str(status)] = _problem([e for e in endpoint.possible_errors if e.status == status])
    return responses


def _problem(errors: list[type[AppError]]) -> Json:
    codes = [error.code for error in errors]
    answer: Json = {
        "description": " ".join(f"`{error.code}`: {error.__doc__}" for error in errors),
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [reference(Problem), {"properties": {"code": {"enum": codes}}}],
                }
            }
        },
    }
    if errors[0].status in {429, 503}:
        answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return answer
