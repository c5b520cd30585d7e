"""What use cases ask of others: `composition/` chooses who answers."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from core.news import News
from core.wire.message import Event
from db.postgres.blocks import Parting


class Events(Protocol):
    """The one road by which events reach users."""

    async def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> None:
        """To all devices of the user, to one, or to all but one.

        Durable events are stored first. The same `key` again (within minutes) has no effect.
        Raises `Unavailable` when Redis cannot be reached.
        """

    async def pass_on(
        self, user_id: str, name: str, data: bytes, *, device: str | None, not_device: str | None, key: str
    ) -> None:
        """The same for a durable event in the words of the wire, which another version may have chosen."""

    async def announce(self, news: Sequence[News]) -> list[int | None]:
        """Durable events to all devices, each in its turn and once: the same number again has no effect.

        Where it is not its turn yet, since its user has not been told what comes before it, nothing is said,
        and the answer in its place is how far that user has been told in this lane. Raises the same.
        """

    async def send_all(self, news: Iterable[tuple[str, Event]]) -> None:
        """Volatile events, each to all devices of its user, at little cost for each. Raises the same."""


class Partings(Protocol):
    """Sees to what blocks still have to bring about: calls ended, both told. The store has them on record."""

    sees_to_them: bool  # itself, at once: then a new one is taken with the block, and not left to any node

    async def parted(self, parting: Parting | None = None) -> None:
        """There is one now: this one, if it was taken, else any that nobody has taken.

        Never raises an outage: what is not done now is done when that is over.
        """


class Limiter(Protocol):
    """Token buckets, shared by all nodes."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """Take `cost` out of the bucket at time `now` in ms: 0, or the ms until it would hold enough.

        A bucket holds `burst` at most and gains `rate_per_s`; a refusal takes nothing, and a negative cost
        gives back.
        """
