"""Socket.IO packets and polling bodies: what is encoded decodes, and what is neither is refused."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.transport import jsontext, packets, payload
from realtime.transport.frames import BINARY, TEXT, binary_frame, split_frames, text_frame
from realtime.transport.packets import ACK, BINARY_EVENT, CONNECT, DISCONNECT, EVENT, PacketError, Partial
from realtime.transport.payload import PayloadError

namespaces = st.sampled_from(["/", "/chat", "/ä/b"])
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.binary(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def received(frames: bytes, max_bytes: int = 10_000) -> packets.Packet:
    """What a peer makes of our own frames."""
    (opcode, text), *attachments = split_frames(frames)
    assert opcode == TEXT
    packet = packets.decode(text)
    if not attachments:
        return packet
    partial = Partial(packet, 100, max_bytes)
    for opcode, attachment in attachments:
        assert opcode == BINARY
        partial.add(attachment)
    assert partial.complete
    return partial.whole()


@given(namespaces, st.integers(0, 10**18), st.lists(values, max_size=4))
def test_events_and_acks_come_back_as_they_went(namespace: str, number: int, arguments: list[Any]) -> None:
    """Binary parts included, wherever they sit."""
    ack_id = b"%d" % number
    event = packets.array_frame(packets.prefix(EVENT, namespace), ack_id, ["said", *arguments])
    assert received(event) == (EVENT, namespace, ack_id, ["said", *arguments], 0)
    ack = packets.array_frame(packets.prefix(ACK, namespace), ack_id, arguments)
    assert received(ack) == (ACK, namespace, ack_id, arguments, 0)


@given(st.binary(max_size=200))
def test_decoding_garbage_raises_nothing_else(data: bytes) -> None:
    """PacketError is the only way out."""
    for head in (b"4", b"42", b"45", b"43", b"40", b"451-", b"42["):
        with contextlib.suppress(PacketError):
            packets.decode(head + data)


@given(st.binary(max_size=200))
def test_decoding_garbage_bodies_raises_nothing_else(data: bytes) -> None:
    """PayloadError is the only way out."""
    with contextlib.suppress(PayloadError):
        payload.decode(data, 10)


@pytest.mark.parametrize(
    "text",
    [
        "4", "4a", "47", "44", "42", "42{}", "42[]", "42[null]", "42[true]", "42abc[1]", '42["connect"]',
        '42["disconnect",1]', '42["newListener"]', '42["a"', "43[1]", "431{}", "40[1]", "401", "411", "45[]",
        '45-["a"]', "45x-[]", '42[NaN]', '42["a",NaN]', '42["\\u"]', '421234567890123456789012["a"]',
        '42["a"]x', "42/" + "n" * 300 + ',["a"]', "42" + "[" * 100 + "]" * 100, "42" + "[" * 100_000,
        '42["a",' + '{"a":' * 100 + "1" + "}" * 100 + "]",
    ],
)  # fmt: skip
def test_what_is_no_packet_is_refused(text: str) -> None:
    """Each of these ends a session."""
    with pytest.raises(PacketError):
        packets.decode(text.encode())


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("40", (CONNECT, "/", b"", None, 0)),
        ('40{"token":"t"}', (CONNECT, "/", b"", {"token": "t"}, 0)),
        ("40/chat", (CONNECT, "/chat", b"", None, 0)),
        ("40/chat?a=b,", (CONNECT, "/chat", b"", None, 0)),
        ("41/chat,", (DISCONNECT, "/chat", b"", None, 0)),
        ('42007["a"]', (EVENT, "/", b"7", ["a"], 0)),
        ('420["a"]', (EVENT, "/", b"0", ["a"], 0)),
        ("42[7]", (EVENT, "/", b"", ["7"], 0)),
        ('42/chat,12["a",{"b":[]}]', (EVENT, "/chat", b"12", ["a", {"b": []}], 0)),
        ('42["a","\\ud800"]', (EVENT, "/", b"", ["a", "\ud800"], 0)),
        ('451-["a"]', (BINARY_EVENT, "/", b"", ["a"], 1)),
    ],
)
def test_packets_that_clients_send(text: str, packet: packets.Packet) -> None:
    """Shapes that official clients produce, and some that only the grammar does."""
    assert packets.decode(text.encode()) == packet


@pytest.mark.parametrize(
    ("text", "attachments"),
    [
        ('451-["a"]', [b"x"]),
        ('451-["a",{"_placeholder":true,"num":1}]', [b"x"]),
        ('451-["a",{"_placeholder":true,"num":-1}]', [b"x"]),
        ('451-["a",{"_placeholder":true,"num":"0"}]', [b"x"]),
        ('451-["a",{"_placeholder":true}]', [b"x"]),
        ('452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', [b"x", b"y"]),
        ('453-["a"]', [b"x", b"y", b"z"]),
        ('451-["a",{"_placeholder":true,"num":0}]', [b"x" * 11]),
        ('452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', [b"x" * 6, b"y" * 6]),
    ],
)
def test_attachments_are_bounded_and_each_has_its_place(text: str, attachments: list[bytes]) -> None:
    """Two attachments, ten bytes together."""
    with pytest.raises(PacketError):
        _assemble(text, attachments)


def _assemble(text: str, attachments: list[bytes]) -> None:
    partial = Partial(packets.decode(text.encode()), 2, 10)
    for attachment in attachments:
        partial.add(attachment)
    partial.whole()


def test_what_orjson_cannot_say_is_said_by_the_standard_library() -> None:
    """Big integers, lone surrogates, keys that are not strings."""
    for value, text in (
        ([2**70], b"[1180591620717411303424]"),
        (["\ud800"], b'["\\ud800"]'),
        ({1: "one"}, b'{"1":"one"}'),
    ):
        assert jsontext.dumps(value) == text
    with pytest.raises(TypeError):
        packets.array_frame(b"42", b"", [object()])


def test_depth_is_counted_exactly() -> None:
    """As deep as allowed passes, one deeper does not, and brackets in strings do not count."""
    assert jsontext.loads(b"[" * 8 + b'"' + b"[" * 50 + b'"' + b"]" * 8, 8)
    with pytest.raises(ValueError, match="deep"):
        jsontext.loads(b"[" * 9 + b'"' + b"[" * 50 + b'"' + b"]" * 9, 8)


@given(
    st.lists(
        st.one_of(st.text(max_size=20).map(lambda t: t.replace("\x1e", "")), st.binary(max_size=20)),
        min_size=1,
    )
)
def test_a_polling_body_says_what_frames_say(sent: list[str | bytes]) -> None:
    """Text as it is, binary in base64, in order."""
    frames = [binary_frame(p) if isinstance(p, bytes) else text_frame(b"4", p.encode()) for p in sent]
    heard = payload.decode(payload.encode(split_frames(b"".join(frames))), 1000)
    assert heard == [p if isinstance(p, bytes) else b"4" + p.encode() for p in sent]


@pytest.mark.parametrize("body", ["", "x", "0", "2", "5", "6", "4a\x1e", "bnot base64", "4\x1e" * 10 + "4"])
def test_what_is_no_polling_body_is_refused(body: str) -> None:
    """Ten packets at most."""
    with pytest.raises(PayloadError):
        payload.decode(body.encode(), 10)
