"""Connections that are being opened, and whether they may have missed something that the bus announced."""


class Arrivals:
    """By `sid`. One is in doubt if a session ended, or the bus was interrupted, while it was being opened."""

    def __init__(self) -> None:
        self._in_doubt: dict[str, bool] = {}

    def __contains__(self, sid: str) -> bool:
        """Whether it is still being opened. It may have closed meanwhile."""
        return sid in self._in_doubt

    def begin(self, sid: str) -> None:
        """It is being opened from now on."""
        self._in_doubt[sid] = False

    def doubt(self, sid: str) -> None:
        """If it is being opened, its session may be over."""
        if sid in self._in_doubt:
            self._in_doubt[sid] = True

    def doubt_all(self) -> None:
        """Any of them may have missed something."""
        self._in_doubt = dict.fromkeys(self._in_doubt, True)

    def end(self, sid: str) -> bool | None:
        """It is open, or has closed. Gives whether it was in doubt; None if it had closed before."""
        return self._in_doubt.pop(sid, None)
