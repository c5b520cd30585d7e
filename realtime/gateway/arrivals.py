"""Connections that are being opened: what the bus said, or may have said, before they could hear it."""


class Arrivals:
    """By `sid`. One is in doubt once a session has ended, or the bus was away, while it was being opened."""

    def __init__(self) -> None:
        self._in_doubt: dict[str, bool] = {}

    def __contains__(self, sid: str) -> bool:
        """Whether it is still being opened: it may have gone away meanwhile."""
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
        """It is open, or has gone: whether it was in doubt; None when it had gone before."""
        return self._in_doubt.pop(sid, None)
