"""What a client sent becomes a Struct, or an error of the catalogue that names the field.

The one place for both sides. Strict: no type is coerced into another. Text that
PostgreSQL cannot keep (NUL, lone surrogates) ends here.
"""

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct

from core.errors import AppError, InvalidRequest, PayloadTooLarge

S = TypeVar("S", bound=Struct)

# A client may name a field at any length; an answer repeats no more of it than this.
_SHOWN = 100
_NAMED = re.compile(r"Object (contains unknown|missing required) field `(.*?)`(?: - at `\$(.*)`)?", re.DOTALL)
_PLACED = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_TOO_LONG = re.compile(r"Expected `(?:str|array|bytes|object)` of length <= (\d+)")


def decode(data: object, kind: type[S]) -> S:
    """The message that already parsed JSON stands for.

    Raises `InvalidRequest`, or `PayloadTooLarge` for a field that is too long; both carry
    `details={"field": "preferences.age_min"}` unless the message as a whole is wrong.
    """
    return _decode(data, kind, strict=True)


def decode_query(data: dict[str, str], kind: type[S]) -> S:
    """The same from the query of a URL, in which numbers are text."""
    return _decode(data, kind, strict=False)


def _decode(data: object, kind: type[S], *, strict: bool) -> S:
    try:
        message = msgspec.convert(data, kind, strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError) as mistake:
        _refuse_unstorable(data)  # first, or the mistake could quote it
        raise _explain(str(mistake)) from None
    if not _all_storable(data):
        _refuse_unstorable(data)
    return message


def decode_json(raw: bytes, kind: type[S]) -> S:
    """The same from the bytes of a body. Raises `InvalidRequest` also for what is no JSON in UTF-8."""
    try:
        data = msgspec.json.decode(raw)
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except msgspec.DecodeError as mistake:
        raise InvalidRequest(f"The body is not valid JSON: {mistake}.") from None
    return decode(data, kind)


def _storable(text: str) -> bool:
    """Whether PostgreSQL can keep this text, and UTF-8 say it."""
    if text.isprintable():
        return True
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _all_storable(value: object) -> bool:
    """Every text in what a Struct has accepted, whose depth is therefore the Struct's."""
    if isinstance(value, str):
        return value.isprintable() or _storable(value)
    if isinstance(value, dict):
        return all(map(_all_storable, value.values())) and all(map(_storable, value))
    return not isinstance(value, list) or all(map(_all_storable, value))


def _refuse_unstorable(data: object) -> None:
    for field, text in _texts(data):
        if not _storable(text):
            raise _refusal(InvalidRequest, field, "holds characters that are not allowed")


def _texts(data: object) -> Iterator[tuple[str, str]]:
    """Every text with the path of its field, names included. Iterative: depth is the client's choice."""
    waiting: list[tuple[str, object]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(name, str):
                    yield path, name
                    waiting.append((f"{path}.{name}", inner))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{i}]", inner) for i, inner in enumerate(value))


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
    """The finding without its code marks, starting small; a pattern says nothing to people."""
    if finding.startswith("Expected `str` matching regex"):
        return "it does not have the expected form"
    plain = finding.replace("`", "")[:_SHOWN]
    return plain[:1].lower() + plain[1:]


def _refusal(kind: type[AppError], path: str, sentence: str) -> AppError:
    """The error with the field's path in words and in `details`."""
    field = path.removeprefix(".")[:_SHOWN]
    if not field:
        return kind(f"The message {sentence}.")
    return kind(f"`{field}` {sentence}.", details={"field": field})
