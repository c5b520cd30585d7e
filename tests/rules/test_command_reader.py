"""Commands read from JSON at once are those that are read with care: the same for whatever is sent."""

import json
from copy import deepcopy
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import inspect

from core.contract.calls import CallSignal, CallSignalled, IceCandidate
from core.contract.chat import ChatSend
from core.contract.presence import PresenceWatch
from core.contract.queue import QueueJoin, QueueLeave
from core.errors import AppError
from core.ids import new_id
from core.wire.decode import decode
from core.wire.message import Command
from core.wire.reader import CommandReader, reads_alike
from realtime.transport import packets

READ = CommandReader((CallSignal, ChatSend, PresenceWatch, QueueJoin, QueueLeave))
ID = new_id()
CANDIDATE = {"candidate": "candidate:1 1 udp 1 192.0.2.1 1 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
RIGHT: dict[str, dict[str, Any]] = {
    "call:signal": {"call_id": ID, "epoch": 1, "candidate": CANDIDATE},
    "chat:send": {"room_id": ID, "client_id": "1", "content": "Hello, Zoë 🎈"},
    "presence:watch": {"user_ids": [ID, ID]},
    "queue:join": {"mode": "voice", "preferences": {"age_min": 20, "languages": ["en"]}},
    "queue:leave": {},
    "no:such": {},
}
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["\0", "\\u0000", "\\", '"', "\ud800", "\n", "\x7f", "é", ID, "offer", ""]),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(
        st.sampled_from(["candidate", "sdpMid", "type", "sdp", "x"]), st.text(max_size=5), max_size=3
    ),
)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A right command with something odd in it: a field, a field twice, white space, escapes, a byte."""
    name = draw(st.sampled_from(sorted(RIGHT)))
    said = deepcopy(RIGHT[name])
    for _ in range(draw(st.integers(0, 2))):
        inner = [value for value in said.values() if isinstance(value, dict)]
        where = draw(st.sampled_from([said, *inner]))
        fields = [
            *where,
            "description",
            "candidate",
            "epoch",
            "sdpMLineIndex",
            "usernameFragment",
            "type",
            "x",
        ]
        where[draw(st.sampled_from(fields))] = draw(odd)
    space = draw(st.sampled_from(["", " ", "\n"]))
    plain = draw(st.booleans())
    text = json.dumps([name, said, *draw(st.just([]) | st.lists(odd, max_size=1))], ensure_ascii=not plain,
                      separators=("," + space, ":" + space))  # fmt: skip
    if draw(st.booleans()) and len(text) > 30:  # a field twice
        text = text.replace('{"', f'{{"epoch": {json.dumps(draw(odd))}, "', 1)
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.integers(0, 1))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


def outcome(text: bytes, read: packets.ReadEvent) -> object:
    """What becomes of an event: its command, or why there is none."""
    try:
        _, _, _, (name, *arguments), _ = packets.decode(b"421" + text, read=read)
    except packets.PacketError:
        return "no packet"
    kind = Command.registry.get(name)
    if kind is None or len(arguments) != 1:
        return name, repr(arguments)
    try:
        return arguments[0] if type(arguments[0]) is kind else decode(arguments[0], kind)
    except AppError as error:
        return error.code, error.message, error.details


@example(b'["call:signal",{"call_id":"%b","epoch":1,"candidate":{"candidate":"","sdpMLineIndex":%d}}]'
         % (ID.encode(), 2**70))  # fmt: skip
@given(texts())
def test_the_same_becomes_of_whatever_is_sent(text: bytes) -> None:
    assert outcome(text, READ) == outcome(text, packets.read_nothing)


@pytest.mark.parametrize("name", sorted(RIGHT.keys() - {"no:such"}))
def test_what_is_right_and_plain_is_read_at_once(name: str) -> None:
    text = json.dumps([name, RIGHT[name]], ensure_ascii=False, separators=(",", ":")).encode()
    assert READ(text) == [name, decode(RIGHT[name], Command.registry[name])]


def test_all_commands_are_read_at_once() -> None:
    """One that is not, as a number of it has no bounds, needs a reason."""
    slow = {kind.event for kind in Command.registry.values() if not reads_alike(inspect.type_info(kind))}
    assert slow == set()


@pytest.mark.parametrize(
    "kind", [int, Annotated[int, "no bound"], Any, dict[str, int], list[int], int | None]
)
def test_what_was_parsed_before_may_be_another_is_not_read_at_once(kind: Any) -> None:
    assert not reads_alike(inspect.type_info(kind))


@given(st.integers(0, 9), st.text(max_size=9), st.none() | st.text(max_size=4), st.none() | st.integers(0, 9))
def test_a_candidate_that_passes_as_it_is_is_told_in_the_words_of_the_command(
    epoch: int, candidate: str, mid: str | None, index: int | None
) -> None:
    """`Signals` encodes the command itself."""
    found = IceCandidate(candidate=candidate, sdpMid=mid, sdpMLineIndex=index)
    for each in (found, None):
        command = CallSignal(call_id=ID, epoch=epoch, candidate=each)
        event = CallSignalled(call_id=ID, epoch=epoch, candidate=each)
        assert msgspec.json.encode(command) == msgspec.json.encode(event)
