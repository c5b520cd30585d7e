"""Stored things that this node cannot use: another version wrote them, or they fail whenever they are tried.

One such thing must not hold up others. It is skipped for a while, since a node of another version may know
what to do with it; then it is set aside, in a list in Redis that the store names. Each is logged.
"""

from collections import deque
from itertools import product
from typing import Literal, get_args

import structlog
from prometheus_client import CollectorRegistry, Counter

ASIDE_MOST = 1_000
ASIDE_MS = 30 * 86_400_000

What = Literal["ticket", "wait", "claim", "call", "effect"]
_REMEMBERED = 1_000  # of what was skipped last, so that each is logged once
Given = Literal["claim", "call", "effect"]  # of those, what can be given up
Why = Literal["unreadable", "failing"]
_log = structlog.get_logger()


class Unusable:
    """Logs and counts them. Each process counts those that it has met itself."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._said: deque[tuple[What, str]] = deque(maxlen=_REMEMBERED)
        self._skipped = Counter(
            "realtime_stored_skipped",
            "Stored things that this node could not read and passed over.",
            ["what"],
            registry=registry,
        )
        for what in get_args(What):  # each series is there from the start
            self._skipped.labels(what)
        self._aside = Counter(
            "realtime_stored_set_aside",
            "Stored things that were given up and set aside for an operator to look at.",
            ["what", "why"],
            registry=registry,
        )
        for what, why in product(get_args(Given), get_args(Why)):
            self._aside.labels(what, why)

    def skipped(self, what: What, name: str, error: Exception) -> None:
        """It is passed over; another node may be able to use it. Logged once for each."""
        if (what, name) not in self._said:
            self._said.append((what, name))
            self._skipped.labels(what).inc()
            _log.error(f"a stored {what} cannot be read", name=name, error=str(error))

    def set_aside(self, what: Given, name: str, why: Why, **about: object) -> None:
        """It is not tried any more."""
        self._aside.labels(what, why).inc()
        _log.error(f"a stored {what} was set aside", name=name, why=why, **about)
