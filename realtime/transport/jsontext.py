"""JSON as Socket.IO needs it: orjson where it can, the standard library for the rest. Pure.

orjson refuses integers beyond 64 bits, lone surrogates, keys that are not strings and subclasses of
tuple, all of which python-socketio's users may send and a browser may send us.
"""

import json
from typing import Any, NoReturn

import orjson


class DepthError(ValueError):
    """The JSON text nests deeper than allowed."""


def dumps(value: Any) -> bytes:
    """Compact JSON text in UTF-8. Raises TypeError or ValueError for what JSON cannot express."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def loads(text: bytes | bytearray, max_depth: int) -> Any:
    """Parse JSON text. Raises ValueError if it is not JSON or nests deeper than `max_depth`."""
    try:
        value = orjson.loads(text)
    except ValueError:
        value = _loads_slowly(text)
    # Each level needs a bracket at both ends: for most messages the size or two counts rule out more levels.
    if len(text) > 2 * max_depth and text.count(b"[") + text.count(b"{") > max_depth:
        _check_depth(value, max_depth)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _loads_slowly(text: bytes | bytearray) -> Any:
    if b"\\u" not in text:
        raise ValueError("not JSON")
    try:
        return json.loads(str(text, "utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise DepthError("too deep") from None


def _check_depth(value: Any, max_depth: int) -> None:
    level: list[Any] = [value]
    for _ in range(max_depth):
        below: list[Any] = []
        for item in level:
            if type(item) is list:
                below += item
            elif type(item) is dict:
                below += item.values()
        if not below:
            return
        level = below
    if any(type(item) in (list, dict) for item in level):
        raise DepthError("too deep")
