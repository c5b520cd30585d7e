"""What a message costs to refuse: memory and work in proportion to its size, whatever its shape."""

import contextlib
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from core.contract.accounts import Login
from core.contract.calls import CallSignal
from core.contract.chat import ChatSend
from core.contract.presence import PresenceWatch
from core.contract.session import ConnectAuth
from core.contract.values import OwnValues
from core.errors import AppError
from core.wire.decode import decode, decode_json, decode_query
from core.wire.message import Input
from tests.contract.hostile import BYTES, SHAPES
from tests.garbage import uncollected

# What a message may take at its peak for each of its bytes, and how many calls of functions.
PEAK_A_BYTE = 12
CALLS = 1_500
KINDS = (Login, OwnValues, ConnectAuth, CallSignal, ChatSend, PresenceWatch)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions, in Python or in C, are called meanwhile."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    with uncollected():
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(before)
    return count


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that were held at once meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def readings(text: str) -> dict[str, Callable[[type[Input]], object]]:
    """Each way in which this JSON may come: as bytes, as a tree, in a query."""
    raw = text.encode()
    found: dict[str, Callable[[type[Input]], object]] = {"bytes": lambda kind: decode_json(raw, kind)}
    with contextlib.suppress(ValueError, RecursionError):
        tree = json.loads(text)
        found["tree"] = lambda kind: decode(tree, kind)
        if isinstance(tree, dict):
            query = {name[:8000]: str(value)[:8000] for name, value in list(tree.items())[:1000]}
            found["query"] = lambda kind: decode_query(query, kind)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_hostile_message_costs_in_proportion(shape: str, kind: Any) -> None:
    """As bytes, as a tree and as a query."""

    for way, read in readings(SHAPES[shape]).items():

        def attempt(read: Callable[[type[Input]], object] = read) -> None:
            with contextlib.suppress(AppError):
                read(kind)

        attempt()  # what is made once is no cost of a message
        assert peak_of(attempt) <= PEAK_A_BYTE * BYTES, (way, "bytes")
        assert calls_of(attempt) <= CALLS, (way, "calls")
