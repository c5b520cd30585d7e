"""What a process has that nobody connects to."""

from collections.abc import Iterable

from core.wire.message import Event


class NoSockets:
    """Nobody is connected here."""

    def __len__(self) -> int:
        return 0

    def holds(self, sid: str) -> bool:  # noqa: ARG002
        return False

    def send(self, sids: Iterable[str], event: Event) -> None:
        """To nobody."""
