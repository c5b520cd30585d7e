"""Socket.IO packets (protocol v5) as bytes, each with Engine.IO's leading `4`. Pure: nothing is sent here.

    4<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]

A packet of a client is checked as a whole before anything else sees it: `PacketError` ends the session. An
ack id is kept as the digits that came, since it is only ever sent back.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson

from . import jsontext
from .frames import binary_frame, text_frame

CONNECT: Final = 0
DISCONNECT: Final = 1
EVENT: Final = 2
ACK: Final = 3
CONNECT_ERROR: Final = 4
BINARY_EVENT: Final = 5
BINARY_ACK: Final = 6

RESERVED: Final = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)
"""Event names that only the protocol itself may utter."""

_ZERO: Final = 0x30
_MAX_ID_DIGITS: Final = 19
_MAX_NAMESPACE: Final = 256


class PacketError(ValueError):
    """A client sent what is not a Socket.IO packet."""


Packet = tuple[int, str, bytes, Any, int]
"""Kind, namespace, ack id, payload, number of attachments. The payload of an event or an ack is a list.

A plain tuple, because one is made for each packet that comes.
"""

ReadEvent = Callable[[bytes], list[Any] | None]
"""Reads the JSON of an event in a way of the application's, which also says how deep it may be and which
names are refused; None: it is read as any other.
"""


def read_nothing(_: bytes) -> None:
    """An application that has no way of its own."""


def decode(data: bytes | bytearray, max_depth: int = 64, read: ReadEvent = read_nothing) -> Packet:
    """Decode a text message, its Engine.IO `4` included. Raises PacketError."""
    data = bytes(data)
    try:
        if data[1] == _ZERO + EVENT:
            # Most packets: an event of the main namespace, with an ack id or without.
            start = data.find(b"[", 2, 2 + _MAX_ID_DIGITS)
            ack_id = data[2:start]
            if not ack_id or (ack_id.isdigit() and ack_id[0] != _ZERO):
                body = data[start:]
                return EVENT, "/", ack_id, read(body) or _event(body, max_depth), 0
        return _decode(data, max_depth)
    except (ValueError, IndexError) as error:
        raise PacketError(str(error)) from None


def _decode(data: bytes, max_depth: int) -> Packet:
    kind = data[1] - _ZERO
    pos = 2
    attachments = 0
    if kind in (BINARY_EVENT, BINARY_ACK):
        dash = data.index(b"-", pos, pos + 8)
        attachments, pos = _number(data[pos:dash]), dash + 1
    namespace = "/"
    if data[pos : pos + 1] == b"/":
        namespace, pos = _namespace(data, pos)
    start = pos
    while data[pos : pos + 1].isdigit() and pos - start <= _MAX_ID_DIGITS:
        pos += 1
    ack_id, body = data[start:pos], data[pos:]
    if kind in (EVENT, BINARY_EVENT):
        return kind, namespace, _canonical(ack_id), _event(body, max_depth), attachments
    if kind in (ACK, BINARY_ACK):
        if not ack_id:
            raise PacketError("ack without an id")
        return kind, namespace, _canonical(ack_id), _array(body, max_depth), attachments
    if ack_id or kind not in (CONNECT, DISCONNECT):
        raise PacketError("unexpected packet type or id")
    return kind, namespace, b"", _auth(body, max_depth) if kind == CONNECT else None, 0


def _number(digits: bytes) -> int:
    if not digits.isdigit():
        raise PacketError("not a number")
    return int(digits)


def _canonical(ack_id: bytes) -> bytes:
    if len(ack_id) > _MAX_ID_DIGITS:
        raise PacketError("ack id too long")
    return b"%d" % int(ack_id) if ack_id.startswith(b"0") else ack_id


def _namespace(data: bytes, pos: int) -> tuple[str, int]:
    comma = data.find(b",", pos, pos + _MAX_NAMESPACE)
    end = len(data) if comma < 0 else comma
    if end - pos > _MAX_NAMESPACE:
        raise PacketError("namespace too long")
    name = str(data[pos:end], "utf-8").partition("?")[0]
    return name, end if comma < 0 else comma + 1


def _auth(body: bytes, max_depth: int) -> dict[str, Any] | None:
    auth = jsontext.loads(body, max_depth) if body else None
    if auth is not None and type(auth) is not dict:
        raise PacketError("auth is not an object")
    return auth


def _array(body: bytes, max_depth: int) -> list[Any]:
    values = jsontext.loads(body, max_depth)
    if type(values) is not list:
        raise PacketError("payload is not an array")
    return values


def _event(body: bytes, max_depth: int) -> list[Any]:
    values = jsontext.loads(body, max_depth)
    if type(values) is not list:
        raise PacketError("payload is not an array")
    name = values[0]
    if type(name) is str and name not in RESERVED:
        return values
    if type(name) is int:  # the JavaScript client allows numbers as names of events
        return [str(name), *values[1:]]
    raise PacketError("event name missing or reserved")


def prefix(kind: int, namespace: str) -> bytes:
    """The bytes before the ack id of a packet without attachments."""
    place = b"" if namespace == "/" else namespace.encode() + b","
    return b"4%d%b" % (kind, place)


def control_frame(kind: int, namespace: str, value: Any = None) -> bytes:
    """The frame of a CONNECT, DISCONNECT or CONNECT_ERROR."""
    return text_frame(prefix(kind, namespace), b"" if value is None else jsontext.dumps(value))


def array_frame(head: bytes, ack_id: bytes, values: list[Any]) -> bytes:
    """The frames, joined, of an EVENT or an ACK with these values; `head` is its `prefix`.

    bytes and bytearrays among the values become attachments. They are looked for only if JSON fails.
    """
    try:
        return text_frame(head + ack_id, orjson.dumps(values))
    except TypeError:
        return _unusual_frames(head, ack_id, values)


def _unusual_frames(head: bytes, ack_id: bytes, values: list[Any]) -> bytes:
    attachments: list[bytes] = []
    body = jsontext.dumps(detach(values, attachments))
    if not attachments:
        return text_frame(head + ack_id, body)
    kind = BINARY_EVENT if head[1] == _ZERO + EVENT else BINARY_ACK
    binary_head = b"4%d%d-%b%b" % (kind, len(attachments), head[2:], ack_id)
    return b"".join((text_frame(binary_head, body), *map(binary_frame, attachments)))


def detach(value: Any, attachments: list[bytes]) -> Any:
    """`value` with its binary parts moved to `attachments` and placeholders in their stead."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: detach(item, attachments) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [detach(item, attachments) for item in value]
    return value


