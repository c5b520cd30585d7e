"""Log lines about clients, at a rate that no client can raise. Time is an argument of `allow`."""

import logging
import time

_WINDOW_S = 10.0
_PER_WINDOW = 5


class LogThrottle:
    """At most five lines of a kind in ten seconds; the next window says how many were left out."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._windows: dict[str, tuple[float, int]] = {}

    def allow(self, kind: str, now: float) -> int | None:
        """How many of this kind were left out before this one, or None: leave this one out too."""
        begun, seen = self._windows.get(kind, (now, 0))
        if now - begun >= _WINDOW_S:
            self._windows[kind] = (now, 1)
            return max(0, seen - _PER_WINDOW)
        self._windows[kind] = (begun, seen + 1)
        return 0 if seen < _PER_WINDOW else None

    def warning(self, kind: str, message: str) -> None:
        """A line about what a client did. `kind` is one of a few words, never the client's."""
        self._log(logging.WARNING, kind, message, None)

    def exception(self, kind: str, message: str, error: BaseException) -> None:
        """A line with the traceback of a handler of the application's."""
        self._log(logging.ERROR, kind, message, error)

    def _log(self, level: int, kind: str, message: str, error: BaseException | None) -> None:
        left_out = self.allow(kind, time.monotonic())
        if left_out is None:
            return
        more = f" ({left_out} more like it were not logged)" if left_out else ""
        self._logger.log(level, "%s: %s%s", kind, message, more, exc_info=error)
