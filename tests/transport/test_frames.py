"""WebSocket frames: whatever way the bytes are cut, the messages are the same, and garbage ends in a code."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.transport import deflate, frames
from realtime.transport.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, FrameReader

MASK = b"\x01\x80\x7f\xfe"


class HeardFrames(FrameReader):
    """Remembers what a reader was told."""

    def __init__(self, max_size: int = 1000) -> None:
        super().__init__(max_size)
        self.said: list[tuple[str, bytes]] = []
        self.code: int | None = None

    def text(self, payload: bytearray) -> None:
        self.said.append(("text", bytes(payload)))

    def binary(self, payload: bytes) -> None:
        self.said.append(("binary", payload))

    def control(self, opcode: int, payload: bytes) -> None:
        self.said.append((f"control {opcode}", payload))

    def violation(self, code: int, why: str) -> None:
        assert self.code is None, "told twice"
        self.code = code


def masked(opcode: int, payload: bytes, *, final: bool = True, rsv: int = 0) -> bytes:
    """A frame as a client sends it."""
    size = len(payload)
    first = opcode | (0x80 if final else 0) | rsv
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    return head + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


messages = st.lists(
    st.tuples(st.sampled_from(["text", "binary"]), st.binary(max_size=300), st.integers(1, 4)), max_size=6
)


@given(messages, st.lists(st.integers(1, 50), min_size=1))
def test_any_cut_of_the_stream_gives_the_same_messages(
    sent: list[tuple[str, bytes, int]], cuts: list[int]
) -> None:
    """Fragments of a message and pieces of a frame are put together again."""
    stream = b""
    for kind, payload, parts in sent:
        size = max(1, -(-len(payload) // parts))
        pieces = [payload[i : i + size] for i in range(0, len(payload), size)] or [b""]
        for number, piece in enumerate(pieces):
            opcode = CONTINUATION if number else TEXT if kind == "text" else BINARY
            stream += masked(opcode, piece, final=number == len(pieces) - 1)
    heard = HeardFrames()
    pos = 0
    while pos < len(stream):
        step = cuts[pos % len(cuts)]
        heard.data_received(stream[pos : pos + step])
        pos += step
    assert heard.said == [(kind, payload) for kind, payload, _ in sent]
    assert heard.code is None


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_garbage_never_raises_and_never_grows(chunks: list[bytes]) -> None:
    """What waits is bounded by the largest frame allowed."""
    heard = HeardFrames(max_size=64)
    for chunk in chunks:
        heard.data_received(chunk)
        assert len(heard._tail or b"") <= 64 + 14 + 200
        assert sum(map(len, heard._fragments or ())) <= 64


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x81\x05hello_", 1002),
        (masked(TEXT, b"x", rsv=0x40), 1002),
        (masked(0x3, b"x"), 1002),
        (masked(0xB, b"x"), 1002),
        (masked(CONTINUATION, b"x"), 1002),
        (masked(TEXT, b"x", final=False) + masked(TEXT, b"y"), 1002),
        (masked(PING, b"x", final=False), 1002),
        (masked(PING, b"x" * 126), 1002),
        (masked(TEXT, b"x" * 1001), 1009),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1009),
        (masked(TEXT, b"x" * 600, final=False) + masked(CONTINUATION, b"x" * 600), 1009),
    ],
)
def test_violations_have_their_codes(stream: bytes, code: int) -> None:
    """RFC 6455 says which; nothing is read after one."""
    heard = HeardFrames()
    heard.data_received(stream)
    heard.data_received(masked(TEXT, b"too late"))
    assert heard.code == code
    assert ("text", b"too late") not in heard.said


def test_endless_empty_fragments_are_refused() -> None:
    """They add no bytes, and would be gathered for ever."""
    heard = HeardFrames()
    heard.data_received(masked(TEXT, b"", final=False) + masked(CONTINUATION, b"", final=False) * 5000)
    assert heard.code == 1009


def test_control_frames_pass_between_fragments() -> None:
    """A ping inside a fragmented message is answered at once and does not break it."""
    heard = HeardFrames()
    heard.data_received(masked(TEXT, b"a", final=False) + masked(PING, b"p") + masked(CONTINUATION, b"b"))
    assert heard.said == [(f"control {PING}", b"p"), ("text", b"ab")]


def test_a_large_frame_that_trickles_is_not_copied_for_each_byte() -> None:
    """A megabyte in single bytes takes linear time of the processor; quadratic copying would take minutes."""
    heard = HeardFrames(max_size=200_000)
    stream = masked(TEXT, b"x" * 200_000)
    begun = time.thread_time()
    for i in range(len(stream)):
        heard.data_received(stream[i : i + 1])
    assert heard.said == [("text", b"x" * 200_000)]
    assert time.thread_time() - begun < 5


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=70_000)), max_size=4))
def test_what_is_joined_can_be_split(sent: list[tuple[bool, bytes]]) -> None:
    """Polling makes its bodies from frames."""
    blob = b"".join(frames.text_frame(p) if text else frames.binary_frame(p) for text, p in sent)
    assert frames.split_frames(blob) == [(TEXT if text else BINARY, p) for text, p in sent]


def test_close_frames_carry_their_code() -> None:
    """Two bytes, in network order."""
    assert frames.split_frames(frames.close_frame(1001)) == [(CLOSE, b"\x03\xe9")]


@given(st.binary(max_size=300), st.integers(0, 200))
def test_what_is_deflated_inflates(payload: bytes, threshold: int) -> None:
    """And garbage is refused, as is too much."""
    ((_, deflated),) = frames.split_frames(deflate.deflate(frames.binary_frame(payload), threshold))
    if len(payload) >= threshold:
        assert deflate.inflate(deflated, len(payload)) == payload
    with suppress(deflate.InflateError):
        assert len(deflate.inflate(payload, 50)) <= 50