class Partial:
    """A binary packet whose attachments are still on their way.

    `max_bytes` bounds their sum. Each placeholder must name another attachment, and all be named.
    """

    __slots__ = ("_attachments", "_due", "_id", "_kind", "_namespace", "_payload", "_room")

    def __init__(self, packet: Packet, max_attachments: int, max_bytes: int) -> None:
        self._kind, self._namespace, self._id, self._payload, self._due = packet
        if self._due > max_attachments:
            raise PacketError("too many attachments")
        self._attachments: list[bytes] = []
        self._room = max_bytes

    @property
    def complete(self) -> bool:
        """All attachments are there."""
        return len(self._attachments) == self._due

    def add(self, attachment: bytes) -> None:
        """Take the next attachment. Raises PacketError when their sum is too much."""
        self._room -= len(attachment)
        if self._room < 0:
            raise PacketError("attachments too big together")
        self._attachments.append(attachment)

    def whole(self) -> Packet:
        """The packet with its attachments in place, as an EVENT or ACK. Raises PacketError."""
        unused: dict[int, bytes] = dict(enumerate(self._attachments))
        payload = _attach(self._payload, unused)
        if unused:
            raise PacketError("attachment without a placeholder")
        kind = EVENT if self._kind == BINARY_EVENT else ACK
        return kind, self._namespace, self._id, payload, 0


def _attach(value: Any, unused: dict[int, bytes]) -> Any:
    if type(value) is list:
        return [_attach(item, unused) for item in value]
    if type(value) is not dict:
        return value
    if value.get("_placeholder") is not True:
        return {key: _attach(item, unused) for key, item in value.items()}
    number = value.get("num")
    if type(number) is not int or number not in unused:
        raise PacketError("placeholder names no attachment of its own")
    return unused.pop(number)
