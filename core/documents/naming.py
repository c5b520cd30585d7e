"""Names for what JSON Schema leaves anonymous, so that generated clients have names for their types. Pure.

Words that the vocabulary knows become schemas of their own, once for all messages; other words and nested
objects get a title made of their place in the document.
"""

from typing import Any, Literal, get_args, get_origin

from core import vocabulary

Json = dict[str, Any]

_VOCABULARY = {
    frozenset(get_args(words)): name
    for name, words in vars(vocabulary).items()
    if get_origin(words) is Literal
}


def named(schemas: Json, ref: str) -> Json:
    """The same schemas, and those of the vocabulary that they use; `ref` is like `#/components/{name}`."""
    words: Json = {}
    told = {name: {"title": name, **_fields(schema, name, ref, words)} for name, schema in schemas.items()}
    return told | words


def _named(schema: Json, place: str, ref: str, words: Json) -> Json:
    """A schema that stands at `place`: by reference where the vocabulary has it, else with a title."""
    if "enum" in schema:
        if name := _VOCABULARY.get(frozenset(schema["enum"])):
            words[name] = {"title": name, "type": "string", "enum": schema["enum"]}
            return {"$ref": ref.format(name=name)}
        return {"title": place, **schema}
    inner = _fields(schema, place, ref, words)
    return {"title": place, **inner} if "properties" in inner else inner


def _fields(schema: Json, place: str, ref: str, words: Json) -> Json:
    """The schema with all that stands in it named."""
    told = dict(schema)
    for name, field in schema.get("properties", {}).items():
        told["properties"] = told["properties"] | {name: _named(field, place + _pascal(name), ref, words)}
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            told[inner] = _named(schema[inner], f"{place}Item", ref, words)
    if "anyOf" in schema:
        told["anyOf"] = [_named(option, place, ref, words) for option in schema["anyOf"]]
    return told


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
