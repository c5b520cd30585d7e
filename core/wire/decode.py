"""What a client sent becomes a Struct, or an error of the catalogue that names the field.

The one place for both sides. Strict: no type is coerced into another. Text that
PostgreSQL cannot keep (NUL, lone surrogates) ends here.

Strangers may send anything, so decoding costs little, and in proportion to what is sent: bytes become the
Struct without a tree in between, and only the path of the offending field is ever built.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeVar, cast

import msgspec
from msgspec import Struct

from core.errors import AppError, InvalidRequest, PayloadTooLarge
from core.vocabulary import ID_PATTERN

S = TypeVar("S", bound=Struct)

# A client may name a field at any length; an answer repeats no more of it than this.
_SHOWN = 100
_NAMED = re.compile(r"Object (contains unknown|missing required) field `(.*?)`(?: - at `\$(.*)`)?", re.DOTALL)
_PLACED = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_TOO_LONG = re.compile(r"Expected `(?:str|array|bytes|object)` of length <= (\d+)")
_NOT_KEPT = re.compile("[\0\ud800-\udfff]")
_NUL, _encode = b"\\u0000", msgspec.json.Encoder().encode
_UNSTORABLE = "holds characters that are not allowed"
_MISTAKES = (msgspec.ValidationError, UnicodeEncodeError)
_WITHOUT_TEXT = frozenset((int, bool, float, type(None), msgspec.UnsetType))
_CLOSED = (
    msgspec.inspect.BoolType,
    msgspec.inspect.FloatType,
    msgspec.inspect.IntType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.NoneType,
)


def decode(data: object, kind: type[S]) -> S:
    """The message in JSON that is parsed already.

    Raises `InvalidRequest`, or `PayloadTooLarge` for a field that is too long; both carry
    `details={"field": "preferences.age_min"}` unless the message as a whole is wrong.
    """
    try:
        return _kept(msgspec.convert(data, kind))
    except _MISTAKES as mistake:
        raise _explained(mistake, data) from None


def decode_query(data: dict[str, str], kind: type[S]) -> S:
    """The same from the query of a URL, in which numbers are text."""
    try:
        return _kept(msgspec.convert(data, kind, strict=False))
    except _MISTAKES as mistake:
        raise _explained(mistake, data) from None


def decode_json(raw: bytes, kind: type[S]) -> S:
    """The same from the bytes of a body. Raises `InvalidRequest` also for what is no JSON in UTF-8."""
    try:
        return _kept(msgspec.json.decode(raw, type=kind))
    except _MISTAKES as mistake:
        raise _explained(mistake, None) from None
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except msgspec.DecodeError as mistake:
        raise InvalidRequest(f"The body is not valid JSON: {mistake}.") from None


def _explained(mistake: Exception, data: object) -> AppError:
    """The refusal of what msgspec could not take; a lone surrogate where only certain words are allowed."""
    if isinstance(mistake, msgspec.ValidationError):
        return _explain(str(mistake))
    return _refusal(InvalidRequest, _unstorable(data) or "", _UNSTORABLE)


def _kept(message: S) -> S:
    """The message, when PostgreSQL can keep all of it.

    Encoding is the quickest look at every text: it refuses lone surrogates and shows each NUL, but also a
    backslash that somebody wrote before the same letters.
    """
    try:
        if _NUL not in _encode(message):
            return message
    except UnicodeEncodeError:
        pass
    if not _all_storable(_parts(message)):
        raise _refusal(InvalidRequest, _unstorable(message) or "", _UNSTORABLE)
    return message


def _storable(text: str) -> bool:
    """Whether PostgreSQL can keep this text, and UTF-8 encode it."""
    if text.isascii():
        return "\0" not in text
    return text.isprintable() or _NOT_KEPT.search(text) is None


def _all_storable(values: Iterable[object]) -> bool:
    """Every text in Structs that were accepted, whose depth is therefore their types'."""
    for value in values:
        kind = type(value)
        if kind is str:
            if not _storable(value):  # type: ignore[arg-type]  # which `type` does not tell mypy
                return False
        elif kind not in _WITHOUT_TEXT and not _all_storable(_parts(value)):
            return False
    return True


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Struct):
        return [getattr(value, name) for name in _open_fields(type(value))]
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()


@cache
def _open_fields(kind: type[Struct]) -> tuple[str, ...]:
    """The fields in which a client may write what it likes: no number, no id, none of certain words."""
    about = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(kind))
    return tuple(field.name for field in about.fields if _is_open(field.type))


def _is_open(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(map(_is_open, kind.types))
    if isinstance(kind, msgspec.inspect.ListType):
        return _is_open(kind.item_type)
    if isinstance(kind, msgspec.inspect.StrType):
        return kind.pattern != ID_PATTERN
    return not isinstance(kind, _CLOSED)


def _unstorable(data: object) -> str | None:
    """The path of the first text that cannot be kept. Without recursion, as the client chooses the depth."""
    path: list[str] = []
    levels = [iter([("", data)])]
    while levels:
        step, value = next(levels[-1], (None, None))
        if step is None:
            levels.pop()
            del path[-1:]
        elif isinstance(value, str) and not _storable(value):
            return "".join((*path, step))
        elif isinstance(value, dict | list | Struct):
            path.append(step)
            levels.append(_inside(value))
    return None


def _inside(value: dict[object, object] | list[object] | Struct) -> Iterator[tuple[str, object]]:
    """Each part with its step on the path. A name is a part too, and stands at its object's place."""
    if isinstance(value, list):
        yield from ((f"[{number}]", item) for number, item in enumerate(value))
    elif isinstance(value, Struct):
        yield from ((f".{name}", getattr(value, name)) for name in value.__struct_fields__)
    else:
        for name, item in value.items():
            yield "", name
            yield f".{str(name)[:_SHOWN]}", item


def _explain(mistake: str) -> AppError:
    """What msgspec found, in the catalogue's terms."""
    if named := _NAMED.fullmatch(mistake):
        verdict, name, path = named.groups()
        sentence = "is not a field of this message" if verdict == "contains unknown" else "is missing"
        return _refusal(InvalidRequest, f"{path or ''}.{name}", sentence)
    placed = _PLACED.fullmatch(mistake)
    finding, path = placed.groups() if placed else (mistake, "")
    if too_long := _TOO_LONG.fullmatch(finding):
        return _refusal(PayloadTooLarge, path or "", f"may not be longer than {too_long[1]}")
    return _refusal(InvalidRequest, path or "", f"is not valid: {_sentence(finding)}")


def _sentence(finding: str) -> str:
    """The finding without backticks, in lower case. Patterns are left out: they tell people nothing."""
    if finding.startswith("Expected `str` matching regex"):
        return "it does not have the expected form"
    plain = _shown(finding.replace("`", ""))
    return plain[:1].lower() + plain[1:]


def _refusal(kind: type[AppError], path: str, sentence: str) -> AppError:
    """The error with the field's path in words and in `details`."""
    field = _shown(path.removeprefix("."))
    if not field:
        return kind(f"The message {sentence}.")
    return kind(f"`{field}` {sentence}.", details={"field": field})


def _shown(text: str) -> str:
    """What a client wrote, cut to what an answer may repeat, with a mark for what cannot be shown."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:_SHOWN])
