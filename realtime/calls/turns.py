"""Turns: messages of one node for one call are saved one after the other, as two at once are in vain."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from weakref import WeakValueDictionary


class Turns(Protocol):
    """Says when a message for a call may be saved."""

    def of(self, call_id: str) -> AbstractAsyncContextManager[object]:
        """Entered when it is the caller's turn at this call, until it is left."""


class OneByOne:
    """Whoever comes first is first. This spares what would be in vain; what counts, the store says."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, call_id: str) -> asyncio.Lock:
        """As `Turns` promises."""
        return self._locks.setdefault(call_id, asyncio.Lock())
