"""WebSocket frames (RFC 6455) as the server end sees them: masked ones in, unmasked ones out. No I/O.

`FrameReader` is fed bytes as they come and calls one method for each message. The usual case, a whole, small,
masked text frame, costs one slice, one unmasking and one call. `_rare` handles all other frames.
"""

from collections.abc import Callable
from functools import partial
from struct import Struct
from typing import Final

from .internals import unmask
from .reasons import NORMAL, PROTOCOL_ERROR, TOO_BIG

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_FIN: Final = 0x80
_RSV: Final = 0x70
RSV1: Final = 0x40
"""Set on a compressed message; `deflate` says when."""
_MASKED: Final = 0x80
_FINAL_TEXT: Final = _FIN | TEXT
_FINAL_BINARY: Final = _FIN | BINARY
_MAX_FRAGMENTS: Final = 4096

_pack_medium = Struct("!BBH").pack
_pack_large = Struct("!BBQ").pack
_TEXT_HEADS: Final = tuple(bytes((_FINAL_TEXT, size)) for size in range(126))


def _head(first: int, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    if size < 65536:
        return _pack_medium(first, 126, size)
    return _pack_large(first, 127, size)


def text_frame(prefix: bytes, body: bytes = b"") -> bytes:
    """One text frame that carries `prefix + body` (UTF-8)."""
    size = len(prefix) + len(body)
    if size < 126:
        return _TEXT_HEADS[size] + prefix + body
    return _head(_FINAL_TEXT, size) + prefix + body


def frame(opcode: int, payload: bytes) -> bytes:
    """One final frame of any kind; `RSV1` may be set in its opcode."""
    return _head(_FIN | opcode, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """One binary frame."""
    return _head(_FINAL_BINARY, len(payload)) + payload


def close_frame(code: int = NORMAL) -> bytes:
    """A close frame with a code and no words."""
    return bytes((_FIN | CLOSE, 2)) + code.to_bytes(2, "big")


def pong_frame(payload: bytes) -> bytes:
    """The answer to a WebSocket ping (not to Engine.IO's)."""
    return bytes((_FIN | PONG, len(payload))) + payload


def split_frames(blob: bytes) -> list[tuple[int, bytes]]:
    """The (opcode, payload) pairs of frames that this module built and joined."""
    parts = []
    pos = 0
    while pos < len(blob):
        size, start = blob[pos + 1], pos + 2
        if size == 126:
            size, start = int.from_bytes(blob[pos + 2 : pos + 4], "big"), pos + 4
        elif size == 127:
            size, start = int.from_bytes(blob[pos + 2 : pos + 10], "big"), pos + 10
        parts.append((blob[pos] & 0x0F, blob[start : start + size]))
        pos = start + size
    return parts


class FrameReader:
    """Cuts a client's byte stream into messages; a subclass handles them.

    `max_size` bounds a message in bytes, fragments summed. Bytes that wait for the rest of their frame
    are gathered in one buffer, looked at again only when the frame can be whole. `inflate`, if set, is
    given compressed messages and the bound, and raises ValueError.
    """

    __slots__ = (
        "_deflated",
        "_fragments",
        "_needed",
        "_opcode",
        "_size",
        "_stopped",
        "_tail",
        "inflate",
        "max_size",
    )

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.inflate: Callable[[bytearray, int], bytes] | None = None
        self._deflated = False
        self._tail: bytearray | None = None
        self._needed = 0
        self._fragments: list[bytes] | None = None
        self._opcode = 0
        self._size = 0
        self._stopped = False

    def text(self, payload: bytearray) -> None:
        """A whole text message, not yet checked to be UTF-8."""
        raise NotImplementedError

    def binary(self, payload: bytes) -> None:
        """A whole binary message."""
        raise NotImplementedError

    def control(self, opcode: int, payload: bytes) -> None:
        """A ping, a pong or a close."""
        raise NotImplementedError

    def violation(self, code: int, why: str) -> None:
        """The stream cannot be read any further. No other method is called after this one."""
        raise NotImplementedError

    def several(self, read: Callable[[], None]) -> None:
        """More than one frame has come at once: `read` them."""
        read()

    def stop(self) -> None:
        """Stop reading: what is fed from now on is dropped."""
        self._stopped = True
        self._tail = self._fragments = None

    def data_received(  # noqa: C901, PLR0911, PLR0912 - one loop, inlined for its speed
        self, data: bytes, among_several: bool = False
    ) -> None:
        """Feed bytes from the wire."""
        tail = self._tail
        if tail is not None:
            tail += data
            if len(tail) < self._needed:
                return None
            data = bytes(tail)
            self._tail = None
        pos, end = 0, len(data)
        while pos < end and not self._stopped:
            if end - pos < 6:
                return self._keep(data, pos, 6)
            first, size = data[pos], data[pos + 1] - _MASKED
            start = pos + 6
            if size > 125:
                start += 2 if size == 126 else 8
                if end < start:
                    return self._keep(data, pos, start - pos)
                if size == 126:
                    size = data[pos + 2] << 8 | data[pos + 3]
                else:
                    size = int.from_bytes(data[pos + 2 : start - 4], "big")
            if size < 0:
                return self._refuse(PROTOCOL_ERROR, "frame without a mask")
            if size > self.max_size:
                return self._refuse(TOO_BIG, "frame too big")
            stop = start + size
            if stop != end:
                if stop > end:
                    return self._keep(data, pos, stop - pos)
                if not among_several:
                    return self.several(partial(self.data_received, data, True))
            payload = bytearray(data[start:stop])
            unmask(data[start - 4 : start], payload)
            pos = stop
            if first == _FINAL_TEXT and self._fragments is None:
                self.text(payload)
            else:
                self._rare(first, payload)
        return None

    def _keep(self, data: bytes, pos: int, needed: int) -> None:
        self._tail = bytearray(data[pos:] if pos else data)
        self._needed = needed

    def _refuse(self, code: int, why: str) -> None:
        self.stop()
        self.violation(code, why)

    def _rare(self, first: int, payload: bytearray) -> None:
        """Binary messages, fragments, control frames, and violations of the protocol."""
        opcode, final = first & 0x0F, bool(first & _FIN)
        if first & _RSV and not self._may_be_deflated(first):
            self._refuse(PROTOCOL_ERROR, "reserved bits set")
        elif opcode in (CLOSE, PING, PONG):
            if not final or len(payload) > 125:
                self._refuse(PROTOCOL_ERROR, "control frame fragmented or too long")
            else:
                self.control(opcode, bytes(payload))
        elif opcode in (TEXT, BINARY):
            if self._fragments is not None:
                return self._refuse(PROTOCOL_ERROR, "message begun inside another")
            self._deflated = bool(first & RSV1)
            if final:
                self._whole(opcode, payload)
            else:
                self._fragments, self._opcode, self._size = [bytes(payload)], opcode, len(payload)
        elif opcode == CONTINUATION:
            self._continue(payload, final)
        else:
            self._refuse(PROTOCOL_ERROR, "unknown opcode")
        return None

    def _may_be_deflated(self, first: int) -> bool:
        return self.inflate is not None and first & _RSV == RSV1 and first & 0x0F in (TEXT, BINARY)

    def _continue(self, payload: bytearray, final: bool) -> None:
        fragments = self._fragments
        if fragments is None:
            return self._refuse(PROTOCOL_ERROR, "continuation of nothing")
        self._size += len(payload)
        # Empty fragments add no bytes, so `max_size` would never stop them.
        if self._size > self.max_size or len(fragments) >= _MAX_FRAGMENTS:
            return self._refuse(TOO_BIG, "fragments too big together")
        fragments.append(bytes(payload))
        if final:
            self._fragments = None
            self._whole(self._opcode, bytearray(b"".join(fragments)))
        return None

    def _whole(self, opcode: int, payload: bytearray) -> None:
        if self._deflated and self.inflate is not None:
            try:
                payload = bytearray(self.inflate(payload, self.max_size))
            except ValueError as error:
                return self._refuse(TOO_BIG, str(error))
        if opcode == TEXT:
            self.text(payload)
        else:
            self.binary(bytes(payload))
        return None
