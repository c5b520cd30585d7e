"""What presence asks of stores, and of the sockets of this process."""

from collections.abc import Collection
from typing import Protocol

from core.presence import ExpiredLease, PresenceState
from core.vocabulary import OwnStatus
from core.wire.message import Event


class PresenceStore(Protocol):
    """Who is there: a lease for each connection. Times are ms since the epoch."""

    async def arrive(
        self, user_id: str, connection: str, device: str, now: int, lease_s: int
    ) -> PresenceState:
        """The connection is there until its lease ends, unless renewed."""

    async def renew(
        self, connections: Collection[tuple[str, str]], now: int, lease_s: int
    ) -> frozenset[tuple[str, str]]:
        """Prolong leases, each of a user and a connection; gives those that are not known (any more).

        Those among them whose expired lease somebody has taken up: their user may have been told that they
        are gone.
        """

    async def depart(self, user_id: str, connection: str, now: int) -> PresenceState:
        """The connection is gone; gives what its user still has. Departing twice is as departing once.

        Like an expired lease that was found: `settle` it, or it is found again.
        """

    async def set_status(self, user_id: str, status: OwnStatus, now: int) -> None:
        """How the user wants to be seen, on all their devices and when they come back."""

    async def read_many(self, user_ids: Collection[str], now: int) -> dict[str, PresenceState]:
        """What is known of each of them, also of those never heard of."""

    async def expired(self, now: int) -> list[ExpiredLease]:
        """Connections whose lease ran out, claimed for seconds: `settle` each, or they are found again."""

    async def settle(self, user_id: str, connection: str, now: int) -> None:
        """Its going has had its consequences: forget the connection, unless it has come back."""


class Companions(Protocol):
    """Who may see whose presence: those with an active connection. Postgres knows."""

    async def connected(self, pairs: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of these pairs, as they were given, who have an active connection with each other."""


class Busy(Protocol):
    """Who is in a call. Postgres knows."""

    async def in_call(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who are in a call or have an offer."""


class Queuing(Protocol):
    """Who waits in the queue."""

    async def queuing(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who wait in the queue."""


class Sockets(Protocol):
    """The connections of this process, by their `sid`."""

    def holds(self, sid: str) -> bool:
        """Whether it is here."""

    def send(self, sid: str, event: Event) -> None:
        """A volatile event to this connection alone; no effect when it is gone."""
