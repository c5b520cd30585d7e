"""Schemas as HTML for `/docs`: what a field may be, and tables of fields. Pure."""

import html
from typing import Any

import orjson

Json = dict[str, Any]


def e(text: object) -> str:
    """Text as HTML."""
    return html.escape(str(text))


def code(text: object) -> str:
    """Something that is written as it stands."""
    return f"<code>{e(text)}</code>"


def prose(text: str) -> str:
    """A sentence in which `backticks` mark code."""
    parts = text.split("`")
    return "".join(code(part) if i % 2 else e(part) for i, part in enumerate(parts))


def shown(value: object) -> str:
    """A JSON example."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return f'<pre tabindex="0">{e(text)}</pre>'


def fields(schema: Json) -> str:
    """A table of the fields of an object; nothing for one that has none."""
    properties = schema.get("properties") or {}
    if not properties:
        return ""
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><th scope=row>{code(name)}</th><td>{kind(field)}</td>"
        f"<td>{'required' if name in required else _default(field)}</td></tr>"
        for name, field in properties.items()
    )
    return f"<div class=scroll><table>{rows}</table></div>"


def _default(field: Json) -> str:
    if field.get("default") is None or isinstance(field["default"], dict):
        return "optional"
    return f"default {code(orjson.dumps(field['default']).decode())}"


def kind(schema: Json) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{e(name)}">{e(name)}</a>'
    if "const" in schema:
        return code(orjson.dumps(schema["const"]).decode())
    if "enum" in schema:
        return " | ".join(code(word) for word in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}{_bounds(schema, 'minItems', 'maxItems')}"
    bounds = _bounds(schema, "minLength", "maxLength") + _bounds(schema, "minimum", "maximum")
    form = schema.get("format")
    note = f" <small>{prose(schema['description'])}</small>" if "description" in schema else ""
    return f"{e(schema.get('type', 'any value'))}{f' ({e(form)})' if form else ''}{bounds}{note}"


def _bounds(schema: Json, low: str, high: str) -> str:
    if low in schema and high in schema:
        return f", {schema[low]} to {schema[high]}"
    if high in schema:
        return f", at most {schema[high]}"
    return f", at least {schema[low]}" if low in schema else ""
