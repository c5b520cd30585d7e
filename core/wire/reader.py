"""Reads the JSON of an event straight into the Struct of its command, where that says the same as `decode`.

Most commands come without an escape in their texts, and right: they need no tree in between, and no second
look for what PostgreSQL cannot keep, as a NUL and a lone surrogate have to be escaped. All else is left to
whoever reads JSON of any kind, and to `decode`, which says what is wrong with it.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from core.wire.message import Command

_ESCAPE = ord("\\")
_CLOSED = (inspect.BoolType, inspect.FloatType, inspect.LiteralType, inspect.NoneType, inspect.StrType)


class CommandReader:
    """`["name", {…}]` as the name and its command; None for what is to be read with more care."""

    def __init__(self, kinds: Iterable[type[Command]]) -> None:
        self._decoders = {
            kind.event.encode(): msgspec.json.Decoder(tuple[str, kind]).decode  # type: ignore[valid-type]
            for kind in kinds
            if reads_alike(inspect.type_info(kind))
        }

    def __call__(self, text: bytes) -> list[Any] | None:
        """Of the text that follows the packet's head."""
        decode = self._decoders.get(text[2 : text.find(b'"', 2)])
        if decode is None or _ESCAPE in text:
            return None
        try:
            return list(decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def reads_alike(kind: inspect.Type) -> bool:
    """Whether whatever is accepted here is the same in JSON that was parsed before. Not so are numbers
    without bounds, of which that has lost digits, and types in which anything may stand, however deep.
    """
    if isinstance(kind, inspect.Metadata):
        return reads_alike(kind.type)
    if isinstance(kind, inspect.IntType):
        return kind.ge is not None and kind.le is not None
    if isinstance(kind, inspect.UnionType):
        return all(map(reads_alike, kind.types))
    if isinstance(kind, inspect.ListType):
        return reads_alike(kind.item_type)
    if isinstance(kind, inspect.StructType):
        return all(reads_alike(field.type) for field in kind.fields)
    return isinstance(kind, _CLOSED)
