"""An example of every message, made of its JSON Schema, for people who read the documents. Pure.

The first of a field's own `examples`, else the first word of its vocabulary, else a value of its type.
"""

from typing import Any

Json = dict[str, Any]

# Where two fields exclude each other the example has one of them.
_LEFT_OUT = {
    "CallSignal": {"candidate"},
    "CallSignalled": {"candidate"},
    "ChatHistory": {"after_seq"},
    "ChatSend": {"media_id", "reply_to"},
}


def example(schema: Json, schemas: Json) -> Any:
    """A value that the schema allows; `schemas` has what it refers to, by name."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(next(s for s in schema["anyOf"] if s.get("type") != "null"), schemas)
    return _of_type(schema, schemas)


def _of_type(schema: Json, schemas: Json) -> Any:
    match schema.get("type"):
        case "object":
            left_out = _LEFT_OUT.get(schema.get("title", ""), set())
            fields = schema.get("properties", {})
            return {name: example(s, schemas) for name, s in fields.items() if name not in left_out}
        case "array":
            return [example(schema["items"], schemas)]
        case "integer":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
        case "string":
            return "…"
        case _:
            return None
